#include "online/rocksdb/meta.h"

#include <charconv>

#include "base/json.h"

namespace coeval {
namespace {

constexpr std::string_view kViewPrefix = "view/";
constexpr std::string_view kProjectPrefix = "project/";
constexpr std::string_view kRetiredPrefix = "retired/";

Json NamesAndTypes(const std::vector<JoinKey>& keys) {
  Json list = Json::MakeArray();
  for (const JoinKey& key : keys) {
    list.Append(Json().Set("name", key.name).Set("type", key.type.ToString()));
  }
  return list;
}

Result<std::vector<JoinKey>> ReadNamesAndTypes(const Json& row, std::string_view member) {
  std::vector<JoinKey> keys;
  const Json* list = row.Find(member);
  if (list == nullptr || !list->is_array()) return Status::Corruption("a list is missing");
  for (const Json& entry : list->array()) {
    COEVAL_ASSIGN_OR_RETURN(DataType type, ParseType(entry.GetString("type")));
    keys.push_back({entry.GetString("name"), std::move(type)});
  }
  return keys;
}

Json Write(const EventKeeping& keeping) {
  Json json = Json::MakeObject();
  if (keeping.id_column) json.Set("id_column", static_cast<std::int64_t>(*keeping.id_column));
  if (keeping.retention) json.Set("retention", *keeping.retention);
  json.Set("lateness", keeping.lateness);
  return json;
}

Result<EventKeeping> ReadEventKeeping(const Json& json, std::size_t columns) {
  if (!json.is_object()) return Status::Corruption("`events` is no object");
  EventKeeping keeping;
  keeping.lateness = json.GetInt("lateness");
  if (const Json* retention = json.Find("retention"); retention != nullptr) {
    if (!retention->is_int()) return Status::Corruption("`retention` is no number");
    keeping.retention = retention->AsInt();
  }
  if (const Json* id = json.Find("id_column"); id != nullptr) {
    const bool fits =
        id->is_int() && id->AsInt() >= 0 && id->AsInt() < static_cast<std::int64_t>(columns);
    if (!fits) return Status::Corruption("`id_column` is no column");
    keeping.id_column = static_cast<std::size_t>(id->AsInt());
  }
  return keeping;
}

Result<ViewRecord> ReadViewRecord(const Json& row, std::string_view data_identity) {
  ViewRecord record;
  record.id = static_cast<DataId>(row.GetInt("id"));
  record.view = row.GetString("view");
  record.data_identity = data_identity;
  COEVAL_ASSIGN_OR_RETURN(record.keys, ReadNamesAndTypes(row, "keys"));
  COEVAL_ASSIGN_OR_RETURN(const std::vector<JoinKey> features, ReadNamesAndTypes(row, "features"));
  for (const JoinKey& feature : features) {
    record.features.push_back(feature.name);
    record.types.push_back(feature.type);
  }
  record.ttl = row.GetInt("ttl");
  if (const Json* events = row.Find("events"); events != nullptr) {
    COEVAL_ASSIGN_OR_RETURN(record.events, ReadEventKeeping(*events, record.types.size()));
  }
  record.newest_event_time = row.GetInt("newest_event_time", kMinTime);
  const Json* watermark = row.Find("watermark");
  if (watermark != nullptr && watermark->is_int()) record.progress.watermark = watermark->AsInt();
  record.progress.change_token = row.GetString("change_token");
  record.progress.committed = row.GetInt("c", kMinTime);
  record.progress.rows = row.GetInt("rows");
  if (record.id == 0 || record.ttl < 0) return Status::Corruption("a number is out of range");
  return record;
}

Status ReadRow(const std::string& project, std::string_view key, const Json& row, Meta* meta) {
  if (key == kNextIdKey) {
    meta->next_id = static_cast<DataId>(row.GetInt("next"));
    return meta->next_id > 0 ? Status() : Status::Corruption("a number is out of range");
  }
  if (key.starts_with(kProjectPrefix)) {
    if (key != ProjectKey(project)) return {};
    meta->project.c = row.GetInt("c", kMinTime);
    meta->project.horizon = row.GetInt("horizon", kMinTime);
    meta->project.log_applied = row.GetInt("log", 0);
    return {};
  }
  if (key.starts_with(kRetiredPrefix)) {
    const std::string_view digits = key.substr(kRetiredPrefix.size());
    DataId id = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), id);
    if (parsed.ec != std::errc() || id == 0) return Status::Corruption("its name is no number");
    meta->retired.push_back(id);
    return {};
  }
  const std::size_t slash = key.rfind('/');
  if (!key.starts_with(kViewPrefix) || slash < kViewPrefix.size()) {
    return Status::Corruption("its name is not known");
  }
  const std::string_view owner = key.substr(kViewPrefix.size(), slash - kViewPrefix.size());
  if (owner != project) return {};
  COEVAL_ASSIGN_OR_RETURN(ViewRecord record, ReadViewRecord(row, key.substr(slash + 1)));
  std::string identity = record.data_identity;
  meta->views.insert_or_assign(std::move(identity),
                               std::make_shared<const ViewRecord>(std::move(record)));
  return {};
}

}  // namespace

ViewRecord ViewRecord::Of(const ViewVersion& version, DataId id) {
  ViewRecord record;
  record.id = id;
  record.view = version.view.name;
  record.data_identity = version.data_identity;
  record.keys = version.join_keys;
  for (const Field& field : KeptColumns(version)) {
    record.features.push_back(field.name);
    record.types.push_back(field.type);
  }
  record.ttl = KeptTtl(version);
  record.events = KeepingOf(version);
  return record;
}

const ViewRecord* Meta::Find(const std::string& data_identity) const {
  const auto found = views.find(data_identity);
  return found == views.end() ? nullptr : found->second.get();
}

ViewProgress Meta::ProgressOf(const ViewVersion& version) const {
  const ViewRecord* record = Find(version.data_identity);
  if (record == nullptr) return {};
  ViewProgress progress = record->progress;
  if (!record->Covers(KeptTtl(version))) progress.watermark.reset();
  return progress;
}

std::string ViewKey(const std::string& project, const std::string& data_identity) {
  return std::string(kViewPrefix) + project + "/" + data_identity;
}

std::string ProjectKey(const std::string& project) {
  return std::string(kProjectPrefix) + project;
}

std::string ProjectOf(std::string_view key) {
  const std::size_t slash = key.rfind('/');
  if (!key.starts_with(kViewPrefix) || slash <= kViewPrefix.size()) return "";
  return std::string(key.substr(kViewPrefix.size(), slash - kViewPrefix.size()));
}

std::string RetiredKey(DataId id) {
  return std::string(kRetiredPrefix) + std::to_string(id);
}

std::string Write(const ViewRecord& record) {
  std::vector<JoinKey> features;
  for (std::size_t i = 0; i < record.types.size(); ++i) {
    features.push_back({record.features[i], record.types[i]});
  }
  Json row;
  row.Set("id", std::int64_t{record.id})
      .Set("view", record.view)
      .Set("keys", NamesAndTypes(record.keys))
      .Set("features", NamesAndTypes(features))
      .Set("ttl", record.ttl);
  if (record.events) row.Set("events", Write(*record.events));
  if (record.newest_event_time != kMinTime) row.Set("newest_event_time", record.newest_event_time);
  if (record.progress.watermark) row.Set("watermark", *record.progress.watermark);
  if (!record.progress.change_token.empty()) row.Set("change_token", record.progress.change_token);
  row.Set("c", record.progress.committed).Set("rows", record.progress.rows);
  return row.Write();
}

std::string Write(const ProjectRecord& record) {
  Json row;
  row.Set("c", record.c).Set("horizon", record.horizon);
  if (record.log_applied != 0) row.Set("log", record.log_applied);
  return row.Write();
}

std::string WriteNextId(DataId next) {
  return Json().Set("next", std::int64_t{next}).Write();
}

Status ReadMetaRow(const std::string& project, std::string_view key, std::string_view value,
                   Meta* meta) {
  const std::string where = "row " + std::string(key) + " of the online store's meta data";
  const Result<Json> row = ParseJson(value);
  if (!row.ok()) return Status::Corruption(where + " is no JSON: " + row.status().message());
  const Status status = ReadRow(project, key, *row, meta);
  if (status.ok()) return {};
  return Status::Corruption(where + " cannot be used: " + status.message());
}

}  // namespace coeval
