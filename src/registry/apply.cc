#include "registry/apply.h"

#include <utility>

namespace coeval {
namespace {

std::string KindOf(const ObjectKey& key) {
  return std::string(ObjectKindName(key.first));
}

Json DetailOf(const ObjectChange& change) {
  Json detail = Json::MakeObject();
  if (!change.differences.empty()) {
    Json lines = Json::MakeArray();
    for (const std::string& line : change.differences) lines.Append(line);
    detail.Set("differences", std::move(lines));
  }
  if (!change.pins.empty()) {
    Json pins = Json::MakeObject();
    for (const Pin& pin : change.pins) pins.Set(pin.view, pin.version);
    detail.Set("pins", std::move(pins));
  }
  return detail;
}

// What the object is made of, in place of what it was. Version 0 of a source.
Status WriteLineage(SqlDatabase* database, const PlannedObject& planned, const Author& author) {
  const std::string kind = KindOf(planned.key);
  const std::int64_t number = planned.version.version;
  COEVAL_RETURN_IF_ERROR(database->Execute(
      "DELETE FROM lineage WHERE project = ? AND to_kind = ? AND to_name = ? AND to_version = ?",
      {author.project, kind, planned.key.second, number}));
  for (const LineageSource& source : planned.lineage) {
    COEVAL_RETURN_IF_ERROR(database->Execute(
        "INSERT OR IGNORE INTO lineage VALUES (?, ?, ?, ?, ?, ?, ?)",
        {author.project, kind, planned.key.second, number, std::string(ObjectKindName(source.kind)),
         source.name, std::int64_t{source.version}}));
  }
  return {};
}

Status WriteVersion(SqlDatabase* database, const PlannedObject& planned, const Author& author) {
  const StoredVersion& version = planned.version;
  const std::string kind = KindOf(planned.key);
  const std::int64_t number = version.version;
  COEVAL_RETURN_IF_ERROR(database->Execute(
      "INSERT INTO versions (project, kind, name, version, identity, data_identity, content, "
      "definition, "
      "label, release, created_at, created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (project, kind, name, version) DO UPDATE SET definition = excluded.definition, "
      "label = excluded.label",
      {author.project, kind, planned.key.second, number, version.identity, version.data_identity,
       version.content.Write(true), version.definition.Write(), version.label, author.release,
       author.now, author.who}));
  return WriteLineage(database, planned, author);
}

Status WriteDefinition(SqlDatabase* database, const PlannedObject& planned, const Author& author) {
  const bool versioned = IsVersioned(planned.key.first);
  if (!versioned) COEVAL_RETURN_IF_ERROR(WriteLineage(database, planned, author));
  return database->Execute(
      "INSERT INTO objects VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?6, ?7) ON CONFLICT (project, kind, "
      "name) "
      "DO UPDATE SET definition = ?4, version = ?5, updated_at = ?6, updated_by = ?7",
      {author.project, KindOf(planned.key), planned.key.second, planned.definition.Write(),
       versioned ? SqlValue(std::int64_t{planned.version.version}) : SqlValue(), author.now,
       author.who});
}

// The versions stay: the same content is the same version again. Nothing serves them any more.
Status WriteDelete(SqlDatabase* database, const ObjectKey& key, const Author& author) {
  const std::vector<SqlValue> row = {author.project, KindOf(key), key.second};
  COEVAL_RETURN_IF_ERROR(database->Execute(
      "DELETE FROM activations WHERE project = ? AND kind = ? AND name = ?", row));
  COEVAL_RETURN_IF_ERROR(
      database->Execute("DELETE FROM objects WHERE project = ? AND kind = ? AND name = ?", row));
  return database->Execute(
      "UPDATE versions SET served_at = NULL, activated_at = NULL WHERE project = ? AND kind = ? "
      "AND "
      "name = ?",
      row);
}

}  // namespace

Status EnsureProject(SqlDatabase* database, const Author& author) {
  return database->Execute("INSERT OR IGNORE INTO projects VALUES (?, 0, ?)",
                           {author.project, author.now});
}

Status GrowRevision(SqlDatabase* database, const std::string& project) {
  return database->Execute("UPDATE projects SET revision = revision + 1 WHERE project = ?",
                           {project});
}

Status WriteHistory(SqlDatabase* database, const ObjectKey& key, int version,
                    std::string_view action, const Json& detail, const Author& author) {
  return database->Execute(
      "INSERT INTO history (project, at, who, release, action, kind, name, version, detail) VALUES "
      "(?, ?, "
      "?, ?, ?, ?, ?, ?, ?)",
      {author.project, author.now, author.who, author.release, std::string(action), KindOf(key),
       key.second, std::int64_t{version}, detail.Write()});
}

Status WriteActivation(SqlDatabase* database, const ObjectKey& key, int version,
                       const Author& author) {
  const std::string kind = KindOf(key);
  COEVAL_RETURN_IF_ERROR(database->Execute(
      "INSERT INTO activations SELECT ?1, ?2, ?3, coalesce(max(depth), 0) + 1, ?4, ?5, ?6 FROM "
      "activations WHERE project = ?1 AND kind = ?2 AND name = ?3",
      {author.project, kind, key.second, std::int64_t{version}, author.now, author.who}));
  return database->Execute(
      "UPDATE versions SET activated_at = ? WHERE project = ? AND kind = ? AND name = ? AND "
      "version = ?",
      {author.now, author.project, kind, key.second, std::int64_t{version}});
}

Status WritePlan(SqlDatabase* database, const PlannedApply& planned, const Author& author) {
  COEVAL_RETURN_IF_ERROR(EnsureProject(database, author));
  for (std::size_t i = 0; i < planned.objects.size(); ++i) {
    const PlannedObject& object = planned.objects[i];
    const ObjectChange& change = planned.plan.changes[i];
    if (object.writes_version) COEVAL_RETURN_IF_ERROR(WriteVersion(database, object, author));
    if (object.writes_definition) {
      COEVAL_RETURN_IF_ERROR(WriteDefinition(database, object, author));
      COEVAL_RETURN_IF_ERROR(WriteHistory(database, object.key, object.version.version,
                                          ChangeKindName(object.change), DetailOf(change), author));
    }
    if (object.activates) {
      COEVAL_RETURN_IF_ERROR(WriteActivation(database, object.key, object.version.version, author));
      COEVAL_RETURN_IF_ERROR(WriteHistory(database, object.key, object.version.version, "activate",
                                          Json::MakeObject(), author));
    }
  }
  for (const ObjectKey& key : planned.deletes) {
    COEVAL_RETURN_IF_ERROR(WriteDelete(database, key, author));
    COEVAL_RETURN_IF_ERROR(WriteHistory(database, key, 0, "delete", Json::MakeObject(), author));
  }
  return GrowRevision(database, author.project);
}

}  // namespace coeval
