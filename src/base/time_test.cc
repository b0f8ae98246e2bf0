#include "base/time.h"

#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace coeval {
namespace {

TEST(TimeTest, SumsSaturate) {
  EXPECT_EQ(SaturatingAdd(kMaxTime, 1), kMaxTime);
  EXPECT_EQ(SaturatingAdd(kMinTime, -1), kMinTime);
  EXPECT_EQ(SaturatingAdd(5, -7), -2);
  EXPECT_EQ(SaturatingSubtract(kMinTime, 1), kMinTime);
  EXPECT_EQ(SaturatingSubtract(kMaxTime, -1), kMaxTime);
  EXPECT_EQ(SaturatingSubtract(0, kMinTime), kMaxTime);
  EXPECT_EQ(SaturatingSubtract(kMinTime, kDay), kMinTime);
}

TEST(TimeTest, NanosecondsRoundByFloorAndCeilingOnBothSidesOfZero) {
  const auto up = [](std::int64_t ns) { return *ToMicros(ns, TimeUnit::kNano, Rounding::kUp); };
  const auto down = [](std::int64_t ns) { return *ToMicros(ns, TimeUnit::kNano, Rounding::kDown); };
  EXPECT_EQ(up(1), 1);
  EXPECT_EQ(up(1000), 1);
  EXPECT_EQ(up(1001), 2);
  EXPECT_EQ(up(-1), 0);
  EXPECT_EQ(up(-1999), -1);
  EXPECT_EQ(down(1), 0);
  EXPECT_EQ(down(1999), 1);
  EXPECT_EQ(down(-1), -1);
  EXPECT_EQ(down(-1000), -1);
  EXPECT_EQ(down(-1001), -2);
  EXPECT_EQ(down(kMinTime), -9223372036854776);
  EXPECT_EQ(up(kMinTime), -9223372036854775);
  EXPECT_EQ(up(kMaxTime), 9223372036854776);
  EXPECT_EQ(*ToMicros(-2000, TimeUnit::kNano, Rounding::kExact), -2);
  EXPECT_EQ(ToMicros(-2001, TimeUnit::kNano, Rounding::kExact).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(TimeTest, CoarseUnitsThatDoNotFitAreErrors) {
  EXPECT_EQ(*ToMicros(-3, TimeUnit::kSecond, Rounding::kExact), -3'000'000);
  EXPECT_EQ(*ToMicros(9223372036854, TimeUnit::kSecond, Rounding::kUp), 9223372036854000000);
  EXPECT_FALSE(ToMicros(9223372036855, TimeUnit::kSecond, Rounding::kUp).ok());
  EXPECT_FALSE(ToMicros(-9223372036855, TimeUnit::kSecond, Rounding::kDown).ok());
  EXPECT_EQ(*ToMicros(9223372036854775, TimeUnit::kMilli, Rounding::kUp), 9223372036854775000);
  EXPECT_FALSE(ToMicros(9223372036854776, TimeUnit::kMilli, Rounding::kUp).ok());
  EXPECT_FALSE(ToMicros(kMinTime, TimeUnit::kMilli, Rounding::kUp).ok());
  EXPECT_EQ(*ToMicros(kMinTime, TimeUnit::kMicro, Rounding::kExact), kMinTime);
}

TEST(TimeTest, FormatsWithAsManyDigitsAsNeeded) {
  EXPECT_EQ(FormatTime(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(FormatTime(1357034040000000), "2013-01-01T09:54:00Z");
  EXPECT_EQ(FormatTime(1357034040120000), "2013-01-01T09:54:00.120Z");
  EXPECT_EQ(FormatTime(1357034040000001), "2013-01-01T09:54:00.000001Z");
  EXPECT_EQ(FormatTime(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(FormatTime(951782400000000), "2000-02-29T00:00:00Z");
  EXPECT_EQ(FormatTime(-62135596800000000), "0001-01-01T00:00:00Z");
  EXPECT_EQ(FormatTime(-62167219200000000), "0000-01-01T00:00:00Z");
  EXPECT_EQ(FormatTime(-62167219200000001), "-0001-12-31T23:59:59.999999Z");
  EXPECT_EQ(FormatTime(253402300800000000), "+10000-01-01T00:00:00Z");
  EXPECT_EQ(FormatTime(kMaxTime), "+294247-01-10T04:00:54.775807Z");
  EXPECT_EQ(FormatTime(kMinTime), "-290308-12-21T19:59:05.224192Z");
}

TEST(TimeTest, ParsesTheUsualForms) {
  const TimeMicros expected = 1357034040000000;
  for (const char* text :
       {"2013-01-01T09:54:00Z", "2013-01-01T09:54Z", "2013-01-01T09:54", "2013-01-01 09:54:00",
        "2013-01-01 09:54:00.000000000+00:00", "2013-01-01T10:54:00+01:00",
        "2013-01-01T04:54:00-0500", "2013-01-01T04:54-05", "2013-01-01t09:54:00z",
        "2012-12-31T23:54-10:00", "+2013-01-01T09:54:00.0Z"}) {
    EXPECT_EQ(*ParseTime(text), expected) << text;
  }
  EXPECT_EQ(*ParseTime("2013-01-01"), 1356998400000000);
  EXPECT_EQ(*ParseTime("1969-12-31T23:59:59.5"), -500000);
  EXPECT_EQ(*ParseTime("2000-02-29"), 951782400000000);
}

TEST(TimeTest, FractionsFinerThanAMicrosecondAreRoundedAsAsked) {
  const char* text = "1970-01-01T00:00:00.1234567Z";
  EXPECT_EQ(*ParseTime(text, Rounding::kDown), 123456);
  EXPECT_EQ(*ParseTime(text, Rounding::kUp), 123457);
  EXPECT_FALSE(ParseTime(text, Rounding::kExact).ok());
  const char* before = "1969-12-31T23:59:59.9999999Z";
  EXPECT_EQ(*ParseTime(before, Rounding::kDown), -1);
  EXPECT_EQ(*ParseTime(before, Rounding::kUp), 0);
  EXPECT_EQ(*ParseTime("1970-01-01T00:00:00.123456000000000000000", Rounding::kExact), 123456);
}

TEST(TimeTest, RefusesWhatIsNoTime) {
  for (const char* text : {"",
                           "2013",
                           "2013-1-1",
                           "2013-13-01",
                           "2013-00-01",
                           "2013-02-29",
                           "1900-02-29",
                           "2013-04-31",
                           "2013-01-00",
                           "2013-01-01T",
                           "2013-01-01T24:00",
                           "2013-01-01T09",
                           "2013-01-01T09:60",
                           "2013-01-01T09:54:60",
                           "2013-01-01T09:54:00.",
                           "2013-01-01T09:54:00X",
                           "2013-01-01T09:54:00+1",
                           "2013-01-01T09:54:00+24:00",
                           "2013-01-01T09:54:00+01:60",
                           "2013-01-01T09:54:00ZZ",
                           " 2013-01-01",
                           "2013-01-01 ",
                           "20130101",
                           "12345-01-01",
                           "+1234567-01-01",
                           "2013-01-01T09:54:00+01:",
                           "now",
                           "1357034040",
                           "+294247-01-10T04:00:55Z",
                           "-290308-12-21T19:59:05Z"}) {
    const auto time = ParseTime(text);
    ASSERT_FALSE(time.ok()) << text;
    EXPECT_NE(time.status().message().find("'" + std::string(text) + "'"), std::string::npos);
  }
}

TEST(TimeTest, EveryTimeReadsBackAsItself) {
  std::mt19937_64 random(20130101);
  std::vector<TimeMicros> times = {kMinTime, kMaxTime, 0, -1, 1, kMinTime + 1, kMaxTime - 1};
  for (int i = 0; i < 20000; ++i) {
    times.push_back(static_cast<TimeMicros>(random()) >> (random() % 40));
  }
  for (const TimeMicros time : times) {
    const std::string text = FormatTime(time);
    const auto parsed = ParseTime(text, Rounding::kExact);
    ASSERT_TRUE(parsed.ok()) << text;
    ASSERT_EQ(*parsed, time) << text;
  }
}

// The plain oracle of the calendar: count day by day.
TEST(TimeTest, FollowsTheCalendarDayByDay) {
  int year = 1599;
  int month = 1;
  int day = 1;
  for (TimeMicros time = *ParseTime("1599-01-01"); year < 2405; time += kDay) {
    char text[32];
    ASSERT_GT(std::snprintf(text, sizeof(text), "%04d-%02d-%02dT00:00:00Z", year, month, day), 0);
    ASSERT_EQ(FormatTime(time), text);
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    const int days[] = {31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (++day > days[month - 1]) {
      day = 1;
      if (++month > 12) {
        month = 1;
        ++year;
      }
    }
  }
}

TEST(DateTest, ReadsBackAsItself) {
  EXPECT_EQ(FormatDate(0), "1970-01-01");
  EXPECT_EQ(*ParseDate("2013-01-31"), 15736);
  std::mt19937 random(7);
  for (int i = 0; i < 20000; ++i) {
    const auto days = static_cast<std::int32_t>(random()) >> (random() % 20);
    ASSERT_EQ(*ParseDate(FormatDate(days)), days) << days;
  }
  EXPECT_EQ(*ParseDate(FormatDate(INT32_MIN)), INT32_MIN);
  EXPECT_EQ(*ParseDate(FormatDate(INT32_MAX)), INT32_MAX);
  for (const char* text : {"", "2013-02-29", "2013-01-31T00:00", "+9999999-01-01", "x", "13-1-1"}) {
    EXPECT_FALSE(ParseDate(text).ok()) << text;
  }
}

TEST(DurationTest, Parses) {
  EXPECT_EQ(*ParseDuration("3h"), 10800000000);
  EXPECT_EQ(*ParseDuration("1d12h"), 36 * kHour);
  EXPECT_EQ(*ParseDuration("250ms"), 250000);
  EXPECT_EQ(*ParseDuration("15m"), 15 * kMinute);
  EXPECT_EQ(*ParseDuration("10us"), 10);
  EXPECT_EQ(*ParseDuration("2w"), 14 * kDay);
  EXPECT_EQ(*ParseDuration("1m5ms"), kMinute + 5000);
  EXPECT_EQ(*ParseDuration("-90s"), -90 * kSecond);
  EXPECT_EQ(*ParseDuration("0"), 0);
  for (const char* text : {"", "-", "3", "h", "3 h", "1h1d", "1h1h", "3x", "1.5h", "--1h", "3H",
                           "106751992d", "99999999999999999999999us", "9223372036854775808us"}) {
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
  }
}

TEST(DurationTest, FormatsAndReadsBack) {
  EXPECT_EQ(FormatDuration(0), "0s");
  EXPECT_EQ(FormatDuration(10800000000), "3h");
  EXPECT_EQ(FormatDuration(7 * kDay), "7d");
  EXPECT_EQ(FormatDuration(36 * kHour), "1d12h");
  EXPECT_EQ(FormatDuration(90 * kSecond), "1m30s");
  EXPECT_EQ(FormatDuration(1'500'000), "1s500ms");
  EXPECT_EQ(FormatDuration(-1), "-1us");
  for (const DurationMicros d : {kMinTime, kMaxTime, kDay + 1, -kHour, std::int64_t{1000}}) {
    EXPECT_EQ(*ParseDuration(FormatDuration(d)), d);
  }
}

}  // namespace
}  // namespace coeval
