// Slots by any number of threads, and what is looked up in them, against a std::map.
#include "offline/time_slots.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "offline/slot_lookup.h"
#include "offline/testing.h"

namespace coeval {
namespace {

using Times = std::vector<TimeMicros>;

struct Rows {
  std::vector<KeyId> keys;
  Times times;
  KeyId num_keys = 0;
};

// Enough rows for several threads; every seventh without a key.
Rows RandomRows(std::mt19937_64& random, KeyId num_keys, std::uint64_t span, bool in_order) {
  Rows rows;
  rows.num_keys = num_keys;
  for (int i = 0; i < 250'000; ++i) {
    const auto key = static_cast<KeyId>(random() % num_keys);
    rows.keys.push_back(random() % 7 == 0 ? kNoKey : key);
    rows.times.push_back(static_cast<TimeMicros>(random() % span) - 1000);
  }
  if (in_order) std::sort(rows.times.begin(), rows.times.end());
  return rows;
}

std::map<KeyId, std::set<TimeMicros>> DistinctOf(const Rows& rows) {
  std::map<KeyId, std::set<TimeMicros>> distinct;
  for (std::size_t i = 0; i < rows.keys.size(); ++i) {
    if (rows.keys[i] != kNoKey) distinct[rows.keys[i]].insert(rows.times[i]);
  }
  return distinct;
}

TEST(TimeSlotsTest, SlotsAreTheDistinctTimesOfEachKeyByAnyThreads) {
  std::mt19937_64 random(TestSeed());
  for (const KeyId num_keys : {KeyId{1}, KeyId{40}, KeyId{100'000}}) {
    for (const std::uint64_t span : {std::uint64_t{3000}, std::uint64_t{1} << 55}) {
      for (const bool in_order : {true, false}) {
        const Rows rows = RandomRows(random, num_keys, span, in_order);
        const auto expected = DistinctOf(rows);
        for (const int threads : {1, 2, 3}) {
          UntouchedArray<SlotId> slot_of;
          const TimeSlots slots =
              TimeSlots::Build(rows.keys, rows.times, num_keys, threads, &slot_of);
          SlotId next = 0;
          for (KeyId key = 0; key < num_keys; ++key) {
            ASSERT_EQ(slots.of(key).begin, next);
            const auto found = expected.find(key);
            Times distinct;
            if (found != expected.end())
              distinct.assign(found->second.begin(), found->second.end());
            next += static_cast<SlotId>(distinct.size());
            ASSERT_EQ(slots.of(key).end, next);
            const auto begin = slots.times().begin() + slots.of(key).begin;
            ASSERT_TRUE(std::equal(distinct.begin(), distinct.end(), begin));
          }
          ASSERT_EQ(slots.size(), next);
          for (std::size_t i = 0; i < rows.keys.size(); ++i) {
            ASSERT_EQ(slot_of[i] == kNoSlot, rows.keys[i] == kNoKey);
            if (slot_of[i] == kNoSlot) continue;
            ASSERT_EQ(slots.times()[slot_of[i]], rows.times[i]);
            ASSERT_GE(slot_of[i], slots.of(rows.keys[i]).begin);
            ASSERT_LT(slot_of[i], slots.of(rows.keys[i]).end);
          }
        }
      }
    }
  }
}

// One key's rows cross from a thread's chunk into the next, at one time and in order.
TEST(TimeSlotsTest, ATimeThatGoesOnInTheNextChunkIsOneSlot) {
  const std::vector<KeyId> keys(200'000, 0);
  Times times(200'000, 5);
  times.back() = 6;
  UntouchedArray<SlotId> slot_of;
  const TimeSlots slots = TimeSlots::Build(keys, times, 1, 3, &slot_of);
  EXPECT_EQ(Times(slots.times().begin(), slots.times().end()), (Times{5, 6}));
  EXPECT_EQ(slot_of[0], 0U);
  EXPECT_EQ(slot_of[199'998], 0U);
  EXPECT_EQ(slot_of[199'999], 1U);
}

// Even times and times that crowd; the ends of time.
TEST(SlotLookupTest, FindsTheLastSlotThatIsNotLater) {
  std::mt19937_64 random(TestSeed());
  for (int round = 0; round < 60; ++round) {
    const auto num_keys = static_cast<KeyId>(1 + random() % (round % 2 == 0 ? 5 : 2000));
    Rows rows;
    rows.num_keys = num_keys;
    const std::uint64_t span = std::uint64_t{1} << (random() % 63);
    for (int i = 0; i < 4000; ++i) {
      rows.keys.push_back(static_cast<KeyId>(random() % num_keys));
      const std::uint64_t far = random() % 3 == 0 ? span : std::min<std::uint64_t>(span, 100);
      rows.times.push_back(static_cast<TimeMicros>(random() % far) - 50);
      if (random() % 1000 == 0) rows.times.back() = random() % 2 == 0 ? kMinTime : kMaxTime;
    }
    UntouchedArray<SlotId> slot_of;
    const TimeSlots slots = TimeSlots::Build(rows.keys, rows.times, num_keys, 1, &slot_of);
    const SlotLookup lookup(slots, 2);
    std::vector<KeyId> keys;
    Times times;
    for (int i = 0; i < 3000; ++i) {
      keys.push_back(random() % 20 == 0 ? kNoKey : static_cast<KeyId>(random() % num_keys));
      const TimeMicros near = rows.times[random() % rows.times.size()];
      times.push_back(near == kMinTime || near == kMaxTime
                          ? near
                          : near + static_cast<TimeMicros>(random() % 3) - 1);
    }
    std::vector<SlotId> found(keys.size());
    lookup.Find(keys, times, found.data());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      SlotId expected = kNoSlot;
      const SlotRange range = keys[i] == kNoKey ? SlotRange{} : slots.of(keys[i]);
      for (SlotId slot = range.begin; slot < range.end; ++slot) {
        if (slots.times()[slot] <= times[i]) expected = slot;
      }
      ASSERT_EQ(found[i], expected) << "round " << round;
    }
  }
}

}  // namespace
}  // namespace coeval
