#include "offline/row_spill.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "column/testing.h"
#include "offline/testing.h"

namespace coeval {
namespace {

TEST(RowSpillTest, GivesRowsBackInOrderWhateverTheOrderTheyCameIn) {
  const std::uint64_t seed = TestSeed();
  std::mt19937_64 random(seed);
  for (int round = 0; round < 60; ++round) {
    const std::int64_t rows = 1 + Pick(random, 300);
    const std::int64_t run_rows = 1 + Pick(random, 120);
    const std::vector<ColumnSchema> schema = {{"a", RandomType(random, 2)},
                                              {"b", TypeId::kFloat64}};
    std::vector<Column> all;
    for (const ColumnSchema& column : schema)
      all.push_back(RandomColumn(column.type, rows, random()));
    std::vector<std::int64_t> order(static_cast<std::size_t>(rows));
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    const auto added = static_cast<std::size_t>(Pick(random, rows + 1));  // the others stay null

    ScratchFile file = ScratchFile::Make("").value();
    RowSpill spill(
        schema, {.num_rows = rows, .run_rows = run_rows, .held_bytes = Pick(random, 4000)}, &file);
    const Context context;
    const auto add = [&](std::size_t first, std::size_t last) {
      for (std::size_t at = first; at < last;) {
        const std::size_t end = std::min(last, at + 7);
        const std::vector<std::int64_t> taken(order.begin() + static_cast<std::ptrdiff_t>(at),
                                              order.begin() + static_cast<std::ptrdiff_t>(end));
        std::vector<Column> columns;
        for (const Column& column : all) columns.push_back(column.Take(taken));
        EXPECT_TRUE(spill.Add({taken.begin(), taken.end()}, std::move(columns), context).ok());
        at = end;
      }
    };
    std::thread other(add, 0, added / 2);
    add(added / 2, added);
    other.join();
    ASSERT_TRUE(spill.Finish(context).ok());

    std::vector<std::int64_t> expected(order.size(), -1);
    for (std::size_t i = 0; i < added; ++i) expected[static_cast<std::size_t>(order[i])] = order[i];
    for (std::int64_t run = 0; run * run_rows < rows; ++run) {
      const auto read = spill.Read(static_cast<std::size_t>(run), context);
      ASSERT_TRUE(read.ok()) << read.status().ToString();
      const std::int64_t count = std::min(run_rows, rows - run * run_rows);
      for (std::size_t c = 0; c < schema.size(); ++c) {
        EXPECT_TRUE(SameBits((*read)[c], all[c].Take(expected).Slice(run * run_rows, count)))
            << "COEVAL_SEED=" << seed << ", round " << round << ", run " << run;
      }
    }
  }
}

TEST(RowSpillTest, ARunThatNothingWasAddedToIsNull) {
  ScratchFile file = ScratchFile::Make("").value();
  RowSpill spill({{"a", TypeId::kInt64}}, {.num_rows = 5, .run_rows = 3, .held_bytes = 100}, &file);
  const Context context;
  ASSERT_TRUE(spill.Add({4}, {MakeColumn("int64", "[7]")}, context).ok());
  ASSERT_TRUE(spill.Finish(context).ok());
  EXPECT_EQ(ColumnToText(spill.Read(0, context).value()[0]), "[null, null, null]");
  EXPECT_EQ(ColumnToText(spill.Read(1, context).value()[0]), "[null, 7]");
}

}  // namespace
}  // namespace coeval
