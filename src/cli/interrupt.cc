#include "cli/interrupt.h"

#include <atomic>
#include <csignal>
#include <utility>
#include <vector>

namespace coeval {
namespace {

std::atomic<CancelToken*> current{nullptr};
static_assert(std::atomic<CancelToken*>::is_always_lock_free);

extern "C" void HandleInterrupt(int /*signal*/) {
  if (CancelToken* token = current.load()) token->Cancel();
}

}  // namespace

void CancelOnInterrupt(std::shared_ptr<CancelToken> token) {
  // Tokens stay for the life of the process: the handler may be in the middle of using one.
  static std::vector<std::shared_ptr<CancelToken>> kept;
  current.store(token.get());
  kept.push_back(std::move(token));
  struct sigaction action{};
  action.sa_handler = HandleInterrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
}

}  // namespace coeval
