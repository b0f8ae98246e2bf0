// StoreCore: data that nobody can ask for any more are removed.
#include <algorithm>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <rocksdb/convenience.h>
#include <rocksdb/sst_file_writer.h>

#include "online/rocksdb/fact_merge.h"
#include "online/rocksdb/status.h"
#include "online/rocksdb/store_core.h"
#include "online/rocksdb/walk.h"

namespace coeval {
namespace {

std::string PrefixOf(DataId id) {
  std::string prefix;
  AppendDataId(id, &prefix);
  return prefix;
}

// Does some file hold data of this range, whose end is not in it?
bool IsInFiles(const Db& db, const std::pair<DataId, DataId>& range) {
  std::vector<rocksdb::LiveFileMetaData> files;
  db.rocks().GetLiveFilesMetaData(&files);
  return std::any_of(files.begin(), files.end(), [&](const rocksdb::LiveFileMetaData& file) {
    return file.column_family_name == db.facts()->GetName() &&
           DataIdOf(file.smallestkey) < range.second && range.first <= DataIdOf(file.largestkey);
  });
}

// All files whose rows are all of data from `dead.first` on and before `dead.second`.
Status DropFiles(Db* db, const std::pair<DataId, DataId>& dead) {
  const std::string begin = PrefixOf(dead.first);
  const std::string end = PrefixOf(dead.second);
  const rocksdb::Slice first(begin);
  const rocksdb::Slice last(end);
  const rocksdb::Status status =
      rocksdb::DeleteFilesInRange(&db->rocks(), db->facts(), &first, &last, /*include_end=*/false);
  if (!status.ok()) {
    db->MarkFailed();
    // As RocksDB does itself where another change of its manifest fails; Resume() demands it.
    (void)db->rocks().DisableFileDeletions();
  }
  return FromRocksDb(status, "removing files of the online store");
}

}  // namespace

void StoreCore::Retire(DataId id, std::uint64_t last_user) {
  retired_.push_back({.id = id, .last_user = last_user});
}

void StoreCore::ReclaimRetired() {
  std::vector<Retired> past;
  std::erase_if(retired_, [&](const Retired& data) {
    if (!keep_->IsPast(data.last_user)) return false;  // a reader of it or an older one is there
    past.push_back(data);
    return true;
  });
  for (Retired& data : past) {
    const Status status = Reclaim(data);
    keep_->ForgetView(data.id);
    if (status.ok()) continue;
    if (!data.unreadable) {
      context_.log(LogLevel::kWarning,
                   "replaced data stays on disk until the online store is opened again: " +
                       status.ToString());
    }
    data.unreadable = status.code() == StatusCode::kCorruption;
    // Its files may go with other data later.
    if (data.unreadable) retired_.push_back(data);
  }
}

// The least first and the greatest end around it with no data in between that anybody may ask for:
// of views whose data went one after the other, also the files that hold some of each are dropped.
Result<std::pair<DataId, DataId>> StoreCore::DeadRangeAround(DataId id) const {
  COEVAL_ASSIGN_OR_RETURN(std::set<DataId> in_use, ReadDataInUse(*state()->db));
  const std::lock_guard lock(state_mutex_);
  for (const auto& [identity, record] : meta_->views) in_use.insert(record->id);
  for (const auto& [identity, load] : loading_) in_use.insert(load.id);
  for (const Retired& other : retired_) {
    if (!keep_->IsPast(other.last_user)) in_use.insert(other.id);
  }
  const auto next = in_use.upper_bound(id);
  const DataId end = next == in_use.end() ? std::max(next_id_, id + 1) : *next;
  return std::pair(next == in_use.begin() ? DataId{0} : *std::prev(next) + 1, end);
}

Status StoreCore::Reclaim(const Retired& data) {
  const SharedState now = state();
  COEVAL_ASSIGN_OR_RETURN(const auto dead, DeadRangeAround(data.id));
  // Whole files at once; what lies in files with other data is covered by a range tombstone.
  COEVAL_RETURN_IF_ERROR(DropFiles(now->db.get(), dead));
  const MetaRows done = {{RetiredKey(data.id), std::nullopt}};
  if (!IsInFiles(*now->db, dead)) return Ingest({}, done);
  if (data.unreadable) return Status::Corruption("it lies in files that cannot be read");
  const std::string path = NewStagingPath("reclaim.sst");
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), FactFileOptions(env()));
  rocksdb::Status written = writer.Open(path);
  // All of it: an earlier tombstone of a part may just have gone, and what it covered has not.
  if (written.ok()) written = writer.DeleteRange(PrefixOf(dead.first), PrefixOf(dead.second));
  if (written.ok()) written = writer.Finish();
  COEVAL_RETURN_IF_ERROR(FromRocksDb(written, "writing to the online store"));
  Status status = Ingest({path}, done);
  if (status.code() != StatusCode::kCorruption) return status;
  (void)env()->DeleteFile(path);
  // A compaction that tries to read a damaged file holds it, until it has failed.
  (void)now->db->rocks().PauseBackgroundWork();
  const Status dropped = DropFiles(now->db.get(), dead);
  (void)now->db->rocks().ContinueBackgroundWork();
  COEVAL_RETURN_IF_ERROR(dropped);
  if (IsInFiles(*now->db, dead)) return status;
  return Ingest({}, done);
}

}  // namespace coeval
