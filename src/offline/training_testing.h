// What the tests of spines and training sets share: views over rows in memory, read by the real
// FactReader, and spines as Arrow tables.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "column/arrow_bridge.h"
#include "column/batch.h"
#include "column/value.h"
#include "definition/catalogue.h"
#include "offline/facts_spine.h"
#include "retrieval/feature_plan.h"

namespace coeval {

// Rows as values, one list a row.
Batch RowsOf(Schema schema, const std::vector<std::vector<Value>>& rows);
ArrowArrayStream StreamOfRows(const Batch& rows);
ArrowTable TableOfRows(const Batch& rows);
// All batches of an Arrow stream as one.
Batch Collect(ArrowArrayStream stream);

// A catalogue whose sources are rows in memory.
class MemoryProject {
 public:
  // A view over `rows`; its source has the name of the view, and `event_timestamp` unless timeless.
  ViewVersion& AddView(const std::string& name, std::vector<JoinKey> keys,
                       std::vector<Field> schema, Batch rows);
  OnDemandVersion& AddOnDemand(const std::string& name, const std::vector<std::string>& views,
                               std::vector<Field> request, std::vector<Field> schema,
                               std::map<std::string, std::string> expressions);

  ServiceVersion& AddService(const std::string& name, std::vector<Projection> features);

  void SetRows(const std::string& view, Batch rows) { rows_[view] = std::move(rows); }

  [[nodiscard]] SharedFeaturePlan Plan(FeatureRequest request) const;

  [[nodiscard]] SharedFeaturePlan Plan(std::vector<std::string> features) const;

  // Borrows the project.
  [[nodiscard]] OpenView Open(const Context& context) const;

 private:
  Catalogue catalogue_;
  std::map<std::string, Batch> rows_;
};

Field FieldOf(std::string name, DataType type);

}  // namespace coeval
