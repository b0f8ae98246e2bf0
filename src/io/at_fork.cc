#include "io/at_fork.h"

#include <pthread.h>

#include <mutex>
#include <utility>

namespace coeval {

struct ForkHooks {
  ForkHooks() { ::pthread_atfork(&Before, &After, &After); }

  // Never destroyed: a process may fork while it ends.
  static ForkHooks& Get() {
    static auto* const hooks = new ForkHooks;
    return *hooks;
  }

  static void Before() {
    ForkHooks& hooks = Get();
    hooks.mutex.lock();
    for (const AtFork* each : hooks.all) each->before_();
  }

  static void After() {
    ForkHooks& hooks = Get();
    for (const AtFork* each : hooks.all) each->after_();
    hooks.mutex.unlock();
  }

  std::mutex mutex;
  std::list<AtFork*> all;  // guarded by mutex
};

AtFork::AtFork(std::function<void()> before, std::function<void()> after)
    : before_(std::move(before)), after_(std::move(after)) {
  ForkHooks& hooks = ForkHooks::Get();
  const std::lock_guard lock(hooks.mutex);
  place_ = hooks.all.insert(hooks.all.end(), this);
}

AtFork::~AtFork() {
  ForkHooks& hooks = ForkHooks::Get();
  const std::lock_guard lock(hooks.mutex);
  hooks.all.erase(place_);
}

}  // namespace coeval
