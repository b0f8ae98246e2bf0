// Runs and training sets: what was done with the definitions, when, by whom and how it ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"

namespace coeval {

// "running", "succeeded", "failed", "cancelled", "interrupted" (its process ended without a word).
enum class RunStatus : std::uint8_t { kRunning, kSucceeded, kFailed, kCancelled, kInterrupted };
std::string_view RunStatusName(RunStatus status);

struct RunCounts {
  std::int64_t rows_read = 0;
  std::int64_t rows_written = 0;
  std::int64_t rows_refused = 0;
};

// One piece of work on one view: a materialization, a training set, a backfill.
struct Run {
  std::int64_t id = 0;
  std::string kind;  // "materialize", "materialize_incremental", "online_rebuild", ...
  std::string view;  // or the service of a training set
  int version = 0;
  std::optional<TimeMicros> interval_start;
  std::optional<TimeMicros> interval_end;
  RunCounts counts;
  RunStatus status = RunStatus::kRunning;
  std::string release;
  std::string who;
  TimeMicros started_at = 0;
  TimeMicros updated_at = 0;
  std::optional<TimeMicros> finished_at;
  std::string error;  // of a failed one

  [[nodiscard]] Json ToJson() const;
};

struct RunFilter {
  std::string view;  // "" = all
  std::string kind;  // "" = all
  int limit = 100;   // newest first
};

// A training set that was made (rule 4.6). The manifest says all about it.
struct TrainingSetRecord {
  std::int64_t id = 0;
  std::string name;  // of the service, or ""
  TimeMicros created_at = 0;
  std::string created_by;
  std::string release;
  std::int64_t row_count = 0;
  std::string content_hash;
  Json manifest;

  [[nodiscard]] Json ToJson() const;
};

// Who did what when.
struct HistoryEntry {
  std::int64_t id = 0;
  TimeMicros at = 0;
  std::string who;
  std::string release;
  std::string action;  // "create", "new_version", "back_to_version", "metadata", "delete",
                       // "activate", "promote", "rollback"
  std::string kind;
  std::string name;
  int version = 0;
  Json detail;

  [[nodiscard]] Json ToJson() const;
};

// An edge of the lineage: `to` is made from `from`. Version 0 of entities and sources; kind
// "training_set" has its id as name.
struct LineageEdge {
  std::string from_kind;
  std::string from_name;
  int from_version = 0;
  std::string to_kind;
  std::string to_name;
  int to_version = 0;

  friend bool operator==(const LineageEdge&, const LineageEdge&) = default;
};

}  // namespace coeval
