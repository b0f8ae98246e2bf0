// What a store gives to Python and takes back: plans and training sets.
#pragma once

#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "core/frame.h"
#include "offline/training_set.h"
#include "retrieval/feature_plan.h"

namespace coeval::python {

using PlannedRequest = std::tuple<std::string, std::string, std::string, bool>;

struct PlanHandle {
  SharedFeaturePlan plan;

  // (name, type, needed_by, is_join_key) of each column that a request brings.
  [[nodiscard]] std::vector<PlannedRequest> request_columns() const {
    std::vector<PlannedRequest> columns;
    for (const PlannedColumn& column : plan->request_columns) {
      columns.emplace_back(column.name, column.type.ToString(), column.needed_by,
                           column.is_join_key);
    }
    return columns;
  }

  // (name, type, reference) of each feature of the answer.
  [[nodiscard]] std::vector<std::tuple<std::string, std::string, std::string>> outputs() const {
    std::vector<std::tuple<std::string, std::string, std::string>> outputs;
    for (const PlannedOutput& output : plan->outputs) {
      outputs.emplace_back(output.name, output.type.ToString(), output.reference);
    }
    return outputs;
  }
};

struct TrainingSetHandle {
  std::shared_ptr<const TrainingSet> set;

  [[nodiscard]] Frame frame() const {
    return {set->spine.table, set->schema,
            [held = set](std::size_t feature) { return held->features->Whole(feature); },
            [held = set] { return held->Export(); }};
  }

  [[nodiscard]] std::string manifest() const { return set->manifest.Write(); }

  // [{"name", "reference", "type", "nulls", "expired", "not_found", "invalid", "present"}]
  [[nodiscard]] std::string summary() const {
    Json list = Json::MakeArray();
    for (const FeatureSummary& feature : set->summary) {
      Json json = Json::MakeObject();
      json.Set("name", feature.name).Set("reference", feature.reference);
      json.Set("type", feature.type.ToString()).Set("nulls", feature.nulls);
      json.Set("expired", feature.expired).Set("not_found", feature.not_found);
      json.Set("invalid", feature.invalid).Set("present", feature.present);
      list.Append(std::move(json));
    }
    return list.Write();
  }
};

}  // namespace coeval::python
