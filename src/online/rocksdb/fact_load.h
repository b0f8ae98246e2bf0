// A load into the embedded store: encode, sort, collapse, write sorted files, commit.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "online/file_changes.h"
#include "online/online_store.h"
#include "online/rocksdb/fact_buffer.h"
#include "online/rocksdb/fact_files.h"
#include "online/rocksdb/run_sorter.h"
#include "online/rocksdb/store_core.h"

namespace coeval {

// How much memory a load may take: buffers of `buffer_bytes`, and sorted runs of `memory_bytes`
// before they go to disk.
struct LoadMemory {
  std::size_t buffer_bytes = 0;
  std::size_t memory_bytes = 0;

  // A quarter of the budget in all.
  static LoadMemory Of(const Context& context);
};

// Threads: one at a time; uses up to context.threads of its own while it seals, a file for each;
// one where there is little.
class RocksDbFactLoad : public FactLoad {
 public:
  RocksDbFactLoad(std::shared_ptr<StoreCore> core, LoadTicket ticket, const Source& source,
                  LoadMemory memory, Context context);
  ~RocksDbFactLoad() override;
  RocksDbFactLoad(const RocksDbFactLoad&) = delete;
  RocksDbFactLoad& operator=(const RocksDbFactLoad&) = delete;

  Status Add(const FactRows& rows) override;
  Result<LoadSummary> Seal() override;
  Result<Committed> Commit(const LoadCommit& commit) override;

  // Several loads as one batch (OnlineStore::CommitTogether).
  static Result<Committed> CommitTogether(StoreCore& core, std::span<RocksDbFactLoad* const> loads,
                                          std::span<const LoadCommit> commits);

 private:
  Status PushBuffer();
  // Writes the keys in [from, to) of all runs.
  Status WritePart(const std::vector<std::shared_ptr<const FactRun>>& runs, std::size_t part,
                   const std::string& from, const std::string& to, LoadSummary* summary,
                   std::vector<std::string>* files, TouchedKeys* touched) const;

  const std::shared_ptr<StoreCore> core_;
  const LoadTicket ticket_;
  const Source source_;
  const LoadMemory memory_;
  const Context context_;
  const KeepRule rule_;        // of facts that are still coming
  const std::string scratch_;  // what its files' names begin with
  std::unique_ptr<FactBuffer> buffer_;
  std::unique_ptr<RunSorter> sorter_;
  std::vector<std::string> files_;
  TouchedKeys touched_;
  LoadSummary summary_;
  TimeMicros newest_event_time_ = kMinTime;
  bool closed_ = false;  // no more rows
  bool sealed_ = false;  // all files are written and synced
  bool committed_ = false;
};

}  // namespace coeval
