// Training sets (rule 4): the spine's columns unchanged, then for each of its rows the features
// that would have been served at the row's time; with a manifest that says what made it.
//
//   spine   event_timestamp   origin  label         features   temp   hour_local
//           10:00             JFK     true     ->              3.5    5
//           10:00             JFK     true     ->              3.5    5       every row once, in
//           order
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/context.h"
#include "base/json.h"
#include "base/progress.h"
#include "base/status.h"
#include "column/arrow_bridge.h"
#include "column/batch.h"
#include "definition/fact.h"
#include "offline/as_of_join.h"
#include "offline/facts_spine.h"
#include "offline/feature_blocks.h"
#include "offline/spine.h"
#include "offline/time_grid.h"
#include "retrieval/assemble.h"
#include "retrieval/feature_plan.h"
#include "source/arrow_plugin.h"
#include "source/manifest.h"
#include "source/scan.h"

namespace coeval {

// What becomes of a row for which an expression fails (rule 6.2).
enum class OnInvalid : std::uint8_t {
  kFail,  // no training set; the first 10 such rows and the count of all
  kNull,  // what serving gives: null, with status INVALID
};

struct TrainingSetOptions {
  Known known = Known::kDeclared;  // rule 3.2
  OnInvalid on_invalid = OnInvalid::kFail;
  std::string time_column;  // "" = rule 4.2
  std::string release;      // of Coeval, for the manifest
  bool details = false;     // keep statuses and times of the features too
  ProgressSink progress;    // per view; may be null
};

// Where the rows come from: given, moments of the views' facts (rule 4.5), or a grid of times.
using SpineOrigin = std::variant<std::monostate, TimeRange, TimeGrid>;

// One feature of the result, in figures.
struct FeatureSummary {
  std::string name;       // of the column
  std::string reference;  // "weather@v2:temp"
  DataType type;
  std::int64_t nulls = 0;      // values that are null
  std::int64_t expired = 0;    // statuses (rule 7.2): OUTSIDE_MAX_AGE
  std::int64_t not_found = 0;  // NOT_FOUND
  std::int64_t invalid = 0;    // INVALID
  std::int64_t present = 0;    // PRESENT
};

// What one stored view gave, and what it read to do so.
struct ViewSummary {
  std::string name;  // as shown
  AsOfCounts counts;
  std::int64_t too_late = 0;  // of an aggregated view: facts that take no part (rule 5.8)
  ScanStats scan;
  SourceManifest source;
};

// Immutable; threads: any.
struct TrainingSet {
  Spine spine;
  Schema schema;  // of the features
  // In blocks, in memory or spilled. Never null.
  std::shared_ptr<const FeatureBlocks> features;
  std::vector<FeatureSummary> summary;  // one for each feature
  std::vector<ViewSummary> views;       // one for each stored view of the plan
  // For people: a feature that has no value in any row, with the likely reason.
  std::vector<std::string> warnings;
  Json manifest;  // rule 4.6
  // What it was asked with, for explanations (explain.h). The plan: where its maker shares it.
  Known known = Known::kDeclared;
  SharedFeaturePlan plan;

  [[nodiscard]] std::int64_t num_rows() const { return features->num_rows(); }

  // Spine and features as an Arrow stream; may be called again. Its errors are those of spilled
  // features.
  [[nodiscard]] Result<ArrowArrayStream> Export(std::int64_t batch_rows = 65536) const;
};

// Writes it to a file, by the ending of its name (source/writer.h); Parquet and Arrow files carry
// the manifest as metadata "coeval.training_set". Errors: those of WriteTable.
Result<WrittenFile> WriteTrainingSet(const TrainingSet& set, const std::string& path,
                                     const Context& context);

// For people: rows and times, each feature's null rate and expired share, and the warnings.
//
//   336,776 rows from 2012-12-31T22:10:00Z to 2014-01-01T01:00:00Z
//   feature   type      null    expired
//   temp      float64   0.7 %   0.1 %
std::string DescribeTrainingSet(const TrainingSet& set);

// Errors: those of ReadSpine, of the readers and of JoinAsOf; InvalidArgument for invalid values
// with kFail (rule 6.2); Cancelled. Cost: each source is read once, a second time where ties are
// open; memory for spine and features, but not more than context.memory_budget_bytes beside the
// spine: what is more lies in context.scratch_folder, and keys are joined in parts (memory_plan.h).
Result<TrainingSet> MakeTrainingSet(const FeaturePlan& plan, ArrowTable spine,
                                    const TrainingSetOptions& options, const OpenView& open,
                                    const Context& context);
// No spine but a time range (rule 4.5): every moment at which a key's facts changed.
Result<TrainingSet> MakeTrainingSet(const FeaturePlan& plan, TimeRange range,
                                    const TrainingSetOptions& options, const OpenView& open,
                                    const Context& context);
// A backfill: each key that has an event, at each instant of a grid (grid_spine.h).
Result<TrainingSet> MakeTrainingSet(const FeaturePlan& plan, const TimeGrid& grid,
                                    const TrainingSetOptions& options, const OpenView& open,
                                    const Context& context);

}  // namespace coeval
