#include "definition/sample.h"

namespace coeval {
namespace {

constexpr std::string_view kSample = R"({
  "entities": [
    {"name": "airport", "join_keys": [{"name": "airport", "type": "string"}],
     "description": "an airport of New York", "where": "definitions.py:3"},
    {"name": "plane", "join_keys": [{"name": "tailnum", "type": "string"}], "where": "definitions.py:4"}
  ],
  "sources": [
    {"name": "weather_hourly", "kind": "file", "path": "{data}/weather/*.csv", "format": "csv",
     "csv": {"null_values": ["NA"], "types": {"wind_gust": "float64"}},
     "timestamp_field": "time_hour", "data_delay": 3600000000, "sequence_field": "row",
     "field_mapping": {"origin": "airport"}, "where": "definitions.py:10"},
    {"name": "plane_register", "kind": "file", "path": "{data}/planes.csv", "format": "csv",
     "timeless": true, "where": "definitions.py:20"},
    {"name": "trip", "kind": "request",
     "schema": [{"name": "scheduled", "type": "timestamp"}, {"name": "distance", "type": "float64"}],
     "where": "definitions.py:25"}
  ],
  "feature_views": [
    {"name": "weather", "entities": ["airport"], "source": "weather_hourly", "ttl": 10800000000,
     "schema": [{"name": "temp", "type": "float64", "description": "degrees Fahrenheit"},
                {"name": "wind_speed", "type": "float64"},
                {"name": "wind_gust", "type": "float64", "default": 0.0}],
     "owner": "met@example.org", "tags": {"team": "weather"}, "where": "definitions.py:30"},
    {"name": "planes", "entities": ["plane"], "source": "plane_register",
     "schema": [{"name": "year", "type": "int64"}, {"name": "seats", "type": "int64", "default": -1}],
     "where": "definitions.py:40"}
  ],
  "on_demand_feature_views": [
    {"name": "trip_features",
     "sources": [{"view": "weather", "features": ["wind_speed", "wind_gust"]}, {"view": "planes"}],
     "request_sources": ["trip"],
     "schema": [{"name": "gust_over_wind", "type": "float64"}, {"name": "seat_miles", "type": "float64"}],
     "expressions": {"gust_over_wind": "wind_gust - weather.wind_speed",
                     "seat_miles": "distance * seats"},
     "where": "definitions.py:50"}
  ],
  "feature_services": [
    {"name": "departure_delay_v1",
     "features": [{"view": "weather", "features": ["temp", "wind_speed"],
                   "join_key_map": {"airport": "origin"}},
                  {"view": "planes"}, {"view": "trip_features"}],
     "where": "definitions.py:60"}
  ]
})";

}  // namespace

Json SampleDocument() {
  return *ParseJson(kSample);
}

Definitions SampleDefinitions() {
  std::vector<DefinitionError> errors;
  Definitions definitions = ReadDefinitions(SampleDocument(), &errors);
  COEVAL_CHECK(errors.empty());
  COEVAL_CHECK(CheckDefinitions(definitions).empty());
  return definitions;
}

Json* SampleObject(Json* document, std::string_view list, std::string_view name) {
  auto* objects = const_cast<Json*>(document->Find(list));
  COEVAL_CHECK(objects != nullptr);
  for (Json& object : objects->array()) {
    if (object.GetString("name") == name) return &object;
  }
  CheckFailed(__FILE__, __LINE__, "the sample has no such object");
}

std::vector<std::string> ErrorsOf(const Json& document) {
  std::vector<DefinitionError> errors;
  const Definitions definitions = ReadDefinitions(document, &errors);
  for (DefinitionError& error : CheckDefinitions(definitions)) errors.push_back(std::move(error));
  std::vector<std::string> texts;
  for (const DefinitionError& error : errors) texts.push_back(error.ToString());
  return texts;
}

}  // namespace coeval
