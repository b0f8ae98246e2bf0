#include "registry/stored_state.h"

#include <utility>

#include "definition/identity.h"
#include "definition/object_json.h"

namespace coeval {
namespace {

Status Damaged(const std::string& what, const std::string& why) {
  return Status::Corruption("the registry's row of " + what + " is damaged: " + why +
                            "; restore the file from a backup");
}

Result<Json> ParseStored(const std::string& text, const std::string& what) {
  Result<Json> json = ParseJson(text);
  if (!json.ok() || !json->is_object()) {
    return Damaged(what, json.ok() ? "no object" : json.status().message());
  }
  return json;
}

Status FirstError(const std::string& what, const std::vector<DefinitionError>& errors) {
  return errors.empty() ? Status() : Damaged(what, errors[0].ToString());
}

std::string VersionLabelOf(const ObjectKey& key, int version) {
  return ObjectLabel(key.first, key.second) + " version " + std::to_string(version);
}

const Json& MemberOf(const Json& json, std::string_view name) {
  static const Json kNothing;
  const Json* member = json.Find(name);
  return member == nullptr ? kNothing : *member;
}

Status ReadObjects(SqlDatabase* database, StoredState* state) {
  return database->Query(
      "SELECT kind, name, definition, version FROM objects WHERE project = ?", {state->project},
      [&](const SqlRow& row) {
        COEVAL_ASSIGN_OR_RETURN(const ObjectKind kind, ParseObjectKind(row.Text(0)));
        StoredObject object;
        COEVAL_ASSIGN_OR_RETURN(object.definition,
                                ParseStored(row.Text(2), ObjectLabel(kind, row.Text(1))));
        object.version = static_cast<int>(row.Int(3));
        state->objects.emplace(ObjectKey(kind, row.Text(1)), std::move(object));
        return Status();
      });
}

Status ReadVersions(SqlDatabase* database, StoredState* state) {
  return database->Query(
      "SELECT kind, name, version, identity, data_identity, content, definition, label, served_at, "
      "activated_at FROM versions WHERE project = ? ORDER BY kind, name, version",
      {state->project}, [&](const SqlRow& row) {
        COEVAL_ASSIGN_OR_RETURN(const ObjectKind kind, ParseObjectKind(row.Text(0)));
        const ObjectKey key(kind, row.Text(1));
        StoredVersion version;
        version.version = static_cast<int>(row.Int(2));
        const std::string what = VersionLabelOf(key, version.version);
        version.identity = row.Text(3);
        version.data_identity = row.Text(4);
        COEVAL_ASSIGN_OR_RETURN(version.content, ParseStored(row.Text(5), what));
        if (IdentityOf(version.content) != version.identity) {
          return Damaged(what, "its content does not have its identity");
        }
        COEVAL_ASSIGN_OR_RETURN(version.definition, ParseStored(row.Text(6), what));
        version.label = row.Text(7);
        version.served = !row.IsNull(8);
        version.was_active = !row.IsNull(9);
        state->versions[key].push_back(std::move(version));
        return Status();
      });
}

Status ReadActivations(SqlDatabase* database, StoredState* state) {
  return database->Query(
      "SELECT kind, name, version FROM activations WHERE project = ? ORDER BY kind, name, depth",
      {state->project}, [&](const SqlRow& row) {
        COEVAL_ASSIGN_OR_RETURN(const ObjectKind kind, ParseObjectKind(row.Text(0)));
        state->activations[{kind, row.Text(1)}].push_back(static_cast<int>(row.Int(2)));
        return Status();
      });
}

// What may change without a new version comes from the source as it is defined now.
Source WithLocationOf(Source meaning, const Source& current) {
  if (current.kind != meaning.kind) return meaning;  // another source took its name
  meaning.path = current.path;
  meaning.format = current.format;
  meaning.csv = current.csv;
  meaning.hive_partitions = current.hive_partitions;
  meaning.overlap = current.overlap;
  meaning.allow_1970 = current.allow_1970;
  meaning.on_bad_time = current.on_bad_time;
  meaning.schema = current.schema;
  meaning.description = current.description;
  meaning.tags = current.tags;
  meaning.owner = current.owner;
  return meaning;
}

Result<OnDemandVersion> OnDemandVersionOf(const StoredState& state, const ObjectKey& key,
                                          const StoredVersion& stored) {
  const std::string what = VersionLabelOf(key, stored.version);
  std::vector<DefinitionError> errors;
  OnDemandVersion version;
  version.view = ReadOnDemandFeatureView(MemberOf(stored.definition, "view"), {}, &errors);
  const Json& requests = MemberOf(stored.definition, "request_sources");
  if (requests.is_array()) {
    for (const Json& request : requests.array()) {
      version.request_sources.push_back(ReadSource(request, {}, &errors));
    }
  }
  COEVAL_RETURN_IF_ERROR(FirstError(what, errors));
  version.version = stored.version;
  version.identity = stored.identity;
  version.label = stored.label;
  version.active = state.ActiveVersion(key) == stored.version;
  return version;
}

Result<ServiceVersion> ServiceVersionOf(const StoredState& state, const ObjectKey& key,
                                        const StoredVersion& stored) {
  std::vector<DefinitionError> errors;
  ServiceVersion version;
  version.service = ReadFeatureService(MemberOf(stored.definition, "service"), {}, &errors);
  COEVAL_RETURN_IF_ERROR(FirstError(VersionLabelOf(key, stored.version), errors));
  version.version = stored.version;
  version.identity = stored.identity;
  version.active = state.ActiveVersion(key) == stored.version;
  return version;
}

}  // namespace

int StoredState::ActiveVersion(const ObjectKey& key) const {
  const auto found = activations.find(key);
  return found == activations.end() || found->second.empty() ? 0 : found->second.back();
}

const StoredVersion* StoredState::FindVersion(const ObjectKey& key, int version) const {
  const auto found = versions.find(key);
  if (found == versions.end()) return nullptr;
  for (const StoredVersion& stored : found->second) {
    if (stored.version == version) return &stored;
  }
  return nullptr;
}

Json VersionDocument(const FeatureView& view, const ViewSources& sources,
                     const std::vector<JoinKey>& keys) {
  Entity entity;
  entity.join_keys = keys;
  Json json = Json::MakeObject();
  json.Set("view", WriteObject(view));
  if (sources.batch.size() == 1) {
    json.Set("source", WriteObject(*sources.batch[0]));
  } else if (!sources.batch.empty()) {
    Json list = Json::MakeArray();
    for (const Source* source : sources.batch) list.Append(WriteObject(*source));
    json.Set("sources", std::move(list));
  }
  if (sources.push.has_value()) json.Set("push", WriteObject(*sources.push));
  json.Set("join_keys", *WriteObject(entity).Find("join_keys"));
  return json;
}

Json VersionDocument(const OnDemandFeatureView& view, const std::vector<const Source*>& requests) {
  Json json = Json::MakeObject();
  json.Set("view", WriteObject(view));
  Json list = Json::MakeArray();
  for (const Source* request : requests) list.Append(WriteObject(*request));
  json.Set("request_sources", std::move(list));
  return json;
}

Json VersionDocument(const FeatureService& service) {
  Json json = Json::MakeObject();
  json.Set("service", WriteObject(service));
  return json;
}

Result<StoredState> ReadStoredState(SqlDatabase* database, const std::string& project) {
  StoredState state;
  state.project = project;
  COEVAL_ASSIGN_OR_RETURN(
      state.revision,
      database->QueryInt("SELECT revision FROM projects WHERE project = ?", {project}));
  COEVAL_RETURN_IF_ERROR(ReadObjects(database, &state));
  COEVAL_RETURN_IF_ERROR(ReadVersions(database, &state));
  COEVAL_RETURN_IF_ERROR(ReadActivations(database, &state));
  return state;
}

Result<Definitions> DefinitionsOf(const StoredState& state) {
  Json document = Json::MakeObject();
  std::map<ObjectKind, Json> lists;
  for (const auto& [key, object] : state.objects) lists[key.first].Append(object.definition);
  for (auto& [kind, list] : lists) document.Set(std::string(ObjectListName(kind)), std::move(list));
  std::vector<DefinitionError> errors;
  Definitions definitions = ReadDefinitions(document, &errors);
  COEVAL_RETURN_IF_ERROR(FirstError("project " + state.project, errors));
  return definitions;
}

namespace {

// A source as the version has it, where it lies now.
Source CurrentSource(const StoredState& state, const Json& json,
                     std::vector<DefinitionError>* errors) {
  Source source = ReadSource(json, {}, errors);
  const auto current = state.objects.find({ObjectKind::kSource, source.name});
  if (current == state.objects.end()) return source;
  return WithLocationOf(std::move(source), ReadSource(current->second.definition, {}, errors));
}

// What the version reads: a source, several, what is pushed, or another view's version.
Status ReadSourcesOf(const StoredState& state, const StoredVersion& stored, ViewVersion* version,
                     std::vector<DefinitionError>* errors) {
  const FeatureView& view = version->view;
  if (view.reads_view()) {
    const StoredVersion* beneath =
        state.FindVersion({ObjectKind::kFeatureView, view.source_view}, view.source_view_version);
    if (beneath == nullptr) {
      return Status::Corruption("version " + std::to_string(view.source_view_version) +
                                " of the view '" + view.source_view + "', which '" + view.name +
                                "' reads, is not in the registry");
    }
    COEVAL_ASSIGN_OR_RETURN(ViewVersion read, ViewVersionOf(state, view.source_view, *beneath));
    version->source_view = std::make_shared<const ViewVersion>(std::move(read));
    version->source = GridSource(view);
    return {};
  }
  if (const Json* push = stored.definition.Find("push"); push != nullptr) {
    version->push = CurrentSource(state, *push, errors);
  }
  const Json& list = MemberOf(stored.definition, "sources");
  if (const Json* source = stored.definition.Find("source"); source != nullptr) {
    version->source = CurrentSource(state, *source, errors);
    return {};
  }
  if (version->push.has_value() && !list.is_array()) {
    version->source = *version->push;
    return {};
  }
  std::vector<const Source*> sources;
  if (list.is_array()) {
    for (const Json& json : list.array()) {
      version->sources.push_back(CurrentSource(state, json, errors));
    }
  }
  for (const Source& source : version->sources) sources.push_back(&source);
  if (sources.empty()) return Status::Corruption("the view '" + view.name + "' has no sources");
  version->source = UniteSources(sources);
  return {};
}

}  // namespace

Result<ViewVersion> ViewVersionOf(const StoredState& state, const std::string& name,
                                  const StoredVersion& stored) {
  const ObjectKey key(ObjectKind::kFeatureView, name);
  std::vector<DefinitionError> errors;
  ViewVersion version;
  version.view = ReadFeatureView(MemberOf(stored.definition, "view"), {}, &errors);
  COEVAL_RETURN_IF_ERROR(ReadSourcesOf(state, stored, &version, &errors));
  // Read as an entity's, which is what they were.
  Json entity = Json::MakeObject();
  entity.Set("name", "keys");
  entity.Set("join_keys", MemberOf(stored.definition, "join_keys"));
  version.join_keys = ReadEntity(entity, {}, &errors).join_keys;
  COEVAL_RETURN_IF_ERROR(FirstError(VersionLabelOf(key, stored.version), errors));
  version.version = stored.version;
  version.identity = stored.identity;
  version.data_identity = stored.data_identity;
  version.label = stored.label;
  version.active = state.ActiveVersion(key) == stored.version;
  return version;
}

Result<CatalogueSnapshot> CatalogueOf(const StoredState& state) {
  auto catalogue = std::make_shared<Catalogue>();
  catalogue->project = state.project;
  catalogue->revision = state.revision;
  COEVAL_ASSIGN_OR_RETURN(Definitions definitions, DefinitionsOf(state));
  catalogue->entities = std::move(definitions.entities);
  catalogue->sources = std::move(definitions.sources);
  for (const auto& [key, versions] : state.versions) {
    if (!state.objects.contains(key)) continue;  // deleted; its versions wait for it to come back
    for (const StoredVersion& stored : versions) {
      if (key.first == ObjectKind::kFeatureView) {
        COEVAL_ASSIGN_OR_RETURN(ViewVersion version, ViewVersionOf(state, key.second, stored));
        catalogue->views[key.second].push_back(std::move(version));
      } else if (key.first == ObjectKind::kOnDemandFeatureView) {
        COEVAL_ASSIGN_OR_RETURN(OnDemandVersion version, OnDemandVersionOf(state, key, stored));
        catalogue->on_demand_views[key.second].push_back(std::move(version));
      } else {
        COEVAL_ASSIGN_OR_RETURN(ServiceVersion version, ServiceVersionOf(state, key, stored));
        catalogue->services[key.second].push_back(std::move(version));
      }
    }
  }
  return CatalogueSnapshot(std::move(catalogue));
}

}  // namespace coeval
