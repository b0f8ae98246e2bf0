#include "online/reader_epochs.h"

#include <algorithm>

namespace coeval {
namespace {

// Threads are numbered as they come, so that few of them share a counter.
std::size_t NumberOfThread() {
  static std::atomic<std::size_t> threads{0};
  thread_local const std::size_t number = threads.fetch_add(1, std::memory_order_relaxed);
  return number;
}

}  // namespace

// All is sequentially consistent: who finds the epoch unchanged after having been counted is seen
// by whoever wants to go on from the epoch that follows; and who entered a later epoch than that in
// which something went out of reach does not find it.
ReaderEpochs::Reading::Reading(ReaderEpochs& epochs) {
  Stripe& stripe = epochs.stripes_[NumberOfThread() % kStripes];
  while (true) {
    const std::uint64_t epoch = epochs.epoch_.load();
    readers_ = &stripe.readers[epoch % 2];
    readers_->fetch_add(1);
    if (epochs.epoch_.load() == epoch) return;
    readers_->fetch_sub(1);
  }
}

ReaderEpochs::Reading::~Reading() {
  readers_->fetch_sub(1);
}

std::uint64_t ReaderEpochs::Advance() {
  std::uint64_t epoch = epoch_.load();
  const bool left = std::all_of(stripes_.begin(), stripes_.end(), [&](const Stripe& stripe) {
    return stripe.readers[(epoch + 1) % 2].load() == 0;
  });
  if (left && epoch_.compare_exchange_strong(epoch, epoch + 1)) return epoch + 1;
  return epoch_.load();
}

}  // namespace coeval
