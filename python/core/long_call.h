// LongCall: runs work of the engine on a thread of its own, while the caller's thread watches for
// Ctrl-C, shows progress and passes on what the engine logs. So a training set can be interrupted
// in a notebook, and no thread of the engine ever enters Python.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <nanobind/nanobind.h>

#include "base/context.h"
#include "base/progress.h"
#include "base/status.h"

namespace coeval::python {

// The newest progress of each thing that is worked on. Threads: any.
class ProgressBoard {
 public:
  // For the engine.
  ProgressSink Sink();

  // Calls `show(what, rows_done, rows_expected, finished)` for what has changed since the last
  // call. REQUIRES: the GIL.
  void Show(const nanobind::object& show);

 private:
  struct Entry {
    std::int64_t rows_done = 0;
    std::int64_t rows_expected = -1;
    bool finished = false;
    bool changed = false;
  };

  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

// Runs `work` on another thread and waits for it. At Ctrl-C, and where `show` raises, `cancel` is
// set, the work is waited for, and the exception goes on. REQUIRES: the GIL, which is free while
// waiting.
void RunWatched(const std::function<void()>& work, CancelToken& cancel, ProgressBoard& board,
                const nanobind::object& show);

// The same for work with a Result.
template <typename T>
Result<T> CallWatched(const std::function<Result<T>()>& work, CancelToken& cancel,
                      ProgressBoard& board, const nanobind::object& show) {
  std::optional<Result<T>> result;
  RunWatched([&] { result.emplace(work()); }, cancel, board, show);
  return *std::move(result);
}

}  // namespace coeval::python
