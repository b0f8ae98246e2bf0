// Where `now` comes from (rule 1.4): an injectable clock, read once per request.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/status.h"
#include "base/time.h"

namespace coeval {

// Threads: Now() may be called from any number of threads at once.
class Clock {
 public:
  virtual ~Clock() = default;
  // The time of this moment. Errors: Unavailable, where a file should hold it and does not.
  virtual Result<TimeMicros> Now() const = 0;
  // "system", "fixed 2013-10-01T00:00:00Z", "file /run/clock": what /ready and doctor show.
  virtual std::string Describe() const = 0;
};

// The machine's clock.
std::shared_ptr<const Clock> SystemClock();

// A clock that stands still until it is moved: for tests and for data of the past.
class FixedClock : public Clock {
 public:
  explicit FixedClock(TimeMicros now) : now_(now) {}

  Result<TimeMicros> Now() const override { return now_.load(); }

  std::string Describe() const override;

  void Set(TimeMicros now) { now_.store(now); }

 private:
  std::atomic<TimeMicros> now_;
};

// Reads the time (ISO 8601 text) from a file at each call.
std::shared_ptr<const Clock> FileClock(std::string path);

// "TIME" or "@FILE", as `coeval serve --clock` takes it; "" or "system" is the machine's clock.
Result<std::shared_ptr<const Clock>> ParseClock(const std::string& text);

}  // namespace coeval
