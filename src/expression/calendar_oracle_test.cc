// base/calendar.h, by counting days and by Python.
#include <random>
#include <sstream>

#include <gtest/gtest.h>

#include "base/calendar.h"
#include "base/time.h"
#include "expression/testing.h"

namespace coeval {
namespace {

TEST(CalendarTest, EveryDayOfEightCenturiesFollowsTheOneBefore) {
  CivilDate before = DateOfDay(DayOfDate(1599, 12, 31));
  for (std::int64_t day = DayOfDate(1600, 1, 1); day < DayOfDate(2400, 1, 1); ++day) {
    const CivilDate date = DateOfDay(day);
    ASSERT_EQ(DayOfDate(date.year, date.month, date.day), day);
    if (date.day > 1) {
      ASSERT_EQ(date.day, before.day + 1);
      ASSERT_EQ(date.month, before.month);
    } else {
      ASSERT_EQ(before.day, DaysInMonth(before.year, before.month));
      ASSERT_EQ(date.month, before.month % 12 + 1);
    }
    before = date;
  }
}

TEST(CalendarTest, ReachesBothEndsOfTime) {
  for (const TimeMicros t : {kMinTime, kMaxTime}) {
    const std::int64_t day = FloorDiv(t, kDay);
    const CivilDate date = DateOfDay(day);
    EXPECT_EQ(DayOfDate(date.year, date.month, date.day), day);
  }
  EXPECT_EQ(DateOfDay(FloorDiv(kMaxTime, kDay)).year, 294247);
  EXPECT_EQ(DateOfDay(FloorDiv(kMinTime, kDay)).year, -290308);
}

TEST(CalendarTest, AgreesWithPython) {
  const unsigned seed = std::random_device{}();
  std::istringstream lines(RunPython(R"(
import random
from datetime import date, timedelta
random.seed()" + std::to_string(seed) +
                                     R"()
for _ in range(5000):
    d = date.fromordinal(random.randint(1, 3652059))
    iso = d.isocalendar()
    print((d - date(1970, 1, 1)).days, iso[0], iso[1], d.isoweekday(), d.timetuple().tm_yday)
)"));
  std::int64_t day = 0, year = 0;
  int week = 0, weekday = 0, year_day = 0, count = 0;
  while (lines >> day >> year >> week >> weekday >> year_day) {
    ++count;
    ASSERT_EQ(IsoWeekOfDay(day).year, year) << day << ", seed " << seed;
    ASSERT_EQ(IsoWeekOfDay(day).week, week) << day << ", seed " << seed;
    ASSERT_EQ(IsoWeekday(day), weekday) << day << ", seed " << seed;
    ASSERT_EQ(DayOfYear(day), year_day) << day << ", seed " << seed;
  }
  EXPECT_EQ(count, 5000);
}

TEST(CalendarTest, AddsMonthsWithinTheMonth) {
  const std::int64_t leap = DayOfDate(2012, 2, 29);
  EXPECT_EQ(AddMonthsToDay(leap, 12), DayOfDate(2013, 2, 28));
  EXPECT_EQ(AddMonthsToDay(leap, -12), DayOfDate(2011, 2, 28));
  EXPECT_EQ(AddMonthsToDay(leap, 48), DayOfDate(2016, 2, 29));
  EXPECT_EQ(AddMonthsToDay(DayOfDate(2013, 1, 31), 1), DayOfDate(2013, 2, 28));
  EXPECT_EQ(AddMonthsToDay(DayOfDate(1, 1, 31), -13), DayOfDate(-1, 12, 31));
}

}  // namespace
}  // namespace coeval
