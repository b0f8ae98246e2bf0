#include "retrieval/event_timeline.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coeval {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Facts of one key with the texts that stand for their tie bytes.
struct Story {
  std::vector<TimelineFact> facts;
  std::vector<std::string> ties;

  void Add(TimeMicros event_time, TimeMicros known, std::uint32_t identity = kAlone,
           bool is_retraction = false) {
    TimelineFact fact;
    fact.times = {event_time, known, true};
    fact.is_retraction = is_retraction;
    fact.known = fact.declared = known;
    fact.identity = identity;
    facts.push_back(fact);
    ties.emplace_back("t");
  }

  [[nodiscard]] CompareTieBytes Compare() const {
    return [this](std::uint32_t a, std::uint32_t b) { return ties[a].compare(ties[b]); };
  }

  std::vector<Appearance> Appearances(DurationMicros lateness, std::int64_t* too_late) const {
    std::vector<Appearance> found;
    FindAppearances(facts, lateness, Compare(), &found, too_late);
    return found;
  }

  std::vector<Appearance> Appearances() const {
    std::int64_t too_late = 0;
    return Appearances(1000, &too_late);
  }
};

TEST(EventTimelineTest, AnEventCountsFromWhenItIsKnown) {
  Story story;
  story.Add(10, 12);
  story.Add(11, 11);
  EXPECT_THAT(story.Appearances(), ElementsAre(Appearance{11, 1, true}, Appearance{12, 0, true}));
}

TEST(EventTimelineTest, ACorrectionReplacesAndARetractionEnds) {
  Story story;
  story.Add(10, 12, 7);
  story.Add(10, 15, 7);
  story.Add(10, 20, 7, true);
  EXPECT_THAT(story.Appearances(), ElementsAre(Appearance{12, 0, true}, Appearance{15, 0, false},
                                               Appearance{15, 1, true}, Appearance{20, 1, false}));
}

TEST(EventTimelineTest, WhatIsReplacedAtOnceNeverCounted) {
  Story story;
  story.Add(10, 12, 7);
  story.Add(10, 12, 7);
  story.ties = {"b", "a"};
  EXPECT_THAT(story.Appearances(), ElementsAre(Appearance{12, 0, true}));
  story.ties = {"a", "b"};
  EXPECT_THAT(story.Appearances(), ElementsAre(Appearance{12, 1, true}));
}

TEST(EventTimelineTest, WhatCameTooLateTakesNoPartAndIsCounted) {
  Story story;
  story.Add(10, 110);
  story.Add(10, 111);
  std::int64_t too_late = 0;
  EXPECT_THAT(story.Appearances(100, &too_late), ElementsAre(Appearance{110, 0, true}));
  EXPECT_EQ(too_late, 1);
}

// Rule 5.8: the newcomer is an event of its own, for what stands can no longer be told from.
TEST(EventTimelineTest, WhatIsOldStandsForEver) {
  Story story;
  story.Add(10, 12, 7);
  story.Add(100, 111, 7);
  std::int64_t too_late = 0;
  EXPECT_THAT(story.Appearances(100, &too_late),
              ElementsAre(Appearance{12, 0, true}, Appearance{111, 1, true}));
  Story retracted;
  retracted.Add(10, 12, 7);
  retracted.Add(100, 111, 7, true);
  EXPECT_THAT(retracted.Appearances(100, &too_late), ElementsAre(Appearance{12, 0, true}));
}

TEST(EventTimelineTest, ARetractionWithoutItsEventIsNothing) {
  Story story;
  story.Add(10, 12, 7, true);
  story.Add(10, 12, kAlone, true);
  EXPECT_THAT(story.Appearances(), IsEmpty());
}

// --- against the words of the rules, literally ---------------------------------------------------

using Written = std::tuple<bool, TimeMicros, bool, std::int64_t, bool, std::string>;

Written WrittenOf(const Story& story, std::uint32_t i) {
  const TimelineFact& fact = story.facts[i];
  return {fact.times.has_created, fact.times.has_created ? fact.times.created_time : 0,
          fact.sequence.present,  fact.sequence.present ? fact.sequence.number : 0,
          fact.is_retraction,     fact.is_retraction ? "" : story.ties[i]};
}

std::set<std::uint32_t> StandingAt(const Story& story, DurationMicros lateness, TimeMicros t) {
  std::map<std::uint32_t, std::vector<std::uint32_t>> groups;
  for (std::uint32_t i = 0; i < story.facts.size(); ++i) {
    const TimelineFact& fact = story.facts[i];
    if (fact.known > t || fact.declared - fact.times.event_time > lateness) continue;
    const bool alone = fact.identity == kAlone;
    groups[alone ? 1'000'000 + i : fact.identity].push_back(i);
  }
  std::set<std::uint32_t> standing;
  for (auto& [identity, group] : groups) {
    const auto value = [&](std::uint32_t i) {
      return std::tuple(WrittenOf(story, i), story.facts[i].times.event_time);
    };
    std::sort(group.begin(), group.end(), [&](std::uint32_t a, std::uint32_t b) {
      return std::tuple(story.facts[a].declared, value(a)) <
             std::tuple(story.facts[b].declared, value(b));
    });
    std::vector<std::vector<std::uint32_t>> lives;
    for (const std::uint32_t i : group) {
      const bool closed =
          lives.empty() ||
          story.facts[i].declared - story.facts[lives.back().back()].times.event_time > lateness;
      if (closed) {
        lives.push_back({i});
      } else if (value(i) > value(lives.back().back())) {
        lives.back().push_back(i);
      } else {
        lives.back().insert(lives.back().begin(), i);
      }
    }
    for (const auto& life : lives) {
      if (!story.facts[life.back()].is_retraction) standing.insert(life.back());
    }
  }
  return standing;
}

Story RandomStory(std::mt19937_64& random) {
  const auto below = [&random](std::uint64_t n) { return static_cast<std::int64_t>(random() % n); };
  Story story;
  const auto n = below(12);
  for (std::int64_t i = 0; i < n; ++i) {
    TimelineFact fact;
    fact.times = {below(20), below(25), below(4) != 0};
    fact.declared = fact.times.has_created ? fact.times.created_time : fact.times.event_time + 2;
    fact.known = below(3) == 0 ? fact.times.event_time : fact.declared;
    fact.sequence = {below(2) == 0, {}, below(2)};
    fact.is_retraction = below(4) == 0;
    if (below(3) != 0) fact.identity = static_cast<std::uint32_t>(below(3));
    story.facts.push_back(fact);
  }
  std::stable_sort(story.facts.begin(), story.facts.end(), [](const auto& a, const auto& b) {
    return CompareTimes(a.times, a.sequence, b.times, b.sequence) < 0;
  });
  // Facts of one identity that are the same in all are one fact; so ties differ within a story.
  for (std::int64_t i = 0; i < n; ++i) story.ties.push_back(std::to_string(i * 7 % 13));
  return story;
}

TEST(EventTimelineTest, EveryInstantIsAsTheRulesSay) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    const Story story = RandomStory(random);
    const DurationMicros lateness = static_cast<DurationMicros>(random() % 15);
    std::int64_t too_late = 0;
    const std::vector<Appearance> appearances = story.Appearances(lateness, &too_late);
    std::set<std::uint32_t> standing;
    auto next = appearances.begin();
    for (TimeMicros t = -1; t < 30; ++t) {
      for (; next != appearances.end() && next->at <= t; ++next) {
        if (next->counts) {
          ASSERT_TRUE(standing.insert(next->position).second);
        } else {
          ASSERT_EQ(standing.erase(next->position), 1U);
        }
      }
      ASSERT_EQ(standing, StandingAt(story, lateness, t)) << "round " << round << ", t " << t;
    }
    ASSERT_EQ(next, appearances.end());
  }
}

}  // namespace
}  // namespace coeval
