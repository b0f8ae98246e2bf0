// StoreHandle: a FeatureStore that Python may close while other threads still ask it, and whose log
// reaches Python on Python's own threads.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>

#include "base/context.h"
#include "base/status.h"
#include "core/errors.h"
#include "core/long_call.h"
#include "store/feature_store.h"

namespace coeval::python {

// Threads: any.
class StoreHandle {
 public:
  // `log` is called as log(level: int, message: str); or None. Raises what FeatureStore::Open says.
  StoreHandle(StoreOptions options, nanobind::object log);

  StoreHandle(const StoreHandle&) = delete;
  StoreHandle& operator=(const StoreHandle&) = delete;
  // The GIL is free while the store closes: others who are being answered may need it.
  ~StoreHandle();

  // The store; raises FailedPrecondition once it is closed. It lives as long as what is returned.
  [[nodiscard]] std::shared_ptr<FeatureStore> Get() const;
  // Waits for calls of other threads; the GIL is free meanwhile. A second time it does nothing.
  void Close();

  // A short call, with the GIL free.
  template <typename T>
  T Call(const std::function<Result<T>(FeatureStore&)>& work) {
    const std::shared_ptr<FeatureStore> store = Get();
    Result<T> result = [&] {
      const nanobind::gil_scoped_release release;
      return work(*store);
    }();
    PassLogOn();
    return Unwrap(std::move(result));
  }

  // A long call (long_call.h). `cancel` and `board` are given to the work by the caller.
  template <typename T>
  T CallLong(const std::function<Result<T>(FeatureStore&)>& work, CancelToken& cancel,
             ProgressBoard& board, const nanobind::object& progress) {
    const std::shared_ptr<FeatureStore> store = Get();
    const std::function<Result<T>()> bound = [&] { return work(*store); };
    Result<T> result = CallWatched<T>(bound, cancel, board, progress);
    PassLogOn();
    return Unwrap(std::move(result));
  }

 private:
  // What the engine logged, until Python fetches it. The oldest goes where there is too much.
  struct LogQueue {
    std::mutex mutex;
    std::vector<std::pair<LogLevel, std::string>> lines;
  };

  void PassLogOn();

  std::shared_ptr<LogQueue> queue_ = std::make_shared<LogQueue>();
  nanobind::object log_;
  mutable std::mutex mutex_;
  std::shared_ptr<FeatureStore> store_;  // null once closed
};

}  // namespace coeval::python
