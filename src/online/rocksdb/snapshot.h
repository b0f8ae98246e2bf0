// Reading from the embedded store: one MultiGet for all keys of all views of a request.
#pragma once

#include <span>
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

 private:
  const TimeMicros time_;
  const SharedState state_;
};

}  // namespace coeval
