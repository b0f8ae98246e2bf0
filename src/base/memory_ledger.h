// MemoryLedger: how much of a process's memory budget its operations have asked for. Each says what
// it will take before it begins, and takes less where others have taken their share.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace coeval {

// Threads: any.
class MemoryLedger {
 public:
  // What was taken; given back when dropped.
  class Share {
   public:
    Share() = default;

    Share(Share&& other) noexcept
        : ledger_(std::exchange(other.ledger_, nullptr)), bytes_(other.bytes_) {}

    Share& operator=(Share&& other) noexcept {
      std::swap(ledger_, other.ledger_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }

    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    ~Share() {
      if (ledger_ != nullptr) ledger_->taken_.fetch_sub(bytes_);
    }

    [[nodiscard]] std::int64_t bytes() const { return bytes_; }

   private:
    friend class MemoryLedger;

    Share(std::shared_ptr<MemoryLedger> ledger, std::int64_t bytes)
        : ledger_(std::move(ledger)), bytes_(bytes) {}

    std::shared_ptr<MemoryLedger> ledger_;
    std::int64_t bytes_ = 0;
  };

  // As many as are wanted, or what is left of `budget`, but `least` at any rate: an operation that
  // finds nothing left goes on, slowly.
  static Share Take(const std::shared_ptr<MemoryLedger>& ledger, std::int64_t budget,
                    std::int64_t wanted, std::int64_t least) {
    std::int64_t taken = ledger->taken_.load();
    while (true) {
      const std::int64_t bytes = std::min(wanted, std::max(budget - taken, least));
      if (ledger->taken_.compare_exchange_weak(taken, taken + bytes)) return {ledger, bytes};
    }
  }

  [[nodiscard]] std::int64_t taken() const { return taken_.load(); }

 private:
  std::atomic<std::int64_t> taken_ = 0;
};

}  // namespace coeval
