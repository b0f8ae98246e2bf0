#include "definition/definitions.h"

#include <utility>

namespace coeval {
namespace {

template <typename T>
const T* FindByName(const std::vector<T>& objects, std::string_view name) {
  for (const T& object : objects) {
    if (object.name == name) return &object;
  }
  return nullptr;
}

}  // namespace

std::string DefinitionError::ToString() const {
  std::string text;
  if (!file.empty()) text.append(file).append(": ");
  text.append(object);
  if (!field.empty()) text.append(object.empty() ? "" : ", ").append(field);
  if (!object.empty() || !field.empty()) text.append(": ");
  return text.append(message);
}

Status ToStatus(const std::vector<DefinitionError>& errors) {
  if (errors.empty()) return {};
  if (errors.size() == 1) return Status::InvalidArgument(errors[0].ToString());
  std::string text = std::to_string(errors.size()) + " mistakes in the definitions:";
  for (const DefinitionError& error : errors) text.append("\n  ").append(error.ToString());
  return Status::InvalidArgument(std::move(text));
}

Json MergeDocuments(const std::vector<Json>& documents) {
  Json merged = Json::MakeObject();
  for (const Json& document : documents) {
    if (!document.is_object()) return document;
    for (const auto& [name, value] : document.object()) {
      const Json* before = merged.Find(name);
      if (before != nullptr && !before->is_array()) continue;  // wrong already
      if (before == nullptr || !value.is_array()) {
        merged.Set(name, value);
        continue;
      }
      Json list = *before;
      for (const Json& item : value.array()) list.Append(item);
      merged.Set(name, std::move(list));
    }
  }
  return merged;
}

const Entity* FindEntity(const Definitions& definitions, std::string_view name) {
  return FindByName(definitions.entities, name);
}

const Source* FindSource(const Definitions& definitions, std::string_view name) {
  return FindByName(definitions.sources, name);
}

const FeatureView* FindFeatureView(const Definitions& definitions, std::string_view name) {
  return FindByName(definitions.feature_views, name);
}

const OnDemandFeatureView* FindOnDemandFeatureView(const Definitions& definitions,
                                                   std::string_view name) {
  return FindByName(definitions.on_demand_feature_views, name);
}

const FeatureService* FindFeatureService(const Definitions& definitions, std::string_view name) {
  return FindByName(definitions.feature_services, name);
}

std::vector<JoinKey> JoinKeysOf(const FeatureView& view, const Definitions& definitions) {
  std::vector<JoinKey> keys;
  for (const std::string& name : view.entities) {
    const Entity* entity = FindEntity(definitions, name);
    if (entity == nullptr) continue;
    keys.insert(keys.end(), entity->join_keys.begin(), entity->join_keys.end());
  }
  return keys;
}

}  // namespace coeval
