#include "source/fact_plan.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "column/arrow_bridge.h"
#include "column/arrow_c.h"
#include "column/type.h"
#include "definition/fact.h"
#include "definition/source.h"
#include "source/arrow_plugin.h"
#include "source/fact_columns.h"
#include "source/fact_reader.h"
#include "source/file_list.h"
#include "source/key_filters.h"
#include "source/scan.h"

namespace coeval {

namespace {

// Which statistics are asked for, and where they come back.
struct StatisticsWanted {
  std::vector<std::string> columns;
  std::size_t event = 0;
  std::size_t created = 0;
  std::vector<std::size_t> keys;  // of each join key; unused for partitions
};

StatisticsWanted StatisticsFor(const FactColumns& columns, const FactRequest& request) {
  StatisticsWanted wanted;
  if (columns.event_time && !columns.event_time->is_partition) {
    wanted.event = wanted.columns.size();
    wanted.columns.push_back(columns.event_time->name);
  }
  if (columns.created && !columns.created->is_partition) {
    wanted.created = wanted.columns.size();
    wanted.columns.push_back(columns.created->name);
  }
  if (request.wanted == nullptr) return wanted;
  for (const ColumnRef& key : columns.keys) {
    wanted.keys.push_back(wanted.columns.size());
    if (!key.is_partition) wanted.columns.push_back(key.name);
  }
  return wanted;
}

// A time that a folder gives to all rows of a file, as statistics.
ColumnStatistics OfPartition(const SourceFile& file, const std::string& name, std::int64_t rows) {
  const auto value = PartitionValue(file, name, TypeId::kTimestamp, Rounding::kUp);
  if (!value.ok()) return {};
  if (value->is_null()) return {.has_range = false, .min = 0, .max = 0, .nulls = rows};
  return {.has_range = true, .min = value->AsInt(), .max = value->AsInt(), .nulls = 0};
}

// At the ends of their type statistics may stand for a time that does not fit it: then the range is
// not known.
ColumnStatistics WithoutEnds(ColumnStatistics times) {
  if (times.min == std::numeric_limits<std::int64_t>::min() ||
      times.max == std::numeric_limits<std::int64_t>::max()) {
    times.has_range = false;
  }
  return times;
}

class Planner {
 public:
  Planner(const Source& source, const FactRequest& request, const FactColumns& columns,
          TimeMicros clock, const Context& context)
      : source_(source),
        request_(request),
        columns_(columns),
        key_columns_(WithoutFeatures(columns)),
        wanted_(StatisticsFor(columns, request)),
        clock_(clock) {
    if (request.wanted != nullptr) filters_.emplace(*request.wanted, context);
  }

  [[nodiscard]] const std::vector<std::string>& statistics_of() const { return wanted_.columns; }

  // Files of formats without row groups count as one group without statistics. Errors: those of
  // TypeFromArrow and KeyFilters.
  Result<FilePlan> PlanFile(const SourceFile& file, const FileInspection& inspected) {
    FilePlan plan;
    plan.file = file;
    plan.row_groups = inspected.row_groups;
    COEVAL_ASSIGN_OR_RETURN(const std::vector<bool> telling, TellingKeys(*inspected.schema));
    std::vector<RowGroup> groups = inspected.row_groups;
    if (groups.empty()) {
      groups.push_back({.rows = inspected.rows, .bytes = 0, .statistics = {}, .column_bytes = {}});
      groups[0].statistics.resize(wanted_.columns.size());
    }
    plan.rows = 0;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (groups[i].rows == 0) continue;
      const auto at = static_cast<std::int64_t>(i);
      const Matter matter = Weigh(file, groups[i], telling);
      if (matter == Matter::kNone) continue;
      if (matter == Matter::kKeys) {
        COEVAL_ASSIGN_OR_RETURN(const bool may, FiltersAllow(file, at, groups[i], telling));
        if (!may) continue;
      }
      plan.chosen.push_back(at);
      plan.rows = groups[i].rows < 0 || plan.rows < 0 ? -1 : plan.rows + groups[i].rows;
    }
    plan.skip = plan.chosen.empty();
    return plan;
  }

  [[nodiscard]] std::optional<TimeMicros> newest() const { return newest_; }

  [[nodiscard]] bool all_have_newest() const { return all_have_ranges_; }

 private:
  // For each join key: do the statistics of such a file tell where it is not?
  Result<std::vector<bool>> TellingKeys(const ArrowSchema& schema) const {
    std::vector<bool> telling(columns_.keys.size());
    for (std::size_t i = 0; i < wanted_.keys.size(); ++i) {
      if (columns_.keys[i].is_partition) continue;
      for (std::int64_t field = 0; field < schema.n_children; ++field) {
        const ArrowSchema& child = *schema.children[field];
        if (child.name == nullptr || child.name != columns_.keys[i].name) continue;
        COEVAL_ASSIGN_OR_RETURN(const DataType stored, TypeFromArrow(child));
        telling[i] = request_.wanted->CanTell(i, stored);
      }
    }
    return telling;
  }

  // Why a row group is read: it may hold a bad time, or else wanted keys within the range.
  enum class Matter : std::uint8_t { kNone, kTimes, kKeys };

  Matter Weigh(const SourceFile& file, const RowGroup& group, const std::vector<bool>& telling) {
    const auto statistics = [&](const ColumnRef& ref, std::size_t position) {
      return ref.is_partition ? OfPartition(file, ref.name, group.rows)
                              : WithoutEnds(group.statistics[position]);
    };
    // Facts of a timeless source are as old as can be (rule 1.3).
    ColumnStatistics event{.has_range = true, .min = kMinTime, .max = kMinTime, .nulls = 0};
    if (columns_.event_time) {
      event = statistics(*columns_.event_time, wanted_.event);
      if (event.has_range) newest_ = std::max(newest_.value_or(kMinTime), event.max);
      all_have_ranges_ = all_have_ranges_ && event.has_range;
    }
    std::optional<ColumnStatistics> created;
    if (columns_.created) created = statistics(*columns_.created, wanted_.created);
    const ColumnStatistics* created_or_null = created ? &*created : nullptr;
    if (MayHoldBadTime(source_, clock_, group.rows, event, created_or_null)) return Matter::kTimes;
    if (columns_.event_time && !MayBeInRange(request_.range, event, created_or_null)) {
      return Matter::kNone;
    }
    return MayHoldWantedKey(file, group, telling) ? Matter::kKeys : Matter::kNone;
  }

  bool MayHoldWantedKey(const SourceFile& file, const RowGroup& group,
                        const std::vector<bool>& telling) const {
    for (std::size_t i = 0; i < wanted_.keys.size(); ++i) {
      const ColumnRef& key = columns_.keys[i];
      if (key.is_partition) {
        const auto value = PartitionValue(file, key.name, request_.keys[i].type, Rounding::kExact);
        // What is no value of the type is an error, told by who reads the file.
        if (value.ok() && !request_.wanted->Has(i, *value)) return false;
      } else if (telling[i] && !request_.wanted->MayBeIn(i, group.statistics[wanted_.keys[i]])) {
        return false;
      }
    }
    return true;
  }

  // What statistics could not exclude.
  Result<bool> FiltersAllow(const SourceFile& file, std::int64_t row_group, const RowGroup& group,
                            const std::vector<bool>& telling) {
    const std::int64_t bytes = BytesOf(group, columns_.scanned, key_columns_.scanned);
    for (std::size_t i = 0; i < wanted_.keys.size(); ++i) {
      if (!telling[i]) continue;
      const KeyFilters::Place place{.file = file,
                                    .row_group = row_group,
                                    .column = columns_.keys[i].name,
                                    .rows = group.rows,
                                    .bytes = bytes};
      COEVAL_ASSIGN_OR_RETURN(const bool may,
                              filters_->MayHold(i, place, group.statistics[wanted_.keys[i]]));
      if (!may) return false;
    }
    return true;
  }

  const Source& source_;
  const FactRequest& request_;
  const FactColumns& columns_;
  FactColumns key_columns_;  // what decides who wins: the least that a row group costs to read
  StatisticsWanted wanted_;
  TimeMicros clock_;
  std::optional<KeyFilters> filters_;  // where not all keys are wanted
  std::optional<TimeMicros> newest_;
  bool all_have_ranges_ = true;
};

std::vector<std::string> NamesOf(const ArrowSchema& schema) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    names.emplace_back(schema.children[i]->name == nullptr ? "" : schema.children[i]->name);
  }
  return names;
}

}  // namespace

bool MayHoldBadTime(const Source& source, TimeMicros clock, std::int64_t rows,
                    const ColumnStatistics& event, const ColumnStatistics* created) {
  if (!event.has_range || event.nulls != 0) return true;
  const bool created_known = created == nullptr || created->has_range || created->nulls == rows;
  if (!created_known) return true;
  // The latest event beside the earliest created time, or the clock where that is null.
  if (created != nullptr && created->has_range &&
      TooFarAhead({event.max, created->min, true}, source, clock)) {
    return true;
  }
  return (created == nullptr || created->nulls != 0) &&
         TooFarAhead({event.max, 0, false}, source, clock);
}

bool MayBeInRange(const FactRange& range, const ColumnStatistics& event,
                  const ColumnStatistics* created) {
  if (!event.has_range) return true;
  if (event.min > range.event_max) return false;
  if (event.max >= range.event_min) return true;
  return range.created_min && created != nullptr && created->has_range &&
         created->max >= *range.created_min;
}

Result<FactPlan> PlanFacts(const Source& source, const FactRequest& request,
                           const SourceFiles& files, TimeMicros clock, const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(const ArrowPlugin* plugin, ArrowPlugin::Get(context));
  std::vector<std::string> partitions;
  for (const auto& [name, text] : files.files.front().partitions) partitions.push_back(name);

  FactPlan plan;
  plan.format = {.format = source.format, .csv = source.csv};
  const SourceFile& first = files.files.front();
  COEVAL_ASSIGN_OR_RETURN(const FileInspection outline,
                          plugin->Inspect(first.path, plan.format, {}, context));
  auto resolved = ResolveFactColumns(source, request, NamesOf(*outline.schema), partitions);
  if (!resolved.ok()) return resolved.status().WithContext("file " + first.path);
  plan.columns = *std::move(resolved);
  plan.format.csv.types = plan.columns.csv_types;

  Planner planner(source, request, plan.columns, clock, context);
  for (const SourceFile& file : files.files) {
    COEVAL_RETURN_IF_ERROR(context.cancel->Check());
    auto inspected = plugin->Inspect(file.path, plan.format,
                                     {.infer_csv = false,
                                      .statistics_of = planner.statistics_of(),
                                      .columns = plan.columns.scanned},
                                     context);
    if (!inspected.ok()) {
      if (inspected.status().code() != StatusCode::kNotFound || &file == &first) {
        return inspected.status();
      }
      return inspected.status().WithContext(
          "files of one source must have the same columns; "
          "the first one is " +
          first.path);
    }
    const Status fits = CheckFactColumns(source, request, plan.columns, *inspected->schema);
    if (!fits.ok()) return fits.WithContext("file " + file.path);
    COEVAL_ASSIGN_OR_RETURN(plan.files.emplace_back(), planner.PlanFile(file, *inspected));
    const std::int64_t rows = plan.files.back().rows;
    plan.expected_rows = rows < 0 || plan.expected_rows < 0 ? -1 : plan.expected_rows + rows;
  }
  plan.newest = planner.newest();
  plan.all_have_newest = planner.all_have_newest();
  return plan;
}

}  // namespace coeval
