#include "offline/event_table.h"

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "column/tie_encoding.h"
#include "offline/event_table_reader.h"

namespace coeval {

Sequence EventTable::SequenceOf(std::int64_t row) const {
  if (sequence_.IsNull(row)) return {};
  return {true, Arrived(row) ? kAnyLog : std::string_view(),
          sequence_.values<std::int64_t>()[static_cast<std::size_t>(row)]};
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
    times.arrived = Arrived(row);
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
  EventTableReader reader(keys, rule, context);
  COEVAL_RETURN_IF_ERROR(reader.Read(std::move(facts), progress));
  return reader.Finish();
}

}  // namespace coeval
