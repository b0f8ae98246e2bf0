// TimeKeeper: the question's time and the batch's C (rule 1.4), for one online store.
//
//   t = max(clock, newest visible C, where the last process may have been)
//   C = max(clock, last C + 1 us, last answered t + 1 us)
//   between taking C and publishing it: t <= C - 1
//
// So what was visible at t is what has C <= t, whatever the clock does. Answered times stay below a
// durable lease; a process that starts after a crash begins at the lease, and so never takes a C
// that an answer was given for. The lease is renewed by a thread of its own, half a lease before it
// runs out: a read waits for the disk only when the clock has jumped past it. Where the lease
// cannot be written (disk full), t stands still at it, and reads go on.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "base/context.h"
#include "base/status.h"
#include "base/time.h"

namespace coeval {

inline constexpr DurationMicros kLease = kSecond;

// Threads: internally locked.
class TimeKeeper {
 public:
  // Writes the lease, durably; called from one thread at a time.
  using WriteLease = std::function<Status(TimeMicros)>;

  struct Start {
    TimeMicros lease = kMinTime;   // what the last process left
    TimeMicros last_c = kMinTime;  // the newest visible C
  };

  TimeKeeper(std::shared_ptr<const Clock> clock, Start start, WriteLease write_lease, LogSink log);
  // Lowers the lease to the last answered time, so that an orderly restart starts there.
  ~TimeKeeper();
  TimeKeeper(const TimeKeeper&) = delete;
  TimeKeeper& operator=(const TimeKeeper&) = delete;

  // t for a question asked now; recorded as answered. `with` runs while nothing can be published:
  // what it picks up is what is visible at t. Errors: those of the clock.
  Result<TimeMicros> Now(const std::function<void()>& with = {});

  // C for a batch that is durable but for its C; for several, the first of as many that follow
  // each other. REQUIRES: none is pending. Errors: of the clock.
  Result<TimeMicros> TakeC(std::int64_t batches = 1);
  // The batches are durable: `publish` makes them visible, and from then on t >= their C.
  void Publish(const std::function<void()>& publish);
  // They will never be: their C are spent.
  void Abandon();
  // A batch with this C is found to be durable: after an abandoned one was, or at the start.
  void Adopt(TimeMicros c, const std::function<void()>& publish);

  // What the clock says, apart from the rules above.
  [[nodiscard]] Result<TimeMicros> ClockTime() const { return clock_->Now(); }

  [[nodiscard]] TimeMicros last_c() const;
  [[nodiscard]] TimeMicros visible_c() const;
  [[nodiscard]] TimeMicros lease() const;

 private:
  [[nodiscard]] TimeMicros TimeAt(TimeMicros clock) const;
  [[nodiscard]] TimeMicros DurableBound() const;
  void RenewUntilStopped();

  const std::shared_ptr<const Clock> clock_;
  const WriteLease write_lease_;
  const LogSink log_;

  mutable std::mutex mutex_;
  std::condition_variable wanted_changed_;
  std::condition_variable renewed_;
  TimeMicros started_;                 // the lease found at the start
  TimeMicros visible_c_;               // newest published C
  TimeMicros last_c_;                  // newest C taken
  std::optional<TimeMicros> pending_;  // the first that is taken and not yet visible
  TimeMicros last_t_;                  // greatest answered t
  TimeMicros bound_;                   // the durable lease
  TimeMicros wanted_;                  // what the lease should become
  std::uint64_t attempts_ = 0;         // renewals finished, well or badly
  bool failing_ = false;               // the last renewal failed
  bool stop_ = false;
  std::thread renewer_;
};

}  // namespace coeval
