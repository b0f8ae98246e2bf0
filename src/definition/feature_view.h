// Feature views: stored ones (facts carried as they are, or aggregated over windows) and on-demand
// ones (expressions over request data and other features), the projections that pick from them, and
// services that name a list.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aggregation/window.h"
#include "base/json.h"
#include "base/time.h"
#include "definition/field.h"
#include "definition/source.h"

namespace coeval {

// A feature over the events of a window (rule 5), as declared; aggregated_view.h resolves it.
struct Aggregation {
  std::string name;                  // the feature
  std::string function;              // as aggregation/ names it
  std::vector<std::string> columns;  // its arguments: columns of the source, after field_mapping
  Window window;
  std::string where;                 // expression over the source's columns; "" = all events
  std::string by;                    // expression; the feature is a map of its values; "" = none
  Json params = Json::MakeObject();  // of the function: {"n": 5}
};

// Facts of a source, by entity, served as they are (rule 3); with aggregations, what functions over
// windows of its events give (rule 5).
struct FeatureView {
  std::string name;
  std::vector<std::string> entities;  // names; none = one global row (rule 2.2)
  std::vector<Field> schema;  // the features, in declared order (it decides ties, rule 3.3);
                              // empty before apply = inferred from the source and then frozen
  DurationMicros ttl = 0;     // 0 = none
  // Where its facts come from, one of: a Source of kind kFile; several, whose facts are one set, by
  // name; an aggregated view, whose features are read at each multiple of `every` (rule 5.9).
  std::string source;
  std::vector<std::string> sources;
  std::string source_view;
  int source_view_version = 0;  // 0 = the active one (in a stored version: pinned, never 0)
  DurationMicros every = 0;
  std::vector<Aggregation> aggregations;
  std::map<std::string, std::string> expressions;  // feature -> expression over the aggregations
  // The columns that aggregations read, by name: what their events are told apart by (rule 5.3).
  // Empty before apply = taken from the source and then frozen.
  std::vector<Field> inputs;
  bool online = true;
  bool offline = true;
  std::string version_label;  // "1.2", or ""
  std::string description;
  Tags tags;
  std::string owner;
  DurationMicros sla = 0;  // freshness promised to users; 0 = none

  [[nodiscard]] bool is_aggregated() const { return !aggregations.empty(); }

  [[nodiscard]] bool reads_view() const { return !source_view.empty(); }

  // Views over views are not served online yet.
  [[nodiscard]] bool is_served_online() const { return online && !reads_view(); }

  // The sources that it names, one or several; none of a view over a view.
  [[nodiscard]] std::vector<std::string> source_names() const {
    if (!sources.empty() || source.empty()) return sources;
    return {source};
  }
};

// What is taken from a view: view[["a", "b"]].with_name("x").with_join_key_map({"airport":
// "origin"}).
struct Projection {
  std::string view;
  int version = 0;                    // 0 = the active one (in a stored service: pinned, never 0)
  std::vector<std::string> features;  // empty = all, in declared order
  std::string alias;                  // "" = the view's name
  std::map<std::string, std::string>
      join_key_map;  // the view's join key -> spine or request column

  [[nodiscard]] const std::string& shown_name() const { return alias.empty() ? view : alias; }
};

// Features computed when asked, by expressions (rule 6) over its sources' features and request
// data. An input is named plainly, or "view.feature" where two sources have the same name.
struct OnDemandFeatureView {
  std::string name;
  std::vector<Projection> sources;                 // stored views
  std::vector<std::string> request_sources;        // names of Sources of kind kRequest
  std::vector<Field> schema;                       // the features computed, in declared order
  std::map<std::string, std::string> expressions;  // feature -> expression text, one for each
  std::string version_label;
  std::string description;
  Tags tags;
  std::string owner;
};

// A named list of features for one model.
struct FeatureService {
  std::string name;
  std::vector<Projection> features;  // of stored and on-demand views
  std::string description;
  Tags tags;
  std::string owner;
};

}  // namespace coeval
