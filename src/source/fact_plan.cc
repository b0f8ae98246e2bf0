#include "source/fact_plan.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "column/arrow_c.h"
#include "column/type.h"
#include "definition/fact.h"
#include "definition/source.h"
#include "source/arrow_plugin.h"
#include "source/fact_columns.h"
#include "source/fact_reader.h"
#include "source/file_list.h"
#include "source/scan.h"

namespace coeval {

namespace {

// Which statistics are asked for, and where they come back.
struct StatisticsWanted {
  std::vector<std::string> columns;
  std::size_t event = 0;
  std::size_t created = 0;
};

StatisticsWanted Wanted(const FactColumns& columns) {
  StatisticsWanted wanted;
  if (columns.event_time && !columns.event_time->is_partition) {
    wanted.event = wanted.columns.size();
    wanted.columns.push_back(columns.event_time->name);
  }
  if (columns.created && !columns.created->is_partition) {
    wanted.created = wanted.columns.size();
    wanted.columns.push_back(columns.created->name);
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

class Planner {
 public:
  Planner(const Source& source, const FactRequest& request, TimeMicros clock)
      : source_(source), request_(request), clock_(clock) {}

  // Files of formats without row groups count as one group without statistics.
  FilePlan PlanFile(const SourceFile& file, const FileInspection& inspected,
                    const FactColumns& columns, const StatisticsWanted& wanted) {
    FilePlan plan;
    plan.file = file;
    plan.row_groups = inspected.row_groups;
    std::vector<RowGroup> groups = inspected.row_groups;
    const bool has_groups = !groups.empty();
    if (!has_groups) groups.push_back({.rows = inspected.rows, .bytes = 0, .statistics = {}});
    plan.rows = 0;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (groups[i].rows == 0) continue;
      if (!Matters(file, groups[i], columns, wanted, has_groups)) continue;
      plan.chosen.push_back(static_cast<std::int64_t>(i));
      plan.rows = groups[i].rows < 0 || plan.rows < 0 ? -1 : plan.rows + groups[i].rows;
    }
    plan.skip = plan.chosen.empty();
    return plan;
  }

  // Has every row group had a range of event times?
  [[nodiscard]] std::optional<TimeMicros> newest() const {
    return all_have_ranges_ ? newest_ : std::nullopt;
  }

 private:
  bool Matters(const SourceFile& file, const RowGroup& group, const FactColumns& columns,
               const StatisticsWanted& wanted, bool has_groups) {
    if (!columns.event_time) return true;
    const auto statistics = [&](const ColumnRef& ref, std::size_t position) {
      if (ref.is_partition) return OfPartition(file, ref.name, group.rows);
      return has_groups ? group.statistics[position] : ColumnStatistics{};
    };
    const ColumnStatistics event = statistics(*columns.event_time, wanted.event);
    if (event.has_range) {
      newest_ = std::max(newest_.value_or(kMinTime), event.max);
    } else {
      all_have_ranges_ = false;
    }
    if (!columns.created) {
      return MayMatter(source_, request_.range, clock_, group.rows, event, nullptr);
    }
    const ColumnStatistics created = statistics(*columns.created, wanted.created);
    return MayMatter(source_, request_.range, clock_, group.rows, event, &created);
  }

  const Source& source_;
  const FactRequest& request_;
  TimeMicros clock_;
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

bool MayMatter(const Source& source, const FactRange& range, TimeMicros clock, std::int64_t rows,
               const ColumnStatistics& event, const ColumnStatistics* created) {
  if (!event.has_range || event.nulls != 0) return true;
  const bool created_known = created == nullptr || created->has_range || created->nulls == rows;
  if (!created_known) return true;
  // A bad time: the latest event beside the earliest created time, or the clock where that is null.
  if (created != nullptr && created->has_range &&
      TooFarAhead({event.max, created->min, true}, source, clock)) {
    return true;
  }
  if ((created == nullptr || created->nulls != 0) &&
      TooFarAhead({event.max, 0, false}, source, clock)) {
    return true;
  }
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

  const StatisticsWanted wanted = Wanted(plan.columns);
  Planner planner(source, request, clock);
  for (const SourceFile& file : files.files) {
    COEVAL_RETURN_IF_ERROR(context.cancel->Check());
    auto inspected = plugin->Inspect(
        file.path, plan.format,
        {.infer_csv = false, .statistics_of = wanted.columns, .columns = plan.columns.scanned},
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
    plan.files.push_back(planner.PlanFile(file, *inspected, plan.columns, wanted));
    const std::int64_t rows = plan.files.back().rows;
    plan.expected_rows = rows < 0 || plan.expected_rows < 0 ? -1 : plan.expected_rows + rows;
  }
  plan.newest = planner.newest();
  return plan;
}

}  // namespace coeval
