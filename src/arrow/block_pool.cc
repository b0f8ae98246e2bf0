#include "arrow/block_pool.h"

#include <arrow/status.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

namespace coeval::plugin {

using ::arrow::Status;

namespace {

constexpr int64_t kSmallest = int64_t{32} << 10;
constexpr int64_t kLargest = int64_t{1} << 30;  // larger ones come too seldom to be kept
constexpr int64_t kMostReady = int64_t{64} << 20;
constexpr int64_t kHugePage = int64_t{2} << 20;
constexpr int kSteps = 4;  // classes for each power of two: at most a fifth is given away
constexpr std::size_t kClasses = 16 * kSteps;

// A class and the size of its blocks.
struct SizeClass {
  std::size_t index;
  int64_t bytes;
};

// REQUIRES: kSmallest <= size <= kLargest.
SizeClass ClassOf(int64_t size) {
  const auto log = static_cast<int>(
      std::bit_width(static_cast<uint64_t>(size - 1)));  // 2^(log-1) < size <= 2^log
  const int64_t step = (int64_t{1} << log) / (2 * kSteps);
  const int64_t steps = (size + step - 1) / step;  // kSteps < steps <= 2 * kSteps
  const auto first = static_cast<int>(std::bit_width(static_cast<uint64_t>(kSmallest - 1)));
  return {static_cast<std::size_t>((log - first) * kSteps + steps - kSteps - 1), steps * step};
}

class Pool : public ::arrow::MemoryPool {
 public:
  using MemoryPool::Allocate;
  using MemoryPool::Free;
  using MemoryPool::Reallocate;

  Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override {
    if (!IsKept(size)) return small_->Allocate(size, alignment, out);
    const SizeClass of = ClassOf(size);
    uint8_t* block = TakeReady(of);
    if (block == nullptr) block = Fresh(of.bytes);
    if (block == nullptr) {
      return Status::OutOfMemory("malloc of size ", size, " failed");
    }
    *out = block;
    Count(size);
    return Status::OK();
  }

  Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment, uint8_t** ptr) override {
    if (!IsKept(old_size) && !IsKept(new_size)) {
      return small_->Reallocate(old_size, new_size, alignment, ptr);
    }
    if (IsKept(old_size) && IsKept(new_size) &&
        ClassOf(old_size).bytes == ClassOf(new_size).bytes) {
      Count(new_size - old_size);
      return Status::OK();
    }
    uint8_t* moved = nullptr;
    ARROW_RETURN_NOT_OK(Allocate(new_size, alignment, &moved));
    std::memcpy(moved, *ptr, static_cast<std::size_t>(std::min(old_size, new_size)));
    Free(*ptr, old_size, alignment);
    *ptr = moved;
    return Status::OK();
  }

  void Free(uint8_t* buffer, int64_t size, int64_t alignment) override {
    if (!IsKept(size)) return small_->Free(buffer, size, alignment);
    Count(-size);
    const SizeClass of = ClassOf(size);
    {
      const std::lock_guard lock(mutex_);
      if (ready_bytes_ + of.bytes <= kMostReady) {
        ready_bytes_ += of.bytes;
        ready_[of.index].push_back(buffer);
        return;
      }
    }
    std::free(buffer);  // NOLINT(cppcoreguidelines-no-malloc): aligned_alloc's counterpart
  }

  void ReleaseUnused() override {
    const std::lock_guard lock(mutex_);
    for (std::vector<uint8_t*>& blocks : ready_) {
      for (uint8_t* block : blocks) std::free(block);  // NOLINT(cppcoreguidelines-no-malloc)
      blocks.clear();
    }
    ready_bytes_ = 0;
  }

  [[nodiscard]] int64_t bytes_allocated() const override {
    return bytes_.load() + small_->bytes_allocated();
  }

  [[nodiscard]] int64_t max_memory() const override { return -1; }

  [[nodiscard]] int64_t total_bytes_allocated() const override {
    return total_.load() + small_->total_bytes_allocated();
  }

  [[nodiscard]] int64_t num_allocations() const override {
    return allocations_.load() + small_->num_allocations();
  }

  [[nodiscard]] std::string backend_name() const override { return "coeval"; }

 private:
  static bool IsKept(int64_t size) { return size >= kSmallest && size <= kLargest; }

  uint8_t* TakeReady(const SizeClass& of) {
    const std::lock_guard lock(mutex_);
    std::vector<uint8_t*>& blocks = ready_[of.index];
    if (blocks.empty()) return nullptr;
    uint8_t* block = blocks.back();
    blocks.pop_back();
    ready_bytes_ -= of.bytes;
    return block;
  }

  static uint8_t* Fresh(int64_t bytes) {
    const auto size = static_cast<std::size_t>(bytes);
    const std::size_t alignment = bytes >= kHugePage ? static_cast<std::size_t>(kHugePage) : 4096;
    // NOLINTNEXTLINE(cppcoreguidelines-no-malloc): aligned, and given back by std::free
    void* block = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (block != nullptr && bytes >= kHugePage) ::madvise(block, size, MADV_HUGEPAGE);
    return static_cast<uint8_t*>(block);
  }

  void Count(int64_t bytes) {
    bytes_.fetch_add(bytes, std::memory_order_relaxed);
    if (bytes <= 0) return;
    total_.fetch_add(bytes, std::memory_order_relaxed);
    allocations_.fetch_add(1, std::memory_order_relaxed);
  }

  ::arrow::MemoryPool* small_ = ::arrow::default_memory_pool();
  std::atomic<int64_t> bytes_{0};
  std::atomic<int64_t> total_{0};
  std::atomic<int64_t> allocations_{0};
  std::mutex mutex_;
  std::array<std::vector<uint8_t*>, kClasses> ready_;  // guarded by mutex_
  int64_t ready_bytes_ = 0;                            // guarded by mutex_
};

}  // namespace

::arrow::MemoryPool* BlockPool() {
  static auto* pool = new Pool();  // never freed: buffers may outlive what is static
  return pool;
}

}  // namespace coeval::plugin
