#include "definition/identity.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/hash.h"
#include "definition/aggregated_view.h"
#include "definition/object_json.h"
#include "definition/on_demand_inputs.h"
#include "definition/value_json.h"
#include "expression/expression.h"

namespace coeval {
namespace {

Json FieldContent(const Field& field) {
  Json json = Json::MakeObject();
  json.Set("name", field.name);
  json.Set("type", field.type.ToString());
  if (field.default_value && !field.default_value->is_null()) {
    json.Set("default", ValueToJson(*field.default_value, field.type));
  }
  return json;
}

Json SchemaContent(const std::vector<Field>& schema) {
  Json json = Json::MakeArray();
  for (const Field& field : schema) json.Append(FieldContent(field));
  return json;
}

Json MapContent(const std::map<std::string, std::string>& map) {
  Json json = Json::MakeObject();
  for (const auto& [key, value] : map) json.Set(key, value);
  return json;
}

Json SourceContent(const Source& source) {
  const Source fallback;
  Json json = Json::MakeObject();
  const auto set_text = [&](const char* member, const std::string& text) {
    if (!text.empty()) json.Set(member, text);
  };
  set_text("timestamp_field", source.timestamp_field);
  set_text("created_timestamp_column", source.created_field);
  if (source.created == CreatedMeaning::kArrival) json.Set("created", "arrival");
  if (source.data_delay != 0) json.Set("data_delay", source.data_delay);
  set_text("sequence_field", source.sequence_field);
  set_text("event_id_field", source.event_id_field);
  set_text("delete_field", source.delete_field);
  if (source.timeless) json.Set("timeless", true);
  std::map<std::string, std::string> mapping = source.field_mapping;
  std::erase_if(mapping, [](const auto& item) { return item.first == item.second; });
  if (!mapping.empty()) json.Set("field_mapping", MapContent(mapping));
  Source undeclared = source;
  undeclared.lateness = fallback.lateness;
  if (source.effective_lateness() != undeclared.effective_lateness()) {
    json.Set("lateness", source.lateness);
  }
  if (source.max_future != fallback.max_future) json.Set("max_future", source.max_future);
  return json;
}

// A push source says what it says otherwise than its batch source, whose content stands beside it.
// All of it is known on arrival, and it may be as late as the batch source's rows.
Json PushContent(const ViewSources& sources) {
  const Source& push = *sources.push;
  const Source undeclared;
  const auto own = std::find_if(sources.batch.begin(), sources.batch.end(),
                                [&](const Source* of) { return of->name == push.batch_source; });
  Source said = push;
  said.created = undeclared.created;
  if (own == sources.batch.end()) return SourceContent(said);
  said.lateness = undeclared.lateness;
  const Json content = SourceContent(said);
  const Json of_batch = SourceContent(**own);
  Json other = Json::MakeObject();
  for (const auto& [name, value] : content.object()) {
    const Json* same = of_batch.Find(name);
    if (same == nullptr || !(*same == value)) other.Set(name, value);
  }
  // No mapping, where the batch source has one, is something said.
  const bool unmapped =
      of_batch.Find("field_mapping") != nullptr && content.Find("field_mapping") == nullptr;
  if (unmapped) other.Set("field_mapping", Json::MakeObject());
  return other;
}

// Several sources are known by what they say, in no order: names do not count.
void SetSource(const FeatureView& view, const ViewSources& ways, Json* json) {
  if (view.reads_view()) {
    json->Set("source_view", view.source_view);
    json->Set("source_view_version", view.source_view_version);
    json->Set("every", view.every);
    return;
  }
  if (ways.push.has_value()) json->Set("push", PushContent(ways));
  const std::vector<const Source*>& sources = ways.batch;
  if (sources.empty()) return;
  if (sources.size() == 1) {
    json->Set("source", SourceContent(*sources[0]));
    return;
  }
  std::vector<Json> contents;
  for (const Source* source : sources) contents.push_back(SourceContent(*source));
  std::sort(contents.begin(), contents.end(),
            [](const Json& a, const Json& b) { return a.Write(true) < b.Write(true); });
  Json list = Json::MakeArray();
  for (Json& content : contents) list.Append(std::move(content));
  json->Set("sources", std::move(list));
}

// What aggregations compute: with the versions of their states and of what expressions go by.
void SetAggregations(const FeatureView& view, const Source& source, Json* json) {
  const Result<AggregatedView> resolved = ResolveAggregatedView(view, source);
  COEVAL_CHECK(resolved.ok());
  Json aggregations = Json::MakeArray();
  for (std::size_t i = 0; i < view.aggregations.size(); ++i) {
    const ResolvedAggregation& of = resolved->aggregations[i];
    Json item = WriteObject(view.aggregations[i]);
    item.Set("function", of.function.ToString());
    if (of.where != nullptr) item.Set("where", of.where->Canonical());
    if (of.by != nullptr) item.Set("by", of.by->Canonical());
    aggregations.Append(std::move(item));
  }
  json->Set("aggregations", std::move(aggregations));
  json->Set("inputs", SchemaContent(view.inputs));
  Json computed = Json::MakeObject();
  for (const ComputedFeature& feature : resolved->computed) {
    computed.Set(feature.name, feature.expression->Canonical());
  }
  if (!computed.object().empty()) json->Set("expressions", std::move(computed));
  json->Set("libraries", ExpressionLibraryVersions());
}

Json ProjectionContent(const Projection& projection) {
  Json json = Json::MakeObject();
  json.Set("view", projection.view);
  json.Set("version", projection.version);
  if (!projection.features.empty()) {
    Json features = Json::MakeArray();
    for (const std::string& feature : projection.features) features.Append(feature);
    json.Set("features", std::move(features));
  }
  if (projection.shown_name() != projection.view) json.Set("alias", projection.alias);
  if (!projection.join_key_map.empty()) {
    json.Set("join_key_map", MapContent(projection.join_key_map));
  }
  return json;
}

Json ProjectionsContent(const std::vector<Projection>& projections) {
  Json json = Json::MakeArray();
  for (const Projection& projection : projections) json.Append(ProjectionContent(projection));
  return json;
}

}  // namespace

std::vector<Projection> PinVersions(std::vector<Projection> projections,
                                    const UpstreamVersions& upstream) {
  for (Projection& projection : projections) {
    if (projection.version == 0) projection.version = upstream.at(projection.view);
  }
  return projections;
}

Json LogicalContent(const FeatureView& view, const Source& source,
                    const std::vector<JoinKey>& join_keys) {
  return LogicalContent(view, ViewSources{.batch = {&source}, .push = {}}, join_keys);
}

Json LogicalContent(const FeatureView& view, const ViewSources& sources,
                    const std::vector<JoinKey>& join_keys) {
  Json json = Json::MakeObject();
  json.Set("kind", "feature_view");
  json.Set("name", view.name);
  Json keys = Json::MakeArray();
  for (const JoinKey& key : join_keys) {
    Json item = Json::MakeObject();
    item.Set("name", key.name);
    item.Set("type", key.type.ToString());
    keys.Append(std::move(item));
  }
  json.Set("join_keys", std::move(keys));
  json.Set("schema", SchemaContent(view.schema));
  if (view.ttl != 0) json.Set("ttl", view.ttl);
  SetSource(view, sources, &json);
  if (view.is_aggregated()) SetAggregations(view, MeaningOf(view, sources), &json);
  return json;
}

Result<Json> LogicalContent(const OnDemandFeatureView& view,
                            const std::vector<const FeatureView*>& sources,
                            const std::vector<const Source*>& requests) {
  Json json = Json::MakeObject();
  json.Set("kind", "on_demand_feature_view");
  json.Set("name", view.name);
  json.Set("sources", ProjectionsContent(view.sources));
  Json request_sources = Json::MakeArray();
  for (const Source* request : requests) {
    Json item = Json::MakeObject();
    item.Set("name", request->name);
    item.Set("schema", SchemaContent(request->schema));
    request_sources.Append(std::move(item));
  }
  json.Set("request_sources", std::move(request_sources));
  json.Set("schema", SchemaContent(view.schema));
  const Schema inputs = InputSchema(OnDemandInputs(view, sources, requests));
  Json expressions = Json::MakeObject();
  for (const Field& field : view.schema) {
    const auto text = view.expressions.find(field.name);
    if (text == view.expressions.end()) {
      return Status::InvalidArgument("on-demand feature view '" + view.name + "': the feature '" +
                                     field.name + "' has no expression");
    }
    Result<Expression> compiled = Expression::Compile(text->second, inputs, field.type);
    if (!compiled.ok()) {
      return compiled.status().WithContext("on-demand feature view '" + view.name + "', feature '" +
                                           field.name + "'");
    }
    expressions.Set(field.name, compiled->Canonical());
  }
  json.Set("expressions", std::move(expressions));
  json.Set("libraries", ExpressionLibraryVersions());
  return json;
}

Json LogicalContent(const FeatureService& service) {
  Json json = Json::MakeObject();
  json.Set("kind", "feature_service");
  json.Set("name", service.name);
  json.Set("features", ProjectionsContent(service.features));
  return json;
}

Json LogicalContent(const FeatureView& view, const Definitions& definitions,
                    const UpstreamVersions& upstream) {
  FeatureView pinned = view;
  if (view.reads_view() && view.source_view_version == 0) {
    pinned.source_view_version = upstream.at(view.source_view);
  }
  const std::optional<ViewSources> sources = FindViewSources(view, definitions.sources);
  COEVAL_CHECK(sources.has_value());
  return LogicalContent(pinned, *sources, JoinKeysOf(view, definitions));
}

Json LogicalContent(const OnDemandFeatureView& view, const Definitions& definitions,
                    const UpstreamVersions& upstream) {
  OnDemandFeatureView pinned = view;
  pinned.sources = PinVersions(view.sources, upstream);
  std::vector<const FeatureView*> sources;
  std::vector<const Source*> requests;
  for (const Projection& projection : view.sources) {
    sources.push_back(FindFeatureView(definitions, projection.view));
    COEVAL_CHECK(sources.back() != nullptr);
  }
  for (const std::string& name : view.request_sources) {
    requests.push_back(FindSource(definitions, name));
    COEVAL_CHECK(requests.back() != nullptr);
  }
  Result<Json> content = LogicalContent(pinned, sources, requests);
  COEVAL_CHECK(content.ok());
  return *std::move(content);
}

Json LogicalContent(const FeatureService& service, const UpstreamVersions& upstream) {
  FeatureService pinned = service;
  pinned.features = PinVersions(service.features, upstream);
  return LogicalContent(pinned);
}

std::string IdentityOf(const Json& logical_content) {
  return Sha256Hex(logical_content.Write(/*sort_keys=*/true));
}

std::string DataIdentityOf(const Json& logical_content) {
  Json without = Json::MakeObject();
  for (const auto& [name, value] : logical_content.object()) {
    if (name != "ttl") without.Set(name, value);
  }
  return IdentityOf(without);
}

std::string DataIdentity(const FeatureView& view, const Definitions& definitions) {
  return DataIdentityOf(LogicalContent(view, definitions));
}

}  // namespace coeval
