// The embedded online store.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/context.h"
#include "base/status.h"
#include "online/online_store.h"
#include "online/rocksdb/store_core.h"
#include "online/rocksdb/warm_rows.h"

namespace coeval {

// Threads: internally locked. Snapshots and loads may outlive it.
class RocksDbStore : public OnlineStore {
 public:
  // What OpenRocksDbStore calls; tests give an environment whose disk fails.
  static Result<std::unique_ptr<OnlineStore>> Open(const StoreCore::Options& options,
                                                   const Context& context);

  RocksDbStore(std::shared_ptr<StoreCore> core, std::string folder, const Context& context)
      : core_(std::move(core)), folder_(std::move(folder)), context_(context) {}

  Result<std::shared_ptr<const OnlineSnapshot>> Now() override;
  ViewProgress Progress(const ViewVersion& version) const override;
  TimeMicros horizon() const override;
  TimeMicros HorizonAfterLoad(TimeMicros clock) const override;
  Result<std::unique_ptr<FactLoad>> BeginLoad(const LoadSpec& spec,
                                              const Context& context) override;
  Result<Committed> CommitTogether(std::span<FactLoad* const> loads,
                                   std::span<const LoadCommit> commits) override;
  Result<TimeMicros> Push(std::span<const PushedBatch> batches,
                          const std::shared_ptr<CommitLog>& log) override;
  Status Replay(const PushedBatch& batch, TimeMicros c, std::int64_t record) override;
  std::int64_t LogApplied() const override;
  Status Flush() override;
  Result<std::string> Checkpoint(const std::function<Status()>& at_point) override;
  Status Drop(const std::string& data_identity) override;
  Result<VerifyReport> Verify(const Context& context, const ProgressSink& progress) override;
  OnlineStats Stats() const override;
  void KeepWarm() override;
  Status Compact() override;
  Result<std::string> StateHash(const ViewVersion& version, TimeMicros horizon) override;

 private:
  const std::shared_ptr<StoreCore> core_;
  const std::string folder_;
  const Context context_;
  mutable std::mutex warm_mutex_;
  std::optional<WarmRows> warm_;  // once somebody serves
};

}  // namespace coeval
