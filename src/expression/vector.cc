#include "expression/vector.h"

namespace coeval {

namespace {

constexpr std::size_t kBlockBytes = std::size_t{64} << 10;

}  // namespace

void TextArena::Grow(std::size_t size) {
  const std::size_t block = std::max(size, kBlockBytes);
  blocks_.push_back(std::make_unique_for_overwrite<char[]>(block));
  if (blocks_.size() == 1) first_block_size_ = block;
  next_ = blocks_.back().get();
  left_ = block;
}

// The first block stays, unless one huge text made it.
void TextArena::Clear() {
  if (blocks_.empty()) return;
  if (first_block_size_ > kBlockBytes) blocks_.clear();
  if (blocks_.size() > 1) blocks_.resize(1);
  next_ = blocks_.empty() ? nullptr : blocks_[0].get();
  left_ = blocks_.empty() ? 0 : first_block_size_;
}

}  // namespace coeval
