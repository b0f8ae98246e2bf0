#include "offline/question_parts.h"

#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "column/testing.h"
#include "offline/testing.h"

namespace coeval {
namespace {

TEST(QuestionPartsTest, PutAllQuestionsOfAKeyIntoOnePart) {
  const std::uint64_t seed = TestSeed();
  Random random(seed);
  const Column keys = RandomColumn(TypeId::kString, 3000, seed);
  std::vector<TimeMicros> times;
  for (int i = 0; i < 3000; ++i) times.push_back(Pick(random, 1000));
  const std::vector<Column> columns{keys};
  const QuestionParts parts(columns, times, 7);
  ASSERT_EQ(parts.size(), 7U);
  std::map<std::string, std::size_t> part_of;
  std::set<std::uint32_t> seen;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const QuestionPart part = parts.Make(p).value();
    EXPECT_TRUE(std::is_sorted(part.rows.begin(), part.rows.end()));
    EXPECT_EQ(part.index.num_questions(), std::ssize(part.rows));
    EXPECT_EQ(part.index.min_time(), parts.Make(0)->index.min_time());
    EXPECT_EQ(part.index.max_time(), parts.Make(0)->index.max_time());
    for (const std::uint32_t row : part.rows) {
      EXPECT_TRUE(seen.insert(row).second);
      if (keys.IsNull(row)) continue;
      const auto [at, is_new] = part_of.try_emplace(std::string(keys.bytes(row)), p);
      EXPECT_EQ(at->second, p) << "COEVAL_SEED=" << seed;
    }
  }
  EXPECT_EQ(seen.size(), 3000U);
}

TEST(QuestionPartsTest, WithoutAKeyThereIsOnePartToFill) {
  const std::vector<TimeMicros> times{3, 1, 2};
  const QuestionParts parts({}, times, 4);
  EXPECT_EQ(parts.size(), 1U);
  std::size_t rows = 0;
  for (std::size_t p = 0; p < parts.size(); ++p) rows += parts.Make(p)->rows.size();
  EXPECT_EQ(rows, 3U);
  EXPECT_EQ(parts.Make(0)->index.min_time(), 1);
  EXPECT_EQ(parts.Make(0)->index.max_time(), 3);
}

}  // namespace
}  // namespace coeval
