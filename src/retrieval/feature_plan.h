// FeaturePlan: a request for features, resolved once against a catalogue snapshot; immutable.
// Training sets and online reads run the same plan, so both read the same versions by the same key
// maps (4.4).
//
//   service departure_delay_v1 = weather[temp] keyed origin->airport, flight_time[hour_local]
//     views      [weather@v2 as "weather", keys {airport: "origin"}, features {temp}]
//     on_demand  [flight_time@v1, inputs {scheduled: request column}]
//     outputs    [temp, hour_local]                      <- the order asked for (rule 7.3)
//     join keys  [origin: string]    request data [scheduled: timestamp]
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "column/type.h"
#include "definition/aggregated_view.h"
#include "definition/catalogue.h"
#include "expression/expression.h"

namespace coeval {

// What was asked for: references, or a service (then `features` is empty).
struct FeatureRequest {
  std::vector<std::string> features;
  std::string service;
  int service_version = 0;          // 0 = active
  bool full_feature_names = false;  // rule 4.3
};

// One stored view to look up: one as-of join offline, one store access per key online.
struct PlannedView {
  std::shared_ptr<const ViewVersion> version;
  // Of an aggregated view: resolved. Null where a plan was made by other hands.
  std::shared_ptr<const AggregatedView> aggregated;
  std::string shown_name;                // alias or name
  std::vector<std::string> key_columns;  // per join key: the spine's or request's column (rule 4.4)
  std::vector<std::size_t> features;  // positions in the view's schema that are needed, ascending
};

// Where an on-demand view's input comes from: feature `position` within views[view].features, or
// request column `position`.
struct PlannedInput {
  bool from_request = false;
  std::size_t view = 0;
  std::size_t position = 0;
};

struct PlannedOnDemand {
  std::shared_ptr<const OnDemandVersion> version;
  std::string shown_name;
  Schema input_schema;               // names as expressions see them
  std::vector<PlannedInput> inputs;  // one per column of input_schema

  struct Computed {
    std::size_t feature;  // position in the view's schema
    std::shared_ptr<const Expression> expression;
  };

  std::vector<Computed> features;  // those that are needed
};

// One column of the answer.
struct PlannedOutput {
  std::string name;       // final name (rule 4.3)
  std::string reference;  // "weather@v2:temp", for manifests and errors
  DataType type;
  bool on_demand = false;
  std::size_t view = 0;      // into views or on_demand
  std::size_t position = 0;  // into PlannedView::features or PlannedOnDemand::features
};

struct PlannedColumn {
  std::string name;
  DataType type;
  std::string needed_by;  // "entity airport of view weather", for errors
  bool is_join_key = false;
};

struct FeaturePlan {
  CatalogueSnapshot catalogue;
  FeatureRequest request;
  std::string service_reference;  // "departure_delay_v1@v3", or ""
  std::vector<PlannedView> views;
  std::vector<PlannedOnDemand> on_demand;
  std::vector<PlannedOutput> outputs;
  std::vector<PlannedColumn> request_columns;  // join keys first, then request data; names unique

  // Position in request_columns. REQUIRES: it is there.
  [[nodiscard]] std::size_t RequestColumn(const std::string& name) const;
};

using SharedFeaturePlan = std::shared_ptr<const FeaturePlan>;

// Resolves a request. Errors: InvalidArgument / NotFound that name the reference, with the nearest
// name; a column asked for twice with different types; output names that collide (ignoring case)
// say to use full_feature_names (rule 4.3); no features at all.
Result<SharedFeaturePlan> PlanFeatures(CatalogueSnapshot catalogue, FeatureRequest request);

// Output names unique, those of the spine included (rule 4.3). Errors: InvalidArgument.
Status CheckOutputNames(const FeaturePlan& plan, const std::vector<std::string>& spine_columns);

}  // namespace coeval
