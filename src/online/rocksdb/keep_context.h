// KeepContext: what merges and compactions need to know to drop facts by rule 3.6: for each view
// its types and ttl, and the horizon. RocksDB calls them from threads of its own, at any time.
//
// The horizon used is the least that any reader still has: of the newest committed state and of
// every snapshot in hand. It is a committed one, never one that a crash could take back, and never
// read from a clock. While a view is not known here, nothing of it is dropped.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"
#include "column/type.h"
#include "online/event_keeping.h"
#include "online/winner.h"

namespace coeval {

// The number of a view's data in this store: the first four bytes of its facts' keys, big-endian.
using DataId = std::uint32_t;

struct KeptView {
  std::vector<DataType> types;  // of the kept columns
  DurationMicros ttl = 0;       // the greatest of the versions that share the data; 0 = none
  std::optional<EventKeeping> events = {};  // of an aggregated view

  // REQUIRES: this outlives it.
  [[nodiscard]] KeepRule RuleAt(TimeMicros horizon) const {
    return {.types = types, .horizon = horizon, .ttl = ttl, .events = events};
  }

  // For some of the facts of a key, while there may be others. All facts of an event go together,
  // so of one that has an id none goes before all are seen.
  [[nodiscard]] KeepRule RuleOfPieceAt(TimeMicros horizon) const {
    return RuleAt(events.has_value() && events->id_column.has_value() ? kMinTime : horizon);
  }
};

// Threads: internally locked.
class KeepContext {
 public:
  void SetView(DataId id, KeptView view);
  void ForgetView(DataId id);
  // Null where the view is not known.
  [[nodiscard]] std::shared_ptr<const KeptView> Find(DataId id) const;

  // Held by whoever may ask at any t >= horizon.
  class Pin {
   public:
    Pin(KeepContext* context, TimeMicros horizon);
    ~Pin();
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;

    // Pins are numbered as they come, from 1 on.
    [[nodiscard]] std::uint64_t number() const { return number_; }

   private:
    KeepContext* context_;  // must outlive
    std::uint64_t number_ = 0;
    std::multiset<TimeMicros>::iterator place_;
  };

  // Does nobody hold this pin any more, nor one that came before it?
  [[nodiscard]] bool IsPast(std::uint64_t number) const;

  // kMinTime while nobody holds a pin.
  [[nodiscard]] TimeMicros horizon() const { return horizon_.load(std::memory_order_acquire); }

 private:
  void UpdateHorizon();

  mutable std::shared_mutex views_mutex_;
  std::unordered_map<DataId, std::shared_ptr<const KeptView>> views_;
  mutable std::mutex pins_mutex_;
  std::multiset<TimeMicros> pins_;
  std::set<std::uint64_t> pin_numbers_;  // of those that are held
  std::uint64_t last_number_ = 0;
  std::atomic<TimeMicros> horizon_{kMinTime};
};

}  // namespace coeval
