#include "ingest/quarantine.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/hash.h"
#include "base/json.h"
#include "io/files.h"
#include "io/random_bytes.h"
#include "source/ipc_bytes.h"

namespace coeval {
namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::string_view kEnding = ".arrow";
constexpr std::size_t kIdSize = 16;
constexpr std::string_view kDigits = "0123456789abcdef";
constexpr std::array<std::string_view, 3> kDestinations = {"online_and_offline", "online",
                                                           "offline"};

bool IsId(std::string_view text) {
  return text.size() == kIdSize && text.find_first_not_of(kDigits) == std::string_view::npos;
}

std::string Hex(std::uint64_t number) {
  std::string text(kIdSize, '0');
  for (std::size_t i = kIdSize; i > 0; --i, number >>= 4U) text[i - 1] = kDigits[number & 15U];
  return text;
}

Json NoteOf(const QuarantinedPush& push) {
  Json faults = Json::MakeArray();
  for (const BadRow& fault : push.faults) {
    faults.Append(Json::MakeObject().Set("row", fault.row).Set("reason", fault.reason));
  }
  Json note = Json::MakeObject();
  note.Set("format", kFormat).Set("source", push.source).Set("to", DestinationName(push.to));
  note.Set("deletes", push.deletes).Set("time", FormatTime(push.time));
  return note.Set("faults", std::move(faults));
}

Status Damaged(const std::string& path, const std::string& what) {
  return Status::Corruption("the quarantine file '" + path + "' is damaged: " + what);
}

Result<QuarantinedPush> ReadNote(const std::string& path, const Json& note) {
  if (!note.is_object() || note.GetInt("format") < 1) return Damaged(path, "it has no note");
  if (note.GetInt("format") > kFormat) {
    return Status::FailedPrecondition("the quarantine file '" + path + "' has format " +
                                      std::to_string(note.GetInt("format")) +
                                      ", which a newer release wrote: run that release");
  }
  QuarantinedPush push;
  push.source = note.GetString("source");
  const auto to = ParseDestination(note.GetString("to"));
  const auto time = ParseTime(note.GetString("time"));
  const Json* faults = note.Find("faults");
  const Json* deletes = note.Find("deletes");
  if (!to.ok() || !time.ok() || faults == nullptr || !faults->is_array() || deletes == nullptr ||
      !deletes->is_bool()) {
    return Damaged(path, "its note lacks something");
  }
  push.to = *to;
  push.deletes = deletes->AsBool();
  push.time = *time;
  for (const Json& fault : faults->array()) {
    if (!fault.is_object()) return Damaged(path, "a fault is no object");
    push.faults.push_back({fault.GetInt("row"), fault.GetString("reason")});
  }
  return push;
}

}  // namespace

std::string DestinationName(LogDestination destination) {
  return std::string(kDestinations[static_cast<std::size_t>(destination)]);
}

Result<LogDestination> ParseDestination(const std::string& text) {
  const auto found = std::find(kDestinations.begin(), kDestinations.end(), text);
  if (found == kDestinations.end()) {
    return Status::InvalidArgument("to: '" + text +
                                   "' is none of online_and_offline, online, offline");
  }
  return static_cast<LogDestination>(found - kDestinations.begin());
}

Result<std::string> Quarantine::IdOf(const std::string& source, const std::string& idempotency_key,
                                     const ArrowTable& rows, const Context& context) {
  if (idempotency_key.empty()) {
    COEVAL_ASSIGN_OR_RETURN(const std::string bytes, RandomBytes(16));
    return Hex(Hash64(bytes));
  }
  COEVAL_ASSIGN_OR_RETURN(ArrowArrayStream stream, rows.ExportWith({}, std::vector<Column>()));
  COEVAL_ASSIGN_OR_RETURN(const std::string bytes, EncodeIpc(&stream, "", context));
  return Hex(Hash64(source + '\0' + idempotency_key + '\0' + bytes));
}

Result<std::string> Quarantine::PathOf(const std::string& id) const {
  if (!IsId(id)) {
    return Status::NotFound("nothing in quarantine is called '" + id.substr(0, 100) +
                            "': an id has 16 digits, as `coeval quarantine` lists them");
  }
  return JoinPath(folder_, id + std::string(kEnding));
}

Status Quarantine::Keep(const QuarantinedPush& push, const Context& context) const {
  COEVAL_ASSIGN_OR_RETURN(const std::string path, PathOf(push.id));
  COEVAL_ASSIGN_OR_RETURN(ArrowArrayStream stream, push.rows.ExportWith({}, std::vector<Column>()));
  COEVAL_ASSIGN_OR_RETURN(const std::string bytes,
                          EncodeIpc(&stream, NoteOf(push).Write(), context));
  if (!IsDirectory(folder_)) {
    COEVAL_RETURN_IF_ERROR(MakeDirectories(folder_));
    COEVAL_RETURN_IF_ERROR(SyncDirectory(ParentDirectory(folder_)));
  }
  return WriteFileAtomically(path, bytes, 0600);
}

Result<std::vector<std::string>> Quarantine::Files() const {
  if (!IsDirectory(folder_)) return std::vector<std::string>();
  COEVAL_ASSIGN_OR_RETURN(std::vector<std::string> names, ListDirectory(folder_));
  std::erase_if(names, [](const std::string& name) {
    const std::string id = name.substr(0, std::min(name.size(), kIdSize));
    return !IsId(id) || name != id + std::string(kEnding);
  });
  return names;
}

Result<std::vector<QuarantinedPush>> Quarantine::List(const Context& context) const {
  std::vector<QuarantinedPush> all;
  COEVAL_ASSIGN_OR_RETURN(const std::vector<std::string> names, Files());
  for (const std::string& name : names) {
    auto found = Find(name.substr(0, kIdSize), context);
    if (found.status().code() == StatusCode::kNotFound) continue;  // went meanwhile
    if (!found.ok()) return found.status();
    all.push_back(std::move(found).value());
  }
  std::sort(all.begin(), all.end(), [](const QuarantinedPush& a, const QuarantinedPush& b) {
    return std::tie(a.time, a.id) < std::tie(b.time, b.id);
  });
  return all;
}

Result<QuarantinedPush> Quarantine::Find(const std::string& id, const Context& context) const {
  COEVAL_ASSIGN_OR_RETURN(const std::string path, PathOf(id));
  auto bytes = ReadFile(path);
  if (bytes.status().code() == StatusCode::kNotFound) {
    return Status::NotFound("nothing in quarantine is called '" + id + "'");
  }
  if (!bytes.ok()) return bytes.status();
  auto table = DecodeIpc(*bytes, context);
  if (!table.ok()) {
    const bool is_bad = table.status().code() == StatusCode::kInvalidArgument;
    return is_bad ? Damaged(path, table.status().message()) : table.status();
  }
  const auto note = ParseJson(table->note, 32);
  if (!note.ok()) return Damaged(path, note.status().message());
  COEVAL_ASSIGN_OR_RETURN(QuarantinedPush push, ReadNote(path, *note));
  push.id = id;
  push.rows = std::move(table->rows);
  if (push.rows.num_rows() != std::ssize(push.faults)) return Damaged(path, "rows are missing");
  return push;
}

Status Quarantine::Drop(const std::string& id) const {
  COEVAL_ASSIGN_OR_RETURN(const std::string path, PathOf(id));
  if (!FileExists(path)) return Status::NotFound("nothing in quarantine is called '" + id + "'");
  COEVAL_RETURN_IF_ERROR(RemoveTree(path));
  return SyncDirectory(folder_);
}

}  // namespace coeval
