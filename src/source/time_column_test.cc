#include "source/time_column.h"

#include <cstring>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source/testing.h"

namespace coeval {
namespace {

using ::coeval::testing::At;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// An Arrow column of integers of that format, with row `null_row` null (-1: none).
struct Integers {
  Integers(const char* format, std::vector<std::int64_t> cells, int null_row = -1)
      : values(std::move(cells)) {
    schema.format = format;
    schema.name = "at";
    schema.flags = ARROW_FLAG_NULLABLE;
    if (null_row >= 0) validity[0] = static_cast<std::uint8_t>(~(1U << null_row));
    buffers[0] = null_row >= 0 ? validity.data() : nullptr;
    buffers[1] = values.data();
    array.length = static_cast<std::int64_t>(values.size());
    array.null_count = null_row >= 0 ? 1 : 0;
    array.n_buffers = 2;
    array.buffers = buffers;
  }

  std::vector<std::int64_t> values;
  std::vector<std::uint8_t> validity{0xFF};
  const void* buffers[2]{};
  ArrowSchema schema{};
  ArrowArray array{};
};

TEST(TimeColumnTest, EveryUnitIsRoundedUp) {
  Integers ns("tsn:", {1001, 1000, -1, -1000});
  const auto times = ReadTimeColumn(ns.schema, ns.array, nullptr);
  ASSERT_TRUE(times.ok()) << times.status().ToString();
  EXPECT_THAT(times->times.values<TimeMicros>(), ElementsAre(2, 1, 0, -1));
  Integers s("tss:UTC", {1});
  EXPECT_THAT(ReadTimeColumn(s.schema, s.array, nullptr)->times.values<TimeMicros>(),
              ElementsAre(kSecond));
}

TEST(TimeColumnTest, ImpossibleIsToldFromNull) {
  Integers s("tss:", {1, 2, 9'999'999'999'999}, 1);
  const auto times = ReadTimeColumn(s.schema, s.array, nullptr);
  ASSERT_TRUE(times.ok()) << times.status().ToString();
  EXPECT_THAT(times->impossible, ElementsAre(2));
  EXPECT_TRUE(times->times.IsNull(1));
  EXPECT_TRUE(times->times.IsNull(2));
  EXPECT_EQ(ShowTimeCell(s.schema, s.array, 1), "null");
  EXPECT_EQ(ShowTimeCell(s.schema, s.array, 2), "9999999999999 seconds since 1970");
}

TEST(TimeColumnTest, NumbersHaveNoUnit) {
  Integers plain("l", {1});
  const auto times = ReadTimeColumn(plain.schema, plain.array, nullptr);
  ASSERT_FALSE(times.ok());
  EXPECT_THAT(times.status().message(), HasSubstr("is int64, and nothing says whether"));
}

TEST(TimeColumnTest, HintsNameTheLikelyUnit) {
  const TimeMicros t = At("2013-07-01");
  EXPECT_THAT(UnitHint(t / 1000, TimeUnit::kMicro),
              HasSubstr("read as milliseconds it would be 2013-07-01T00:00:00Z"));
  EXPECT_THAT(UnitHint(t / 1'000'000, TimeUnit::kMicro), HasSubstr("read as seconds"));
  EXPECT_THAT(UnitHint(t * 1000, TimeUnit::kMilli), HasSubstr("read as microseconds"));
  EXPECT_EQ(UnitHint(0, TimeUnit::kMicro), "");
}

}  // namespace
}  // namespace coeval
