#include "offline/event_table.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "column/tie_encoding.h"
#include "offline/read_ahead.h"

namespace coeval {

// Collects batches, then puts their rows in order. One use, one thread.
class EventTableReader {
 public:
  EventTableReader(const KeyIndex& keys, const EventRule& rule) : keys_(keys) {
    table_.rule_ = rule;
  }

  void Add(const FactBatch& batch) {
    std::vector<KeyId> ids(static_cast<std::size_t>(batch.num_rows));
    keys_.Find(batch.keys, 0, batch.num_rows, ids.data());
    std::vector<std::int64_t> rows;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] == kNoKey) continue;
      rows.push_back(static_cast<std::int64_t>(i));
      key_of_.push_back(ids[i]);
    }
    if (rows.empty()) return;
    const bool all = static_cast<std::int64_t>(rows.size()) == batch.num_rows;
    const auto pick = [&](const Column& column) { return all ? column : column.Take(rows); };
    Parts& parts = parts_.emplace_back();
    parts.event_time = pick(batch.event_time);
    parts.created = pick(batch.created_time);
    parts.sequence = pick(batch.sequence);
    parts.deleted = pick(batch.deleted);
    for (const Column& column : batch.features) parts.features.push_back(pick(column));
  }

  Result<EventTable> Finish(const FactCounts& counts) {
    table_.counts_ = counts;
    COEVAL_RETURN_IF_ERROR(Join());
    COEVAL_RETURN_IF_ERROR(Arrange(OrderByKey()));
    const std::vector<std::int64_t> order = OrderWithinKeys();
    if (!order.empty()) COEVAL_RETURN_IF_ERROR(Arrange(order));
    table_.delay_ = FindDelay();
    return std::move(table_);
  }

 private:
  struct Parts {
    Column event_time, created, sequence, deleted;
    std::vector<Column> features;
  };

  Status Join() {
    if (parts_.empty()) parts_.push_back(Nothing());
    const auto join = [this](auto part) -> Result<Column> {
      std::vector<Column> pieces;
      pieces.reserve(parts_.size());
      for (Parts& parts : parts_) pieces.push_back(std::move(part(parts)));
      return Concatenate(pieces);
    };
    COEVAL_ASSIGN_OR_RETURN(event_time_, join([](Parts& p) -> Column& { return p.event_time; }));
    COEVAL_ASSIGN_OR_RETURN(table_.created_, join([](Parts& p) -> Column& { return p.created; }));
    COEVAL_ASSIGN_OR_RETURN(table_.sequence_, join([](Parts& p) -> Column& { return p.sequence; }));
    COEVAL_ASSIGN_OR_RETURN(table_.deleted_, join([](Parts& p) -> Column& { return p.deleted; }));
    for (std::size_t i = 0; i < table_.rule_.columns.size(); ++i) {
      COEVAL_ASSIGN_OR_RETURN(Column column,
                              join([i](Parts& p) -> Column& { return p.features[i]; }));
      table_.columns_.push_back(std::move(column));
    }
    parts_.clear();
    return Status::Ok();
  }

  [[nodiscard]] Parts Nothing() const {
    Parts parts;
    parts.event_time = Column::Nulls(TypeId::kTimestamp, 0);
    for (const ColumnSchema& column : table_.rule_.columns) {
      parts.features.push_back(Column::Nulls(column.type, 0));
    }
    return parts;
  }

  // The rows of each key together, in the order in which they came: a counting sort.
  std::vector<std::int64_t> OrderByKey() {
    std::vector<std::int64_t>& first = table_.first_row_;
    first.assign(static_cast<std::size_t>(keys_.size()) + 1, 0);
    for (const KeyId key : key_of_) ++first[static_cast<std::size_t>(key) + 1];
    for (std::size_t key = 1; key < first.size(); ++key) first[key] += first[key - 1];
    std::vector<std::int64_t> next(first.begin(), first.end() - 1);
    std::vector<std::int64_t> order(key_of_.size());
    for (std::size_t row = 0; row < key_of_.size(); ++row) {
      order[static_cast<std::size_t>(next[key_of_[row]]++)] = static_cast<std::int64_t>(row);
    }
    return order;
  }

  // Row i is now what row order[i] was.
  Status Arrange(std::span<const std::int64_t> order) {
    for (Column* column : {&table_.created_, &table_.sequence_, &table_.deleted_}) {
      *column = column->Take(order);
    }
    for (Column& column : table_.columns_) {
      COEVAL_RETURN_IF_ERROR(column.CheckTake(order));
      column = column.Take(order);
    }
    event_time_ = event_time_.Take(order);
    const auto times = event_time_.values<TimeMicros>();
    table_.times_.assign(times.begin(), times.end());
    return Status::Ok();
  }

  // None where each key's rows are in order already.
  [[nodiscard]] std::vector<std::int64_t> OrderWithinKeys() const {
    const auto less = [this](std::int64_t a, std::int64_t b) { return table_.Compare(a, b) < 0; };
    std::vector<std::int64_t> order;
    for (KeyId key = 0; key < keys_.size(); ++key) {
      const RowRange range = table_.rows(key);
      bool sorted = true;
      for (std::int64_t row = range.first + 1; row < range.last && sorted; ++row) {
        sorted = !less(row, row - 1);
      }
      if (sorted) continue;
      if (order.empty()) {
        order.resize(table_.times_.size());
        for (std::size_t row = 0; row < order.size(); ++row) {
          order[row] = static_cast<std::int64_t>(row);
        }
      }
      std::stable_sort(order.begin() + range.first, order.begin() + range.last, less);
    }
    return order;
  }

  [[nodiscard]] std::optional<DurationMicros> FindDelay() const {
    if (table_.rule_.id_column.has_value()) return std::nullopt;
    if (table_.deleted_.type().id() != TypeId::kNull) return std::nullopt;
    if (table_.rule_.source.timeless) return std::nullopt;
    const DurationMicros lateness = table_.rule_.source.effective_lateness();
    const DurationMicros delay =
        table_.rule_.known == Known::kHindsight ? 0 : table_.rule_.source.data_delay;
    for (std::int64_t row = 0; row < table_.num_rows(); ++row) {
      const FactTimes times = table_.TimesOf(row);
      const TimeMicros declared = KnownTime(times, table_.rule_.source, Known::kDeclared);
      if (SaturatingSubtract(declared, times.event_time) > lateness) return std::nullopt;
      const TimeMicros known = KnownTime(times, table_.rule_.source, table_.rule_.known);
      if (known != SaturatingAdd(times.event_time, delay)) return std::nullopt;
    }
    return delay;
  }

  const KeyIndex& keys_;
  EventTable table_;
  std::vector<Parts> parts_;
  std::vector<KeyId> key_of_;
  Column event_time_;
};

Sequence EventTable::SequenceOf(std::int64_t row) const {
  if (sequence_.IsNull(row)) return {};
  return {true, {}, sequence_.values<std::int64_t>()[static_cast<std::size_t>(row)]};
}

bool EventTable::IsRetraction(std::int64_t row) const {
  return deleted_.type().id() == TypeId::kBool &&
         deleted_.values<std::uint8_t>()[static_cast<std::size_t>(row)] != 0;
}

FactTimes EventTable::TimesOf(std::int64_t row) const {
  FactTimes times{.event_time = times_[static_cast<std::size_t>(row)]};
  if (!created_.IsNull(row)) {
    times.created_time = created_.values<TimeMicros>()[static_cast<std::size_t>(row)];
    times.has_created = true;
  }
  return times;
}

// Tie encoding 1 is free of prefixes, so comparing column by column is comparing the whole.
int EventTable::CompareTies(std::int64_t a, std::int64_t b) const {
  std::string of_a;
  std::string of_b;
  for (const std::size_t i : rule_.tie_columns) {
    of_a.clear();
    of_b.clear();
    AppendTieBytes(columns_[i], a, &of_a);
    AppendTieBytes(columns_[i], b, &of_b);
    if (const int order = of_a.compare(of_b); order != 0) return order;
  }
  return 0;
}

int EventTable::Compare(std::int64_t a, std::int64_t b) const {
  const TimeMicros time_a = times_[static_cast<std::size_t>(a)];
  const TimeMicros time_b = times_[static_cast<std::size_t>(b)];
  if (time_a != time_b) return time_a < time_b ? -1 : 1;
  const std::strong_ordering order =
      CompareTimes(TimesOf(a), SequenceOf(a), TimesOf(b), SequenceOf(b));
  if (order != 0) return order < 0 ? -1 : 1;
  if (IsRetraction(a) != IsRetraction(b)) return IsRetraction(a) ? 1 : -1;
  if (!IsRetraction(a)) {
    if (const int ties = CompareTies(a, b); ties != 0) return ties;
  }
  if (!rule_.id_column.has_value()) return 0;
  std::string of_a;
  std::string of_b;
  AppendTieBytes(columns_[*rule_.id_column], a, &of_a);
  AppendTieBytes(columns_[*rule_.id_column], b, &of_b);
  return of_a.compare(of_b);
}

// Ids of a key numbered; a fact without id is alone.
std::vector<std::uint32_t> EventTable::Identities(RowRange rows) const {
  std::vector<std::uint32_t> identities(static_cast<std::size_t>(rows.last - rows.first), kAlone);
  if (!rule_.id_column.has_value()) return identities;
  const Column& ids = columns_[*rule_.id_column];
  std::unordered_map<std::string, std::uint32_t> numbers;
  for (std::int64_t row = rows.first; row < rows.last; ++row) {
    if (ids.IsNull(row)) continue;
    std::string bytes;
    AppendTieBytes(ids, row, &bytes);
    const auto number = static_cast<std::uint32_t>(numbers.size());
    identities[static_cast<std::size_t>(row - rows.first)] =
        numbers.try_emplace(std::move(bytes), number).first->second;
  }
  return identities;
}

void EventTable::Appearances(KeyId key, std::vector<Appearance>* appearances,
                             std::int64_t* too_late) const {
  const RowRange range = rows(key);
  const std::vector<std::uint32_t> identities = Identities(range);
  std::vector<TimelineFact> facts;
  facts.reserve(identities.size());
  for (std::int64_t row = range.first; row < range.last; ++row) {
    const FactTimes times = TimesOf(row);
    facts.push_back({.times = times,
                     .sequence = SequenceOf(row),
                     .is_retraction = IsRetraction(row),
                     .known = KnownTime(times, rule_.source, rule_.known),
                     .declared = KnownTime(times, rule_.source, Known::kDeclared),
                     .identity = identities[static_cast<std::size_t>(row - range.first)]});
  }
  FindAppearances(
      facts, rule_.source.effective_lateness(),
      [this, &range](std::uint32_t a, std::uint32_t b) {
        return CompareTies(range.first + a, range.first + b);
      },
      appearances, too_late);
}

Result<EventTable> EventTable::Read(std::unique_ptr<FactStream> facts, const KeyIndex& keys,
                                    const EventRule& rule, const Context& context,
                                    const FactProgress& progress) {
  EventTableReader reader(keys, rule);
  if (context.threads > 1) facts = ReadAhead(std::move(facts));
  while (true) {
    COEVAL_RETURN_IF_ERROR(context.cancel->Check());
    COEVAL_ASSIGN_OR_RETURN(const std::optional<FactBatch> batch, facts->Next());
    if (progress) progress(facts->counts());
    if (!batch.has_value()) break;
    reader.Add(*batch);
  }
  return reader.Finish(facts->counts());
}

}  // namespace coeval
