#include "offline/untouched.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <new>
#include <vector>

namespace coeval {
namespace {

constexpr std::size_t kHuge = std::size_t{2} << 20;
constexpr std::size_t kMostReady = std::size_t{512} << 20;

struct Block {
  std::uint8_t* memory = nullptr;
  std::size_t size = 0;
};

// NOLINTBEGIN(cppcoreguidelines-no-malloc): aligned, and given back by std::free
std::uint8_t* Allocate(std::size_t alignment, std::size_t size) {
  auto* memory = static_cast<std::uint8_t*>(std::aligned_alloc(alignment, size));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void GiveBack(std::uint8_t* memory) {
  std::free(memory);
}

// NOLINTEND(cppcoreguidelines-no-malloc)

// Large blocks that lie ready, the one given last at the end. Threads: any.
class ReadyBlocks {
 public:
  // One of that size, or a little more; the smallest.
  Block Take(std::size_t size) {
    const std::lock_guard lock(mutex_);
    auto best = blocks_.end();
    for (auto block = blocks_.begin(); block != blocks_.end(); ++block) {
      const bool fits = block->size >= size && block->size <= size + size / 4;
      if (fits && (best == blocks_.end() || block->size < best->size)) best = block;
    }
    if (best == blocks_.end()) return {};
    const Block found = *best;
    blocks_.erase(best);
    bytes_ -= found.size;
    return found;
  }

  // The oldest make room.
  void Put(Block block) {
    if (block.size > kMostReady) {
      GiveBack(block.memory);
      return;
    }
    ::madvise(block.memory, block.size, MADV_FREE);
    const std::lock_guard lock(mutex_);
    while (bytes_ + block.size > kMostReady) {
      bytes_ -= blocks_.front().size;
      GiveBack(blocks_.front().memory);
      blocks_.erase(blocks_.begin());
    }
    blocks_.push_back(block);
    bytes_ += block.size;
  }

 private:
  std::mutex mutex_;
  std::vector<Block> blocks_;  // guarded by mutex_
  std::size_t bytes_ = 0;      // guarded by mutex_
};

// Never destroyed: columns may live as long as the process.
ReadyBlocks& Ready() {
  static ReadyBlocks* const ready = new ReadyBlocks;
  return *ready;
}

}  // namespace

std::shared_ptr<std::uint8_t> Untouched(std::size_t bytes) {
  if (bytes < kHuge) {
    const std::size_t size = std::max<std::size_t>(64, (bytes + 63) / 64 * 64);
    return {Allocate(64, size), GiveBack};
  }
  Block block = Ready().Take((bytes + kHuge - 1) / kHuge * kHuge);
  if (block.memory == nullptr) {
    block.size = (bytes + kHuge - 1) / kHuge * kHuge;
    block.memory = Allocate(kHuge, block.size);
    ::madvise(block.memory, block.size, MADV_HUGEPAGE);
  }
  return {block.memory, [block](std::uint8_t* /*held*/) { Ready().Put(block); }};
}

}  // namespace coeval
