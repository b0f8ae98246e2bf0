#include "core/store_handle.h"

namespace coeval::python {
namespace {

namespace nb = nanobind;

constexpr std::size_t kMostLines = 1000;

}  // namespace

StoreHandle::StoreHandle(StoreOptions options, nb::object log) : log_(std::move(log)) {
  if (!log_.is_none()) {
    options.log = [queue = queue_](LogLevel level, std::string_view message) {
      const std::lock_guard lock(queue->mutex);
      if (queue->lines.size() == kMostLines) queue->lines.erase(queue->lines.begin());
      queue->lines.emplace_back(level, message);
    };
  }
  Result<std::unique_ptr<FeatureStore>> opened = [&] {
    const nb::gil_scoped_release release;
    return FeatureStore::Open(std::move(options));
  }();
  PassLogOn();
  store_ = Unwrap(std::move(opened));
}

StoreHandle::~StoreHandle() {
  if (store_ == nullptr) return;
  const nb::gil_scoped_release release;
  store_.reset();
}

std::shared_ptr<FeatureStore> StoreHandle::Get() const {
  std::shared_ptr<FeatureStore> store;
  {
    const std::lock_guard lock(mutex_);
    store = store_;
  }
  if (store == nullptr) Raise(Status::FailedPrecondition("the feature store is closed"));
  return store;
}

void StoreHandle::Close() {
  std::shared_ptr<FeatureStore> store;
  {
    const std::lock_guard lock(mutex_);
    store.swap(store_);
  }
  {
    const nb::gil_scoped_release release;
    store.reset();
  }
  PassLogOn();
}

void StoreHandle::PassLogOn() {
  std::vector<std::pair<LogLevel, std::string>> lines;
  {
    const std::lock_guard lock(queue_->mutex);
    lines.swap(queue_->lines);
  }
  for (const auto& [level, message] : lines) {
    log_(static_cast<int>(level), nb::str(message.data(), message.size()));
  }
}

}  // namespace coeval::python
