#include "retrieval/testing.h"

#include <utility>

namespace coeval {
namespace {

Field MakeField(std::string name, DataType type) {
  Field field;
  field.name = std::move(name);
  field.type = std::move(type);
  return field;
}

ViewVersion MakeView(const std::string& name, JoinKey key, std::vector<Field> schema, int version,
                     bool active) {
  ViewVersion view;
  view.view.name = name;
  view.view.entities = {key.name};
  view.view.schema = std::move(schema);
  view.join_keys = {std::move(key)};
  view.version = version;
  view.identity = name + std::to_string(version);
  view.data_identity = view.identity;
  view.active = active;
  return view;
}

OnDemandVersion MakeFlight() {
  OnDemandVersion flight;
  flight.view.name = "flight";
  Projection planes;
  planes.view = "planes";
  Projection weather;
  weather.view = "weather";
  flight.view.sources = {planes, weather};
  flight.view.request_sources = {"request"};
  flight.view.schema = {MakeField("age", TypeId::kInt64), MakeField("warm", TypeId::kBool)};
  flight.view.expressions = {{"age", "year(scheduled) - built"}, {"warm", "weather.temp > 70"}};
  Source request;
  request.name = "request";
  request.kind = SourceKind::kRequest;
  request.schema = {MakeField("scheduled", TypeId::kTimestamp)};
  flight.request_sources = {request};
  flight.version = 1;
  flight.active = true;
  return flight;
}

ServiceVersion MakeDelays() {
  ServiceVersion delays;
  delays.service.name = "delays";
  Projection weather;
  weather.view = "weather";
  weather.version = 1;
  weather.features = {"gust"};
  weather.join_key_map = {{"airport", "origin"}};
  Projection flight;
  flight.view = "flight";
  flight.version = 1;
  flight.join_key_map = {{"airport", "origin"}};
  delays.service.features = {flight, weather};
  delays.version = 2;
  delays.active = true;
  return delays;
}

}  // namespace

CatalogueSnapshot MakeTestCatalogue() {
  auto catalogue = std::make_shared<Catalogue>();
  catalogue->project = "test";
  Field gust = MakeField("gust", TypeId::kFloat64);
  gust.default_value = Value::Double(-1);
  const JoinKey airport{"airport", TypeId::kString};
  catalogue->views["weather"] = {
      MakeView("weather", airport, {MakeField("temp", TypeId::kFloat64), gust}, 1, true),
      MakeView("weather", airport,
               {MakeField("temp", TypeId::kFloat64), gust, MakeField("dewp", TypeId::kFloat64)}, 2,
               false)};
  catalogue->views["weather"][1].label = "1.2";
  catalogue->views["planes"] = {
      MakeView("planes", {"tailnum", TypeId::kString},
               {MakeField("built", TypeId::kInt32), MakeField("temp", TypeId::kFloat64)}, 1, true)};
  catalogue->on_demand_views["flight"] = {MakeFlight()};
  catalogue->services["delays"] = {MakeDelays()};
  return catalogue;
}

}  // namespace coeval
