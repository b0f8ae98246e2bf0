#include "io/fault.h"

#include <signal.h>

#include <atomic>

#include "base/status.h"

namespace coeval {

namespace {

std::atomic<bool> g_armed{false};
std::atomic<std::int64_t> g_calls_left{0};
std::atomic<int> g_error{0};
std::atomic<bool> g_for_good{false};

}  // namespace

FaultInjection::FaultInjection(std::int64_t nth, int error, Lasts lasts) {
  COEVAL_CHECK(nth > 0 && error != 0);
  COEVAL_CHECK(!g_armed.load());
  g_calls_left.store(nth);
  g_error.store(error);
  g_for_good.store(lasts == Lasts::kForGood);
  g_armed.store(true);
}

FaultInjection::~FaultInjection() {
  g_armed.store(false);
}

bool FaultInjection::happened() const {
  return g_calls_left.load() <= 0;
}

int InjectedError() {
  if (!g_armed.load(std::memory_order_relaxed)) return 0;
  const std::int64_t left = g_calls_left.fetch_sub(1);
  if (left > 1 || (left < 1 && !g_for_good.load())) return 0;
  const int error = g_error.load();
  if (error == FaultInjection::kKill) ::raise(SIGKILL);
  return error;
}

}  // namespace coeval
