#include "serve/api/online_features.h"

#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/suggest.h"
#include "column/key.h"
#include "retrieval/per_row.h"
#include "serve/api/json_body.h"
#include "serve/api/json_column.h"

namespace coeval {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// "feature_service" or "features"; the service wins, as in Feast.
Result<FeatureRequest> ReadFeatures(const object& body, const OnlineLimits& limits) {
  FeatureRequest request;
  element json;
  if (body["full_feature_names"].get(json) == simdjson::SUCCESS && !json.is_null() &&
      json.get(request.full_feature_names) != simdjson::SUCCESS) {
    return Malformed("has a 'full_feature_names' that is neither true nor false");
  }
  if (body["feature_service"].get(json) == simdjson::SUCCESS && !json.is_null()) {
    std::string_view service;
    if (json.get(service) != simdjson::SUCCESS || service.empty()) {
      return Malformed("has a 'feature_service' that is no name");
    }
    request.service = std::string(service);
    return request;
  }
  array references;
  if (body["features"].get(references) != simdjson::SUCCESS) {
    return Malformed("names neither a 'feature_service' nor a list of 'features'");
  }
  if (static_cast<std::int64_t>(references.size()) > limits.max_features) {
    return Malformed("asks for more than " + std::to_string(limits.max_features) + " features");
  }
  for (const element item : references) {
    std::string_view reference;
    if (item.get(reference) != simdjson::SUCCESS) {
      return Malformed("has a feature that is no text; write \"view:feature\"");
    }
    request.features.emplace_back(reference);
  }
  return request;
}

// The column under its own name, or, for a join key, under the name of an entity with that one key.
std::optional<element> FindColumn(const object& entities, const PlannedColumn& column,
                                  const Catalogue& catalogue) {
  element json;
  if (entities[column.name].get(json) == simdjson::SUCCESS) return json;
  if (!column.is_join_key) return {};
  for (const Entity& entity : catalogue.entities) {
    const bool single = entity.join_keys.size() == 1 && entity.join_keys[0].name == column.name;
    if (single && entities[entity.name].get(json) == simdjson::SUCCESS) return json;
  }
  return {};
}

std::vector<std::string> MemberNames(const object& members) {
  std::vector<std::string> names;
  for (const auto& [name, value] : members) names.emplace_back(name);
  return names;
}

// The rows' number: every column of `entities` must agree.
Result<std::int64_t> CountRows(const object& entities, const OnlineLimits& limits) {
  std::optional<std::int64_t> rows;
  std::string_view first;
  for (const auto& [name, json] : entities) {
    array values;
    if (json.get(values) != simdjson::SUCCESS) {
      return Malformed("has an entity column '" + std::string(name) + "' that is no list");
    }
    const auto count = static_cast<std::int64_t>(values.size());
    if (rows && *rows != count) {
      return Malformed("has columns of different lengths: '" + std::string(first) + "' has " +
                       std::to_string(*rows) + " rows, '" + std::string(name) + "' has " +
                       std::to_string(count));
    }
    if (!rows) first = name;
    rows = count;
  }
  if (rows.value_or(0) > limits.max_rows) {
    return Malformed("asks for " + std::to_string(*rows) + " rows; at most " +
                     std::to_string(limits.max_rows) + " at a time");
  }
  return rows.value_or(1);  // no entities: one row of global features
}

Result<Column> ReadColumn(const object& entities, const PlannedColumn& planned,
                          const Catalogue& catalogue, std::string* log) {
  const auto json = FindColumn(entities, planned, catalogue);
  if (!json) {
    const auto names = MemberNames(entities);
    return Status::InvalidArgument("'entities' lacks column '" + planned.name + "' (" +
                                   planned.type.ToString() + "), needed by " + planned.needed_by +
                                   DidYouMean(planned.name, names));
  }
  auto column = ColumnFromJson(array(*json), planned.type, planned.name);
  if (!column.ok()) {
    *log = "column '" + planned.name + "' has a value that cannot be read as " +
           planned.type.ToString() + " (keys are not told here; the client has the whole message)";
  }
  return column;
}

void AppendStatuses(const PerRow<FeatureStatus>& statuses, std::string* out) {
  for (std::size_t row = 0; row < statuses.size(); ++row) {
    out->append(row == 0 ? "\"" : ",\"");
    out->append(FeatureStatusName(statuses[row]));
    out->push_back('"');
  }
}

void AppendValues(const Column& column, std::string* out) {
  for (std::int64_t row = 0; row < column.length(); ++row) {
    if (row > 0) out->push_back(',');
    AppendFeastValue(column, row, out);
  }
}

void AppendKeyColumn(const Column& column, std::string* out) {
  out->append("{\"values\":[");
  AppendValues(column, out);
  out->append("],\"statuses\":[");
  for (std::int64_t row = 0; row < column.length(); ++row) {
    out->append(row == 0 ? "\"PRESENT\"" : ",\"PRESENT\"");
  }
  out->append("],\"event_timestamps\":[");
  for (std::int64_t row = 0; row < column.length(); ++row) {
    out->append(row == 0 ? "\"1970-01-01T00:00:00Z\"" : ",\"1970-01-01T00:00:00Z\"");
  }
  out->append("]}");
}

void AppendFeature(const FeatureTable& table, std::size_t output, std::string* out) {
  out->append("{\"values\":[");
  AppendValues(table.columns[output], out);
  out->append("],\"statuses\":[");
  AppendStatuses(table.statuses[output], out);
  out->append("],\"event_timestamps\":[");
  for (std::size_t row = 0; row < table.times[output].size(); ++row) {
    if (row > 0) out->push_back(',');
    AppendFeastTime(table.times[output][row], out);
  }
  out->append("]}");
}

}  // namespace

Result<OnlineRequest> ReadOnlineRequest(std::string_view body, FeatureStore* store,
                                        const OnlineLimits& limits, std::string* log) {
  COEVAL_ASSIGN_OR_RETURN(object members, ParseBody(body));
  COEVAL_ASSIGN_OR_RETURN(FeatureRequest features, ReadFeatures(members, limits));
  OnlineRequest request;
  COEVAL_ASSIGN_OR_RETURN(request.plan, store->PlanRequest(features));
  object entities;
  if (members["entities"].get(entities) != simdjson::SUCCESS) {
    return Malformed("lacks 'entities', an object of columns: {\"driver_id\": [1001]}");
  }
  COEVAL_ASSIGN_OR_RETURN(request.num_rows, CountRows(entities, limits));
  for (const PlannedColumn& planned : request.plan->request_columns) {
    COEVAL_ASSIGN_OR_RETURN(Column column,
                            ReadColumn(entities, planned, *request.plan->catalogue, log));
    request.columns.push_back(std::move(column));
  }
  return request;
}

Result<std::optional<TimeMicros>> ReadAt(std::string_view body) {
  COEVAL_ASSIGN_OR_RETURN(const object members, ParseBody(body));
  element json;
  std::optional<TimeMicros> at;
  if (members["at"].get(json) != simdjson::SUCCESS || json.is_null()) return at;
  std::string_view text;
  if (json.get(text) != simdjson::SUCCESS) return Malformed("has an 'at' that is no text");
  auto time = ParseTime(text);
  if (!time.ok()) return time.status().WithContext("'at'");
  at = *time;
  return at;
}

std::string WriteOnlineResponse(const OnlineRequest& request, const OnlineAnswer& answer) {
  const FeaturePlan& plan = *request.plan;
  std::string body = "{\"results\":[";
  std::string names;
  const auto next = [&body, &names](const std::string& name) {
    if (!names.empty()) {
      names.push_back(',');
      body.push_back(',');
    }
    AppendJsonString(name, &names);
  };
  for (std::size_t i = 0; i < plan.request_columns.size(); ++i) {
    if (!plan.request_columns[i].is_join_key) continue;
    next(plan.request_columns[i].name);
    AppendKeyColumn(request.columns[i], &body);
  }
  for (std::size_t i = 0; i < plan.outputs.size(); ++i) {
    next(plan.outputs[i].name);
    AppendFeature(answer.table, i, &body);
  }
  return body + "],\"metadata\":{\"feature_names\":[" + names + "]}}";
}

}  // namespace coeval
