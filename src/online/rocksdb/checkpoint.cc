#include "online/rocksdb/checkpoint.h"

#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>

#include <rocksdb/utilities/checkpoint.h>

#include "io/files.h"
#include "online/rocksdb/db.h"
#include "online/rocksdb/format_stamp.h"
#include "online/rocksdb/lease_file.h"
#include "online/rocksdb/status.h"
#include "online/rocksdb/store_core.h"
#include "online/rocksdb/verify.h"
#include "online/rocksdb/walk.h"

namespace coeval {
namespace {

constexpr std::string_view kMaking = "making a checkpoint of the online store";
constexpr std::size_t kVerifyCache = std::size_t{32} << 20;

Status CopyDatabase(const Db& db, const std::string& folder) {
  rocksdb::Checkpoint* made = nullptr;
  COEVAL_RETURN_IF_ERROR(FromRocksDb(rocksdb::Checkpoint::Create(&db.rocks(), &made), kMaking));
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  // Nothing is in RocksDB's memory that would have to be flushed: all comes as files.
  constexpr std::uint64_t kNoFlush = std::numeric_limits<std::uint64_t>::max();
  return FromRocksDb(checkpoint->CreateCheckpoint(folder + "/db", kNoFlush), kMaking);
}

Status MustBeThere(const std::string& folder, const char* name) {
  if (FileExists(JoinPath(folder, name))) return {};
  return Status::Corruption("'" + folder + "' is no copy of an online store: it has no " + name);
}

}  // namespace

Status StoreCore::CheckOwner() {
  if (!options_.store.fence) return {};
  if (!fenced_.load(std::memory_order_acquire)) {
    const Status status = options_.store.fence();
    // Where it cannot be known now, it may be known later.
    if (status.code() != StatusCode::kFailedPrecondition) return status;
    const std::lock_guard lock(fence_mutex_);
    if (fence_status_.ok()) fence_status_ = status;
    fenced_.store(true, std::memory_order_release);
  }
  const std::lock_guard lock(fence_mutex_);
  return fence_status_;
}

// It was the owner before, and what is durable is not taken back: pushing it again would make it
// two, and memory would not know what the files hold.
Status StoreCore::CheckOvertaken() {
  Status status = CheckOwner();
  return status.code() == StatusCode::kFailedPrecondition ? status : Status();
}

// Who is not the owner any more answers no later time (rule 1.4).
Status StoreCore::WriteLease(TimeMicros until) {
  COEVAL_RETURN_IF_ERROR(CheckOwner());
  const std::lock_guard lock(lease_mutex_);
  return lease_.Write(until);
}

Result<std::string> StoreCore::Checkpoint(const std::function<Status()>& at_point) {
  std::string folder = NewStagingPath("checkpoint");
  const auto make = [&]() -> Status {
    COEVAL_RETURN_IF_ERROR(MakeDirectories(folder, 0700));
    {
      const std::lock_guard lock(commit_mutex_);
      COEVAL_RETURN_IF_ERROR(EnsureHealthy());
      COEVAL_RETURN_IF_ERROR(SettleLog());
      COEVAL_RETURN_IF_ERROR(CheckOwner());
      COEVAL_RETURN_IF_ERROR(CopyDatabase(*state()->db, folder));
      if (at_point) COEVAL_RETURN_IF_ERROR(at_point());
    }
    COEVAL_ASSIGN_OR_RETURN(const std::string stamp, ReadFile(options_.folder + "/FORMAT"));
    COEVAL_RETURN_IF_ERROR(WriteFileAtomically(folder + "/FORMAT", stamp));
    // Later than all that was answered before the point.
    const std::lock_guard lock(lease_mutex_);
    return lease_.CopyTo(folder + "/LEASE");
  };
  if (const Status status = make(); !status.ok()) {
    static_cast<void>(RemoveTree(folder));  // else the next opening does
    return status;
  }
  return folder;
}

Result<CheckpointContent> VerifyCheckpoint(const std::string& folder, const std::string& project,
                                           const Context& context) {
  for (const char* name : {"FORMAT", "LEASE", "db/CURRENT"}) {
    COEVAL_RETURN_IF_ERROR(MustBeThere(folder, name));
  }
  COEVAL_RETURN_IF_ERROR(CheckFormatStamp(folder));
  COEVAL_ASSIGN_OR_RETURN(const LeaseFile lease, LeaseFile::Open(folder + "/LEASE", project));
  const auto keep = std::make_shared<KeepContext>();
  Db::Options options;
  options.folder = folder;
  options.env = rocksdb::Env::Default();
  options.cache_bytes = kVerifyCache;
  options.keep = keep;
  options.log = context.log;
  options.read_only = true;
  COEVAL_ASSIGN_OR_RETURN(std::shared_ptr<Db> db, Db::Open(std::move(options)));
  COEVAL_ASSIGN_OR_RETURN(const std::shared_ptr<Meta> meta, ReadMeta(*db, project));
  for (const auto& [identity, record] : meta->views) keep->SetView(record->id, record->Kept());
  CheckpointContent content;
  content.c = meta->project.c;
  content.horizon = meta->project.horizon;
  content.log_applied = meta->project.log_applied;
  content.lease = lease.until();
  const StoreState state(std::move(db), meta, {}, keep, nullptr, nullptr);
  COEVAL_ASSIGN_OR_RETURN(content.report, VerifyStore(state, context, /*progress=*/{}));
  return content;
}

}  // namespace coeval
