// Context: what every long operation needs from outside, made once when a store is opened and
// passed down, never global: the clock, memory budget, a way to cancel, a log.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/memory_ledger.h"
#include "base/status.h"

namespace coeval {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };
using LogSink = std::function<void(LogLevel, std::string_view message)>;

// Set from a signal handler or another thread; long loops look at it once per batch.
class CancelToken {
 public:
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }

  [[nodiscard]] bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

  // kCancelled once Cancel() was called.
  [[nodiscard]] Status Check() const {
    return cancelled() ? Status::Cancelled("stopped on request") : Status();
  }

 private:
  std::atomic<bool> cancelled_{false};
};

// Copied freely; the things that it points to are shared and internally locked.
struct Context {
  std::shared_ptr<const Clock> clock = SystemClock();
  std::shared_ptr<CancelToken> cancel = std::make_shared<CancelToken>();
  LogSink log = [](LogLevel, std::string_view) {};
  // Of the process; what its operations have taken of it.
  std::int64_t memory_budget_bytes = std::int64_t{2} << 30;
  std::shared_ptr<MemoryLedger> memory = std::make_shared<MemoryLedger>();
  // Where files go that stand in for memory; "" = $TMPDIR or /tmp.
  std::string scratch_folder = {};
  int threads = 2;
};

}  // namespace coeval
