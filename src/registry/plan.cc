#include "registry/plan.h"

#include <algorithm>

namespace coeval {
namespace {

char Sign(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kCreate:
      return '+';
    case ChangeKind::kDelete:
      return '-';
    case ChangeKind::kUnchanged:
      return '=';
    default:
      return '~';
  }
}

std::string VersionText(const ObjectChange& change) {
  if (change.version == 0 || change.change == ChangeKind::kDelete) return "";
  const std::string version = "version " + std::to_string(change.version);
  std::string text = ": ";
  switch (change.change) {
    case ChangeKind::kBackTo:
      text += "as " + version + " was";
      break;
    case ChangeKind::kMetadata:
      text += version + " keeps its content";
      break;
    default:
      text += version;
      break;
  }
  if (change.active_after == change.active_before) {
    if (change.active_after == change.version) return text;
    return text + "; version " + std::to_string(change.active_after) + " stays active";
  }
  if (change.active_before == 0) return text + ", active at once";
  return text + ", active in place of version " + std::to_string(change.active_before);
}

std::string Lines(const ObjectChange& change) {
  std::string text;
  text += Sign(change.change);
  text.append(" ")
      .append(ObjectLabel(change.object, change.name))
      .append(VersionText(change))
      .append("\n");
  for (const std::string& difference : change.differences) {
    text.append("    ").append(difference).append("\n");
  }
  if (!change.pins.empty()) {
    text += "    reads ";
    for (std::size_t i = 0; i < change.pins.size(); ++i) {
      text.append(i == 0 ? "" : ", ").append(change.pins[i].view).append("@v");
      text.append(std::to_string(change.pins[i].version));
    }
    text += "\n";
  }
  if (!change.note.empty()) text.append("    ").append(change.note).append("\n");
  return text;
}

Json TextsToJson(const std::vector<std::string>& texts) {
  Json json = Json::MakeArray();
  for (const std::string& text : texts) json.Append(text);
  return json;
}

Json ChangeToJson(const ObjectChange& change) {
  Json json = Json::MakeObject();
  json.Set("kind", ObjectKindName(change.object));
  json.Set("name", change.name);
  json.Set("change", ChangeKindName(change.change));
  if (IsVersioned(change.object)) {
    json.Set("version", change.version);
    json.Set("active_before", change.active_before);
    json.Set("active_after", change.active_after);
  }
  json.Set("differences", TextsToJson(change.differences));
  if (!change.pins.empty()) {
    Json pins = Json::MakeObject();
    for (const Pin& pin : change.pins) pins.Set(pin.view, pin.version);
    json.Set("pins", std::move(pins));
  }
  if (!change.note.empty()) json.Set("note", change.note);
  return json;
}

}  // namespace

std::string_view ChangeKindName(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kCreate:
      return "create";
    case ChangeKind::kNewVersion:
      return "new_version";
    case ChangeKind::kBackTo:
      return "back_to_version";
    case ChangeKind::kMetadata:
      return "metadata";
    case ChangeKind::kUnchanged:
      return "unchanged";
    case ChangeKind::kDelete:
      return "delete";
  }
  return "";
}

bool Plan::empty() const {
  return std::all_of(changes.begin(), changes.end(), [](const ObjectChange& change) {
    return change.change == ChangeKind::kUnchanged && change.active_before == change.active_after;
  });
}

std::string Plan::ToText(bool done) const {
  std::string text;
  int counts[6] = {};
  for (const ObjectChange& change : changes) {
    ++counts[static_cast<int>(change.change)];
    const bool silent =
        change.change == ChangeKind::kUnchanged && change.active_before == change.active_after;
    if (!silent || !change.note.empty()) text += Lines(change);
  }
  for (const Refusal& refusal : refusals) {
    text.append("! ").append(ObjectLabel(refusal.object, refusal.name)).append(": ");
    text.append(refusal.message).append("\n");
  }
  const auto count = [&](ChangeKind kind) {
    return std::to_string(counts[static_cast<int>(kind)]);
  };
  const int back = counts[static_cast<int>(ChangeKind::kBackTo)];
  text += count(ChangeKind::kCreate) + (done ? " created, " : " to create, ") +
          count(ChangeKind::kNewVersion) + " with a new version, " +
          (back > 0 ? std::to_string(back) + " back to an older version, " : "") +
          count(ChangeKind::kMetadata) + (done ? " updated, " : " to update, ") +
          count(ChangeKind::kDelete) + (done ? " deleted, " : " to delete, ") +
          count(ChangeKind::kUnchanged) + " unchanged";
  if (refused()) text += "; REFUSED, nothing will be changed";
  return text + "\n";
}

Json Plan::ToJson() const {
  Json json = Json::MakeObject();
  json.Set("revision", revision);
  json.Set("empty", empty());
  Json list = Json::MakeArray();
  for (const ObjectChange& change : changes) list.Append(ChangeToJson(change));
  json.Set("changes", std::move(list));
  Json refused_list = Json::MakeArray();
  for (const Refusal& refusal : refusals) {
    Json item = Json::MakeObject();
    item.Set("kind", ObjectKindName(refusal.object));
    item.Set("name", refusal.name);
    item.Set("message", refusal.message);
    item.Set("users", TextsToJson(refusal.users));
    refused_list.Append(std::move(item));
  }
  json.Set("refusals", std::move(refused_list));
  return json;
}

Status Plan::ToStatus() const {
  if (refusals.empty()) return {};
  std::string text;
  for (const Refusal& refusal : refusals) {
    text.append(text.empty() ? "" : "\n")
        .append(ObjectLabel(refusal.object, refusal.name))
        .append(": ");
    text.append(refusal.message);
  }
  return Status::FailedPrecondition(std::move(text));
}

void FillFrozenSchemas(const Catalogue& catalogue, Definitions* definitions) {
  for (FeatureView& view : definitions->feature_views) {
    // An aggregated view's schema follows from its functions.
    if (!view.schema.empty() || view.is_aggregated()) continue;
    const auto versions = catalogue.views.find(view.name);
    if (versions == catalogue.views.end() || versions->second.empty()) continue;
    view.schema = versions->second.back().view.schema;
  }
}

}  // namespace coeval
