#include "online/rocksdb/db.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>

#include "online/rocksdb/fact_merge.h"
#include "online/rocksdb/info_log.h"
#include "online/rocksdb/status.h"
#include "online/rocksdb/table_tail.h"

namespace coeval {
namespace {

// What fails marks the database. None of it is fatal: Resume() gives it a new manifest, without
// what could not be written, and then it is opened again. RocksDB would not try for most errors,
// and for a full disk it would look for room every few seconds and refuse Resume() until it had
// found some.
class FailureListener : public rocksdb::EventListener {
 public:
  explicit FailureListener(std::shared_ptr<std::atomic<bool>> failed)
      : failed_(std::move(failed)) {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason /*reason*/,
                         rocksdb::Status* error) override {
    failed_->store(true);
    if (error->severity() > rocksdb::Status::Severity::kHardError) {
      *error = rocksdb::Status(*error, rocksdb::Status::Severity::kHardError);
    }
  }

  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status /*error*/,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }

 private:
  const std::shared_ptr<std::atomic<bool>> failed_;
};

// Files that RocksDB may keep open: half of what the process may have.
int MaxOpenFiles() {
  struct rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 4096;
  return static_cast<int>(std::clamp<rlim_t>(limit.rlim_cur / 2, 64, 4096));
}

rocksdb::DBOptions DatabaseOptions(rocksdb::Env* env) {
  rocksdb::DBOptions options;
  options.env = env;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.paranoid_checks = true;
  // Opens at the valid prefix after a power cut (reliability 5.3); nothing is in this log.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.max_background_jobs = 2;  // 8 or more can order flushes wrongly in 7.8
  options.max_open_files = MaxOpenFiles();
  options.db_host_id = "";  // files are copied and shown: no names of machines in them
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

rocksdb::ColumnFamilyOptions FamilyOptions(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.no_block_cache = cache == nullptr;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.checksum = rocksdb::kXXH3;
  table.format_version = 5;
  table.block_size = 8 << 10;
  table.cache_index_and_filter_blocks = cache != nullptr;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = 1 << 20;
  options.compression = rocksdb::kNoCompression;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::ColumnFamilyOptions FactFamilyOptions(const std::shared_ptr<rocksdb::Cache>& cache,
                                               const std::shared_ptr<const KeepContext>& keep) {
  rocksdb::ColumnFamilyOptions options = FamilyOptions(cache);
  options.merge_operator = MakeFactMergeOperator(keep);
  options.compaction_filter_factory = MakeFactFilterFactory(keep);
  options.target_file_size_base = 64 << 20;
  options.max_bytes_for_level_base = 256 << 20;
  options.level_compaction_dynamic_level_bytes = true;
  return options;
}

}  // namespace

Result<std::shared_ptr<Db>> Db::Open(Options options) {
  std::shared_ptr<Db> db(new Db(std::move(options)));
  const Options& given = db->options_;
  db->cache_ = rocksdb::NewLRUCache(given.cache_bytes);
  db->env_ = WithCheckedTables(given.env);
  rocksdb::DBOptions database = DatabaseOptions(db->env_.get());
  database.info_log = MakeInfoLog(given.log);
  database.listeners.push_back(std::make_shared<FailureListener>(db->failed_));
  const std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, FamilyOptions(db->cache_)},
      {"meta", FamilyOptions(db->cache_)},
      {"facts", FactFamilyOptions(db->cache_, given.keep)}};
  const std::string path = given.folder + "/db";
  const rocksdb::Status opened =
      given.read_only
          ? rocksdb::DB::OpenForReadOnly(database, path, families, &db->handles_, &db->db_)
          : rocksdb::DB::Open(database, path, families, &db->handles_, &db->db_);
  COEVAL_RETURN_IF_ERROR(FromRocksDb(opened, "opening the online store '" + given.folder + "'"));
  return db;
}

Db::~Db() {
  if (db_ != nullptr) {
    for (rocksdb::ColumnFamilyHandle* handle : handles_) {
      (void)db_->DestroyColumnFamilyHandle(handle);  // cannot fail but for the default family
    }
    (void)db_->Close();  // what matters was synced when it was written
    delete db_;
  }
  if (options_.on_closed) options_.on_closed();
}

std::size_t Db::block_cache_bytes() const {
  return cache_->GetUsage();
}

rocksdb::ReadOptions RowScanOptions(const rocksdb::Snapshot* snapshot) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  options.ignore_range_deletions = true;
  return options;
}

rocksdb::Options MetaFileOptions(rocksdb::Env* env) {
  return {DatabaseOptions(env), FamilyOptions(nullptr)};
}

rocksdb::Options FactFileOptions(rocksdb::Env* env) {
  return {DatabaseOptions(env), FactFamilyOptions(nullptr, std::make_shared<KeepContext>())};
}

}  // namespace coeval
