// The rows of the column family `meta`, all JSON: what was committed, and by which views. They are
// written in the same atomic step as the facts that they speak of (docs/formats/online_store.md).
//
//   next_id                          {"next":8}
//   project/<project>                {"c":1357034040000000,"horizon":1357033740000000,"log":17}
//   retired/<id>                     {}                        data waiting to be removed
//   view/<project>/<data identity>   {"id":7,"view":"weather","ttl":0,"watermark":...,...}
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "column/key.h"
#include "column/type.h"
#include "definition/catalogue.h"
#include "online/event_keeping.h"
#include "online/file_changes.h"
#include "online/online_store.h"
#include "online/rocksdb/keep_context.h"
#include "online/winner.h"

namespace coeval {

// Are facts that are kept for one ttl enough for another? 0 = none: greater than any.
inline bool CoversTtl(DurationMicros kept, DurationMicros other) {
  return kept == 0 || (other != 0 && other <= kept);
}

// What is known of one view's data, and enough of its definition to read it without a registry.
struct ViewRecord {
  DataId id = 0;
  std::string view;
  std::string data_identity;
  std::vector<JoinKey> keys;
  std::vector<std::string> features;        // the kept columns (KeptColumns)
  std::vector<DataType> types;              // of these
  DurationMicros ttl = 0;                   // the greatest for which facts were carried; 0 = none
  std::optional<EventKeeping> events = {};  // of an aggregated view
  TimeMicros newest_event_time = kMinTime;  // of all facts carried; kMinTime = none
  ViewProgress progress;
  // Grows whenever files of the view are ingested; not stored, for what is made of them in memory.
  std::uint64_t files = 0;
  FileChanges changes;  // of the last ones, likewise; not of aggregated views

  // A record for data that is not there yet.
  static ViewRecord Of(const ViewVersion& version, DataId id);

  [[nodiscard]] KeptView Kept() const { return {.types = types, .ttl = ttl, .events = events}; }

  // REQUIRES: this outlives it.
  [[nodiscard]] KeepRule RuleAt(TimeMicros horizon) const {
    return {.types = types, .horizon = horizon, .ttl = ttl, .events = events};
  }

  // Were facts carried for a ttl as long as this?
  [[nodiscard]] bool Covers(DurationMicros other) const { return CoversTtl(ttl, other); }
};

struct ProjectRecord {
  TimeMicros c = kMinTime;
  TimeMicros horizon = kMinTime;
  std::int64_t log_applied = 0;  // records of the log whose facts are in the files
};

// Everything in the column family that concerns one project, and what all share.
struct Meta {
  DataId next_id = 1;
  ProjectRecord project;
  std::map<std::string, std::shared_ptr<const ViewRecord>> views;  // by data identity
  std::vector<DataId> retired;

  // Null where nothing was ever carried.
  [[nodiscard]] const ViewRecord* Find(const std::string& data_identity) const;
  // As OnlineStore::Progress.
  [[nodiscard]] ViewProgress ProgressOf(const ViewVersion& version) const;
};

std::string ViewKey(const std::string& project, const std::string& data_identity);
std::string ProjectKey(const std::string& project);
std::string RetiredKey(DataId id);
inline constexpr std::string_view kNextIdKey = "next_id";
// Whose row view/<project>/<data identity> is; "" of any other row.
std::string ProjectOf(std::string_view key);

std::string Write(const ViewRecord& record);
std::string Write(const ProjectRecord& record);
std::string WriteNextId(DataId next);

// Takes one row into *meta. Errors: Corruption naming the row.
Status ReadMetaRow(const std::string& project, std::string_view key, std::string_view value,
                   Meta* meta);

}  // namespace coeval
