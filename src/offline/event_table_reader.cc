#include "offline/event_table_reader.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>

#include "offline/fact_loop.h"
#include "offline/read_ahead.h"
#include "offline/untouched.h"
#include "offline/work_items.h"

namespace coeval {
namespace {

constexpr std::size_t kEventTime = 0;
constexpr std::size_t kCreated = 1;
constexpr std::size_t kSequence = 2;
constexpr std::size_t kDeleted = 3;
constexpr std::size_t kArrived = 4;
constexpr std::size_t kFeatures = 5;

// Each thread that places events goes over the keys of all of them.
constexpr int kMostPlacing = 8;

// Did the facts of a batch arrive (FactBatch::log)? Type null where not.
Column ArrivedOf(const FactBatch& batch) {
  if (!batch.arrived()) return Column::Nulls(TypeId::kNull, batch.num_rows);
  std::vector<std::uint8_t> yes(static_cast<std::size_t>(batch.num_rows), 1);
  return Column::FixedWidth(TypeId::kBool, batch.num_rows, MakeBuffer(std::move(yes)));
}

std::size_t RunsOf(const Context& context) {
  constexpr std::size_t kRunsPerThread = 8;
  return static_cast<std::size_t>(std::max(1, context.threads)) * kRunsPerThread;
}

}  // namespace

EventTableReader::EventTableReader(const KeyIndex& keys, const EventRule& rule,
                                   const Context& context)
    : keys_(keys), context_(context) {
  table_.rule_ = rule;
}

Status EventTableReader::Read(std::unique_ptr<FactStream> facts, const FactProgress& progress) {
  if (FactPieces* pieces = facts->pieces(); pieces != nullptr) {
    std::vector<std::vector<Part>> by_piece(pieces->size());
    COEVAL_ASSIGN_OR_RETURN(
        table_.counts_,
        ReadAllPieces(pieces, /*features=*/true, context_, progress,
                      [&](std::size_t /*worker*/, std::size_t piece, const FactBatch& batch) {
                        Take(batch, &by_piece[piece]);
                      }));
    for (std::vector<Part>& parts : by_piece) {
      for (Part& part : parts) parts_.push_back(std::move(part));
    }
    return Status::Ok();
  }
  if (context_.threads > 1) facts = ReadAhead(std::move(facts));
  COEVAL_ASSIGN_OR_RETURN(table_.counts_,
                          ReadAll(facts.get(), context_, progress,
                                  [this](const FactBatch& batch) { Take(batch, &parts_); }));
  return Status::Ok();
}

void EventTableReader::Take(const FactBatch& batch, std::vector<Part>* parts) const {
  Part part;
  part.keys.resize(static_cast<std::size_t>(batch.num_rows));
  keys_.Find(batch.keys, 0, batch.num_rows, part.keys.data());
  const auto known = batch.num_rows - std::count(part.keys.begin(), part.keys.end(), kNoKey);
  if (known == 0) return;
  part.columns = {batch.event_time, batch.created_time, batch.sequence, batch.deleted,
                  ArrivedOf(batch)};
  part.columns.insert(part.columns.end(), batch.features.begin(), batch.features.end());
  if (2 * known < batch.num_rows) {  // what nobody asks for is not kept
    std::vector<std::int64_t> rows;
    for (std::size_t i = 0; i < part.keys.size(); ++i) {
      if (part.keys[i] != kNoKey) rows.push_back(static_cast<std::int64_t>(i));
    }
    for (Column& column : part.columns) column = column.Take(rows);
    std::erase(part.keys, kNoKey);
  }
  parts->push_back(std::move(part));
}

void EventTableReader::CountKeys() {
  std::vector<std::int64_t>& first = table_.first_row_;
  first.assign(static_cast<std::size_t>(keys_.size()) + 1, 0);
  for (const Part& part : parts_) {
    for (const KeyId key : part.keys) {
      if (key != kNoKey) ++first[static_cast<std::size_t>(key) + 1];
    }
  }
  for (std::size_t key = 1; key < first.size(); ++key) first[key] += first[key - 1];
}

std::vector<KeyId> EventTableReader::DivideKeys(std::size_t wanted) const {
  const std::vector<std::int64_t>& first = table_.first_row_;
  std::vector<KeyId> bounds{0};
  for (std::size_t i = 1; i < wanted; ++i) {
    const std::int64_t row =
        first.back() * static_cast<std::int64_t>(i) / static_cast<std::int64_t>(wanted);
    const auto bound = std::lower_bound(first.begin(), first.end() - 1, row) - first.begin();
    bounds.push_back(std::max(bounds.back(), static_cast<KeyId>(bound)));
  }
  bounds.push_back(keys_.size());
  return bounds;
}

// Each thread takes a run of keys, and goes over all parts in their order.
Result<EventTableReader::Entries> EventTableReader::Scatter() {
  Entries memory = UntouchedValues<Entry>(static_cast<std::size_t>(table_.first_row_.back()));
  Entry* const entries = memory.get();
  std::vector<std::int64_t> next(table_.first_row_.begin(), table_.first_row_.end() - 1);
  const int threads = std::clamp(context_.threads, 1, kMostPlacing);
  const std::vector<KeyId> bounds = DivideKeys(static_cast<std::size_t>(threads));
  const auto place_run = [&](std::size_t /*worker*/, std::size_t item) -> Status {
    const KeyId first = bounds[item];
    const KeyId count = bounds[item + 1] - first;
    for (std::size_t part = 0; part < parts_.size(); ++part) {
      COEVAL_RETURN_IF_ERROR(context_.cancel->Check());
      const std::vector<KeyId>& keys = parts_[part].keys;
      const auto times = parts_[part].columns[kEventTime].values<TimeMicros>();
      for (std::size_t row = 0; row < keys.size(); ++row) {
        if (keys[row] - first >= count) continue;  // also kNoKey
        entries[static_cast<std::size_t>(next[keys[row]]++)] = {
            times[row], static_cast<std::uint32_t>(part), static_cast<std::uint32_t>(row)};
      }
    }
    return Status::Ok();
  };
  Status placed = RunItems(threads, bounds.size() - 1, *context_.cancel, place_run);
  if (!placed.ok()) return placed;
  return memory;
}

Result<bool> EventTableReader::SortByTime(Entry* entries) {
  const auto earlier = [](const Entry& a, const Entry& b) {
    return std::tie(a.time, a.part, a.row) < std::tie(b.time, b.part, b.row);
  };
  std::atomic<bool> any_ties{false};
  const auto rows = static_cast<std::size_t>(table_.first_row_.back());
  table_.times_memory_ = UntouchedValues<TimeMicros>(rows);
  TimeMicros* const times = table_.times_memory_.get();
  table_.times_ = {times, rows};
  const std::vector<KeyId> bounds = DivideKeys(RunsOf(context_));
  const auto sort_run = [&](std::size_t /*worker*/, std::size_t item) -> Status {
    bool ties = false;
    for (KeyId key = bounds[item]; key < bounds[item + 1]; ++key) {
      const RowRange range = table_.rows(key);
      Entry* const first = entries + range.first;
      Entry* const last = entries + range.last;
      if (!std::is_sorted(first, last, earlier)) std::sort(first, last, earlier);
      TimeMicros* time = times + range.first;
      for (const Entry* entry = first; entry != last; ++entry) {
        ties = ties || (entry != first && entry[-1].time == entry->time);
        *time++ = entry->time;
      }
    }
    if (ties) any_ties.store(true, std::memory_order_relaxed);
    return context_.cancel->Check();
  };
  Status sorted = RunItems(context_.threads, bounds.size() - 1, *context_.cancel, sort_run);
  if (!sorted.ok()) return sorted;
  return any_ties.load();
}

// Types of created time, sequence and flags are "null" where no source has any.
std::vector<ColumnSchema> EventTableReader::PartSchema() const {
  std::vector<ColumnSchema> schema{{"event time", DataType(TypeId::kTimestamp)},
                                   {"created time", DataType(TypeId::kNull)},
                                   {"sequence", DataType(TypeId::kNull)},
                                   {"deleted", DataType(TypeId::kNull)},
                                   {"arrived", DataType(TypeId::kNull)}};
  for (std::size_t i : {kCreated, kSequence, kDeleted, kArrived}) {
    for (const Part& part : parts_) {
      if (part.columns[i].type().id() != TypeId::kNull) schema[i].type = part.columns[i].type();
    }
  }
  schema.insert(schema.end(), table_.rule_.columns.begin(), table_.rule_.columns.end());
  return schema;
}

Status EventTableReader::Gather(const Entry* entries) {
  std::vector<ColumnSchema> schema = PartSchema();
  std::vector<std::vector<Column>> parts;
  for (Part& part : parts_) {
    std::vector<Column>& columns = parts.emplace_back(std::move(part.columns));
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].type() == schema[i].type) continue;
      columns[i] = Column::Nulls(schema[i].type, columns[i].length());
    }
    columns.erase(columns.begin());  // event times are there already
  }
  parts_.clear();
  schema.erase(schema.begin());
  const auto fill = [entries](std::size_t first, std::span<FactPlace> places) {
    const Entry* entry = entries + first;
    for (FactPlace& place : places) {
      place = {entry->part, entry->row};
      ++entry;
    }
  };
  COEVAL_ASSIGN_OR_RETURN(std::vector<Column> columns,
                          GatherPlaced(schema, parts, table_.times_.size(), fill, context_));
  table_.created_ = std::move(columns[kCreated - 1]);
  table_.sequence_ = std::move(columns[kSequence - 1]);
  table_.deleted_ = std::move(columns[kDeleted - 1]);
  table_.arrived_ = std::move(columns[kArrived - 1]);
  for (std::size_t i = kFeatures - 1; i < columns.size(); ++i) {
    table_.columns_.push_back(std::move(columns[i]));
  }
  return Status::Ok();
}

// Puts the rows of one key's events of one time in order; were they not?
bool EventTableReader::SortTies(RowRange rows, std::vector<std::int64_t>* order) const {
  const auto less = [this](std::int64_t a, std::int64_t b) { return table_.Compare(a, b) < 0; };
  const auto first = order->begin() + rows.first;
  const auto last = order->begin() + rows.last;
  std::iota(first, last, rows.first);
  if (std::is_sorted(first, last, less)) return false;
  std::stable_sort(first, last, less);
  return true;
}

Status EventTableReader::BreakTies() {
  const std::span<const TimeMicros> times = table_.times_;
  std::vector<std::int64_t> order(times.size());
  std::atomic<bool> moved{false};
  const std::vector<KeyId> bounds = DivideKeys(RunsOf(context_));
  const auto sort_run = [&](std::size_t /*worker*/, std::size_t item) -> Status {
    for (KeyId key = bounds[item]; key < bounds[item + 1]; ++key) {
      const RowRange range = table_.rows(key);
      for (std::int64_t row = range.first; row < range.last;) {
        const auto same = [&times, row](std::int64_t other) {
          return times[static_cast<std::size_t>(other)] == times[static_cast<std::size_t>(row)];
        };
        std::int64_t end = row + 1;
        while (end < range.last && same(end)) ++end;
        if (SortTies({row, end}, &order)) moved.store(true, std::memory_order_relaxed);
        row = end;
      }
    }
    return context_.cancel->Check();
  };
  Status sorted = RunItems(context_.threads, bounds.size() - 1, *context_.cancel, sort_run);
  if (!sorted.ok() || !moved) return sorted;
  for (Column* column : {&table_.created_, &table_.sequence_, &table_.deleted_, &table_.arrived_}) {
    *column = column->Take(order);
  }
  for (Column& column : table_.columns_) {
    COEVAL_RETURN_IF_ERROR(column.CheckTake(order));
    column = column.Take(order);
  }
  return Status::Ok();
}

std::optional<DurationMicros> EventTableReader::FindDelay() const {
  const EventRule& rule = table_.rule_;
  if (rule.id_column.has_value() || rule.source.timeless) return std::nullopt;
  if (table_.deleted_.type().id() != TypeId::kNull) return std::nullopt;
  const DurationMicros lateness = rule.source.effective_lateness();
  const DurationMicros delay = rule.known == Known::kHindsight ? 0 : rule.source.data_delay;
  const auto is_plain = [&](std::int64_t row) {
    const FactTimes times = table_.TimesOf(row);
    const TimeMicros declared = KnownTime(times, rule.source, Known::kDeclared);
    return SaturatingSubtract(declared, times.event_time) <= lateness &&
           KnownTime(times, rule.source, rule.known) == SaturatingAdd(times.event_time, delay);
  };
  // Without created times all rows are alike.
  const bool alike = table_.created_.type().id() == TypeId::kNull;
  const std::int64_t rows =
      alike ? std::min<std::int64_t>(1, table_.num_rows()) : table_.num_rows();
  for (std::int64_t row = 0; row < rows; ++row) {
    if (!is_plain(row)) return std::nullopt;
  }
  return delay;
}

Result<EventTable> EventTableReader::Finish() {
  CountKeys();
  COEVAL_ASSIGN_OR_RETURN(Entries entries, Scatter());
  COEVAL_ASSIGN_OR_RETURN(const bool any_ties, SortByTime(entries.get()));
  COEVAL_RETURN_IF_ERROR(Gather(entries.get()));
  entries.reset();
  if (any_ties) COEVAL_RETURN_IF_ERROR(BreakTies());
  table_.delay_ = FindDelay();
  return std::move(table_);
}

}  // namespace coeval
