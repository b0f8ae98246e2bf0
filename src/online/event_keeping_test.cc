#include "online/event_keeping.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "definition/retention.h"

namespace coeval {
namespace {

constexpr TimeMicros kNoon = 1'357'041'600'000'000;

KeptFact EventAt(TimeMicros time, std::string_view row = "row") {
  KeptFact event;
  event.times = {time, 0, false};
  event.visible_time = time;
  event.row = row;
  return event;
}

Aggregation Over(std::optional<DurationMicros> length, DurationMicros offset = 0,
                 DurationMicros slide = 0) {
  Aggregation aggregation;
  aggregation.name = "n";
  aggregation.function = "count";
  aggregation.window.length = length;
  aggregation.window.offset = offset;
  aggregation.window.slide_interval = slide;
  return aggregation;
}

TEST(RetentionTest, IsTheLongestWindowWithItsOffsetTheLongestSlideAndTheLateness) {
  Source source;
  source.lateness = 3 * kHour;
  FeatureView view;
  view.aggregations = {Over(kDay), Over(kHour, 2 * kDay), Over(2 * kHour, 0, kHour)};
  EXPECT_EQ(RetentionOf(view, source), kHour + 2 * kDay + kHour + 3 * kHour);
  view.aggregations.push_back(Over(kHour, -kDay));
  EXPECT_EQ(RetentionOf(view, source), kHour + 2 * kDay + kHour + 3 * kHour);
  view.aggregations = {Over(kHour, -kDay)};
  EXPECT_EQ(RetentionOf(view, source), 3 * kHour);
  view.aggregations.push_back(Over(std::nullopt));
  EXPECT_EQ(RetentionOf(view, source), std::nullopt);
}

TEST(EventKeepingTest, PlacesAreInTheOrderOfTime) {
  const std::vector<TimeMicros> times = {kMinTime, -1, 0, 1, kNoon, kMaxTime};
  std::string last;
  for (const TimeMicros time : times) {
    std::string place;
    AppendPlace("", time, &place);
    EXPECT_EQ(place.size(), 8U);
    EXPECT_LT(last, place);
    last = place;
  }
}

TEST(EventKeepingTest, WhatHasAnIdLiesByItAloneAndANullIdIsNone) {
  std::string place;
  AppendPlace("\1id", kNoon, &place);
  EXPECT_EQ(place, "\1id");
  std::string null_id;
  AppendPlace(std::string(1, '\0'), kNoon, &null_id);
  EXPECT_EQ(null_id.size(), 9U);
}

TEST(EventKeepingTest, TheEntityKeyIsFoundBeforeThePlace) {
  const std::vector<JoinKey> keys = {{"city", TypeId::kString}, {"hour", TypeId::kInt32}};
  const std::vector<Value> values = {Value::String("a\0b"), Value::Int(7)};
  const std::string entity = EncodeKey(values, keys);
  std::string key = entity;
  AppendPlace("", kNoon, &key);
  EXPECT_EQ(*EntityKeyOf(key, keys), entity);
  EXPECT_EQ(EntityKeyOf(entity.substr(0, 3), keys).status().code(), StatusCode::kCorruption);
}

TEST(EventKeepingTest, EqualFactsOfOneReadingAreSoManyEvents) {
  const EventKeeping keeping;
  std::vector<KeptFact> first = {EventAt(1), EventAt(1), EventAt(1, "other")};
  CollapseEvents(keeping, Equals::kStay, kMinTime, &first);
  EXPECT_EQ(first.size(), 3U);
  CollapseEvents(keeping, Equals::kAreNumbered, kMinTime, &first);
  // A later reading finds one more of the first, and the other again.
  std::vector<KeptFact> second = {EventAt(1), EventAt(1), EventAt(1), EventAt(1, "other")};
  CollapseEvents(keeping, Equals::kAreNumbered, kMinTime, &second);
  std::vector<KeptFact> both = first;
  both.insert(both.end(), second.begin(), second.end());
  CollapseEvents(keeping, Equals::kAreOne, kMinTime, &both);
  EXPECT_EQ(both.size(), 4U);
}

TEST(EventKeepingTest, APlaceGoesWhenAllOfItIsOutOfReach) {
  const EventKeeping keeping{.id_column = {}, .retention = kHour, .lateness = kDay};
  const TimeMicros old = kNoon - kHour - 1;
  std::vector<KeptFact> facts = {EventAt(old)};
  CollapseEvents(keeping, Equals::kAreOne, kNoon, &facts);
  EXPECT_TRUE(facts.empty());
  facts = {EventAt(old + 1)};
  CollapseEvents(keeping, Equals::kAreOne, kNoon, &facts);
  EXPECT_EQ(facts.size(), 1U);
  facts = {EventAt(old), EventAt(kNoon + kDay)};  // a flight of tomorrow, and what cancelled it
  CollapseEvents(keeping, Equals::kAreOne, kNoon, &facts);
  EXPECT_EQ(facts.size(), 2U);
  facts = {EventAt(kMinTime)};
  CollapseEvents(keeping, Equals::kAreOne, kMinTime, &facts);
  EXPECT_EQ(facts.size(), 1U);
}

// Any grouping, order and repetition of the pieces gives the same.
TEST(EventKeepingTest, CollapsingIsUnion) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::vector<std::string> rows = {"a", "b"};
  const EventKeeping keeping;
  for (int round = 0; round < 200; ++round) {
    std::vector<KeptFact> all;
    for (std::uint64_t i = 0; i < 1 + random() % 8; ++i) {
      KeptFact event = EventAt(static_cast<TimeMicros>(random() % 2), rows[random() % 2]);
      event.copy = static_cast<std::uint32_t>(random() % 2);
      event.is_delete = random() % 4 == 0;
      all.push_back(event);
    }
    std::vector<KeptFact> at_once = all;
    CollapseEvents(keeping, Equals::kAreOne, kMinTime, &at_once);
    std::shuffle(all.begin(), all.end(), random);
    std::vector<KeptFact> in_parts;
    for (const KeptFact& event : all) {
      in_parts.push_back(event);
      if (random() % 2 == 0) in_parts.push_back(all[random() % all.size()]);
      if (random() % 2 == 0) CollapseEvents(keeping, Equals::kAreOne, kMinTime, &in_parts);
    }
    CollapseEvents(keeping, Equals::kAreOne, kMinTime, &in_parts);
    FactList a;
    FactList b;
    a.format = b.format = FactListFormat::kEvents;
    a.facts = at_once;
    b.facts = in_parts;
    std::string bytes_a;
    std::string bytes_b;
    EncodeFactList(a, &bytes_a);
    EncodeFactList(b, &bytes_b);
    ASSERT_EQ(bytes_a, bytes_b);
  }
}

}  // namespace
}  // namespace coeval
