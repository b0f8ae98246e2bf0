// ViewDiff: what the online store answers for a sample of a view's keys, beside what training says,
// bit for bit; and of each key that differs, why.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "definition/catalogue.h"
#include "definition/fact.h"
#include "materialize/fact_difference.h"
#include "online/online_store.h"
#include "store/feature_store.h"
#include "store/store_core.h"

namespace coeval {

// A value as one of the two says it.
struct ToldValue {
  std::string text;  // "2.5", "null"
  FeatureStatus status = FeatureStatus::kPresent;
  TimeMicros time = kMinTime;  // kMinTime: none
};

// A feature about which they differ: in its value, its status or its time.
struct FeatureDiff {
  std::string feature;
  ToldValue online;
  ToldValue training;
};

struct KeyDiff {
  std::string key;  // "city='ams'"
  FactDifference why;
  std::vector<FeatureDiff> features;  // those that differ
};

struct ViewDiff {
  static constexpr std::size_t kMostShown = 100;

  std::string view;                     // "weather@v2"
  std::optional<TimeMicros> watermark;  // none: nothing was carried yet
  std::int64_t keys = 0;                // that were compared
  std::int64_t differing = 0;
  std::int64_t unexplained = 0;  // of these, those that no incremental run mends
  std::int64_t damaged = 0;      // keys that cannot be read online
  std::int64_t unreadable = 0;   // stretches of rows that were passed over, looking for keys
  std::map<DifferenceReason, std::int64_t> reasons;
  std::vector<KeyDiff> shown;              // of those that differ, the first
  std::vector<std::string> shown_damaged;  // keys
  // What a run over a range would bring; first > last: nothing.
  TimeMicros lost_first = kMaxTime;
  TimeMicros lost_last = kMinTime;
  // No run mends it: the data would have to be made anew.
  bool needs_anew = false;

  [[nodiscard]] bool ok() const { return unexplained == 0 && damaged == 0 && unreadable == 0; }
};

// What one run compares.
struct DiffRequest {
  CatalogueSnapshot catalogue;
  const OnlineSnapshot* snapshot = nullptr;
  TimeMicros t = 0;  // within [horizon, time] of the snapshot
  std::size_t keys = 0;
  std::uint64_t seed = 0;
  ProgressSink progress;
};

// REQUIRES: `version` is served online. Errors: those of its sources; IoError; Cancelled. Damage is
// in the report. Cost: reads the keys of the sources and the rows of the store once, the sources'
// features once, and again where something differs; memory for the sample.
Result<ViewDiff> DiffView(FeatureStore::Impl& impl, OpenedStore& store, const DiffRequest& request,
                          const ViewVersion& version, const Context& context);

}  // namespace coeval
