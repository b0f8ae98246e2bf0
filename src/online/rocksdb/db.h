// Db: the RocksDB database of one online store, open, with its column families.
//
//   folder/OWNER      locked by the process that has it open
//   folder/FORMAT     the stamp
//   folder/db         RocksDB: column families default (lease), meta, facts
//   folder/staging    files of loads on their way; emptied at each open
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/options.h>

#include "base/context.h"
#include "base/status.h"
#include "io/lock_file.h"
#include "online/rocksdb/keep_context.h"

namespace coeval {

// Closes the database when the last user lets go. Threads: RocksDB's own.
class Db {
 public:
  // `env` may wrap the machine's file system (tests make it fail); null = the machine's.
  // Errors: as OpenRocksDbStore.
  static Result<std::shared_ptr<Db>> Open(const std::string& folder, const Context& context,
                                          rocksdb::Env* env);
  ~Db();
  Db(const Db&) = delete;
  Db& operator=(const Db&) = delete;

  [[nodiscard]] rocksdb::DB& rocks() const { return *db_; }

  [[nodiscard]] rocksdb::Env* env() const { return env_; }

  [[nodiscard]] rocksdb::ColumnFamilyHandle* leases() const { return handles_[0]; }

  [[nodiscard]] rocksdb::ColumnFamilyHandle* meta() const { return handles_[1]; }

  [[nodiscard]] rocksdb::ColumnFamilyHandle* facts() const { return handles_[2]; }

  [[nodiscard]] KeepContext& keep() const { return *keep_; }

  [[nodiscard]] const std::string& folder() const { return folder_; }

  [[nodiscard]] std::string staging() const { return folder_ + "/staging"; }

  // For files that will be ingested into a column family.
  [[nodiscard]] rocksdb::Options FileOptions(rocksdb::ColumnFamilyHandle* family) const;
  [[nodiscard]] std::size_t block_cache_bytes() const;

 private:
  Db(std::string folder, rocksdb::Env* env, LockFile owner);
  Status OpenDatabase(const Context& context);

  const std::string folder_;
  rocksdb::Env* const env_;
  const LockFile owner_;  // given back after the database is closed
  std::shared_ptr<KeepContext> keep_ = std::make_shared<KeepContext>();
  std::shared_ptr<rocksdb::Cache> cache_;
  rocksdb::DB* db_ = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

}  // namespace coeval
