// FeatureStore: list, describe, runs, history.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "definition/object_json.h"
#include "definition/retention.h"
#include "store/catalogue_lookup.h"
#include "store/store_core.h"

namespace coeval {
namespace {

Json KeysJson(const std::vector<JoinKey>& keys) {
  Json json = Json::MakeArray();
  for (const JoinKey& key : keys) json.Append(key.name);
  return json;
}

Json NamesJson(const std::vector<Field>& fields) {
  Json json = Json::MakeArray();
  for (const Field& field : fields) json.Append(field.name);
  return json;
}

template <typename Version>
const Version& ShownVersion(const std::vector<Version>& versions) {
  for (const Version& version : versions) {
    if (version.active) return version;
  }
  return versions.back();
}

// The version of that number; 0 = as ShownVersion. Errors: NotFound.
template <typename Version>
Result<const Version*> FindVersion(const std::vector<Version>& versions, int number,
                                   const std::string& name) {
  if (number == 0) return &ShownVersion(versions);
  for (const Version& version : versions) {
    if (version.version == number) return &version;
  }
  return Status::NotFound("'" + name + "' has no version " + std::to_string(number) +
                          "; the newest is " + std::to_string(versions.back().version));
}

Json ListEntities(const Catalogue& catalogue) {
  Json list = Json::MakeArray();
  for (const Entity& entity : catalogue.entities) {
    Json row = Json::MakeObject();
    row.Set("name", entity.name).Set("join_keys", KeysJson(entity.join_keys));
    row.Set("description", entity.description).Set("owner", entity.owner);
    list.Append(std::move(row));
  }
  return list;
}

Json ListSources(const Catalogue& catalogue) {
  Json list = Json::MakeArray();
  for (const Source& source : catalogue.sources) {
    Json row = Json::MakeObject();
    row.Set("name", source.name).Set("kind", SourceKindName(source.kind));
    row.Set("path", source.path)
        .Set("batch_source", source.batch_source)
        .Set("timestamp_field", source.timestamp_field);
    row.Set("description", source.description);
    list.Append(std::move(row));
  }
  return list;
}

// "reports", "app, web", "spend every 1d".
std::string SourceText(const FeatureView& view) {
  if (view.reads_view()) return view.source_view + " every " + FormatDuration(view.every);
  std::string text;
  for (const std::string& name : view.source_names()) text += (text.empty() ? "" : ", ") + name;
  return text;
}

Json ListViews(const Catalogue& catalogue) {
  Json list = Json::MakeArray();
  for (const auto& [name, versions] : catalogue.views) {
    const ViewVersion& shown = ShownVersion(versions);
    Json row = Json::MakeObject();
    row.Set("name", name)
        .Set("version", shown.version)
        .Set("versions", static_cast<std::int64_t>(versions.size()));
    row.Set("join_keys", KeysJson(shown.join_keys)).Set("features", NamesJson(shown.view.schema));
    row.Set("ttl", shown.view.ttl == 0 ? "" : FormatDuration(shown.view.ttl));
    row.Set("source", SourceText(shown.view)).Set("online", shown.view.online);
    row.Set("description", shown.view.description);
    list.Append(std::move(row));
  }
  return list;
}

Json ListOnDemandViews(const Catalogue& catalogue) {
  Json list = Json::MakeArray();
  for (const auto& [name, versions] : catalogue.on_demand_views) {
    const OnDemandVersion& shown = ShownVersion(versions);
    Json row = Json::MakeObject();
    row.Set("name", name).Set("version", shown.version);
    row.Set("features", NamesJson(shown.view.schema));
    Json sources = Json::MakeArray();
    for (const Projection& source : shown.view.sources) sources.Append(source.view);
    for (const std::string& source : shown.view.request_sources) sources.Append(source);
    row.Set("sources", std::move(sources)).Set("description", shown.view.description);
    list.Append(std::move(row));
  }
  return list;
}

Json ListServices(const Catalogue& catalogue) {
  Json list = Json::MakeArray();
  for (const auto& [name, versions] : catalogue.services) {
    const ServiceVersion& shown = ShownVersion(versions);
    Json row = Json::MakeObject();
    Json views = Json::MakeArray();
    for (const Projection& projection : shown.service.features) {
      views.Append(projection.view + "@v" + std::to_string(projection.version));
    }
    row.Set("name", name).Set("version", shown.version).Set("views", std::move(views));
    row.Set("description", shown.service.description);
    list.Append(std::move(row));
  }
  return list;
}

void AppendFeatures(const std::string& view, const std::vector<Field>& schema, Json* list) {
  for (const Field& field : schema) {
    Json row = Json::MakeObject();
    row.Set("name", view + ":" + field.name).Set("type", field.type.ToString());
    row.Set("description", field.description);
    list->Append(std::move(row));
  }
}

Json ListFeatures(const Catalogue& catalogue) {
  Json list = Json::MakeArray();
  for (const auto& [name, versions] : catalogue.views) {
    AppendFeatures(name, ShownVersion(versions).view.schema, &list);
  }
  for (const auto& [name, versions] : catalogue.on_demand_views) {
    AppendFeatures(name, ShownVersion(versions).view.schema, &list);
  }
  return list;
}

// Every version of one name: number, label, active, identity.
template <typename Version>
Json VersionsJson(const std::vector<Version>& versions) {
  Json list = Json::MakeArray();
  for (const Version& version : versions) {
    Json row = Json::MakeObject();
    row.Set("version", version.version).Set("active", version.active);
    row.Set("identity", version.identity);
    list.Append(std::move(row));
  }
  return list;
}

// Canonical JSON has durations in microseconds; people are shown "14d", as they write them.
Json WithDurationsAsText(Json record) {
  for (const char* name : {"ttl", "sla", "every", "data_delay", "lateness", "overlap", "max_future",
                           "time_window", "slide_interval", "offset"}) {
    const Json* value = record.Find(name);
    if (value != nullptr && value->is_int()) record.Set(name, FormatDuration(value->AsInt()));
  }
  if (const Json* aggregations = record.Find("aggregations")) {
    Json list = Json::MakeArray();
    for (const Json& each : aggregations->array()) list.Append(WithDurationsAsText(each));
    record.Set("aggregations", std::move(list));
  }
  return record;
}

// What the view reads, in place of names; a view over a view keeps the name of that.
void SetSources(const ViewVersion& version, Json* record) {
  if (version.source_view != nullptr) return;
  if (version.push.has_value()) {
    record->Set("push", WithDurationsAsText(WriteObject(*version.push)));
    if (version.pushed_alone()) return;
  }
  if (version.sources.empty()) {
    record->Set("source", WithDurationsAsText(WriteObject(version.source)));
    return;
  }
  Json list = Json::MakeArray();
  for (const Source& source : version.sources) {
    list.Append(WithDurationsAsText(WriteObject(source)));
  }
  record->Set("sources", std::move(list));
}

// How far back events are kept online, which their windows decide (rule 5.8).
void AddRetention(const ViewVersion& version, Json* record) {
  if (!version.view.is_aggregated() || !version.view.is_served_online()) return;
  const std::optional<DurationMicros> retention = RetentionOf(version.view, version.source);
  record->Set("retention", retention.has_value() ? FormatDuration(*retention) : "all history");
}

// How far the online store has come with a view.
void AddProgress(OnlineStore* online, const ViewVersion& version, TimeMicros now, Json* record) {
  if (online == nullptr) return;
  const ViewProgress progress = online->Progress(version);
  if (!progress.watermark) {
    record->Set("watermark", nullptr);
    return;
  }
  record->Set("watermark", FormatTime(*progress.watermark));
  record->Set("behind", FormatDuration(std::max<DurationMicros>(
                            0, SaturatingSubtract(now, *progress.watermark) / kSecond * kSecond)));
}

Json LineageOf(const std::vector<LineageEdge>& edges, ObjectKind kind, const std::string& name,
               bool upstream) {
  Json list = Json::MakeArray();
  std::vector<std::string> seen;
  for (const LineageEdge& edge : edges) {
    const bool here = upstream ? edge.to_name == name && edge.to_kind == ObjectKindName(kind)
                               : edge.from_name == name && edge.from_kind == ObjectKindName(kind);
    if (!here) continue;
    std::string text =
        upstream ? edge.from_kind + " " + edge.from_name : edge.to_kind + " " + edge.to_name;
    const int version = upstream ? edge.from_version : edge.to_version;
    if (version > 0) text += "@v" + std::to_string(version);
    if (std::find(seen.begin(), seen.end(), text) != seen.end()) continue;
    seen.push_back(text);
    list.Append(std::move(text));
  }
  return list;
}

}  // namespace

Result<Json> FeatureStore::List(const std::string& kind) {
  COEVAL_ASSIGN_OR_RETURN(CatalogueSnapshot catalogue, impl_->Snapshot());
  if (kind == "entities") return ListEntities(*catalogue);
  if (kind == "sources") return ListSources(*catalogue);
  if (kind == "feature_views") return ListViews(*catalogue);
  if (kind == "on_demand_feature_views") return ListOnDemandViews(*catalogue);
  if (kind == "feature_services") return ListServices(*catalogue);
  if (kind == "features") return ListFeatures(*catalogue);
  return Status::InvalidArgument("there is no kind '" + kind + "' of objects");
}

// How far the online store has come only its owner knows; the rest is in the registry.
Result<Json> FeatureStore::Describe(const std::string& reference) {
  const auto reached = impl_->access.Reach();
  if (reached.ok() && reached->owner) {
    auto record = reached->owner->Describe(reference);
    if (!reached->owner->gone() && record.status().code() != StatusCode::kUnavailable) {
      return record;
    }
  }
  return DescribeHere(reference,
                      reached.ok() && reached->here ? reached->here->online.get() : nullptr);
}

Result<Json> FeatureStore::DescribeHere(const std::string& reference, OnlineStore* online) {
  COEVAL_ASSIGN_OR_RETURN(CatalogueSnapshot catalogue, impl_->Snapshot());
  // "feature_view:weather@v2": the kind stays with the name until FindObject takes it off.
  const std::size_t colon = reference.find(':');
  const std::size_t start = colon == std::string::npos ? 0 : colon + 1;
  COEVAL_ASSIGN_OR_RETURN(const auto versioned, ParseVersioned(reference.substr(start)));
  const int number = versioned.second;
  std::string name = reference.substr(0, start) + versioned.first;
  COEVAL_ASSIGN_OR_RETURN(ObjectKind kind, FindObject(*catalogue, &name));
  if (number != 0 && (kind == ObjectKind::kEntity || kind == ObjectKind::kSource)) {
    return Status::InvalidArgument(ObjectLabel(kind, name) + " has no versions");
  }
  COEVAL_ASSIGN_OR_RETURN(TimeMicros now, impl_->context.clock->Now());
  Json record;
  if (kind == ObjectKind::kFeatureView) {
    const auto& versions = catalogue->views.at(name);
    COEVAL_ASSIGN_OR_RETURN(const ViewVersion* found, FindVersion(versions, number, name));
    const ViewVersion& shown = *found;
    record = WithDurationsAsText(WriteObject(shown.view));
    SetSources(shown, &record);
    record.Set("join_keys", KeysJson(shown.join_keys));
    record.Set("version", shown.version).Set("versions", VersionsJson(versions));
    AddRetention(shown, &record);
    AddProgress(online, shown, now, &record);
  } else if (kind == ObjectKind::kOnDemandFeatureView) {
    const auto& versions = catalogue->on_demand_views.at(name);
    COEVAL_ASSIGN_OR_RETURN(const OnDemandVersion* shown, FindVersion(versions, number, name));
    record = WriteObject(shown->view);
    record.Set("version", shown->version).Set("versions", VersionsJson(versions));
  } else if (kind == ObjectKind::kFeatureService) {
    const auto& versions = catalogue->services.at(name);
    COEVAL_ASSIGN_OR_RETURN(const ServiceVersion* shown, FindVersion(versions, number, name));
    record = WriteObject(shown->service);
    record.Set("version", shown->version).Set("versions", VersionsJson(versions));
  } else if (kind == ObjectKind::kEntity) {
    for (const Entity& entity : catalogue->entities) {
      if (entity.name == name) record = WriteObject(entity);
    }
  } else {
    for (const Source& source : catalogue->sources) {
      if (source.name == name) record = WithDurationsAsText(WriteObject(source));
    }
  }
  record.Set("kind", ObjectKindName(kind));
  COEVAL_ASSIGN_OR_RETURN(auto edges, impl_->registry->Lineage());
  record.Set("made_from", LineageOf(edges, kind, name, true));
  record.Set("used_by", LineageOf(edges, kind, name, false));
  if (kind != ObjectKind::kFeatureView) return record;
  COEVAL_ASSIGN_OR_RETURN(auto runs,
                          impl_->registry->ListRuns({.view = name, .kind = "", .limit = 5}));
  Json last = Json::MakeArray();
  for (const Run& run : runs) last.Append(run.ToJson());
  return record.Set("last_runs", std::move(last));
}

Result<Json> FeatureStore::Runs(int limit) {
  const RunFilter all{.view = "", .kind = "", .limit = limit};
  COEVAL_ASSIGN_OR_RETURN(auto runs, impl_->registry->ListRuns(all));
  const bool any_running = std::any_of(
      runs.begin(), runs.end(), [](const Run& run) { return run.status == RunStatus::kRunning; });
  // Who can open the store knows that nobody carries: opening it marks what a killed process left.
  if (any_running && impl_->OnlineForLooking()) {
    COEVAL_ASSIGN_OR_RETURN(runs, impl_->registry->ListRuns(all));
  }
  Json list = Json::MakeArray();
  for (const Run& run : runs) list.Append(run.ToJson());
  return list;
}

Result<Json> FeatureStore::History(int limit) {
  COEVAL_ASSIGN_OR_RETURN(auto entries, impl_->registry->History("", limit));
  Json list = Json::MakeArray();
  for (const HistoryEntry& entry : entries) list.Append(entry.ToJson());
  return list;
}

Result<Json> FeatureStore::TrainingSets(int limit) {
  COEVAL_ASSIGN_OR_RETURN(auto records, impl_->registry->ListTrainingSets(limit));
  Json list = Json::MakeArray();
  for (const TrainingSetRecord& record : records) list.Append(record.ToJson());
  return list;
}

}  // namespace coeval
