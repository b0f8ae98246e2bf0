// Reading from the embedded store: one MultiGet for all keys of all views of a request.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "online/online_store.h"
#include "online/rocksdb/store_core.h"

namespace coeval {

// Threads: immutable.
class RocksDbSnapshot : public OnlineSnapshot {
 public:
  RocksDbSnapshot(TimeMicros time, SharedState state);

  [[nodiscard]] TimeMicros time() const override { return time_; }

  [[nodiscard]] TimeMicros horizon() const override { return state_->meta->project.horizon; }

  Result<std::vector<ViewAnswers>> Read(std::span<const ViewQuestion> questions,
                                        TimeMicros t) const override;

  [[nodiscard]] ViewProgress Progress(const ViewVersion& version) const override;
  Result<std::int64_t> ForEachEntity(
      const ViewVersion& version,
      const std::function<Status(std::string_view key)>& visit) const override;
  Status AddFacts(const ViewVersion& version, std::string_view key,
                  KeptFacts* facts) const override;

 private:
  const TimeMicros time_;
  const SharedState state_;
};

}  // namespace coeval
