#include "online/file_changes.h"

#include <algorithm>
#include <utility>

namespace coeval {

FileChanges FileChanges::With(std::uint64_t from, std::uint64_t to, TouchedKeys keys) const {
  FileChanges next;
  if (!keys || keys->size() > kMostKeys) return next;
  std::sort(keys->begin(), keys->end());
  std::size_t count = keys->size();
  std::size_t first = writes_.size();  // of those that are still remembered
  const bool follows = !writes_.empty() && writes_.back().to == from;
  while (follows && first > 0 && writes_.size() - first + 1 < kMostWrites) {
    count += writes_[first - 1].keys->size();
    if (count > kMostKeys) break;
    --first;
  }
  next.writes_.assign(writes_.begin() + static_cast<std::ptrdiff_t>(first), writes_.end());
  next.writes_.push_back(
      {from, to, std::make_shared<const std::vector<std::uint64_t>>(std::move(*keys))});
  return next;
}

bool FileChanges::Untouched(std::uint64_t from, std::uint64_t to, std::uint64_t hash) const {
  std::uint64_t reached = to;
  for (auto write = writes_.rbegin(); reached > from && write != writes_.rend(); ++write) {
    if (write->to > reached) continue;
    if (write->to != reached) return false;
    if (std::binary_search(write->keys->begin(), write->keys->end(), hash)) return false;
    reached = write->from;
  }
  return reached == from;
}

std::size_t FileChanges::bytes() const {
  std::size_t bytes = 0;
  for (const Write& write : writes_) bytes += write.keys->size() * sizeof(std::uint64_t);
  return bytes;
}

}  // namespace coeval
