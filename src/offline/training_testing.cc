#include "offline/training_testing.h"

#include <memory>
#include <utility>

#include "offline/testing.h"
#include "source/fact_reader.h"

namespace coeval {

Field FieldOf(std::string name, DataType type) {
  Field field;
  field.name = std::move(name);
  field.type = std::move(type);
  return field;
}

Batch RowsOf(Schema schema, const std::vector<std::vector<Value>>& rows) {
  Batch batch;
  batch.num_rows = static_cast<std::int64_t>(rows.size());
  for (std::size_t i = 0; i < schema.size(); ++i) {
    std::vector<Value> cells;
    for (const std::vector<Value>& row : rows) cells.push_back(row.at(i));
    batch.columns.push_back(ColumnOf(schema[i].type, cells));
  }
  batch.schema = std::move(schema);
  return batch;
}

ArrowArrayStream StreamOfRows(const Batch& rows) {
  ArrowArrayStream stream{};
  ExportStream(StreamOf(rows.schema, {rows}), &stream);
  return stream;
}

ArrowTable TableOfRows(const Batch& rows) {
  ArrowArrayStream stream = StreamOfRows(rows);
  Result<ArrowTable> table = ArrowTable::Read(&stream);
  COEVAL_CHECK(table.ok());
  return *std::move(table);
}

Batch Collect(ArrowArrayStream stream) {
  const Result<std::unique_ptr<BatchStream>> batches = ImportStream(&stream, {});
  COEVAL_CHECK(batches.ok());
  Result<Batch> all = CollectOne(**batches);
  COEVAL_CHECK(all.ok());
  return *std::move(all);
}

ViewVersion& MemoryProject::AddView(const std::string& name, std::vector<JoinKey> keys,
                                    std::vector<Field> schema, Batch rows) {
  ViewVersion view;
  view.view.name = name;
  for (const JoinKey& key : keys) view.view.entities.push_back(key.name);
  view.view.schema = std::move(schema);
  view.view.source = name;
  view.join_keys = std::move(keys);
  view.source.name = name;
  view.source.timestamp_field = "event_timestamp";
  view.source.allow_1970 = true;
  view.version = 1;
  view.identity = "identity of " + name;
  view.active = true;
  rows_[name] = std::move(rows);
  return catalogue_.views[name].emplace_back(std::move(view));
}

OnDemandVersion& MemoryProject::AddOnDemand(const std::string& name,
                                            const std::vector<std::string>& views,
                                            std::vector<Field> request, std::vector<Field> schema,
                                            std::map<std::string, std::string> expressions) {
  OnDemandVersion version;
  version.view.name = name;
  for (const std::string& view : views) {
    Projection projection;
    projection.view = view;
    version.view.sources.push_back(projection);
  }
  Source source;
  source.name = name + "_request";
  source.kind = SourceKind::kRequest;
  source.schema = std::move(request);
  version.view.request_sources = {source.name};
  version.view.schema = std::move(schema);
  version.view.expressions = std::move(expressions);
  version.request_sources = {source};
  version.version = 1;
  version.identity = "identity of " + name;
  version.active = true;
  return catalogue_.on_demand_views[name].emplace_back(std::move(version));
}

ServiceVersion& MemoryProject::AddService(const std::string& name,
                                          std::vector<Projection> features) {
  ServiceVersion service;
  service.service.name = name;
  service.service.features = std::move(features);
  service.version = 1;
  service.active = true;
  return catalogue_.services[name].emplace_back(std::move(service));
}

SharedFeaturePlan MemoryProject::Plan(FeatureRequest request) const {
  const Result<SharedFeaturePlan> plan =
      PlanFeatures(std::make_shared<Catalogue>(catalogue_), std::move(request));
  if (!plan.ok()) CheckFailed(__FILE__, __LINE__, plan.status().ToString());
  return *plan;
}

SharedFeaturePlan MemoryProject::Plan(std::vector<std::string> features) const {
  FeatureRequest request;
  request.features = std::move(features);
  return Plan(std::move(request));
}

OpenView MemoryProject::Open(const Context& context) const {
  return [this, context](const ViewVersion& view,
                         FactRequest request) -> Result<std::unique_ptr<FactReader>> {
    ArrowArrayStream stream = StreamOfRows(rows_.at(view.view.name));
    return FactReader::FromStream(view.source, &stream, std::move(request), context);
  };
}

}  // namespace coeval
