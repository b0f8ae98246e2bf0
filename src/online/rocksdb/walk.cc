#include "online/rocksdb/walk.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/hash.h"
#include "online/fact_list.h"
#include "online/rocksdb/fact_merge.h"
#include "online/rocksdb/status.h"
#include "online/winner.h"

namespace coeval {
namespace {

constexpr std::string_view kWalking = "walking over the online store";

// Visits the rows from `from` on, and leaves there the key that was read last.
Status VisitFrom(const StoreState& state, DataId id, std::string* from, const VisitRow& visit) {
  std::string end;
  AppendDataId(id + 1, &end);
  const rocksdb::Slice upper(end);
  rocksdb::ReadOptions options = RowScanOptions(state.snapshot);
  options.iterate_upper_bound = &upper;
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> rows(
      state.db->rocks().NewIterator(options, state.db->facts()));
  for (rows->Seek(*from); rows->Valid(); rows->Next()) {
    COEVAL_RETURN_IF_ERROR(
        visit(rows->key().ToStringView().substr(sizeof(DataId)), rows->value().ToStringView()));
    *from = rows->key().ToStringView();
  }
  return FromRocksDb(rows->status(), kWalking);
}

// Where files of a view's rows begin and end.
std::set<std::string> FileBorders(const StoreState& state, DataId id) {
  std::vector<rocksdb::LiveFileMetaData> files;
  state.db->rocks().GetLiveFilesMetaData(&files);
  std::set<std::string> borders;
  for (const rocksdb::LiveFileMetaData& file : files) {
    if (file.column_family_name != state.db->facts()->GetName()) continue;
    for (const std::string& key : {file.smallestkey, file.largestkey}) {
      if (DataIdOf(key) == id) borders.insert(key);
    }
  }
  return borders;
}

std::string_view WithoutId(std::string_view key) {
  return key.substr(std::min(key.size(), sizeof(DataId)));
}

Status ForEachMetaRow(const Db& db, const VisitRow& visit) {
  rocksdb::ReadOptions options = RowScanOptions(/*snapshot=*/nullptr);
  options.verify_checksums = true;
  const std::unique_ptr<rocksdb::Iterator> rows(db.rocks().NewIterator(options, db.meta()));
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    COEVAL_RETURN_IF_ERROR(visit(rows->key().ToStringView(), rows->value().ToStringView()));
  }
  return FromRocksDb(rows->status(), "reading the online store's meta data");
}

}  // namespace

Result<std::shared_ptr<Meta>> ReadMeta(const Db& db, const std::string& project) {
  auto meta = std::make_shared<Meta>();
  COEVAL_RETURN_IF_ERROR(ForEachMetaRow(db, [&](std::string_view key, std::string_view value) {
    return ReadMetaRow(project, key, value, meta.get());
  }));
  return meta;
}

Result<std::set<DataId>> ReadDataInUse(const Db& db) {
  std::set<DataId> in_use;
  const auto visit = [&](std::string_view key, std::string_view value) -> Status {
    Meta row;
    COEVAL_RETURN_IF_ERROR(ReadMetaRow(ProjectOf(key), key, value, &row));
    for (const auto& [identity, record] : row.views) in_use.insert(record->id);
    return {};
  };
  COEVAL_RETURN_IF_ERROR(ForEachMetaRow(db, visit));
  return in_use;
}

Status ForEachRow(const StoreState& state, DataId id, const VisitRow& visit) {
  std::string from;
  AppendDataId(id, &from);
  return VisitFrom(state, id, &from, visit);
}

Status ForEachReadableRow(const StoreState& state, DataId id, const VisitRow& visit,
                          const std::function<void(const UnreadableRows&)>& missed) {
  struct Gap {
    std::string after;
    std::string what;
  };

  std::optional<Gap> gap;  // behind which no row was read yet
  const auto end_gap = [&](std::string_view until) {
    if (gap) missed({.after = WithoutId(gap->after), .until = until, .what = gap->what});
    gap.reset();
  };
  Status of_visit;  // its corruption is none of the store's
  const auto visit_row = [&](std::string_view key, std::string_view value) -> Status {
    end_gap(key);
    of_visit = visit(key, value);
    return of_visit;
  };
  std::string from;
  AppendDataId(id, &from);
  std::set<std::string> borders;
  while (true) {
    Status status = VisitFrom(state, id, &from, visit_row);
    if (!of_visit.ok()) return of_visit;
    if (status.ok()) end_gap("");
    if (status.code() != StatusCode::kCorruption) return status;
    if (!gap) gap = Gap{from, status.message()};
    if (borders.empty()) borders = FileBorders(state, id);
    const auto next = borders.upper_bound(from);
    if (next == borders.end()) {
      end_gap("");
      return {};
    }
    from = *next;
  }
}

Result<std::string_view> EntityOf(const ViewRecord& record, std::string_view key) {
  if (!record.events) return key;
  return EntityKeyOf(key, record.keys);
}

Result<std::string> HashFacts(const StoreState& state, const std::string& data_identity,
                              TimeMicros horizon) {
  if (horizon < state.meta->project.horizon) {
    return Status::InvalidArgument("the state at " + FormatTime(horizon) +
                                   " is gone, the horizon is " +
                                   FormatTime(state.meta->project.horizon));
  }
  Sha256 hash;
  const ViewRecord* record = state.meta->Find(data_identity);
  if (record == nullptr) return hash.HexDigest();
  FactList list;
  std::string bytes;
  const auto add = [&](std::string_view key, std::string_view value) -> Status {
    list.Clear();
    COEVAL_RETURN_IF_ERROR(DecodeFactList(value, &list));
    if (!list.asides.empty()) return Status::Corruption("a damaged piece was set aside");
    Collapse(record->RuleAt(horizon), &list.facts);
    if (list.facts.empty()) return {};
    bytes = std::to_string(key.size()) + ":";
    bytes += key;
    EncodeFactList(list, &bytes);
    hash.Update(bytes);
    return {};
  };
  COEVAL_RETURN_IF_ERROR(ForEachRow(state, record->id, add));
  return hash.HexDigest();
}

}  // namespace coeval
