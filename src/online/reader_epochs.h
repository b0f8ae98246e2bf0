// ReaderEpochs: when may memory be freed that readers without locks may still look at? Whoever
// reads enters an epoch and leaves it. What was made unreachable in epoch e is freed in e + 2: the
// epoch goes on only when nobody is in the one before, so nobody is left who could have seen it.
//
//   reader    const ReaderEpochs::Reading reading(epochs);  ...looks, and uses what it found...
//   writer    takes it out of reach; e = epochs.current();  once epochs.Advance() >= e + 2: frees
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace coeval {

// Threads: any. Cost of a reader: two additions to a counter that it shares with few others.
class ReaderEpochs {
 public:
  ReaderEpochs() = default;
  ReaderEpochs(const ReaderEpochs&) = delete;
  ReaderEpochs& operator=(const ReaderEpochs&) = delete;

  // For a request, not for a day: while it lives nothing is freed.
  class Reading {
   public:
    explicit Reading(ReaderEpochs& epochs);
    ~Reading();
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;

   private:
    std::atomic<std::int64_t>* readers_;
  };

  [[nodiscard]] std::uint64_t current() const { return epoch_.load(); }

  // Goes on to the next epoch where nobody is in the last one; the current one either way.
  std::uint64_t Advance();

 private:
  static constexpr std::size_t kStripes = 16;

  struct alignas(64) Stripe {
    std::array<std::atomic<std::int64_t>, 2> readers{};  // of even and of odd epochs
  };

  std::atomic<std::uint64_t> epoch_{2};
  std::array<Stripe, kStripes> stripes_;
};

}  // namespace coeval
