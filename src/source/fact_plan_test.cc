#include "source/fact_plan.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "source/testing.h"

namespace coeval {
namespace {

using ::coeval::testing::At;
using ::coeval::testing::Cells;
using ::coeval::testing::ReadAll;
using ::coeval::testing::Show;
using ::coeval::testing::Table;
using ::coeval::testing::TemporaryFolder;
using ::coeval::testing::TestContext;
using ::coeval::testing::WriteFile;

constexpr std::int64_t kRows = 10;

ColumnStatistics Range(TimeMicros min, TimeMicros max, std::int64_t nulls = 0) {
  return {.has_range = true, .min = min, .max = max, .nulls = nulls};
}

bool Matters(const FactRange& range, const ColumnStatistics& event,
             const ColumnStatistics* created = nullptr) {
  Source source;
  source.max_future = 100;
  return MayHoldBadTime(source, 1000, kRows, event, created) || MayBeInRange(range, event, created);
}

TEST(RowGroupMattersTest, RangesAreInclusive) {
  const FactRange range{.event_min = 10, .event_max = 20, .created_min = {}};
  EXPECT_TRUE(Matters(range, Range(0, 10)));
  EXPECT_FALSE(Matters(range, Range(0, 9)));
  EXPECT_TRUE(Matters(range, Range(20, 30)));
  EXPECT_FALSE(Matters(range, Range(21, 30)));
}

TEST(RowGroupMattersTest, WhatIsNotKnownIsRead) {
  const FactRange none{.event_min = 10, .event_max = 9, .created_min = {}};
  EXPECT_FALSE(Matters(none, Range(0, 5)));
  EXPECT_TRUE(Matters(none, {})) << "no statistics";
  EXPECT_TRUE(Matters(none, Range(0, 5, 1))) << "a null time is an error";
  EXPECT_TRUE(Matters(none, Range(0, 5, -1))) << "perhaps a null time";
  EXPECT_TRUE(Matters(none, Range(0, 1101))) << "too far ahead of the clock";
  const ColumnStatistics unknown;
  EXPECT_TRUE(Matters(none, Range(0, 5), &unknown));
  const ColumnStatistics early = Range(-200, 0);
  EXPECT_TRUE(Matters(none, Range(0, 5), &early)) << "perhaps too far ahead of its created time";
  const ColumnStatistics all_null{.has_range = false, .min = 0, .max = 0, .nulls = kRows};
  EXPECT_FALSE(Matters(none, Range(0, 5), &all_null));
}

TEST(RowGroupMattersTest, LateRowsAreFoundByTheirCreatedTime) {
  const FactRange range{.event_min = 10, .event_max = 20, .created_min = 500};
  const ColumnStatistics before = Range(0, 499);
  const ColumnStatistics late = Range(0, 500);
  EXPECT_FALSE(Matters(range, Range(0, 5), &before));
  EXPECT_TRUE(Matters(range, Range(0, 5), &late));
  EXPECT_FALSE(Matters(range, Range(21, 25), &late));
}

// Random sources with bad rows among them: whatever is pruned, the answer is that of reading all.
TEST(FactPlanTest, PruningChangesNoAnswer) {
  const TemporaryFolder folder;
  const std::string path = folder.File("a.parquet");
  const std::uint32_t seed = 7;
  std::mt19937 random(seed);
  const TimeMicros start = At("2013-01-01");
  Source source;
  source.name = "s";
  source.timestamp_field = "at";
  source.created_field = "written";
  int pruned = 0;
  for (int round = 0; round < 150; ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round));
    Cells<TimeMicros> at;
    Cells<TimeMicros> written;
    Cells<std::int64_t> value;
    for (int i = 0; i < 200; ++i) {
      const TimeMicros event = start + i * kDay + static_cast<TimeMicros>(random() % 5) * kDay;
      at.emplace_back(random() % 2000 == 0 ? std::nullopt : std::optional(event));
      const auto delay = static_cast<TimeMicros>(random() % 40) - (random() % 1000 == 0 ? 999 : 0);
      written.emplace_back(random() % 8 == 0 ? std::nullopt : std::optional(event + delay * kDay));
      value.emplace_back(i);
    }
    ASSERT_TRUE(WriteFile(Table().Times("at", at).Times("written", written).Ints("v", value), path,
                          {.row_group_rows = 20, .metadata = {}})
                    .ok());
    source.on_bad_time = random() % 2 == 0 ? OnBadTime::kSkip : OnBadTime::kError;
    FactRequest request;
    request.features = {{"v", TypeId::kInt64}};
    request.range.event_min = start + static_cast<TimeMicros>(random() % 200) * kDay;
    request.range.event_max =
        request.range.event_min + static_cast<TimeMicros>(random() % 100) * kDay;
    if (random() % 2 == 0) {
      request.range.created_min = start + static_cast<TimeMicros>(random() % 240) * kDay;
    }
    FactRequest everything = request;
    everything.range = {};
    const auto some = FactReader::Open(source, path, request, TestContext());
    const auto all = FactReader::Open(source, path, everything, TestContext());
    ASSERT_TRUE(some.ok() && all.ok());
    const auto found = ReadAll(**some);
    const auto whole = ReadAll(**all);
    ASSERT_EQ(found.ok(), whole.ok()) << found.status().ToString() << whole.status().ToString();
    pruned += (*some)->stats().row_groups_read < 10 ? 1 : 0;
    if (!found.ok()) {
      EXPECT_EQ(found.status().ToString(), whole.status().ToString());
      continue;
    }
    std::string expected;
    for (std::int64_t row = 0; row < whole->num_rows; ++row) {
      const FactTimes times = whole->times(row);
      const FactRange& range = request.range;
      const bool late =
          range.created_min && times.has_created && times.created_time >= *range.created_min;
      if (times.event_time > range.event_max || (times.event_time < range.event_min && !late)) {
        continue;
      }
      expected += (expected.empty() ? "" : " ") + Show(whole->features[0].Slice(row, 1));
    }
    EXPECT_EQ(found->num_rows == 0 ? "" : Show(found->features[0]), expected);
  }
  EXPECT_GT(pruned, 100);
}

}  // namespace
}  // namespace coeval
