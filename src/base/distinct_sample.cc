#include "base/distinct_sample.h"

#include <algorithm>
#include <iterator>

#include "base/hash.h"

namespace coeval {
namespace {

// A bijection that spreads every bit over all (the end of splitmix64).
std::uint64_t Mixed(std::uint64_t bits) {
  bits = (bits ^ (bits >> 30U)) * 0xBF58476D1CE4E5B9U;
  bits = (bits ^ (bits >> 27U)) * 0x94D049BB133111EBU;
  return bits ^ (bits >> 31U);
}

}  // namespace

void DistinctSample::Add(std::string_view bytes) {
  if (most_ == 0) return;
  const std::uint64_t hash = Mixed(Hash64(bytes) ^ Mixed(seed_));
  if (kept_.size() == most_ && hash > std::prev(kept_.end())->first) return;
  kept_.emplace(hash, bytes);
  if (kept_.size() > most_) kept_.erase(std::prev(kept_.end()));
}

std::vector<std::string> DistinctSample::Sorted() const {
  std::vector<std::string> sorted;
  for (const auto& [hash, bytes] : kept_) sorted.push_back(bytes);
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

}  // namespace coeval
