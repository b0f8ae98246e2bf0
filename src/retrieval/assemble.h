// Assembly: from what each stored view answered to the values, statuses and times that a user sees.
// The one place where defaults (7.6), on-demand features (6) and statuses (7.2) are put in; offline
// and online differ only in who fills the ViewAnswers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "column/column.h"
#include "definition/fact.h"
#include "retrieval/feature_plan.h"
#include "retrieval/per_row.h"

namespace coeval {

enum class Match : std::uint8_t { kNotFound = 0, kOutsideMaxAge = 1, kFound = 2 };

// What rule 3 gave for one planned view, for n questions. Where match is not kFound the features
// are null. `event_time`: of the winner (kMinTime = timeless), of the newest for kOutsideMaxAge.
struct ViewAnswers {
  std::vector<Column> features;        // as PlannedView::features, each [n]
  std::vector<Match> match;            // [n]
  std::vector<TimeMicros> event_time;  // [n]

  // Of aggregated views, whose features have each a window of their own: as `features`, each [n].
  // Then every match is kFound and event_time is not used.
  std::vector<std::vector<TimeMicros>> feature_times = {};  // of the newest event; kMinTime = none
  std::vector<std::vector<std::uint8_t>> invalid = {};      // 1 where INVALID (6.2); empty: nowhere
};

// The answer: one entry per planned output, each [n].
struct FeatureTable {
  std::int64_t num_rows = 0;
  std::vector<Column> columns;
  std::vector<PerRow<FeatureStatus>> statuses;
  // The time of each value (rule 7.2); kMinTime = none (timeless, or no input had one).
  std::vector<PerRow<TimeMicros>> times;
  // INVALID values of on-demand features (rule 6.2): how many, and the first 10 with output and
  // row.
  std::int64_t invalid_count = 0;
  std::vector<std::string> first_errors;
};

// Shapes: `answers` one per plan view; `request` one column per plan.request_columns, of its type,
// each [n]; `t` the question times, n or 1. `first_row`: the number of the first row, for errors.
// Cost: O(outputs x n). Threads: any.
Result<FeatureTable> AssembleFeatures(const FeaturePlan& plan, std::span<const ViewAnswers> answers,
                                      std::span<const Column> request, std::int64_t n,
                                      std::span<const TimeMicros> t, std::int64_t first_row = 0);

}  // namespace coeval
