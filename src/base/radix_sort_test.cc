#include "base/radix_sort.h"

#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace coeval {
namespace {

struct Row {
  std::int64_t number;
  int place;
};

TEST(RadixSortTest, IsAStableSort) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::vector<Row> scratch;
  for (int round = 0; round < 2000; ++round) {
    const int bits = static_cast<int>(random() % 65);
    const std::uint64_t mask = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
    const auto begin = bits < 60 ? static_cast<std::int64_t>(random() >> 2) - (1LL << 61) : 0;
    std::vector<Row> rows(random() % 60);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::uint64_t above = random() & mask;
      rows[i] = {static_cast<std::int64_t>(static_cast<std::uint64_t>(begin) + above),
                 static_cast<int>(i)};
    }
    std::vector<Row> expected = rows;
    std::stable_sort(expected.begin(), expected.end(),
                     [](const Row& a, const Row& b) { return a.number < b.number; });
    RadixSort(std::span<Row>(rows), &scratch, [](const Row& row) { return row.number; });
    for (std::size_t i = 0; i < rows.size(); ++i) {
      ASSERT_EQ(rows[i].number, expected[i].number);
      ASSERT_EQ(rows[i].place, expected[i].place);
    }
  }
}

TEST(RadixSortTest, SortsTheWholeRange) {
  std::vector<std::int64_t> numbers = {std::numeric_limits<std::int64_t>::max(), 0, -1,
                                       std::numeric_limits<std::int64_t>::min(), 1};
  std::vector<std::int64_t> scratch;
  RadixSort(std::span(numbers), &scratch, [](std::int64_t number) { return number; });
  EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
}

}  // namespace
}  // namespace coeval
