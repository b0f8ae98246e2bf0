// What is checked of entities, views and services, and of names everywhere.
#include <algorithm>
#include <cstddef>
#include <set>
#include <string_view>
#include <utility>

#include "base/suggest.h"
#include "definition/checker.h"
#include "definition/name.h"

namespace coeval {
namespace {

// Views and on-demand views are asked for in the same way, so they share their names.
std::string NameSpace(ObjectKind kind) {
  const bool view = kind == ObjectKind::kFeatureView || kind == ObjectKind::kOnDemandFeatureView;
  return view ? "view" : std::string(ObjectKindName(kind));
}

std::vector<std::string> FieldNames(const std::vector<Field>& fields) {
  std::vector<std::string> names;
  names.reserve(fields.size());
  for (const Field& field : fields) names.push_back(field.name);
  return names;
}

std::vector<std::string> KeyNames(const std::vector<JoinKey>& keys) {
  std::vector<std::string> names;
  names.reserve(keys.size());
  for (const JoinKey& key : keys) names.push_back(key.name);
  return names;
}

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string Listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text.append(text.empty() ? "'" : ", '").append(name).append("'");
  return text.empty() ? "none" : text;
}

// "schema.temp.type" is within "schema.temp", and within itself.
bool IsWithin(std::string_view field, std::string_view outer) {
  return field.starts_with(outer) && (field.size() == outer.size() || field[outer.size()] == '.');
}

}  // namespace

std::vector<DefinitionError> DefinitionChecker::Run() {
  for (const Entity& entity : all_.entities) CheckEntity(entity);
  for (const Source& source : all_.sources) CheckSource(source);
  for (const FeatureView& view : all_.feature_views) CheckView(view);
  for (const OnDemandFeatureView& view : all_.on_demand_feature_views) CheckOnDemand(view);
  for (const FeatureService& service : all_.feature_services) CheckService(service);
  return std::move(errors_);
}

void DefinitionChecker::Begin(ObjectKind kind, const std::string& name) {
  const std::string key = std::string(ObjectKindName(kind)) + " " + name;
  const int occurrence = ++occurrences_[key];
  const auto place =
      all_.where.find(occurrence == 1 ? key : key + "#" + std::to_string(occurrence));
  file_ = place == all_.where.end() ? "" : place->second;
  object_ = ObjectLabel(kind, name);
  if (const std::string why = WhyBadObjectName(name); !why.empty()) Fail("name", why);
  const std::string here = file_.empty() ? object_ : object_ + " (" + file_ + ")";
  const auto [first, added] = first_.emplace(NameSpace(kind) + " " + FoldName(name), here);
  if (!added)
    Fail("name", "the name is taken by " + first->second + "; names differ in more than case");
}

void DefinitionChecker::Fail(std::string field, std::string message) {
  errors_.push_back({file_, object_, std::move(field), std::move(message)});
}

std::vector<std::string> DefinitionChecker::Names(ObjectKind kind) const {
  std::vector<std::string> names;
  switch (kind) {
    case ObjectKind::kEntity:
      for (const Entity& entity : all_.entities) names.push_back(entity.name);
      break;
    case ObjectKind::kSource:
      for (const Source& source : all_.sources) names.push_back(source.name);
      break;
    case ObjectKind::kFeatureView:
      for (const FeatureView& view : all_.feature_views) names.push_back(view.name);
      break;
    case ObjectKind::kOnDemandFeatureView:
      for (const OnDemandFeatureView& view : all_.on_demand_feature_views)
        names.push_back(view.name);
      break;
    case ObjectKind::kFeatureService:
      for (const FeatureService& service : all_.feature_services) names.push_back(service.name);
      break;
  }
  return names;
}

void DefinitionChecker::CheckFields(const std::string& list, const std::vector<Field>& fields) {
  std::set<std::string> seen;
  for (const Field& field : fields) {
    const std::string place = list + "." + field.name;
    if (const std::string why = WhyBadFieldName(field.name); !why.empty()) Fail(place, why);
    if (!seen.insert(FoldName(field.name)).second) {
      Fail(place, "the name is there twice (case does not count)");
    }
    if (field.type.id() == TypeId::kNull) Fail(place, "a type is missing");
  }
}

void DefinitionChecker::CheckEntity(const Entity& entity) {
  Begin(ObjectKind::kEntity, entity.name);
  if (entity.join_keys.empty()) Fail("join_keys", "an entity has at least one join key");
  std::set<std::string> seen;
  for (const JoinKey& key : entity.join_keys) {
    const std::string place = "join_keys." + key.name;
    if (const std::string why = WhyBadFieldName(key.name); !why.empty()) Fail(place, why);
    if (!seen.insert(FoldName(key.name)).second) {
      Fail(place, "the name is there twice (case does not count)");
    }
    if (!key.type.is_key_type()) {
      Fail(place,
           key.type.ToString() +
               " is no type for a join key; int32, int64, string, bytes, bool, timestamp and "
               "date are");
    }
  }
}

std::vector<JoinKey> DefinitionChecker::CheckEntitiesOf(const FeatureView& view) {
  std::set<std::string> seen;
  std::map<std::string, std::string> owner;  // folded join key -> entity
  for (const std::string& name : view.entities) {
    const Entity* entity = FindEntity(all_, name);
    if (entity == nullptr) {
      const std::vector<std::string> names = Names(ObjectKind::kEntity);
      Fail("entities", "there is no entity '" + name + "'" + DidYouMean(name, names));
      continue;
    }
    if (!seen.insert(name).second) {
      Fail("entities", "'" + name + "' is there twice");
      continue;
    }
    for (const JoinKey& key : entity->join_keys) {
      const auto [first, added] = owner.emplace(FoldName(key.name), name);
      if (!added && first->second != name) {
        Fail("entities", "'" + first->second + "' and '" + name + "' both have the join key '" +
                             key.name + "'; a view needs different ones");
      }
    }
  }
  return JoinKeysOf(view, all_);
}

void DefinitionChecker::CheckLabel(const std::string& label) {
  if (label.empty()) return;
  if (const std::string why = WhyBadVersionLabel(label); !why.empty()) Fail("version_label", why);
}

void DefinitionChecker::CheckView(const FeatureView& view) {
  Begin(ObjectKind::kFeatureView, view.name);
  const std::vector<JoinKey> keys = CheckEntitiesOf(view);
  CheckFields("schema", view.schema);
  for (const Field& field : view.schema) {
    for (const JoinKey& key : keys) {
      if (FoldName(key.name) != FoldName(field.name)) continue;
      Fail("schema." + field.name,
           "it is a join key of the view's entity; leave it out of the schema");
    }
  }
  const std::optional<Source> source = CheckSourcesOf(view);
  if (view.ttl < 0) Fail("ttl", "may not be negative");
  if (view.ttl != 0 && source.has_value() && source->timeless) {
    Fail("ttl",
         "a view that reads a timeless source takes no ttl: its facts are true since for ever");
  }
  CheckAggregations(view, source);
  if (view.sla < 0) Fail("sla", "may not be negative");
  CheckLabel(view.version_label);
}

void DefinitionChecker::CheckProjection(const std::string& place, const Projection& projection,
                                        const std::vector<Field>& schema,
                                        const std::vector<JoinKey>& keys) {
  if (!projection.alias.empty()) {
    const std::string why = WhyBadObjectName(projection.alias);
    if (!why.empty()) Fail(place + ".alias", why);
  }
  std::set<std::string> seen;
  const std::vector<std::string> names = FieldNames(schema);
  for (const std::string& feature : projection.features) {
    if (!seen.insert(feature).second) Fail(place + ".features", "'" + feature + "' is there twice");
    // Another version's features are checked against the registry.
    if (schema.empty() || projection.version != 0 || Contains(names, feature)) continue;
    Fail(place + ".features", "the view '" + projection.view + "' has no feature '" + feature +
                                  "'" + DidYouMean(feature, names));
  }
  std::set<std::string> targets;
  const std::vector<std::string> key_names = KeyNames(keys);
  for (const auto& [key, column] : projection.join_key_map) {
    if (!Contains(key_names, key) && projection.version == 0) {
      Fail(place + ".join_key_map", "'" + key + "' is no join key of the view '" + projection.view +
                                        "', which has " + Listed(key_names) +
                                        DidYouMean(key, key_names));
    }
    if (column.empty()) Fail(place + ".join_key_map", "'" + key + "' is renamed to nothing");
    if (!targets.insert(column).second) {
      Fail(place + ".join_key_map", "two join keys are renamed to '" + column + "'");
    }
  }
}

std::vector<JoinKey> DefinitionChecker::JoinKeysOfSources(const OnDemandFeatureView& view) const {
  std::vector<JoinKey> keys;
  for (const Projection& projection : view.sources) {
    const FeatureView* stored = FindFeatureView(all_, projection.view);
    if (stored == nullptr) continue;
    for (JoinKey key : JoinKeysOf(*stored, all_)) {
      const auto renamed = projection.join_key_map.find(key.name);
      if (renamed != projection.join_key_map.end()) key.name = renamed->second;
      keys.push_back(std::move(key));
    }
  }
  return keys;
}

void DefinitionChecker::CheckService(const FeatureService& service) {
  Begin(ObjectKind::kFeatureService, service.name);
  if (service.features.empty()) Fail("features", "a service names at least one view");
  std::vector<std::string> views = Names(ObjectKind::kFeatureView);
  const std::vector<std::string> on_demand_views = Names(ObjectKind::kOnDemandFeatureView);
  views.insert(views.end(), on_demand_views.begin(), on_demand_views.end());
  std::set<std::string> outputs;
  for (const Projection& projection : service.features) {
    const std::string place = "features." + projection.shown_name();
    const FeatureView* stored = FindFeatureView(all_, projection.view);
    const OnDemandFeatureView* on_demand = FindOnDemandFeatureView(all_, projection.view);
    if (stored == nullptr && on_demand == nullptr) {
      if (projection.view.empty()) continue;
      Fail(place,
           "there is no view '" + projection.view + "'" + DidYouMean(projection.view, views));
      continue;
    }
    const std::vector<Field>& schema = stored != nullptr ? stored->schema : on_demand->schema;
    CheckProjection(place, projection, schema,
                    stored != nullptr ? JoinKeysOf(*stored, all_) : JoinKeysOfSources(*on_demand));
    const std::vector<std::string> all = FieldNames(schema);
    for (const std::string& feature : projection.features.empty() ? all : projection.features) {
      const std::string output = projection.shown_name() + "__" + feature;
      if (!outputs.insert(FoldName(output)).second) {
        Fail(place, "'" + output +
                        "' is there twice; give one of the two views another name "
                        "(with_name)");
      }
    }
  }
}

std::vector<DefinitionError> CheckDefinitions(const Definitions& definitions) {
  return DefinitionChecker(definitions).Run();
}

std::vector<DefinitionError> AllMistakes(std::vector<DefinitionError> of_reading,
                                         const Definitions& definitions) {
  std::vector<DefinitionError> all = std::move(of_reading);
  const std::size_t read = all.size();
  for (DefinitionError& error : CheckDefinitions(definitions)) {
    const bool follows = (read > 0 && IsWithin(error.field, "expressions")) ||
                         std::any_of(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(read),
                                     [&error](const DefinitionError& earlier) {
                                       return earlier.file == error.file &&
                                              earlier.object == error.object &&
                                              (IsWithin(error.field, earlier.field) ||
                                               IsWithin(earlier.field, error.field));
                                     });
    if (!follows) all.push_back(std::move(error));
  }
  return all;
}

}  // namespace coeval
