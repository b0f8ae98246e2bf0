#include "ingest/bad_rows.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/testing.h"
#include "ingest/testing.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;

constexpr TimeMicros kNoon = 1'714'564'800'000'000;

class BadRowsTest : public ::testing::Test {
 protected:
  BadRowsTest() { context_.clock = std::make_shared<FixedClock>(kNoon); }

  [[nodiscard]] Result<SortedRows> Sort(const testing::Table& rows,
                                        std::int64_t batch_rows = 1 << 20) const {
    ArrowArrayStream stream = rows.Stream(batch_rows);
    COEVAL_ASSIGN_OR_RETURN(const ArrowTable table, ArrowTable::Read(&stream));
    COEVAL_ASSIGN_OR_RETURN(const PushColumns columns,
                            PushColumnsOf(*RatesCatalogue(), "rates_push"));
    return SortRows(columns, table, context_);
  }

  Context context_;
};

TEST_F(BadRowsTest, EachRowIsWellOrTellsWhatIsWrong) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::int64_t n = Pick(random, 60);
    testing::Cells<std::string> codes;
    testing::Cells<double> rates;
    testing::Cells<TimeMicros> times;
    std::vector<std::int64_t> bad;
    for (std::int64_t row = 0; row < n; ++row) {
      codes.emplace_back(std::to_string(row));
      rates.emplace_back(static_cast<double>(row));
      const std::int64_t kind = Pick(random, 8);
      if (kind < 2) bad.push_back(row);
      if (kind == 0) {
        times.emplace_back(std::nullopt);
      } else {
        times.emplace_back(kind == 1 ? kNoon + 3650 * kDay : kNoon - row);
      }
    }
    testing::Table table;
    table.Strings("code", codes).Doubles("rate", rates).Times("at", times);
    const auto sorted = Sort(table, 1 + Pick(random, 20));
    ASSERT_TRUE(sorted.ok()) << sorted.status().ToString();
    std::vector<std::int64_t> found;
    for (const BadRow& fault : sorted->faults) found.push_back(fault.row);
    EXPECT_EQ(found, bad);
    EXPECT_EQ(sorted->good.num_rows(), n - std::ssize(bad));
    ASSERT_EQ(sorted->bad.num_rows(), std::ssize(bad));
    if (bad.empty()) continue;
    const Column kept = *sorted->bad.ReadColumn(*sorted->bad.Find("code"), Rounding::kExact);
    for (std::size_t i = 0; i < bad.size(); ++i) {
      EXPECT_EQ(kept.bytes(static_cast<std::int64_t>(i)), std::to_string(bad[i]));
    }
  }
}

TEST_F(BadRowsTest, WhatIsWrongWithAllRowsIsNoFaultOfOne) {
  testing::Table table;
  table.Strings("code", {std::string("EUR")}).Times("at", {kNoon});
  EXPECT_THAT(Sort(table).status().message(), HasSubstr("`rate` is missing"));
}

TEST_F(BadRowsTest, TooManyBadRowsRefuseThePush) {
  const auto n = static_cast<std::size_t>(kMostBadRows) + 1;
  testing::Table table;
  table.Strings("code", testing::Cells<std::string>(n, std::string("EUR")))
      .Doubles("rate", testing::Cells<double>(n, 1.0))
      .Times("at", testing::Cells<TimeMicros>(n, std::nullopt));
  EXPECT_THAT(Sort(table).status().message(), HasSubstr("more than 10000 rows"));
}

}  // namespace
}  // namespace coeval
