#include "core/catalogue_json.h"

#include <utility>

#include "definition/object_json.h"

namespace coeval::python {
namespace {

template <typename T>
Json Plain(const std::vector<T>& objects) {
  Json list = Json::MakeArray();
  for (const T& object : objects) {
    list.Append(Json::MakeObject().Set("definition", WriteObject(object)));
  }
  return list;
}

template <typename Version>
Json Numbered(const Version& version, Json definition) {
  Json json = Json::MakeObject();
  json.Set("definition", std::move(definition));
  json.Set("version", version.version);
  json.Set("active", version.active);
  return json;
}

Json Views(const Catalogue& catalogue) {
  Json list = Json::MakeArray();
  for (const auto& [name, versions] : catalogue.views) {
    for (const ViewVersion& version : versions) {
      Json json = Numbered(version, WriteObject(version.view));
      Json keys = Json::MakeArray();
      for (const JoinKey& key : version.join_keys) {
        keys.Append(Json::MakeObject().Set("name", key.name).Set("type", key.type.ToString()));
      }
      json.Set("join_keys", std::move(keys));
      list.Append(std::move(json));
    }
  }
  return list;
}

}  // namespace

Json CatalogueToJson(const Catalogue& catalogue) {
  Json json = Json::MakeObject();
  json.Set("entities", Plain(catalogue.entities));
  json.Set("sources", Plain(catalogue.sources));
  json.Set("feature_views", Views(catalogue));
  Json on_demand = Json::MakeArray();
  for (const auto& [name, versions] : catalogue.on_demand_views) {
    for (const OnDemandVersion& version : versions) {
      on_demand.Append(Numbered(version, WriteObject(version.view)));
    }
  }
  json.Set("on_demand_feature_views", std::move(on_demand));
  Json services = Json::MakeArray();
  for (const auto& [name, versions] : catalogue.services) {
    for (const ServiceVersion& version : versions) {
      services.Append(Numbered(version, WriteObject(version.service)));
    }
  }
  json.Set("feature_services", std::move(services));
  return json;
}

}  // namespace coeval::python
