// bucketize, parts on a circle and distances of texts: edges that the examples do not show.
#include <string>

#include <gtest/gtest.h>

#include "expression/testing.h"

namespace coeval {
namespace {

TEST(ScaleTest, BoundariesMustRise) {
  EXPECT_EQ(Ask("bucketize(x, 0, 5, 5)", "x: int64 = 1"),
            "error: line 1, column 20: the boundary 5 is not above 5, the one before it; write "
            "them in order\n  bucketize(x, 0, 5, 5)\n                     ^");
  EXPECT_EQ(Ask("bucketize(x, 0, null)", "x: float64 = 1").substr(0, 6), "error:");
  EXPECT_EQ(Ask("bucketize(x, 0, y)", "x: int64 = 1, y: int64 = 2").substr(0, 6), "error:");
  EXPECT_EQ(Ask("bucketize(x, 0, 0.5)", "x: float64 = 0.0 / 0"), "int64 2");
  EXPECT_EQ(Ask("bucketize(x, 9007199254740992, 9007199254740993)", "x: int64 = 9007199254740992"),
            "int64 1");
}

TEST(CycleTest, EveryPartComesRoundAfterItsLength) {
  // 2012 is a leap year of 52 ISO weeks, 2015 has 53.
  EXPECT_EQ(Ask("cyclic_cos('doy', date '2012-07-02')"), "float64 -1.0");
  EXPECT_EQ(Ask("cyclic_cos('day', date '2013-04-16')"), "float64 -1.0");
  EXPECT_EQ(Ask("cyclic_sin('isoweek', date '2012-04-01')"),
            Ask("sin(2 * radians(180) * 12 / 52)"));
  EXPECT_EQ(Ask("abs(cyclic_sin('isoweek', date '2015-12-30') - sin(2 * radians(180) * 52 / 53)) "
                "< 1e-15"),
            "bool true");
  EXPECT_EQ(Ask("cyclic_sin('weekday', date '2013-01-07')"), "float64 0.0");  // a Monday
  EXPECT_EQ(Ask("cyclic_sin('dow', date '2013-01-06')"), "float64 0.0");      // a Sunday
  EXPECT_EQ(Ask("cyclic_sin('hours', t)", "t: timestamp = null").substr(0, 6), "error:");
  EXPECT_EQ(Ask("cyclic_sin('hour', date '2013-01-06', 'UTC')").substr(0, 6), "error:");
}

TEST(LevenshteinTest, LongTextsAreErrorsOfTheirRow) {
  EXPECT_EQ(Ask("levenshtein(lpad('', 4096, 'ab'), lpad('', 4095, 'ba'))"), "int64 1");
  EXPECT_EQ(Ask("levenshtein(lpad('', 4097, 'ü'), '')"),
            "invalid: levenshtein of a text of more than 4096 characters");
}

}  // namespace
}  // namespace coeval
