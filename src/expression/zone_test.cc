#include "expression/zone.h"

#include <cstdlib>
#include <random>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expression/testing.h"

namespace coeval {
namespace {

// Rule 6.4: the machine's zone files must not change an answer.
TEST(ZoneTest, ReadsNoZoneFilesOfTheMachine) {
  const std::string empty = testing::TempDir();
  ASSERT_EQ(setenv("TZDIR", empty.c_str(), 1), 0);
  const Result<const Zone*> zone = FindZone("Europe/Berlin");
  ASSERT_TRUE(zone.ok()) << zone.status().ToString();
  EXPECT_EQ(zone.value()->PeriodOf(1372680000 * kSecond).offset, 2 * kHour);
  ASSERT_EQ(unsetenv("TZDIR"), 0);
}

TEST(ZoneTest, KnowsItsVersionAndNames) {
  EXPECT_THAT(std::string(ZoneDatabaseVersion()), testing::MatchesRegex("20[0-9][0-9][a-z]"));
  EXPECT_GT(ZoneNames().size(), 500U);
  EXPECT_THAT(ZoneNames(), testing::Contains("America/New_York"));
}

TEST(ZoneTest, EveryZoneLoads) {
  for (const std::string& name : ZoneNames()) EXPECT_TRUE(FindZone(name).ok()) << name;
}

TEST(ZoneTest, RefusesUnknownNames) {
  for (const std::string name :
       {"America/Newyork", "", "+5:30", "+25:00", "../etc/passwd", "utc"}) {
    const Result<const Zone*> zone = FindZone(name);
    ASSERT_FALSE(zone.ok()) << name;
    EXPECT_THAT(zone.status().message(), testing::HasSubstr("unknown time zone '" + name + "'"));
  }
}

TEST(ZoneTest, TakesFixedOffsets) {
  const Result<const Zone*> zone = FindZone("-03:30");
  ASSERT_TRUE(zone.ok());
  EXPECT_EQ(zone.value()->PeriodOf(0).offset, -(3 * kHour + 30 * kMinute));
  EXPECT_EQ(zone.value()->FromLocal(0), 3 * kHour + 30 * kMinute);
}

TEST(ZoneTest, EndsOfTimeSaturate) {
  const Zone& zone = **FindZone("Asia/Tokyo");
  LocalClock clock(zone);
  EXPECT_EQ(clock.ToLocal(kMaxTime), kMaxTime);
  EXPECT_EQ(zone.FromLocal(kMinTime), kMinTime);
  const Zone& west = **FindZone("America/New_York");
  LocalClock western(west);
  EXPECT_EQ(western.ToLocal(kMinTime), kMinTime);
  EXPECT_EQ(west.FromLocal(kMaxTime), kMaxTime);
}

// The oracle reads the same tz database with other code: Python's zoneinfo.
TEST(ZoneTest, AgreesWithPythonAtRandomTimesAndAroundEveryChange) {
  const unsigned seed = std::random_device{}();
  const std::string program = R"(
import random, zoneinfo
from datetime import datetime, timedelta, timezone
zoneinfo.reset_tzpath(to=[])
random.seed()" + std::to_string(seed) +
                              R"()
epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
names = sorted(zoneinfo.available_timezones())
for name in random.sample(names, 60) + ["America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Gaza"]:
    zone = zoneinfo.ZoneInfo(name)
    offset = lambda s: (epoch + timedelta(seconds=s)).astimezone(zone).utcoffset()
    times = [random.randint(-3000000000, 12000000000) for _ in range(60)] + [random.randint(12000000000, 250000000000) for _ in range(20)]
    for _ in range(6):  # close in on a change of offset
        a = random.randint(-3000000000, 9000000000)
        b = a + 200 * 86400
        if offset(a) == offset(b):
            continue
        while b - a > 1:
            m = (a + b) // 2
            a, b = (m, b) if offset(m) == offset(a) else (a, m)
        times += [a, b]
    for s in times:
        total = offset(s)
        wall = int(s + total.total_seconds())
        naive = datetime(1970, 1, 1) + timedelta(seconds=wall)
        back = int((naive.replace(tzinfo=zone, fold=0).astimezone(timezone.utc) - epoch).total_seconds())
        print(name, s, int(total.total_seconds()), back)
)";
  std::istringstream lines(RunPython(program));
  std::string name;
  std::int64_t second = 0, offset = 0, back = 0;
  int count = 0;
  while (lines >> name >> second >> offset >> back) {
    ++count;
    const Result<const Zone*> zone = FindZone(name);
    ASSERT_TRUE(zone.ok()) << name;
    const Zone::Period period = zone.value()->PeriodOf(second * kSecond);
    ASSERT_EQ(period.offset, offset * kSecond) << name << " at " << second << ", seed " << seed;
    ASSERT_LE(period.first, second * kSecond);
    ASSERT_GE(period.last, second * kSecond);
    // The first of two instants that show the same wall time: exists, since this one does.
    ASSERT_EQ(zone.value()->FromLocal((second + offset) * kSecond), back * kSecond)
        << name << " at " << second << ", seed " << seed;
  }
  EXPECT_GT(count, 1000) << "seed " << seed;
}

}  // namespace
}  // namespace coeval
