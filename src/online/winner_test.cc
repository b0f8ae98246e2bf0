#include "online/winner.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "column/row_encoding.h"
#include "online/testing.h"

namespace coeval {
namespace {

constexpr TimeMicros kNow = 1'357'034'040'000'000;

// Facts of one key with the bytes that they borrow.
class Facts {
 public:
  Facts(const std::vector<TestFact>& facts, const Source& source) {
    rows_.resize(facts.size());
    for (std::size_t i = 0; i < facts.size(); ++i) {
      kept_.push_back(Kept(facts[i], source, &rows_[i]));
    }
  }

  [[nodiscard]] const std::vector<KeptFact>& kept() const { return kept_; }

 private:
  std::vector<std::string> rows_;
  std::vector<KeptFact> kept_;
};

const std::vector<DataType>& Types() {
  static const std::vector<DataType> types = {TypeId::kInt64, TypeId::kFloat64};
  return types;
}

std::string Bytes(const std::vector<KeptFact>& facts) {
  FactList list;
  list.facts = facts;
  std::string bytes;
  EncodeFactList(list, &bytes);
  return bytes;
}

std::vector<KeptFact> Collapsed(std::vector<KeptFact> facts, TimeMicros horizon,
                                DurationMicros ttl) {
  Collapse({.types = Types(), .horizon = horizon, .ttl = ttl}, &facts);
  return facts;
}

TestAnswer Answer(const std::vector<KeptFact>& facts, TimeMicros t, DurationMicros ttl) {
  const KeptAnswer kept = AnswerAt(facts, t, ttl);
  TestAnswer answer{kept.match, kept.event_time, {Value(), Value()}};
  if (kept.match == Match::kFound) {
    answer.values = *RowView::Parse(kept.winner->row, Types())->Values();
  }
  return answer;
}

std::vector<Source> Sources() {
  return {TestSource(), TestSource(CreatedMeaning::kVersion, 3 * kMinute),
          TestSource(CreatedMeaning::kArrival)};
}

// Rule 3.6: exact for every t >= H, with and without a ttl.
TEST(WinnerTest, AnswersEveryTimeFromTheHorizonOnLikeAllFactsTogether) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 400; ++round) {
    const Source source = Sources()[random() % 3];
    const DurationMicros ttl = random() % 2 == 0 ? 0 : static_cast<int>(random() % 12) * kMinute;
    const ViewVersion view = TestView(source, ttl);
    const std::vector<TestFact> plain = RandomFacts(random, random() % 14, 1, kNow, true);
    const Facts facts(plain, source);
    const TimeMicros horizon = kNow + (static_cast<int>(random() % 60) - 45) * kMinute / 2;
    const std::vector<KeptFact> kept = Collapsed(facts.kept(), horizon, ttl);
    for (int step = 0; step < 60; ++step) {
      for (const TimeMicros offset : {-1, 0, 1}) {
        const TimeMicros t = horizon + 1 + step * kMinute / 2 + offset;
        ASSERT_EQ(Answer(kept, t, ttl), AskPlainly(plain, view, 0, t))
            << "round " << round << " t " << t << " horizon " << horizon << " ttl " << ttl;
      }
    }
  }
}

// Decision 2: at-least-once delivery in any order and grouping leaves one state.
TEST(WinnerTest, CollapsingIsAssociativeCommutativeAndIdempotent) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 300; ++round) {
    const Source source = Sources()[random() % 3];
    const DurationMicros ttl = random() % 2 == 0 ? 0 : 5 * kMinute;
    const Facts facts(RandomFacts(random, 1 + random() % 14, 1, kNow, true), source);
    const TimeMicros horizon = kNow - static_cast<int>(random() % 30) * kMinute;
    const std::vector<KeptFact> whole = Collapsed(facts.kept(), horizon, ttl);
    EXPECT_EQ(Bytes(Collapsed(whole, horizon, ttl)), Bytes(whole));
    // In another order, with repetitions, in pieces collapsed at earlier horizons.
    std::vector<KeptFact> shuffled = facts.kept();
    const std::size_t cut = random() % (shuffled.size() + 1);
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    const auto middle = shuffled.begin() + static_cast<std::ptrdiff_t>(cut);
    std::vector<KeptFact> left = Collapsed({shuffled.begin(), middle}, horizon - kMinute, ttl);
    std::vector<KeptFact> right = Collapsed({middle, shuffled.end()}, kMinTime, ttl);
    right.insert(right.end(), left.begin(), left.end());
    right.insert(right.end(), left.begin(), left.end());
    EXPECT_EQ(Bytes(Collapsed(right, horizon, ttl)), Bytes(whole));
    // Where the view is not known nothing is lost.
    std::vector<KeptFact> united = shuffled;
    Unite(&united);
    for (std::size_t i = 1; i < united.size(); ++i) {
      EXPECT_TRUE(MayFollow(united[i], united[i - 1]));
      EXPECT_FALSE(MayFollow(united[i], united[i]));
    }
    EXPECT_EQ(Bytes(Collapsed(united, horizon, ttl)), Bytes(whole));
  }
}

TEST(WinnerTest, APendingFactDoesNotHideTheOneThatIsTrueNow) {
  const Source source = TestSource();
  const Facts facts({{.event_time = 100, .n = 1}, {.event_time = 300, .n = 3}}, source);
  const std::vector<KeptFact> kept = Collapsed(facts.kept(), 200, 0);
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(Answer(kept, 299, 0).event_time, 100);
  EXPECT_EQ(Answer(kept, 300, 0).event_time, 300);
  EXPECT_EQ(Collapsed(kept, 300, 0).size(), 1U);
}

// Rule 3.7: a delete hides what it outranks, also what arrives later, and not what is newer.
TEST(WinnerTest, ADeleteHoldsAgainstLateRows) {
  const Source source = TestSource();
  const Facts facts({{.event_time = 100, .n = 1},
                     {.event_time = 200, .is_delete = true},
                     {.event_time = 150, .n = 2},
                     {.event_time = 200, .n = 9},  // a full tie: the delete wins
                     {.event_time = 300, .n = 3}},
                    source);
  const std::vector<KeptFact> kept = Collapsed(facts.kept(), 250, 0);
  EXPECT_EQ(Answer(kept, 250, 0).match, Match::kNotFound);
  EXPECT_EQ(Answer(kept, 300, 0).event_time, 300);
}

// Rule 3.6: deletes do not stay for ever where there is a ttl.
TEST(WinnerTest, NothingOlderThanTwiceTheTtlBeforeTheHorizonIsKept) {
  const Source source = TestSource();
  const Facts facts({{.event_time = 100, .n = 1}}, source);
  EXPECT_EQ(Collapsed(facts.kept(), 120, 10).size(), 1U);
  EXPECT_EQ(Collapsed(facts.kept(), 121, 10).size(), 0U);
}

// Rule 3.3: of facts equal in rank the one known first is kept, whichever came first.
TEST(WinnerTest, OfEqualFactsTheOneKnownFirstStays) {
  const Source source = TestSource();
  const Facts facts({{.event_time = 100, .n = 1}, {.event_time = 100, .n = 1}}, source);
  std::vector<KeptFact> both = facts.kept();
  both[0].visible_time = 150;
  both[1].visible_time = 120;
  for (int turn = 0; turn < 2; ++turn) {
    const std::vector<KeptFact> kept = Collapsed(both, 110, 0);
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0].visible_time, 120);
    std::swap(both[0], both[1]);
  }
}

// A row that cannot be read must not lose a tie silently: the reader is told.
TEST(WinnerTest, ADamagedRowOutranksWhatItTiesWith) {
  const Source source = TestSource();
  const Facts facts({{.event_time = 100, .n = 1}, {.event_time = 100, .n = 2}}, source);
  std::vector<KeptFact> with_damage = facts.kept();
  std::string damaged(with_damage[0].row);
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  with_damage[0].row = damaged;
  EXPECT_EQ(Collapsed(with_damage, 200, 0).back().row, damaged);
}

}  // namespace
}  // namespace coeval
