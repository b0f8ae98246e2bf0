#include "registry/planner.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/suggest.h"
#include "definition/identity.h"
#include "definition/object_json.h"
#include "definition/view_source.h"
#include "registry/difference.h"
#include "registry/users.h"

namespace coeval {
namespace {

Json WithoutName(const Json& definition) {
  Json json = Json::MakeObject();
  for (const auto& [member, value] : definition.object()) {
    if (member != "name") json.Set(member, value);
  }
  return json;
}

// What differs between two versions, with what they read: a change of a source's delay changes its
// views.
std::vector<std::string> VersionDifferences(const Json& before, const Json& after) {
  std::vector<std::string> lines;
  for (const auto& [part, value] : after.object()) {
    const Json* old = before.Find(part);
    if (old == nullptr) continue;
    if (part == "view" || part == "service") {
      const std::vector<std::string> own = Differences(*old, value);
      lines.insert(lines.begin(), own.begin(), own.end());
    } else if ((part == "source" || part == "push") && value.is_object() && old->is_object()) {
      const std::vector<std::string> read =
          Differences(WithoutName(*old), WithoutName(value), part);
      lines.insert(lines.end(), read.begin(), read.end());
    } else {
      Json wrapped_before = Json::MakeObject();
      Json wrapped_after = Json::MakeObject();
      wrapped_before.Set(part, *old);
      wrapped_after.Set(part, value);
      const std::vector<std::string> read = Differences(wrapped_before, wrapped_after);
      lines.insert(lines.end(), read.begin(), read.end());
    }
  }
  return lines;
}

class Planner {
 public:
  Planner(const StoredState& state, const Definitions& definitions, const PlanOptions& options)
      : state_(state), all_(definitions), options_(options) {}

  Result<PlannedApply> Run() {
    result_.plan.revision = state_.revision;
    if (options_.complete) FindDeletes();
    if (!result_.plan.refusals.empty()) return std::move(result_);
    errors_ = CheckDefinitions(all_);
    COEVAL_RETURN_IF_ERROR(ToStatus(errors_));
    for (const Entity& entity : all_.entities) {
      AddPlain({ObjectKind::kEntity, entity.name}, WriteObject(entity));
    }
    for (const Source& source : all_.sources) {
      AddPlain({ObjectKind::kSource, source.name}, WriteObject(source));
      if (!source.batch_source.empty()) {
        result_.objects.back().lineage.push_back({ObjectKind::kSource, source.batch_source, 0});
      }
    }
    for (const FeatureView& view : all_.feature_views) {
      if (!view.reads_view()) AddView(view);
    }
    for (const FeatureView& view : all_.feature_views) {  // over views, whose versions they pin
      if (view.reads_view()) AddView(view);
    }
    for (const OnDemandFeatureView& view : all_.on_demand_feature_views) {
      COEVAL_RETURN_IF_ERROR(AddOnDemand(view));
    }
    for (const FeatureService& service : all_.feature_services) AddService(service);
    COEVAL_RETURN_IF_ERROR(ToStatus(errors_));
    for (const ObjectKey& key : result_.deletes) AddDelete(key);
    return std::move(result_);
  }

 private:
  void FindDeletes() {
    std::set<ObjectKey> defined;
    for (const Entity& e : all_.entities) defined.emplace(ObjectKind::kEntity, e.name);
    for (const Source& s : all_.sources) defined.emplace(ObjectKind::kSource, s.name);
    for (const FeatureView& v : all_.feature_views)
      defined.emplace(ObjectKind::kFeatureView, v.name);
    for (const OnDemandFeatureView& v : all_.on_demand_feature_views) {
      defined.emplace(ObjectKind::kOnDemandFeatureView, v.name);
    }
    for (const FeatureService& s : all_.feature_services) {
      defined.emplace(ObjectKind::kFeatureService, s.name);
    }
    // Users before what they use, so that rows which refer to others go first.
    for (auto stored = state_.objects.rbegin(); stored != state_.objects.rend(); ++stored) {
      const ObjectKey& key = stored->first;
      if (defined.contains(key)) continue;
      result_.deletes.push_back(key);
      const std::vector<std::string> users = UsersByDefinition(all_, key);
      if (!users.empty()) Refuse(key, users, "");
    }
  }

  void Refuse(const ObjectKey& key, const std::vector<std::string>& users,
              const std::string& advice) {
    std::string text = "it cannot be removed, since it is used by ";
    for (std::size_t i = 0; i < users.size(); ++i) text.append(i == 0 ? "" : ", ").append(users[i]);
    text += advice.empty() ? "; change or remove that first" : advice;
    result_.plan.refusals.push_back({key.first, key.second, std::move(text), users});
  }

  void Fail(const ObjectKey& key, std::string field, std::string message) {
    const auto place = all_.where.find(std::string(ObjectKindName(key.first)) + " " + key.second);
    errors_.push_back({place == all_.where.end() ? "" : place->second,
                       ObjectLabel(key.first, key.second), std::move(field), std::move(message)});
  }

  [[nodiscard]] const StoredObject* Stored(const ObjectKey& key) const {
    const auto found = state_.objects.find(key);
    return found == state_.objects.end() ? nullptr : &found->second;
  }

  void AddPlain(const ObjectKey& key, Json definition) {
    PlannedObject planned;
    planned.key = key;
    ObjectChange change{key.first, key.second, ChangeKind::kCreate, 0, 0, 0, {}, {}, ""};
    if (const StoredObject* stored = Stored(key); stored != nullptr) {
      change.differences = Differences(stored->definition, definition);
      change.change = stored->definition.Write() == definition.Write() ? ChangeKind::kUnchanged
                                                                       : ChangeKind::kMetadata;
    }
    planned.change = change.change;
    planned.writes_definition = change.change != ChangeKind::kUnchanged;
    planned.definition = std::move(definition);
    result_.objects.push_back(std::move(planned));
    result_.plan.changes.push_back(std::move(change));
  }

  void AddView(const FeatureView& view) {
    const ObjectKey key(ObjectKind::kFeatureView, view.name);
    if (view.schema.empty()) {
      return Fail(key, "schema", "is not known: neither declared nor inferred from the source");
    }
    const std::optional<ViewSources> sources = FindViewSources(view, all_.sources);
    COEVAL_CHECK(sources.has_value());  // checked
    const std::vector<JoinKey> keys = JoinKeysOf(view, all_);
    FeatureView pinned = view;
    std::vector<LineageSource> lineage;
    if (view.reads_view()) {
      std::vector<Projection> beneath(1);
      beneath[0].view = view.source_view;
      beneath[0].version = view.source_view_version;
      if (!PinAll(key, "source_view", &beneath)) return;
      pinned.source_view_version = beneath[0].version;
      lineage.push_back({ObjectKind::kFeatureView, view.source_view, beneath[0].version});
    }
    for (const std::string& name : view.source_names()) {
      lineage.push_back({ObjectKind::kSource, name, 0});
    }
    StoredVersion version;
    version.content = LogicalContent(pinned, *sources, keys);
    version.data_identity = DataIdentityOf(version.content);
    version.definition = VersionDocument(pinned, *sources, keys);
    version.label = view.version_label;
    for (const std::string& entity : view.entities)
      lineage.push_back({ObjectKind::kEntity, entity, 0});
    upstream_[view.name] =
        AddVersion(key, WriteObject(view), std::move(version), std::move(lineage));
  }

  Status AddOnDemand(const OnDemandFeatureView& view) {
    const ObjectKey key(ObjectKind::kOnDemandFeatureView, view.name);
    OnDemandFeatureView pinned = view;
    if (!PinAll(key, "sources", &pinned.sources)) return {};
    std::vector<FeatureView> views(pinned.sources.size());
    std::vector<const FeatureView*> sources;
    std::vector<const Source*> requests;
    std::vector<LineageSource> lineage;
    for (std::size_t i = 0; i < pinned.sources.size(); ++i) {
      COEVAL_ASSIGN_OR_RETURN(views[i], ViewOf(pinned.sources[i]));
      sources.push_back(&views[i]);
      CheckFeatures(key, "sources", pinned.sources[i], views[i].schema);
    }
    for (const Projection& source : pinned.sources) {
      lineage.push_back({ObjectKind::kFeatureView, source.view, source.version});
    }
    for (const std::string& name : view.request_sources) {
      requests.push_back(FindSource(all_, name));
      lineage.push_back({ObjectKind::kSource, name, 0});
    }
    Result<Json> content = LogicalContent(pinned, sources, requests);
    if (!content.ok()) {
      Fail(key, "expressions", content.status().message());
      return {};
    }
    StoredVersion version;
    version.content = *std::move(content);
    version.definition = VersionDocument(pinned, requests);
    version.label = view.version_label;
    upstream_[view.name] =
        AddVersion(key, WriteObject(view), std::move(version), std::move(lineage));
    return {};
  }

  void AddService(const FeatureService& service) {
    const ObjectKey key(ObjectKind::kFeatureService, service.name);
    FeatureService pinned = service;
    if (!PinAll(key, "features", &pinned.features)) return;
    std::vector<LineageSource> lineage;
    for (const Projection& feature : pinned.features) {
      const bool stored = FindFeatureView(all_, feature.view) != nullptr;
      lineage.push_back({stored ? ObjectKind::kFeatureView : ObjectKind::kOnDemandFeatureView,
                         feature.view, feature.version});
      if (feature.version != upstream_[feature.view])
        CheckOlderFeatures(key, lineage.back(), feature);
    }
    StoredVersion version;
    version.content = LogicalContent(pinned);
    version.definition = VersionDocument(pinned);
    AddVersion(key, WriteObject(service), std::move(version), std::move(lineage));
  }

  // Versions filled in: of the definitions as they are now, unless another was asked for. False
  // where one does not exist, or its view has an error itself.
  bool PinAll(const ObjectKey& key, const std::string& field,
              std::vector<Projection>* projections) {
    for (Projection& projection : *projections) {
      const auto current = upstream_.find(projection.view);
      if (current == upstream_.end()) return false;
      if (projection.version == 0) projection.version = current->second;
      if (projection.version == current->second) continue;
      const bool stored = FindFeatureView(all_, projection.view) != nullptr;
      const ObjectKind kind = stored ? ObjectKind::kFeatureView : ObjectKind::kOnDemandFeatureView;
      if (state_.FindVersion({kind, projection.view}, projection.version) != nullptr) continue;
      Fail(key, field + "." + projection.shown_name(),
           "the view '" + projection.view + "' has no version " +
               std::to_string(projection.version) + "; the one defined now is " +
               std::to_string(current->second));
      return false;
    }
    return true;
  }

  Result<FeatureView> ViewOf(const Projection& projection) {
    if (projection.version == upstream_[projection.view])
      return *FindFeatureView(all_, projection.view);
    const ObjectKey key(ObjectKind::kFeatureView, projection.view);
    COEVAL_ASSIGN_OR_RETURN(
        ViewVersion version,
        ViewVersionOf(state_, projection.view, *state_.FindVersion(key, projection.version)));
    return std::move(version.view);
  }

  void CheckFeatures(const ObjectKey& key, const std::string& field, const Projection& projection,
                     const std::vector<Field>& schema) {
    std::vector<std::string> names;
    for (const Field& feature : schema) names.push_back(feature.name);
    for (const std::string& feature : projection.features) {
      if (std::find(names.begin(), names.end(), feature) != names.end()) continue;
      Fail(key, field + "." + projection.shown_name(),
           "version " + std::to_string(projection.version) + " of the view '" + projection.view +
               "' has no feature '" + feature + "'" + DidYouMean(feature, names));
    }
  }

  void CheckOlderFeatures(const ObjectKey& key, const LineageSource& source,
                          const Projection& projection) {
    const StoredVersion* version = state_.FindVersion({source.kind, source.name}, source.version);
    const Json* view = version->definition.Find("view");
    std::vector<DefinitionError> ignored;
    if (view == nullptr) return;
    CheckFeatures(key, "features", projection,
                  source.kind == ObjectKind::kFeatureView
                      ? ReadFeatureView(*view, {}, &ignored).schema
                      : ReadOnDemandFeatureView(*view, {}, &ignored).schema);
  }

  // The same content again is the same version (rule 8.2); else the next number.
  int AddVersion(const ObjectKey& key, Json definition, StoredVersion version,
                 std::vector<LineageSource> lineage) {
    version.identity = IdentityOf(version.content);
    const StoredObject* stored = Stored(key);
    const StoredVersion* same = nullptr;
    int newest = 0;
    if (const auto known = state_.versions.find(key); known != state_.versions.end()) {
      for (const StoredVersion& other : known->second) {
        newest = other.version;
        if (other.identity == version.identity) same = &other;
      }
    }
    version.version = same != nullptr ? same->version : newest + 1;
    CheckLabel(key, version);
    ObjectChange change{key.first, key.second, ChangeKind::kNewVersion, version.version, 0, 0, {},
                        {},        ""};
    if (stored == nullptr) {
      change.change = ChangeKind::kCreate;
    } else if (same != nullptr && stored->version != same->version) {
      change.change = ChangeKind::kBackTo;
    } else if (same != nullptr) {
      change.change = stored->definition.Write() == definition.Write() ? ChangeKind::kUnchanged
                                                                       : ChangeKind::kMetadata;
    }
    PlannedObject planned;
    planned.key = key;
    planned.change = change.change;
    planned.writes_definition = change.change != ChangeKind::kUnchanged;
    planned.writes_version = same == nullptr || same->label != version.label ||
                             same->definition.Write() != version.definition.Write();
    planned.definition = std::move(definition);
    planned.lineage = std::move(lineage);
    DescribeVersion(stored, planned, version, &change);
    planned.activates = change.active_after != change.active_before;
    planned.version = std::move(version);
    const int number = planned.version.version;
    result_.objects.push_back(std::move(planned));
    result_.plan.changes.push_back(std::move(change));
    return number;
  }

  void CheckLabel(const ObjectKey& key, const StoredVersion& version) {
    const auto known = state_.versions.find(key);
    if (version.label.empty() || known == state_.versions.end()) return;
    for (const StoredVersion& other : known->second) {
      if (other.version == version.version || other.label != version.label) continue;
      Fail(key, "version_label",
           "'" + version.label + "' is the label of version " + std::to_string(other.version) +
               " already, whose content differs; "
               "give this one another");
    }
  }

  // Differences, pins, and what becomes active (rule 8.5).
  void DescribeVersion(const StoredObject* stored, const PlannedObject& planned,
                       const StoredVersion& version, ObjectChange* change) {
    const ObjectKey& key = planned.key;
    if (stored != nullptr && change->change != ChangeKind::kUnchanged) {
      const StoredVersion* before = state_.FindVersion(key, stored->version);
      change->differences = change->change == ChangeKind::kMetadata || before == nullptr
                                ? Differences(stored->definition, planned.definition)
                                : VersionDifferences(before->definition, version.definition);
      if (before != nullptr && change->differences.empty()) {
        change->differences =
            Differences(before->content, version.content);  // the libraries of rule 6.4
      }
    }
    change->pins = PinsOf(version.content);
    change->active_before = state_.ActiveVersion(key);
    change->active_after = change->active_before;
    if (change->active_before == version.version) return;
    const bool changes = change->change == ChangeKind::kCreate ||
                         change->change == ChangeKind::kNewVersion ||
                         change->change == ChangeKind::kBackTo;
    const bool stored_view = key.first == ObjectKind::kFeatureView;
    if (change->active_before == 0 || (changes && !WasServed(key)) ||
        (options_.promote && !stored_view)) {
      change->active_after = version.version;
      return;
    }
    const std::string promote = "`coeval promote " + key.second + "`";
    if (!stored_view) {
      change->note = "becomes active by " + promote + ", or by an apply with --promote";
    } else if (version.version > change->active_before && !WasActive(key, version.version)) {
      change->note = "becomes active by itself once its data has caught up, or now by " + promote;
    } else {
      change->note = "becomes active by " + promote;
    }
  }

  [[nodiscard]] bool WasServed(const ObjectKey& key) const {
    const auto known = state_.versions.find(key);
    return known != state_.versions.end() &&
           std::any_of(known->second.begin(), known->second.end(),
                       [](const StoredVersion& version) { return version.served; });
  }

  [[nodiscard]] bool WasActive(const ObjectKey& key, int version) const {
    const StoredVersion* stored = state_.FindVersion(key, version);
    return stored != nullptr && stored->was_active;
  }

  // Definitions that use it were found before; here are the versions that serve on until promoted.
  void AddDelete(const ObjectKey& key) {
    ObjectChange change{
        key.first, key.second, ChangeKind::kDelete, 0, state_.ActiveVersion(key), 0, {}, {}, ""};
    change.version = state_.objects.at(key).version;
    result_.plan.changes.push_back(change);
    if (key.first != ObjectKind::kFeatureView && key.first != ObjectKind::kOnDemandFeatureView)
      return;
    std::vector<std::string> users;
    for (std::size_t i = 0; i < result_.objects.size(); ++i) {
      const PlannedObject& planned = result_.objects[i];
      const ObjectKind kind = planned.key.first;
      if (kind == ObjectKind::kEntity || kind == ObjectKind::kSource) continue;
      const int active = result_.plan.changes[i].active_after;
      const StoredVersion* serving = active == planned.version.version
                                         ? &planned.version
                                         : state_.FindVersion(planned.key, active);
      if (serving == nullptr) continue;
      for (const Pin& pin : PinsOf(serving->content)) {
        if (pin.view != key.second) continue;
        users.push_back(ObjectLabel(kind, planned.key.second) + " version " +
                        std::to_string(active));
        break;
      }
    }
    if (!users.empty()) {
      Refuse(key, users,
             ", which is active; apply with --promote, or promote the version that no longer "
             "needs it first");
    }
  }

  const StoredState& state_;
  const Definitions& all_;
  const PlanOptions& options_;
  PlannedApply result_;
  std::vector<DefinitionError> errors_;
  UpstreamVersions upstream_;
};

}  // namespace

std::vector<Pin> PinsOf(const Json& content) {
  std::vector<Pin> pins;
  const auto add = [&pins](std::string view, std::int64_t version) {
    if (view.empty()) return;  // a source of a view
    const Pin pin{std::move(view), static_cast<int>(version)};
    const bool known = std::any_of(pins.begin(), pins.end(), [&pin](const Pin& other) {
      return other.view == pin.view && other.version == pin.version;
    });
    if (!known) pins.push_back(pin);
  };
  add(content.GetString("source_view"), content.GetInt("source_view_version"));
  for (const char* list : {"sources", "features"}) {
    const Json* items = content.Find(list);
    if (items == nullptr || !items->is_array()) continue;
    for (const Json& item : items->array()) add(item.GetString("view"), item.GetInt("version"));
  }
  return pins;
}

Result<PlannedApply> MakePlan(const StoredState& state, const Definitions& definitions,
                              const PlanOptions& options) {
  if (options.complete) return Planner(state, definitions, options).Run();
  // Some objects: put over those that are there.
  COEVAL_ASSIGN_OR_RETURN(Definitions all, DefinitionsOf(state));
  const auto put = [](auto* into, const auto& from) {
    // Of two objects with one name both are kept, to be reported.
    for (const auto& object : from) {
      std::erase_if(*into, [&](const auto& other) { return other.name == object.name; });
    }
    into->insert(into->end(), from.begin(), from.end());
  };
  put(&all.entities, definitions.entities);
  put(&all.sources, definitions.sources);
  put(&all.feature_views, definitions.feature_views);
  put(&all.on_demand_feature_views, definitions.on_demand_feature_views);
  put(&all.feature_services, definitions.feature_services);
  all.where = definitions.where;
  return Planner(state, all, options).Run();
}

Result<PlannedApply> PlanDelete(const StoredState& state, ObjectKind kind,
                                const std::string& name) {
  if (!state.objects.contains({kind, name})) {
    std::vector<std::string> names;
    for (const auto& [key, object] : state.objects) {
      if (key.first == kind) names.push_back(key.second);
    }
    return Status::NotFound("there is no " + ObjectLabel(kind, name) + DidYouMean(name, names));
  }
  COEVAL_ASSIGN_OR_RETURN(Definitions all, DefinitionsOf(state));
  const auto is_it = [&](const auto& object) { return object.name == name; };
  switch (kind) {
    case ObjectKind::kEntity:
      std::erase_if(all.entities, is_it);
      break;
    case ObjectKind::kSource:
      std::erase_if(all.sources, is_it);
      break;
    case ObjectKind::kFeatureView:
      std::erase_if(all.feature_views, is_it);
      break;
    case ObjectKind::kOnDemandFeatureView:
      std::erase_if(all.on_demand_feature_views, is_it);
      break;
    case ObjectKind::kFeatureService:
      std::erase_if(all.feature_services, is_it);
      break;
  }
  return Planner(state, all, {.complete = true, .promote = false}).Run();
}

}  // namespace coeval
