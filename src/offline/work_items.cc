#include "offline/work_items.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

namespace coeval {
namespace {

class Items {
 public:
  Items(std::size_t n, const CancelToken& cancel,
        const std::function<Status(std::size_t, std::size_t)>& work)
      : cancel_(cancel), work_(work), end_(n) {}

  void Run(std::size_t worker) {
    while (true) {
      const std::size_t item = next_.fetch_add(1);
      // Items are taken in order, so all before a failed one were begun, and will be ended.
      if (item >= end_.load()) return;
      Status status = cancel_.Check();
      if (status.ok()) status = work_(worker, item);
      if (!status.ok()) Fail(item, std::move(status));
    }
  }

  [[nodiscard]] const Status& failure() const { return failure_; }

 private:
  void Fail(std::size_t item, Status status) {
    const std::lock_guard lock(mutex_);
    if (item >= end_.load()) return;  // one before it failed
    end_.store(item);
    failure_ = std::move(status);
  }

  const CancelToken& cancel_;
  const std::function<Status(std::size_t, std::size_t)>& work_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::size_t> end_;
  std::mutex mutex_;
  Status failure_;  // guarded by mutex_ while threads run
};

}  // namespace

Status RunItems(int threads, std::size_t n, const CancelToken& cancel,
                const std::function<Status(std::size_t worker, std::size_t item)>& work) {
  Items items(n, cancel, work);
  const std::size_t workers = std::min(n, static_cast<std::size_t>(std::max(1, threads)));
  std::vector<std::thread> others;
  for (std::size_t worker = 1; worker < workers; ++worker) {
    others.emplace_back([&items, worker] { items.Run(worker); });
  }
  items.Run(0);
  for (std::thread& other : others) other.join();
  return items.failure();
}

}  // namespace coeval
