#include "offline/facts_spine.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "column/builder.h"
#include "column/key.h"
#include "column/value.h"

namespace coeval {
namespace {

constexpr const char* kTimeColumn = "event_timestamp";

std::set<std::string> KeyColumnsOf(const PlannedView& view) {
  return {view.key_columns.begin(), view.key_columns.end()};
}

std::string Listed(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

Status CheckPlan(const FeaturePlan& plan, TimeRange range) {
  if (range.start > range.end) {
    return Status::InvalidArgument("the time range begins at " + FormatTime(range.start) +
                                   ", after its end " + FormatTime(range.end));
  }
  if (plan.views.empty()) {
    return Status::InvalidArgument(
        "a training set without a spine takes its rows from stored views, but none is asked for");
  }
  for (const PlannedColumn& column : plan.request_columns) {
    if (!column.is_join_key) {
      return Status::InvalidArgument("request data '" + column.name + "' (" + column.needed_by +
                                     ") must come with a spine; give one");
    }
    if (column.name == kTimeColumn) {
      return Status::InvalidArgument(
          "a join key is called 'event_timestamp', which is the time column of a spine made from "
          "facts; map the key to another name");
    }
  }
  const std::set<std::string> first = KeyColumnsOf(plan.views[0]);
  for (const PlannedView& view : plan.views) {
    const std::set<std::string> keys = KeyColumnsOf(view);
    if (keys != first) {
      return Status::InvalidArgument("without a spine all views must have the same join keys: '" +
                                     plan.views[0].shown_name + "' has " + Listed(first) + ", '" +
                                     view.shown_name + "' has " + Listed(keys));
    }
  }
  return Status::Ok();
}

// Distinct (key, time). Keys are encoded, in the plan's order of columns.
class Moments {
 public:
  void Add(std::string_view key, TimeMicros t) {
    auto found = keys_.find(std::string(key));
    if (found == keys_.end()) {
      found = keys_.emplace(std::string(key), keys_.size()).first;
      texts_.push_back(&found->first);
    }
    moments_.insert({found->second, t});
  }

  struct Moment {
    std::size_t key;
    TimeMicros t;

    friend bool operator==(const Moment&, const Moment&) = default;
  };

  // By time, then by key.
  [[nodiscard]] std::vector<Moment> Sorted() const {
    std::vector<Moment> sorted(moments_.begin(), moments_.end());
    std::sort(sorted.begin(), sorted.end(), [this](const Moment& a, const Moment& b) {
      return std::tie(a.t, *texts_[a.key]) < std::tie(b.t, *texts_[b.key]);
    });
    return sorted;
  }

  [[nodiscard]] const std::string& key(std::size_t i) const { return *texts_[i]; }

 private:
  struct HashOf {
    std::size_t operator()(const Moment& m) const {
      return std::hash<std::uint64_t>()(static_cast<std::uint64_t>(m.t) * 0x9E3779B97F4A7C15U +
                                        m.key);
    }
  };

  std::unordered_map<std::string, std::size_t> keys_;
  std::vector<const std::string*> texts_;
  std::unordered_set<Moment, HashOf> moments_;
};

// The join keys in the order of the plan's columns, whatever the order of the view's.
std::vector<std::size_t> OrderOfKeys(const FeaturePlan& plan, const PlannedView& view) {
  std::vector<std::size_t> order;
  for (const PlannedColumn& column : plan.request_columns) {
    for (std::size_t i = 0; i < view.key_columns.size(); ++i) {
      if (view.key_columns[i] == column.name) {
        order.push_back(i);
        break;
      }
    }
  }
  return order;
}

// Two keys of a view may be mapped to one column; then only facts where they are equal count.
bool MappedKeysAgree(const FactBatch& facts, const PlannedView& view, std::int64_t row) {
  for (std::size_t i = 0; i < view.key_columns.size(); ++i) {
    for (std::size_t j = i + 1; j < view.key_columns.size(); ++j) {
      if (view.key_columns[i] == view.key_columns[j] &&
          !SameBits(facts.keys[i].GetValue(row), facts.keys[j].GetValue(row))) {
        return false;
      }
    }
  }
  return true;
}

void AddBatch(const FeaturePlan& plan, const PlannedView& view, const FactBatch& facts,
              TimeRange range, Known known, Moments* moments) {
  std::vector<Column> keys;
  for (const std::size_t i : OrderOfKeys(plan, view)) keys.push_back(facts.keys[i]);
  const bool doubled = keys.size() < view.key_columns.size();
  const KeyColumn encoded = KeyColumn::Encode(keys, facts.num_rows);
  for (std::int64_t row = 0; row < facts.num_rows; ++row) {
    const TimeMicros v = VisibleTime(facts.times(row), view.version->source, known);
    if (v < range.start || v > range.end) continue;
    if (doubled && !MappedKeysAgree(facts, view, row)) continue;
    moments->Add(encoded.bytes(row), v);
  }
}

// The facts that can become visible in the range.
FactRange RangeOfFacts(const Source& source, TimeRange range, Known known) {
  FactRange facts;
  facts.event_max = range.end;
  facts.event_min = SaturatingSubtract(range.start, source.data_delay);
  // An arrival may be long after its event.
  const bool arrivals = known == Known::kArrival || source.created == CreatedMeaning::kArrival;
  if (!source.created_field.empty() && arrivals) facts.created_min = range.start;
  return facts;
}

Status AddView(const FeaturePlan& plan, const PlannedView& view, TimeRange range, Known known,
               const OpenView& open, const Context& context, Moments* moments) {
  if (view.version->source.timeless) return Status::Ok();  // visible since before any range
  FactRequest request;
  request.view = view.shown_name;
  request.keys = view.version->join_keys;
  request.range = RangeOfFacts(view.version->source, range, known);
  COEVAL_ASSIGN_OR_RETURN(const std::unique_ptr<FactReader> reader,
                          open(*view.version, std::move(request)));
  while (true) {
    COEVAL_RETURN_IF_ERROR(context.cancel->Check());
    COEVAL_ASSIGN_OR_RETURN(const std::optional<FactBatch> batch, reader->Next());
    if (!batch.has_value()) return Status::Ok();
    AddBatch(plan, view, *batch, range, known, moments);
  }
}

Result<ArrowTable> TableOf(const FeaturePlan& plan, const Moments& moments) {
  std::vector<JoinKey> keys;
  Batch batch;
  std::vector<ColumnBuilder> builders;
  for (const PlannedColumn& column : plan.request_columns) {
    keys.push_back({column.name, column.type});
    batch.schema.Add(column.name, column.type);
    builders.emplace_back(column.type);
  }
  batch.schema.Add(kTimeColumn, TypeId::kTimestamp);
  builders.emplace_back(TypeId::kTimestamp);
  for (const Moments::Moment& moment : moments.Sorted()) {
    COEVAL_ASSIGN_OR_RETURN(const std::vector<Value> values,
                            DecodeKey(moments.key(moment.key), keys));
    for (std::size_t i = 0; i < values.size(); ++i) {
      COEVAL_RETURN_IF_ERROR(builders[i].Append(values[i]));
    }
    builders.back().AppendInt(moment.t);
    ++batch.num_rows;
  }
  for (ColumnBuilder& builder : builders) batch.columns.push_back(builder.Finish());
  ArrowArrayStream stream{};
  const Schema schema = batch.schema;
  ExportStream(StreamOf(schema, {std::move(batch)}), &stream);
  return ArrowTable::Read(&stream);
}

}  // namespace

Result<ArrowTable> MakeSpineFromFacts(const FeaturePlan& plan, TimeRange range, Known known,
                                      const OpenView& open, const Context& context) {
  COEVAL_RETURN_IF_ERROR(CheckPlan(plan, range));
  Moments moments;
  for (const PlannedView& view : plan.views) {
    COEVAL_RETURN_IF_ERROR(AddView(plan, view, range, known, open, context, &moments));
  }
  return TableOf(plan, moments);
}

}  // namespace coeval
