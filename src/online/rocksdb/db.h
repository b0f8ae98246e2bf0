// Db: the RocksDB database of one online store, open, with its column families.
//
//   folder/OWNER      locked by the process that has the store open
//   folder/FORMAT     the stamp
//   folder/LEASE      how far answered times may go (rule 1.4)
//   folder/db         RocksDB: column families default (empty), meta, facts
//   folder/staging    files of loads on their way; emptied when the store is opened
//
// Nothing is written through RocksDB's own log: Debian's build has its assertions on, and the next
// write after one that failed ends the process. All changes are ingested files.
#pragma once

#include <atomic>
#include <functional>
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
  struct Options {
    std::string folder;  // of the store
    rocksdb::Env* env = nullptr;
    std::size_t cache_bytes = 0;
    std::shared_ptr<const KeepContext> keep;
    std::shared_ptr<const LockFile> owner;  // held while the database is open
    std::function<void()> on_closed;        // called once it is closed
    LogSink log = {};                       // of RocksDB's own words
    bool read_only = false;                 // nothing is written, not even beside it
  };

  // Errors: Corruption; IoError.
  static Result<std::shared_ptr<Db>> Open(Options options);
  ~Db();
  Db(const Db&) = delete;
  Db& operator=(const Db&) = delete;

  [[nodiscard]] rocksdb::DB& rocks() const { return *db_; }

  [[nodiscard]] rocksdb::ColumnFamilyHandle* meta() const { return handles_[1]; }

  [[nodiscard]] rocksdb::ColumnFamilyHandle* facts() const { return handles_[2]; }

  [[nodiscard]] std::size_t block_cache_bytes() const;

  [[nodiscard]] bool read_only() const { return options_.read_only; }

  // Of its files.
  [[nodiscard]] rocksdb::Env* env() const { return env_.get(); }

  // Something could not be written. Reads go on; what is written next needs a database that is
  // opened anew, since RocksDB does not promise to come out of it whole.
  void MarkFailed() { failed_->store(true); }

  [[nodiscard]] bool failed() const { return failed_->load(); }

 private:
  explicit Db(Options options) : options_(std::move(options)) {}

  const Options options_;
  std::unique_ptr<rocksdb::Env> env_;  // options_.env, which opens no damaged file
  const std::shared_ptr<std::atomic<bool>> failed_ = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<rocksdb::Cache> cache_;
  rocksdb::DB* db_ = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

// For every scan but those that look for retired data: tombstones of ranges are left aside. They
// lie over data alone that nobody can ask for any more. Where RocksDB 7.8 minds them, it ends a
// scan as if nothing came behind, and with no error, where the next file of a level begins with a
// damaged block (its pull request 11782).
rocksdb::ReadOptions RowScanOptions(const rocksdb::Snapshot* snapshot);

// For files that will be ingested.
rocksdb::Options MetaFileOptions(rocksdb::Env* env);
rocksdb::Options FactFileOptions(rocksdb::Env* env);

}  // namespace coeval
