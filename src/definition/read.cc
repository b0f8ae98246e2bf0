// Canonical JSON -> definitions, with all errors.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "definition/object_json.h"
#include "definition/value_json.h"

namespace coeval {
namespace {

template <typename T>
void ReadDescription(ObjectReader& in, T* object) {
  object->description = in.Text("description");
  object->tags = in.TextMap("tags");
  object->owner = in.Text("owner");
  in.Find("where");  // the place, read before
}

// "schema.temp", or "schema[2]" where the item has no name.
std::string ItemName(const char* list, const Json& item, std::size_t i, const char* name_member) {
  const std::string name = item.GetString(name_member);
  return name.empty() ? std::string(list) + "[" + std::to_string(i) + "]"
                      : std::string(list) + "." + name;
}

Field ReadField(const Json& json, const DefinitionPlace& place,
                std::vector<DefinitionError>* errors) {
  Field field;
  ObjectReader in(json, place, errors);
  field.name = in.RequiredText("name");
  field.type = in.Type("type");
  field.description = in.Text("description");
  field.tags = in.TextMap("tags");
  const Json* fallback = in.Find("default");
  if (fallback != nullptr && field.type.id() != TypeId::kNull) {
    Result<Value> value = ValueFromJson(*fallback, field.type);
    if (value.ok()) {
      field.default_value = *std::move(value);
    } else {
      in.Fail("default", value.status().message());
    }
  }
  in.Finish();
  return field;
}

std::vector<Field> ReadFields(ObjectReader& in, const char* member,
                              std::vector<DefinitionError>* errors) {
  std::vector<Field> fields;
  const Json::Array* items = in.Items(member);
  if (items == nullptr) return fields;
  for (std::size_t i = 0; i < items->size(); ++i) {
    const Json& item = (*items)[i];
    fields.push_back(ReadField(item, in.Inner(ItemName(member, item, i, "name")), errors));
  }
  return fields;
}

// {"view": ...}, or "weather" for all of a view.
std::vector<Projection> ReadProjections(ObjectReader& in, const char* member,
                                        std::vector<DefinitionError>* errors) {
  std::vector<Projection> projections;
  const Json::Array* items = in.Items(member);
  if (items == nullptr) return projections;
  for (std::size_t i = 0; i < items->size(); ++i) {
    const Json& item = (*items)[i];
    Projection projection;
    if (item.is_string()) {
      projection.view = item.AsString();
      projections.push_back(std::move(projection));
      continue;
    }
    ObjectReader inner(item, in.Inner(ItemName(member, item, i, "view")), errors);
    projection.view = inner.RequiredText("view");
    const std::int64_t version = inner.Integer("version", 0);
    if (version < 0 || version > 1'000'000'000) {
      inner.Fail("version", "a version is 1, 2, ...; found " + std::to_string(version));
    } else {
      projection.version = static_cast<int>(version);
    }
    projection.features = inner.TextList("features");
    projection.alias = inner.Text("alias");
    projection.join_key_map = inner.TextMap("join_key_map");
    inner.Finish();
    projections.push_back(std::move(projection));
  }
  return projections;
}

CsvOptions ReadCsv(const Json& json, const DefinitionPlace& place,
                   std::vector<DefinitionError>* errors) {
  CsvOptions csv;
  ObjectReader in(json, place, errors);
  csv.delimiter = in.Character("delimiter", csv.delimiter);
  csv.quote = in.Character("quote", csv.quote);
  csv.header = in.Flag("header", csv.header);
  csv.null_values = in.TextList("null_values", csv.null_values);
  csv.column_names = in.TextList("column_names");
  if (const Json* types = in.Find("types"); types != nullptr) {
    ObjectReader columns(*types, in.Inner("types"), errors);
    if (types->is_object()) {
      for (const auto& [column, type] : types->object()) {
        csv.types.emplace_back(column, columns.Type(column));
      }
    }
  }
  in.Finish();
  return csv;
}

bool EndsWith(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// The format that a path's ending says; Parquet where it says nothing.
FileFormat FormatOf(const std::string& path) {
  for (const char* end : {".csv", ".tsv", ".csv.gz", ".csv.zst", ".csv.bz2", ".csv.lz4"}) {
    if (EndsWith(path, end)) return FileFormat::kCsv;
  }
  for (const char* end : {".arrow", ".arrows", ".feather", ".ipc"}) {
    if (EndsWith(path, end)) return FileFormat::kArrow;
  }
  return FileFormat::kParquet;
}

void ReadFileSource(ObjectReader& in, Source* source, std::vector<DefinitionError>* errors) {
  source->path = in.RequiredText("path");
  const auto inferred = static_cast<std::size_t>(FormatOf(source->path));
  source->format =
      static_cast<FileFormat>(in.Choice("format", {"parquet", "csv", "arrow"}, inferred));
  if (const Json* csv = in.Find("csv"); csv != nullptr) {
    source->csv = ReadCsv(*csv, in.Inner("csv"), errors);
  }
  source->hive_partitions = in.Flag("hive_partitions", false);
  source->timestamp_field = in.Text("timestamp_field");
  source->created_field = in.Text("created_timestamp_column");
  source->created = static_cast<CreatedMeaning>(in.Choice("created", {"version", "arrival"}, 0));
  source->data_delay = in.Duration("data_delay", 0);
  source->sequence_field = in.Text("sequence_field");
  source->event_id_field = in.Text("event_id_field");
  source->delete_field = in.Text("delete_field");
  source->timeless = in.Flag("timeless", false);
  source->field_mapping = in.TextMap("field_mapping");
  source->lateness = in.Duration("lateness", source->lateness);
  source->overlap = in.Duration("overlap", source->overlap);
  source->max_future = in.Duration("max_future", source->max_future);
  source->allow_1970 = in.Flag("allow_1970", false);
  source->on_bad_time = static_cast<OnBadTime>(in.Choice("on_bad_time", {"error", "skip"}, 0));
}

// What a push source cannot have is read all the same where the checks say why (CheckPush).
void ReadPushSource(ObjectReader& in, Source* source, std::vector<DefinitionError>* errors) {
  source->batch_source = in.Text("batch_source");
  source->schema = ReadFields(in, "schema", errors);
  source->timestamp_field = in.Text("timestamp_field");
  source->event_id_field = in.Text("event_id_field");
  source->field_mapping = in.TextMap("field_mapping");
  source->lateness = in.Duration("lateness", source->lateness);
  source->max_future = in.Duration("max_future", source->max_future);
  source->created_field = in.Text("created_timestamp_column");
  source->created = static_cast<CreatedMeaning>(in.Choice("created", {"version", "arrival"}, 1));
  source->data_delay = in.Duration("data_delay", 0);
  source->sequence_field = in.Text("sequence_field");
  source->delete_field = in.Text("delete_field");
  source->timeless = in.Flag("timeless", false);
}

Aggregation ReadAggregation(const Json& json, const DefinitionPlace& place,
                            std::vector<DefinitionError>* errors) {
  Aggregation aggregation;
  ObjectReader in(json, place, errors);
  aggregation.name = in.RequiredText("name");
  aggregation.function = in.RequiredText("function");
  aggregation.columns = in.TextList("columns");
  Window& window = aggregation.window;
  if (in.Find("time_window") != nullptr) window.length = in.Duration("time_window", 0);
  window.slide_interval = in.Duration("slide_interval", 0);
  window.offset = in.Duration("offset", 0);
  window.zone = in.Text("zone", window.zone);
  if (in.Find("rows") != nullptr) window.last = in.Integer("rows", 1);
  window.closed = static_cast<Closed>(in.Choice("closed", {"right", "left", "both", "neither"}, 0));
  aggregation.where = in.Text("where");
  aggregation.by = in.Text("by");
  if (const Json* params = in.Find("params"); params != nullptr) {
    if (params->is_object()) {
      aggregation.params = *params;
    } else {
      in.Fail("params", "an object is expected, such as {\"n\": 5}");
    }
  }
  in.Finish();
  return aggregation;
}

std::vector<Aggregation> ReadAggregations(ObjectReader& in, std::vector<DefinitionError>* errors) {
  std::vector<Aggregation> aggregations;
  const Json::Array* items = in.Items("aggregations");
  if (items == nullptr) return aggregations;
  for (std::size_t i = 0; i < items->size(); ++i) {
    const Json& item = (*items)[i];
    aggregations.push_back(
        ReadAggregation(item, in.Inner(ItemName("aggregations", item, i, "name")), errors));
  }
  return aggregations;
}

template <typename T, typename Read>
void ReadList(ObjectReader& document, ObjectKind kind, Read read, std::vector<T>* objects,
              std::map<std::string, std::string>* where, std::vector<DefinitionError>* errors) {
  const std::string list(ObjectListName(kind));
  const Json::Array* items = document.Items(list);
  if (items == nullptr) return;
  for (std::size_t i = 0; i < items->size(); ++i) {
    const Json& item = (*items)[i];
    const std::string name = item.GetString("name");
    DefinitionPlace place;
    place.file = item.GetString("where");
    place.object = name.empty() ? list + "[" + std::to_string(i) + "]" : ObjectLabel(kind, name);
    objects->push_back(read(item, place, errors));
    if (place.file.empty()) continue;
    const std::string key = std::string(ObjectKindName(kind)) + " " + name;
    int occurrence = 1;
    while (
        !where->emplace(occurrence == 1 ? key : key + "#" + std::to_string(occurrence), place.file)
             .second) {
      ++occurrence;
    }
  }
}

}  // namespace

Entity ReadEntity(const Json& json, const DefinitionPlace& place,
                  std::vector<DefinitionError>* errors) {
  Entity entity;
  ObjectReader in(json, place, errors);
  entity.name = in.RequiredText("name");
  if (const Json::Array* keys = in.Items("join_keys"); keys != nullptr) {
    for (std::size_t i = 0; i < keys->size(); ++i) {
      const Json& item = (*keys)[i];
      ObjectReader inner(item, in.Inner(ItemName("join_keys", item, i, "name")), errors);
      JoinKey key;
      key.name = inner.RequiredText("name");
      key.type = inner.Type("type");
      inner.Finish();
      entity.join_keys.push_back(std::move(key));
    }
  }
  ReadDescription(in, &entity);
  in.Finish();
  return entity;
}

Source ReadSource(const Json& json, const DefinitionPlace& place,
                  std::vector<DefinitionError>* errors) {
  Source source;
  ObjectReader in(json, place, errors);
  source.name = in.RequiredText("name");
  source.kind = static_cast<SourceKind>(in.Choice("kind", {"file", "request", "push"}, 0));
  if (source.kind == SourceKind::kFile) {
    ReadFileSource(in, &source, errors);
  } else if (source.kind == SourceKind::kPush) {
    ReadPushSource(in, &source, errors);
  } else {
    source.schema = ReadFields(in, "schema", errors);
  }
  ReadDescription(in, &source);
  in.Finish();
  return source;
}

FeatureView ReadFeatureView(const Json& json, const DefinitionPlace& place,
                            std::vector<DefinitionError>* errors) {
  FeatureView view;
  ObjectReader in(json, place, errors);
  view.name = in.RequiredText("name");
  view.entities = in.TextList("entities");
  view.schema = ReadFields(in, "schema", errors);
  view.ttl = in.Duration("ttl", 0);
  if (in.Find("source") == nullptr && in.Find("sources") == nullptr &&
      in.Find("source_view") == nullptr) {
    in.Fail("source", "is missing");
  }
  view.source = in.Text("source");
  view.sources = in.TextList("sources");
  std::sort(view.sources.begin(), view.sources.end());
  if (view.sources.size() == 1 && view.source.empty()) {
    view.source = view.sources[0];
    view.sources.clear();
  }
  view.source_view = in.Text("source_view");
  view.source_view_version = static_cast<int>(in.Integer("source_view_version", 0));
  view.every = in.Duration("every", 0);
  view.aggregations = ReadAggregations(in, errors);
  view.expressions = in.TextMap("expressions");
  view.inputs = ReadFields(in, "inputs", errors);
  view.online = in.Flag("online", true);
  view.offline = in.Flag("offline", true);
  view.version_label = in.Text("version_label");
  view.sla = in.Duration("sla", 0);
  ReadDescription(in, &view);
  in.Finish();
  return view;
}

OnDemandFeatureView ReadOnDemandFeatureView(const Json& json, const DefinitionPlace& place,
                                            std::vector<DefinitionError>* errors) {
  OnDemandFeatureView view;
  ObjectReader in(json, place, errors);
  view.name = in.RequiredText("name");
  view.sources = ReadProjections(in, "sources", errors);
  view.request_sources = in.TextList("request_sources");
  view.schema = ReadFields(in, "schema", errors);
  view.expressions = in.TextMap("expressions");
  view.version_label = in.Text("version_label");
  ReadDescription(in, &view);
  in.Finish();
  return view;
}

FeatureService ReadFeatureService(const Json& json, const DefinitionPlace& place,
                                  std::vector<DefinitionError>* errors) {
  FeatureService service;
  ObjectReader in(json, place, errors);
  service.name = in.RequiredText("name");
  service.features = ReadProjections(in, "features", errors);
  ReadDescription(in, &service);
  in.Finish();
  return service;
}

Definitions ReadDefinitions(const Json& document, std::vector<DefinitionError>* errors) {
  Definitions definitions;
  auto* where = &definitions.where;
  ObjectReader in(document, {}, errors);
  ReadList(in, ObjectKind::kEntity, ReadEntity, &definitions.entities, where, errors);
  ReadList(in, ObjectKind::kSource, ReadSource, &definitions.sources, where, errors);
  ReadList(in, ObjectKind::kFeatureView, ReadFeatureView, &definitions.feature_views, where,
           errors);
  ReadList(in, ObjectKind::kOnDemandFeatureView, ReadOnDemandFeatureView,
           &definitions.on_demand_feature_views, where, errors);
  ReadList(in, ObjectKind::kFeatureService, ReadFeatureService, &definitions.feature_services,
           where, errors);
  in.Finish();
  return definitions;
}

}  // namespace coeval
