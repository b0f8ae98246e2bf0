// Windows: rules 5.1 and 5.2 by hand and against the law.
#include "aggregation/window.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "aggregation/testing.h"

namespace coeval {
namespace {

EventSpan RangeAt(Window window, TimeMicros t) {
  const Result<WindowRule> rule = WindowRule::Make(std::move(window));
  EXPECT_TRUE(rule.ok()) << rule.status().ToString();
  return rule->At(t);
}

TimeMicros Time(std::string_view text) {
  return *ParseTime(text);
}

TEST(WindowTest, TheNewerEndIsInsideAndTheOlderIsNot) {
  EXPECT_EQ(RangeAt({.length = 10}, 100), (EventSpan{91, 100}));
  EXPECT_EQ(RangeAt({.length = 10, .closed = Closed::kLeft}, 100), (EventSpan{90, 99}));
  EXPECT_EQ(RangeAt({.length = 10, .closed = Closed::kBoth}, 100), (EventSpan{90, 100}));
  EXPECT_EQ(RangeAt({.length = 10, .closed = Closed::kNeither}, 100), (EventSpan{91, 99}));
  EXPECT_EQ(RangeAt({.length = 10, .offset = 5}, 100), (EventSpan{86, 95}));
  EXPECT_EQ(RangeAt({.offset = 5}, 100), (EventSpan{kMinTime, 95}));
  EXPECT_TRUE(RangeAt({.length = 1, .closed = Closed::kNeither}, 100).empty());
}

TEST(WindowTest, EndsStayWithinTime) {
  EXPECT_EQ(RangeAt({.length = kDay}, kMinTime + 5), (EventSpan{kMinTime + 1, kMinTime + 5}));
  EXPECT_EQ(RangeAt({.length = kMaxTime, .offset = kMaxTime}, kMinTime),
            (EventSpan{1, 0}));  // both ends are the smallest time, which is outside
  EXPECT_TRUE(RangeAt({.length = 1, .closed = Closed::kLeft}, kMinTime).empty());
  EXPECT_EQ(RangeAt({.offset = -10}, kMaxTime), (EventSpan{kMinTime, kMaxTime}));
  EXPECT_TRUE(RangeAt({.length = 5, .slide_interval = kDay}, kMaxTime).empty());
}

TEST(WindowTest, BoundariesFollowTheClocksOfTheZone) {
  const Zone& berlin = **FindZone("Europe/Berlin");
  // Midnight of Berlin is 23:00 UTC in winter and 22:00 in summer.
  EXPECT_EQ(NextBoundary(Time("2013-01-01T12:00:00Z"), kDay, berlin), Time("2013-01-01T23:00:00Z"));
  EXPECT_EQ(NextBoundary(Time("2013-07-01T12:00:00Z"), kDay, berlin), Time("2013-07-01T22:00:00Z"));
  EXPECT_EQ(NextBoundary(Time("2013-07-01T22:00:00Z"), kDay, berlin), Time("2013-07-01T22:00:00Z"));
  // 02:30 is skipped on 31 March 2013: the first instant after the gap is 01:00 UTC.
  EXPECT_EQ(NextBoundary(Time("2013-03-31T00:40:00Z"), 30 * kMinute, berlin),
            Time("2013-03-31T01:00:00Z"));
  // 02:30 occurs twice on 27 October 2013, and both are boundaries.
  EXPECT_EQ(NextBoundary(Time("2013-10-27T00:20:00Z"), 30 * kMinute, berlin),
            Time("2013-10-27T00:30:00Z"));
  EXPECT_EQ(NextBoundary(Time("2013-10-27T01:20:00Z"), 30 * kMinute, berlin),
            Time("2013-10-27T01:30:00Z"));
}

TEST(WindowTest, MistakesAreNamed) {
  const auto message = [](Window window) {
    return WindowRule::Make(std::move(window)).status().message();
  };
  EXPECT_EQ(message({.length = 0}),
            "a window's length must be positive, it is 0s; leave it out for all history");
  EXPECT_EQ(message({.length = 1, .slide_interval = -1}),
            "a slide_interval must lie between 0 and 3660d, it is -1us");
  EXPECT_EQ(message({.slide_interval = kDay}),
            "a window of all history has no older end that a slide_interval could move; leave it "
            "out");
  EXPECT_EQ(message({.length = 1, .last = 0}), "a window's `last` must be at least 1, it is 0");
  EXPECT_EQ(message({.length = 1, .zone = "Europe/Berlim"}),
            "unknown time zone 'Europe/Berlim', did you mean \"Europe/Berlin\"?");
  EXPECT_EQ(ParseClosed("righty").status().message(),
            "unknown end of a window: closed = 'righty', did you mean \"right\"?; use right, left, "
            "both or neither");
  EXPECT_EQ(*ParseClosed("neither"), Closed::kNeither);
  EXPECT_EQ(ClosedName(Closed::kBoth), "both");
}

Window RandomWindow(std::mt19937_64& random) {
  static const std::vector<std::string> kZones = {
      "UTC",          "Europe/Berlin",    "America/New_York", "Australia/Lord_Howe",
      "Asia/Kolkata", "America/Sao_Paulo"};
  static const std::vector<DurationMicros> kSlides = {
      kDay, kHour, 30 * kMinute, 7 * kDay, 13 * kMinute, 90 * kMinute, 1};
  Window window;
  if (random() % 5 != 0) {
    window.length = static_cast<DurationMicros>(random() % 40 + 1) * 6 * kHour;
    if (random() % 3 != 0) {
      window.slide_interval = kSlides[random() % kSlides.size()];
      window.zone = kZones[random() % kZones.size()];
    }
  }
  window.offset = static_cast<DurationMicros>(random() % 3) * kHour;
  window.closed = static_cast<Closed>(random() % 4);
  return window;
}

// Asks the law for the ends of what the window holds at t, and for t.
void ExpectTheLaw(LawModel& model, const Window& window, TimeMicros t) {
  const EventSpan range = RangeAt(window, t);
  std::vector<TimeMicros> times = {SaturatingSubtract(range.first, 1), range.first, range.last,
                                   SaturatingAdd(range.last, 1), t};
  Json plain = Json::MakeObject();
  if (window.length) plain.Set("w", *window.length);
  plain.Set("offset", window.offset).Set("closed", ClosedName(window.closed));
  plain.Set("slide", window.slide_interval).Set("zone", window.zone);
  Json list = Json::MakeArray();
  for (const TimeMicros time : times) list.Append(time);
  Json request;
  request.Set("op", "window").Set("window", plain).Set("t", t).Set("event_times", list);
  const Json answer = model.Ask(request);
  ASSERT_EQ(answer.Find("error"), nullptr) << answer.Write() << " to " << request.Write();
  for (std::size_t k = 0; k < times.size(); ++k) {
    if (range.first == kMinTime && k == 0) continue;
    EXPECT_EQ(answer.Find("inside")->array()[k].AsBool(), range.Holds(times[k]))
        << times[k] << " to " << request.Write() << ": " << answer.Write();
  }
}

TEST(WindowTest, TheLawReadsTheZonesThatAreEmbedded) {
  const std::unique_ptr<LawModel> model = LawModel::Start();
  ASSERT_NE(model, nullptr) << "tests/model is not there; run from the source tree";
  // The clocks went back on 31 March 1965 by the tz database of 2025, on 1 April by that of 2026.
  const Window window = {.length = 19 * 12 * kHour,
                         .offset = 2 * kHour,
                         .closed = Closed::kLeft,
                         .slide_interval = 13 * kMinute,
                         .zone = "America/Sao_Paulo"};
  ExpectTheLaw(*model, window, -149'158'612 * kSecond);
}

TEST(WindowTest, HoldsWhatTheLawHolds) {
  const std::unique_ptr<LawModel> model = LawModel::Start();
  ASSERT_NE(model, nullptr) << "tests/model is not there; run from the source tree";
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 3000 && !HasFailure(); ++i) {
    const Window window = RandomWindow(random);
    // From 1960 to 2037, often around a change of clocks.
    TimeMicros t =
        static_cast<TimeMicros>(random() % (77ULL * 365 * 86400)) * kSecond - 10LL * 365 * kDay;
    if (random() % 2 == 0) {
      const Zone::Period period = (*FindZone(window.zone))->PeriodOf(t);
      if (period.last != kMaxTime && period.first != kMinTime) {
        t = period.first + window.length.value_or(0) + window.offset +
            static_cast<TimeMicros>(random() % 9000) * kSecond - kHour;
      }
    }
    ExpectTheLaw(*model, window, t);
  }
}

}  // namespace
}  // namespace coeval
