#include "online/rocksdb/db.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/statistics.h>
#include <rocksdb/table.h>

#include "io/files.h"
#include "online/rocksdb/fact_merge.h"
#include "online/rocksdb/format_stamp.h"
#include "online/rocksdb/status.h"

namespace coeval {
namespace {

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
  // Opens at the valid prefix after a power cut (reliability 5.3); only the lease is in this log.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.max_background_jobs = 2;  // 8 or more can order flushes wrongly in 7.8
  options.max_open_files = MaxOpenFiles();
  options.max_total_wal_size = 16 << 20;
  options.keep_log_file_num = 4;
  options.max_log_file_size = 4 << 20;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.db_host_id = "";  // files are copied and shown: no names of machines in them
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

rocksdb::BlockBasedTableOptions TableOptions(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.checksum = rocksdb::kXXH3;
  table.format_version = 5;
  table.block_size = 8 << 10;
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  return table;
}

rocksdb::ColumnFamilyOptions SmallFamilyOptions(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = 1 << 20;
  options.compression = rocksdb::kNoCompression;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(TableOptions(cache)));
  return options;
}

rocksdb::ColumnFamilyOptions FactFamilyOptions(const std::shared_ptr<rocksdb::Cache>& cache,
                                               const std::shared_ptr<KeepContext>& keep) {
  rocksdb::ColumnFamilyOptions options = SmallFamilyOptions(cache);
  options.merge_operator = MakeFactMergeOperator(keep);
  options.compaction_filter_factory = MakeFactFilterFactory(keep);
  options.target_file_size_base = 64 << 20;
  options.max_bytes_for_level_base = 256 << 20;
  options.level_compaction_dynamic_level_bytes = true;
  return options;
}

}  // namespace

Db::Db(std::string folder, rocksdb::Env* env, LockFile owner)
    : folder_(std::move(folder)), env_(env), owner_(std::move(owner)) {}

Result<std::shared_ptr<Db>> Db::Open(const std::string& folder, const Context& context,
                                     rocksdb::Env* env) {
  if (env == nullptr) env = rocksdb::Env::Default();
  COEVAL_RETURN_IF_ERROR(MakeDirectories(folder + "/db"));
  Result<LockFile> owner = LockFile::Acquire(folder + "/OWNER");
  if (!owner.ok()) {
    return owner.status().WithContext("the online store has one owner at a time");
  }
  COEVAL_RETURN_IF_ERROR(CheckFormatStamp(folder));
  std::shared_ptr<Db> db(new Db(folder, env, std::move(*owner)));
  COEVAL_RETURN_IF_ERROR(db->OpenDatabase(context));
  // Whatever a run left that did not finish.
  COEVAL_RETURN_IF_ERROR(RemoveTree(db->staging()));
  COEVAL_RETURN_IF_ERROR(MakeDirectories(db->staging()));
  return db;
}

Status Db::OpenDatabase(const Context& context) {
  cache_ = rocksdb::NewLRUCache(
      static_cast<std::size_t>(std::max<std::int64_t>(context.memory_budget_bytes / 4, 8 << 20)));
  const std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, SmallFamilyOptions(cache_)},
      {"meta", SmallFamilyOptions(cache_)},
      {"facts", FactFamilyOptions(cache_, keep_)}};
  const rocksdb::Status status =
      rocksdb::DB::Open(DatabaseOptions(env_), folder_ + "/db", families, &handles_, &db_);
  return FromRocksDb(status, "opening the online store '" + folder_ + "'");
}

Db::~Db() {
  if (db_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* handle : handles_) {
    (void)db_->DestroyColumnFamilyHandle(handle);  // cannot fail but for the default family
  }
  (void)db_->Close();  // what matters was synced when it was written
  delete db_;
}

rocksdb::Options Db::FileOptions(rocksdb::ColumnFamilyHandle* family) const {
  return db_->GetOptions(family);
}

std::size_t Db::block_cache_bytes() const {
  return cache_->GetUsage();
}

}  // namespace coeval
