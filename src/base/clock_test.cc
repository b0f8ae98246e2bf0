#include "base/clock.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>

#include <gtest/gtest.h>

#include "base/context.h"

namespace coeval {
namespace {

TEST(ClockTest, TheMachinesClockMovesOn) {
  const TimeMicros first = *SystemClock()->Now();
  EXPECT_GT(first, *ParseTime("2024-01-01"));
  EXPECT_GE(*SystemClock()->Now(), first);
  EXPECT_EQ(SystemClock()->Describe(), "system");
}

TEST(ClockTest, AFixedClockMovesOnlyWhenTold) {
  FixedClock clock(*ParseTime("2013-10-01"));
  EXPECT_EQ(*clock.Now(), *ParseTime("2013-10-01"));
  EXPECT_EQ(clock.Describe(), "fixed 2013-10-01T00:00:00Z");
  clock.Set(5);
  EXPECT_EQ(*clock.Now(), 5);
}

TEST(ClockTest, ReadsItsFileAtEachCall) {
  const std::string path =
      ::testing::TempDir() + "/coeval_clock_" + std::to_string(::getpid()) + ".txt";
  const auto clock = *ParseClock("@" + path);
  EXPECT_EQ(clock->Now().status().code(), StatusCode::kUnavailable);
  EXPECT_NE(clock->Now().status().message().find(path), std::string::npos);
  std::ofstream(path) << "2013-10-01T00:00:00Z\n";
  EXPECT_EQ(*clock->Now(), *ParseTime("2013-10-01"));
  std::ofstream(path) << "2013-10-02";
  EXPECT_EQ(*clock->Now(), *ParseTime("2013-10-02"));
  std::ofstream(path) << "yesterday";
  EXPECT_EQ(clock->Now().status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(std::remove(path.c_str()), 0);
  EXPECT_EQ(clock->Describe(), "file " + path);
}

TEST(ClockTest, ParsesWhatServeTakes) {
  EXPECT_EQ((*ParseClock(""))->Describe(), "system");
  EXPECT_EQ((*ParseClock("system"))->Describe(), "system");
  EXPECT_EQ(*(*ParseClock("1970-01-02"))->Now(), kDay);
  EXPECT_FALSE(ParseClock("@").ok());
  EXPECT_FALSE(ParseClock("noon").ok());
}

TEST(ContextTest, CancelIsSeenByAllCopies) {
  const Context context;
  const Context copy = context;
  EXPECT_TRUE(copy.cancel->Check().ok());
  context.cancel->Cancel();
  EXPECT_EQ(copy.cancel->Check().code(), StatusCode::kCancelled);
}

}  // namespace
}  // namespace coeval
