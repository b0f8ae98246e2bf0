// HyperLogLog: how many distinct values, estimated from registers alone, so that the estimate is a
// function of the set and not of how it was put together (rule 5.6).
//
// Of a 64-bit hash the upper p bits name a register, and its rank is the position of the first 1
// among the others (1 to 65 - p); a register holds the greatest rank it has seen. The estimator is
// that of Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", 2017, algorithm
// 6: it reads only how many registers hold each rank, and needs no tables of biases.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace coeval {

inline constexpr int kMaxRank = 64;

// How many registers hold each rank.
using RankHistogram = std::array<std::int32_t, kMaxRank + 1>;

// The estimate, rounded half to even. REQUIRES: 4 <= p <= 18, counts add up to 2^p.
std::int64_t EstimateDistinct(const RankHistogram& counts, int p);

struct RegisterRank {
  std::uint32_t index;
  std::uint8_t rank;
};

RegisterRank PlaceOf(std::uint64_t hash, int p);

// Registers that only grow: for tiles.
class Registers {
 public:
  Registers() = default;  // none

  explicit Registers(int p) : ranks_(std::size_t{1} << p, 0) {}

  [[nodiscard]] bool exists() const { return !ranks_.empty(); }

  void Add(std::uint64_t hash, int p) { Raise(PlaceOf(hash, p)); }

  void Raise(RegisterRank place) {
    std::uint8_t& rank = ranks_[place.index];
    if (place.rank > rank) rank = place.rank;
  }

  // REQUIRES: of the same p.
  void Merge(const Registers& other);

  [[nodiscard]] RankHistogram Histogram() const;

  [[nodiscard]] const std::vector<std::uint8_t>& ranks() const { return ranks_; }

  [[nodiscard]] std::vector<std::uint8_t>& ranks() { return ranks_; }

 private:
  std::vector<std::uint8_t> ranks_;
};

// Registers that can take back: how many distinct values stand behind each rank of each register.
// Cost: O(1) per value, O(64) per estimate.
class CountedRegisters {
 public:
  explicit CountedRegisters(int p);

  // A value that was not in the set; one that was.
  void Add(std::uint64_t hash);
  void Remove(std::uint64_t hash);

  [[nodiscard]] const RankHistogram& histogram() const { return histogram_; }

  [[nodiscard]] const std::vector<std::uint8_t>& ranks() const { return ranks_; }

  [[nodiscard]] std::size_t HeldBytes() const { return ranks_.size() + behind_.size() * 32; }

 private:
  static std::uint32_t Slot(RegisterRank place) { return place.index << 7 | place.rank; }

  int p_;
  std::vector<std::uint8_t> ranks_;
  std::unordered_map<std::uint32_t, std::int32_t> behind_;  // by register and rank
  RankHistogram histogram_ = {};
};

}  // namespace coeval
