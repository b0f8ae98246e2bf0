// Definitions -> canonical JSON.
#include "definition/object_json.h"
#include "definition/value_json.h"

namespace coeval {
namespace {

void SetText(Json* json, const char* member, const std::string& text) {
  if (!text.empty()) json->Set(member, text);
}

void SetFlag(Json* json, const char* member, bool flag, bool fallback) {
  if (flag != fallback) json->Set(member, flag);
}

void SetInteger(Json* json, const char* member, std::int64_t value, std::int64_t fallback) {
  if (value != fallback) json->Set(member, value);
}

void SetTexts(Json* json, const char* member, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  Json list = Json::MakeArray();
  for (const std::string& text : texts) list.Append(text);
  json->Set(member, std::move(list));
}

void SetMap(Json* json, const char* member, const std::map<std::string, std::string>& map) {
  if (map.empty()) return;
  Json object = Json::MakeObject();
  for (const auto& [key, value] : map) object.Set(key, value);
  json->Set(member, std::move(object));
}

template <typename T>
void SetObjects(Json* json, const char* member, const std::vector<T>& objects) {
  if (objects.empty()) return;
  Json list = Json::MakeArray();
  for (const T& object : objects) list.Append(WriteObject(object));
  json->Set(member, std::move(list));
}

template <typename T>
void SetDescription(Json* json, const T& object) {
  SetText(json, "description", object.description);
  SetMap(json, "tags", object.tags);
  SetText(json, "owner", object.owner);
}

const char* FormatName(FileFormat format) {
  switch (format) {
    case FileFormat::kParquet:
      return "parquet";
    case FileFormat::kCsv:
      return "csv";
    case FileFormat::kArrow:
      return "arrow";
  }
  CheckFailed(__FILE__, __LINE__, "unknown file format");
}

Json WriteCsv(const CsvOptions& csv) {
  const CsvOptions fallback;
  Json json = Json::MakeObject();
  if (csv.delimiter != fallback.delimiter) json.Set("delimiter", std::string(1, csv.delimiter));
  if (csv.quote != fallback.quote) json.Set("quote", std::string(1, csv.quote));
  SetFlag(&json, "header", csv.header, true);
  if (csv.null_values != fallback.null_values) {
    Json texts = Json::MakeArray();
    for (const std::string& text : csv.null_values) texts.Append(text);
    json.Set("null_values", std::move(texts));
  }
  if (!csv.types.empty()) {
    Json types = Json::MakeObject();
    for (const auto& [column, type] : csv.types) types.Set(column, type.ToString());
    json.Set("types", std::move(types));
  }
  SetTexts(&json, "column_names", csv.column_names);
  return json;
}

void WriteFile(const Source& source, Json* json) {
  const Source fallback;
  SetText(json, "path", source.path);
  json->Set("format", FormatName(source.format));
  Json csv = WriteCsv(source.csv);
  if (!csv.object().empty()) json->Set("csv", std::move(csv));
  SetFlag(json, "hive_partitions", source.hive_partitions, false);
  SetText(json, "timestamp_field", source.timestamp_field);
  SetText(json, "created_timestamp_column", source.created_field);
  if (source.created == CreatedMeaning::kArrival) json->Set("created", "arrival");
  SetInteger(json, "data_delay", source.data_delay, 0);
  SetText(json, "sequence_field", source.sequence_field);
  SetText(json, "event_id_field", source.event_id_field);
  SetText(json, "delete_field", source.delete_field);
  SetFlag(json, "timeless", source.timeless, false);
  SetMap(json, "field_mapping", source.field_mapping);
  SetInteger(json, "lateness", source.lateness, fallback.lateness);
  SetInteger(json, "overlap", source.overlap, fallback.overlap);
  SetInteger(json, "max_future", source.max_future, fallback.max_future);
  SetFlag(json, "allow_1970", source.allow_1970, false);
  if (source.on_bad_time == OnBadTime::kSkip) json->Set("on_bad_time", "skip");
}

void WritePush(const Source& source, Json* json) {
  const Source fallback;
  SetText(json, "batch_source", source.batch_source);
  SetObjects(json, "schema", source.schema);
  SetText(json, "timestamp_field", source.timestamp_field);
  SetText(json, "event_id_field", source.event_id_field);
  SetMap(json, "field_mapping", source.field_mapping);
  SetInteger(json, "lateness", source.lateness, fallback.lateness);
  SetInteger(json, "max_future", source.max_future, fallback.max_future);
}

template <typename T>
void SetList(Json* document, ObjectKind kind, const std::vector<T>& objects) {
  Json list = Json::MakeArray();
  for (const T& object : objects) list.Append(WriteObject(object));
  document->Set(std::string(ObjectListName(kind)), std::move(list));
}

}  // namespace

std::string_view SourceKindName(SourceKind kind) {
  switch (kind) {
    case SourceKind::kFile:
      return "file";
    case SourceKind::kRequest:
      return "request";
    case SourceKind::kPush:
      return "push";
  }
  CheckFailed(__FILE__, __LINE__, "unknown kind of source");
}

Json WriteObject(const Field& field) {
  Json json = Json::MakeObject();
  json.Set("name", field.name);
  json.Set("type", field.type.ToString());
  SetText(&json, "description", field.description);
  SetMap(&json, "tags", field.tags);
  if (field.default_value && !field.default_value->is_null()) {
    json.Set("default", ValueToJson(*field.default_value, field.type));
  }
  return json;
}

Json WriteObject(const Entity& entity) {
  Json json = Json::MakeObject();
  json.Set("name", entity.name);
  Json keys = Json::MakeArray();
  for (const JoinKey& key : entity.join_keys) {
    Json item = Json::MakeObject();
    item.Set("name", key.name);
    item.Set("type", key.type.ToString());
    keys.Append(std::move(item));
  }
  json.Set("join_keys", std::move(keys));
  SetDescription(&json, entity);
  return json;
}

Json WriteObject(const Source& source) {
  Json json = Json::MakeObject();
  json.Set("name", source.name);
  json.Set("kind", SourceKindName(source.kind));
  if (source.kind == SourceKind::kFile) {
    WriteFile(source, &json);
  } else if (source.kind == SourceKind::kPush) {
    WritePush(source, &json);
  } else {
    SetObjects(&json, "schema", source.schema);
  }
  SetDescription(&json, source);
  return json;
}

Json WriteObject(const Aggregation& aggregation) {
  const Window fallback;
  const Window& window = aggregation.window;
  Json json = Json::MakeObject();
  json.Set("name", aggregation.name);
  json.Set("function", aggregation.function);
  SetTexts(&json, "columns", aggregation.columns);
  if (window.length) json.Set("time_window", *window.length);
  SetInteger(&json, "slide_interval", window.slide_interval, 0);
  SetInteger(&json, "offset", window.offset, 0);
  if (window.closed != fallback.closed) json.Set("closed", ClosedName(window.closed));
  if (window.zone != fallback.zone) json.Set("zone", window.zone);
  if (window.last) json.Set("rows", *window.last);
  SetText(&json, "where", aggregation.where);
  SetText(&json, "by", aggregation.by);
  if (!aggregation.params.object().empty()) json.Set("params", aggregation.params);
  return json;
}

Json WriteObject(const FeatureView& view) {
  Json json = Json::MakeObject();
  json.Set("name", view.name);
  SetTexts(&json, "entities", view.entities);
  SetObjects(&json, "schema", view.schema);
  SetInteger(&json, "ttl", view.ttl, 0);
  SetText(&json, "source", view.source);
  SetTexts(&json, "sources", view.sources);
  SetText(&json, "source_view", view.source_view);
  SetInteger(&json, "source_view_version", view.source_view_version, 0);
  SetInteger(&json, "every", view.every, 0);
  SetObjects(&json, "aggregations", view.aggregations);
  SetMap(&json, "expressions", view.expressions);
  SetObjects(&json, "inputs", view.inputs);
  SetFlag(&json, "online", view.online, true);
  SetFlag(&json, "offline", view.offline, true);
  SetText(&json, "version_label", view.version_label);
  SetInteger(&json, "sla", view.sla, 0);
  SetDescription(&json, view);
  return json;
}

Json WriteObject(const Projection& projection) {
  Json json = Json::MakeObject();
  json.Set("view", projection.view);
  SetInteger(&json, "version", projection.version, 0);
  SetTexts(&json, "features", projection.features);
  SetText(&json, "alias", projection.alias);
  SetMap(&json, "join_key_map", projection.join_key_map);
  return json;
}

Json WriteObject(const OnDemandFeatureView& view) {
  Json json = Json::MakeObject();
  json.Set("name", view.name);
  SetObjects(&json, "sources", view.sources);
  SetTexts(&json, "request_sources", view.request_sources);
  SetObjects(&json, "schema", view.schema);
  SetMap(&json, "expressions", view.expressions);
  SetText(&json, "version_label", view.version_label);
  SetDescription(&json, view);
  return json;
}

Json WriteObject(const FeatureService& service) {
  Json json = Json::MakeObject();
  json.Set("name", service.name);
  SetObjects(&json, "features", service.features);
  SetDescription(&json, service);
  return json;
}

Json WriteDefinitions(const Definitions& definitions) {
  Json document = Json::MakeObject();
  SetList(&document, ObjectKind::kEntity, definitions.entities);
  SetList(&document, ObjectKind::kSource, definitions.sources);
  SetList(&document, ObjectKind::kFeatureView, definitions.feature_views);
  SetList(&document, ObjectKind::kOnDemandFeatureView, definitions.on_demand_feature_views);
  SetList(&document, ObjectKind::kFeatureService, definitions.feature_services);
  return document;
}

}  // namespace coeval
