#include "online/time_keeper.h"

#include <algorithm>
#include <string>
#include <utility>

namespace coeval {

TimeKeeper::TimeKeeper(std::shared_ptr<const Clock> clock, Start start, WriteLease write_lease,
                       LogSink log)
    : clock_(std::move(clock)),
      write_lease_(std::move(write_lease)),
      log_(std::move(log)),
      started_(start.lease),
      visible_c_(start.last_c),
      last_c_(start.last_c),
      last_t_(std::max(start.lease, start.last_c)),
      bound_(start.lease),
      wanted_(start.lease),
      renewer_([this] { RenewUntilStopped(); }) {}

TimeKeeper::~TimeKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wanted_changed_.notify_all();
  renewer_.join();
  if (last_t_ < bound_) {
    if (const Status status = write_lease_(last_t_); !status.ok()) {
      log_(LogLevel::kWarning, "the lease stays ahead of the last answer: " + status.ToString());
    }
  }
}

TimeMicros TimeKeeper::TimeAt(TimeMicros clock) const {
  const TimeMicros t = std::max({clock, visible_c_, started_});
  return pending_ ? std::min(t, *pending_ - 1) : t;
}

// A visible C is durable, and every later C is greater: it bounds answers as a lease does.
TimeMicros TimeKeeper::DurableBound() const {
  const TimeMicros bound = std::max(bound_, visible_c_);
  return pending_ ? std::min(bound, *pending_ - 1) : bound;
}

Result<TimeMicros> TimeKeeper::Now(const std::function<void()>& with) {
  COEVAL_ASSIGN_OR_RETURN(const TimeMicros clock, clock_->Now());
  std::unique_lock lock(mutex_);
  TimeMicros t = TimeAt(clock);
  if (t > SaturatingSubtract(bound_, kLease / 2)) {
    const TimeMicros wanted = SaturatingAdd(t, kLease);
    if (wanted > wanted_ || failing_) {
      wanted_ = std::max(wanted, wanted_);
      failing_ = false;
      wanted_changed_.notify_one();
    }
  }
  if (t > DurableBound()) {
    const std::uint64_t before = attempts_;
    // Two attempts: the first may have begun before this question asked for more.
    renewed_.wait(lock, [&] {
      return TimeAt(clock) <= DurableBound() || attempts_ >= before + 2 || failing_ || stop_;
    });
    t = std::min(TimeAt(clock), DurableBound());
  }
  last_t_ = std::max(last_t_, t);
  if (with) with();
  return t;
}

Result<TimeMicros> TimeKeeper::TakeC(std::int64_t batches) {
  COEVAL_ASSIGN_OR_RETURN(const TimeMicros clock, clock_->Now());
  const std::lock_guard lock(mutex_);
  COEVAL_CHECK(!pending_);
  pending_ = std::max({clock, SaturatingAdd(last_c_, 1), SaturatingAdd(last_t_, 1)});
  last_c_ = SaturatingAdd(*pending_, batches - 1);
  return *pending_;
}

void TimeKeeper::Publish(const std::function<void()>& publish) {
  const std::lock_guard lock(mutex_);
  COEVAL_CHECK(pending_.has_value());
  visible_c_ = last_c_;
  pending_.reset();
  publish();
}

void TimeKeeper::Abandon() {
  const std::lock_guard lock(mutex_);
  pending_.reset();
}

void TimeKeeper::Adopt(TimeMicros c, const std::function<void()>& publish) {
  const std::lock_guard lock(mutex_);
  visible_c_ = std::max(visible_c_, c);
  last_c_ = std::max(last_c_, c);
  publish();
}

TimeMicros TimeKeeper::last_c() const {
  const std::lock_guard lock(mutex_);
  return last_c_;
}

TimeMicros TimeKeeper::visible_c() const {
  const std::lock_guard lock(mutex_);
  return visible_c_;
}

TimeMicros TimeKeeper::lease() const {
  const std::lock_guard lock(mutex_);
  return bound_;
}

void TimeKeeper::RenewUntilStopped() {
  std::unique_lock lock(mutex_);
  bool warned = false;
  while (true) {
    wanted_changed_.wait(lock, [&] { return stop_ || (wanted_ > bound_ && !failing_); });
    if (stop_) return;
    const TimeMicros wanted = wanted_;
    lock.unlock();
    const Status status = write_lease_(wanted);
    if (!status.ok() && !warned) {
      log_(LogLevel::kWarning,
           "the time of answers stands still, its lease cannot be written: " + status.ToString());
    }
    warned = !status.ok();
    lock.lock();
    if (status.ok()) bound_ = wanted;
    failing_ = !status.ok();
    ++attempts_;
    renewed_.notify_all();
  }
}

}  // namespace coeval
