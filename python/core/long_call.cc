#include "core/long_call.h"

#include <chrono>
#include <exception>
#include <thread>
#include <vector>

namespace coeval::python {
namespace {

namespace nb = nanobind;

constexpr std::chrono::milliseconds kGlance{100};

}  // namespace

ProgressSink ProgressBoard::Sink() {
  return [this](const Progress& progress) {
    const std::lock_guard lock(mutex_);
    entries_[std::string(progress.what)] = {progress.rows_done, progress.rows_expected,
                                            progress.finished, true};
  };
}

void ProgressBoard::Show(const nb::object& show) {
  if (show.is_none()) return;
  std::vector<std::pair<std::string, Entry>> changed;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [what, entry] : entries_) {
      if (!entry.changed) continue;
      entry.changed = false;
      changed.emplace_back(what, entry);
    }
  }
  for (const auto& [what, entry] : changed) {
    show(nb::str(what.data(), what.size()), entry.rows_done, entry.rows_expected, entry.finished);
  }
}

void RunWatched(const std::function<void()>& work, CancelToken& cancel, ProgressBoard& board,
                const nb::object& show) {
  std::mutex mutex;
  std::condition_variable done_signal;
  bool done = false;
  std::exception_ptr failure;    // of the work: nothing of ours throws, libraries may
  std::exception_ptr interrupt;  // KeyboardInterrupt, or what `show` raised
  std::thread worker([&] {
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
    const std::lock_guard lock(mutex);
    done = true;
    done_signal.notify_one();
  });
  while (true) {
    bool finished = false;
    {
      const nb::gil_scoped_release release;
      std::unique_lock lock(mutex);
      finished = done_signal.wait_for(lock, kGlance, [&] { return done; });
    }
    if (!interrupt) {
      try {
        if (PyErr_CheckSignals() != 0) throw nb::python_error();
        board.Show(show);
      } catch (...) {
        interrupt = std::current_exception();
        cancel.Cancel();
      }
    }
    if (finished) break;
  }
  worker.join();
  if (interrupt) std::rethrow_exception(interrupt);
  if (failure) std::rethrow_exception(failure);
}

}  // namespace coeval::python
