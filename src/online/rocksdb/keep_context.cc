#include "online/rocksdb/keep_context.h"

namespace coeval {

void KeepContext::SetView(DataId id, KeptView view) {
  const std::unique_lock lock(views_mutex_);
  views_[id] = std::make_shared<const KeptView>(std::move(view));
}

void KeepContext::ForgetView(DataId id) {
  const std::unique_lock lock(views_mutex_);
  views_.erase(id);
}

std::shared_ptr<const KeptView> KeepContext::Find(DataId id) const {
  const std::shared_lock lock(views_mutex_);
  const auto found = views_.find(id);
  return found == views_.end() ? nullptr : found->second;
}

KeepContext::Pin::Pin(KeepContext* context, TimeMicros horizon) : context_(context) {
  const std::lock_guard lock(context_->pins_mutex_);
  place_ = context_->pins_.insert(horizon);
  number_ = ++context_->last_number_;
  context_->pin_numbers_.insert(number_);
  context_->UpdateHorizon();
}

KeepContext::Pin::~Pin() {
  const std::lock_guard lock(context_->pins_mutex_);
  context_->pins_.erase(place_);
  context_->pin_numbers_.erase(number_);
  context_->UpdateHorizon();
}

bool KeepContext::IsPast(std::uint64_t number) const {
  const std::lock_guard lock(pins_mutex_);
  return pin_numbers_.empty() || *pin_numbers_.begin() > number;
}

void KeepContext::UpdateHorizon() {
  horizon_.store(pins_.empty() ? kMinTime : *pins_.begin(), std::memory_order_release);
}

}  // namespace coeval
