#include "online/event_index.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include "column/builder.h"
#include "column/row_encoding.h"
#include "column/row_layout.h"
#include "retrieval/view_windows.h"

namespace coeval {
namespace {

// Fewer events than this many runs have no tiles.
constexpr std::int64_t kFewRuns = 2;
constexpr std::size_t kLeastTileBytes = 64 << 10;

Result<std::vector<Column>> Decode(std::span<const KeptFact> facts,
                                   std::span<const DataType> types) {
  std::vector<ColumnBuilder> builders;
  for (const DataType& type : types) {
    builders.emplace_back(type);
    builders.back().Reserve(std::ssize(facts));
  }
  const RowLayout layout(types);
  RowView row;
  for (const KeptFact& fact : facts) {
    COEVAL_RETURN_IF_ERROR(row.Reset(fact.row, layout));
    for (std::size_t i = 0; i < types.size(); ++i) {
      COEVAL_RETURN_IF_ERROR(row.AppendTo(i, &builders[i]));
    }
  }
  std::vector<Column> columns;
  for (ColumnBuilder& builder : builders) columns.push_back(builder.Finish());
  return columns;
}

// The events beside, in the window and counted.
std::vector<std::int64_t> RowsIn(const EventsBeside& beside, const EventSpan& span) {
  std::vector<std::int64_t> rows;
  for (std::int64_t row = beside.first; row < beside.last; ++row) {
    const bool counts =
        beside.mask == nullptr || (*beside.mask)[static_cast<std::size_t>(row)] != 0;
    if (counts && span.Holds(beside.events.TimeOf(row))) rows.push_back(row);
  }
  return rows;
}

}  // namespace

Result<std::shared_ptr<const EventIndex>> EventIndex::Make(const AggregatedView& view,
                                                           std::span<const DataType> types,
                                                           const EventIndexOptions& options,
                                                           EventSpan times, TimeMicros known,
                                                           std::span<const KeptFact> settled,
                                                           std::span<const KeptFact> pending) {
  std::shared_ptr<EventIndex> index(new EventIndex());
  index->options_ = options;
  index->times_ = times;
  index->known_ = known;
  COEVAL_ASSIGN_OR_RETURN(const std::vector<Column> columns, Decode(settled, types));
  for (const KeptFact& fact : settled) index->event_times_.push_back(fact.times.event_time);
  std::size_t bytes = 0;
  for (const Column& column : columns) bytes += static_cast<std::size_t>(column.SizeBytes());
  bytes += settled.size() * sizeof(TimeMicros);

  std::size_t pending_bytes = 0;
  for (const KeptFact& fact : pending) {
    pending_bytes += fact.row.size() + fact.sequence.log.size();
  }
  index->pending_bytes_.reserve(pending_bytes);  // so that no view of it moves
  const auto own = [&index](std::string_view text) {
    const std::size_t begin = index->pending_bytes_.size();
    index->pending_bytes_.append(text);
    return std::string_view(index->pending_bytes_).substr(begin);
  };
  for (KeptFact fact : pending) {
    fact.row = own(fact.row);
    fact.sequence.log = own(fact.sequence.log);
    index->pending_.push_back(fact);
  }

  std::vector<std::size_t> all(view.aggregations.size());
  std::iota(all.begin(), all.end(), 0);
  ViewWindows windows(view, all);
  std::map<const void*, const std::vector<std::int64_t>*> lists;  // by mask
  for (SweepFeature& sweep : windows.Aggregates(columns, std::ssize(settled))) {
    Feature& feature = index->features_.emplace_back(Feature{.sweep = std::move(sweep)});
    const auto& mask = feature.sweep.mask;
    if (mask == nullptr) continue;
    const std::vector<std::int64_t>*& list = lists[mask.get()];
    if (list == nullptr) {
      auto rows = std::make_unique<std::vector<std::int64_t>>();
      for (std::size_t row = 0; row < mask->size(); ++row) {
        if ((*mask)[row] != 0) rows->push_back(static_cast<std::int64_t>(row));
      }
      bytes += mask->size() + rows->size() * sizeof(std::int64_t);
      list = rows.get();
      index->row_lists_.push_back(std::move(rows));
    }
    feature.rows = list;
  }
  const std::size_t most = kLeastTileBytes + 2 * bytes / index->features_.size();
  std::size_t tiles = 0;
  for (Feature& feature : index->features_) tiles += index->MakeTiles(most, &feature);
  index->bytes_ =
      sizeof(EventIndex) + bytes + tiles + pending_bytes + pending.size() * sizeof(KeptFact);
  return std::shared_ptr<const EventIndex>(std::move(index));
}

bool EventIndex::Has(TimeMicros event_time) const {
  return std::binary_search(event_times_.begin(), event_times_.end(), event_time);
}

Events EventIndex::EventsOf(const Feature& feature) const {
  return {.arguments = feature.sweep.arguments,
          .times = event_times_,
          .rows = feature.rows == nullptr ? nullptr : feature.rows->data()};
}

// The first position whose event time is not below `time`.
std::int64_t EventIndex::FirstFrom(const Feature& feature, TimeMicros time) const {
  const auto first = std::lower_bound(event_times_.begin(), event_times_.end(), time);
  const std::int64_t row = first - event_times_.begin();
  if (feature.rows == nullptr) return row;
  return std::lower_bound(feature.rows->begin(), feature.rows->end(), row) - feature.rows->begin();
}

std::size_t EventIndex::MakeTiles(std::size_t most, Feature* feature) const {
  const std::int64_t events =
      feature->rows == nullptr ? std::ssize(event_times_) : std::ssize(*feature->rows);
  auto leaf = static_cast<std::int64_t>(options_.leaf_events);
  for (; leaf * kFewRuns <= events; leaf *= 4) {
    const std::optional<std::size_t> took = TryTiles(leaf, most, feature);
    if (took) return *took;
  }
  return 0;
}

// Of whole runs only; the rest is added event by event.
std::optional<std::size_t> EventIndex::TryTiles(std::int64_t leaf, std::size_t most,
                                                Feature* feature) const {
  const Events all = EventsOf(*feature);
  const std::int64_t events =
      feature->rows == nullptr ? std::ssize(event_times_) : std::ssize(*feature->rows);
  const auto fanout = static_cast<std::int64_t>(options_.fanout);
  feature->leaf = leaf;
  feature->levels.clear();
  std::size_t held = 0;
  for (std::int64_t count = events / leaf; count > 0; count /= fanout) {
    std::vector<AggregateState> level;
    level.reserve(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) {
      AggregateState& state = level.emplace_back(*feature->sweep.function);
      if (feature->levels.empty()) {
        state.Add(all, i * leaf, (i + 1) * leaf);
      } else {
        const auto first = static_cast<std::size_t>(i * fanout);
        for (std::size_t child = first; child < first + options_.fanout; ++child) {
          state.Merge(feature->levels.back()[child]);
        }
      }
      held += sizeof(state) + state.HeldBytes();
      if (held > most) {
        feature->levels.clear();
        return std::nullopt;
      }
    }
    feature->levels.push_back(std::move(level));
  }
  return held;
}

void EventIndex::FoldTiles(const Feature& feature, std::size_t level, std::int64_t first,
                           std::int64_t last, AggregateState* state) const {
  const std::vector<AggregateState>& tiles = feature.levels[level];
  const auto merge = [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t i = from; i < to; ++i) state->Merge(tiles[static_cast<std::size_t>(i)]);
  };
  const auto fanout = static_cast<std::int64_t>(options_.fanout);
  const std::int64_t above = (first + fanout - 1) / fanout;
  std::int64_t above_last = last / fanout;
  if (level + 1 < feature.levels.size()) {
    above_last = std::min(above_last, std::ssize(feature.levels[level + 1]));
  } else {
    above_last = above;
  }
  if (above >= above_last) return merge(first, last);
  merge(first, above * fanout);
  FoldTiles(feature, level + 1, above, above_last, state);
  merge(above_last * fanout, last);
}

void EventIndex::Fold(const Feature& feature, std::int64_t first, std::int64_t last,
                      AggregateState* state) const {
  const Events all = EventsOf(feature);
  const auto add = [&](std::int64_t from, std::int64_t to) {
    if (from < to) state->Add(all, from, to);
  };
  const std::int64_t from = (first + feature.leaf - 1) / feature.leaf;
  const std::int64_t to = last / feature.leaf;
  if (feature.levels.empty() || from >= to) return add(first, last);
  add(first, from * feature.leaf);
  FoldTiles(feature, 0, from, to, state);
  add(to * feature.leaf, last);
}

void EventIndex::Answer(std::size_t i, TimeMicros t, const EventsBeside& beside,
                        SweptBuilder* out) const {
  const Feature& feature = features_[i];
  const Window& window = feature.sweep.window.window();
  const EventSpan span = feature.sweep.window.At(t);
  std::int64_t first = span.empty() ? 0 : FirstFrom(feature, span.first);
  const std::int64_t last = span.empty() ? 0 : FirstFrom(feature, SaturatingAdd(span.last, 1));
  const std::vector<std::int64_t> rows = RowsIn(beside, span);
  const Events all = EventsOf(feature);
  const auto time_at = [&](std::int64_t position) { return all.TimeOf(all.Row(position)); };
  auto row = rows.begin();
  if (window.last.has_value()) {  // the newest so many of both
    std::int64_t left = *window.last;
    std::int64_t position = last;
    row = rows.end();
    while (left > 0 && (position > first || row != rows.begin())) {
      const TimeMicros of_row = row == rows.begin() ? kMinTime : beside.events.TimeOf(row[-1]);
      const TimeMicros of_index = position == first ? kMinTime : time_at(position - 1);
      if (row != rows.begin() && (position == first || of_row >= of_index)) {
        if (position > first && of_row == of_index) {
          position = FirstFrom(feature, of_row);  // these are all beside
        }
        --row;
        --left;
      } else {
        --position;
        --left;
      }
    }
    first = std::max(first, position);
  }
  TimeMicros newest = first < last ? time_at(last - 1) : kMinTime;
  if (row != rows.end()) newest = std::max(newest, beside.events.TimeOf(rows.back()));

  AggregateState state(*feature.sweep.function);
  std::int64_t position = first;
  for (; row != rows.end(); ++row) {
    const std::int64_t before =
        std::clamp(FirstFrom(feature, beside.events.TimeOf(*row)), position, last);
    Fold(feature, position, before, &state);
    state.Add(beside.events, *row, *row + 1);
    const std::int64_t after = FirstFrom(feature, SaturatingAdd(beside.events.TimeOf(*row), 1));
    position = std::clamp(after, before, last);
  }
  Fold(feature, position, last, &state);
  const Question question{.t = t, .length = window.length};
  out->value_of.push_back(out->values.length());
  const bool invalid = state.Append(question, &out->values) == Outcome::kInvalid;
  out->times.push_back(newest);
  out->invalid.push_back(invalid ? 1 : 0);
  out->any_invalid = out->any_invalid || invalid;
}

}  // namespace coeval
