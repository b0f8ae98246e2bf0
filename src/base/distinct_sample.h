// DistinctSample: some of many byte strings, each distinct one as likely as any other: those of the
// least hashes under a seed. So the same strings and seed give the same sample, in whatever order
// and however often they come; and what is added from two sets is a sample of both together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coeval {

// Threads: one. Cost: a hash for each string that is added; memory for those that are kept.
class DistinctSample {
 public:
  // Keeps at most `most`.
  DistinctSample(std::size_t most, std::uint64_t seed) : most_(most), seed_(seed) {}

  void Add(std::string_view bytes);

  // Those that are kept, by their bytes.
  [[nodiscard]] std::vector<std::string> Sorted() const;

 private:
  const std::size_t most_;
  const std::uint64_t seed_;
  std::set<std::pair<std::uint64_t, std::string>> kept_;
};

}  // namespace coeval
