// The join of facts in pieces: keys and times first, values where a winner lies, several threads.
#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "offline/as_of_join.h"
#include "offline/piece_testing.h"
#include "offline/testing.h"

namespace coeval {
namespace {

JoinCase TwoFeatures() {
  JoinCase c;
  c.key_types = {TypeId::kInt64};
  c.join.schema = {{"a", TypeId::kInt64}, {"b", TypeId::kString}};
  c.join.needed = {0, 1};
  return c;
}

TestFact Fact(std::int64_t key, TimeMicros event_time, std::int64_t a, const std::string& b = "x") {
  return {.key = {Value::Int(key)},
          .event_time = event_time,
          .values = {Value::Int(a), Value::String(b)}};
}

TestQuestion Ask(std::int64_t key, TimeMicros t) {
  return {{Value::Int(key)}, t};
}

using Pieces = std::set<std::size_t>;

TEST(PiecesJoinTest, ReadsValuesOnlyWhereAWinnerLies) {
  JoinCase c = TwoFeatures();
  // Pieces of two facts: beaten; winner of key 1; of no question; winner of key 2.
  c.facts = {Fact(1, 10, 1), Fact(1, 11, 2), Fact(1, 19, 3), Fact(3, 1, 4),
             Fact(4, 1, 5),  Fact(4, 2, 6),  Fact(2, 5, 7),  Fact(1, 12, 8)};
  c.questions = {Ask(1, 20), Ask(2, 20), Ask(1, 25), Ask(9, 20)};
  PieceCase pieces{.piece_rows = 2};
  const Result<AsOfAnswers> answers = RunJoinInPieces(c, &pieces);
  ASSERT_TRUE(answers.ok()) << answers.status().ToString();
  EXPECT_EQ(Difference(c, *answers), "");
  EXPECT_EQ(pieces.keys_read, (Pieces{0, 1, 2, 3}));
  EXPECT_EQ(pieces.values_read, (Pieces{1, 3}));
  EXPECT_EQ(pieces.values_taken, 2U);
}

TEST(PiecesJoinTest, ExpiredAndDeletedWinnersNeedNoValues) {
  JoinCase c = TwoFeatures();
  c.join.rule.ttl = 50;
  c.facts = {Fact(1, 100, 1), Fact(2, 100, 2), Fact(3, 170, 3)};
  c.facts[1].deleted = true;
  c.questions = {Ask(1, 180), Ask(2, 120), Ask(3, 180)};
  PieceCase pieces{.piece_rows = 1};
  const Result<AsOfAnswers> answers = RunJoinInPieces(c, &pieces);
  ASSERT_TRUE(answers.ok());
  EXPECT_EQ(Difference(c, *answers), "");
  EXPECT_EQ(answers->counts.expired, 1);
  EXPECT_EQ(answers->counts.deleted, 1);
  EXPECT_EQ(pieces.values_read, (Pieces{2}));
}

TEST(PiecesJoinTest, TiedFactsAreComparedByTheirValues) {
  JoinCase c = TwoFeatures();
  c.facts = {Fact(1, 10, 5, "b"), Fact(2, 10, 1), Fact(1, 10, 5, "c"),
             Fact(1, 10, 4, "z"), Fact(1, 9, 9),  Fact(2, 10, 1)};
  c.questions = {Ask(1, 20), Ask(2, 20), Ask(1, 9)};
  for (const int threads : {1, 2, 3, 8}) {
    PieceCase pieces{.piece_rows = 1, .threads = threads};
    const Result<AsOfAnswers> answers = RunJoinInPieces(c, &pieces);
    ASSERT_TRUE(answers.ok());
    EXPECT_EQ(Difference(c, *answers), "");
    EXPECT_EQ(answers->counts.ties, 1);  // the facts of key 2 are the same
    EXPECT_EQ(pieces.opened, 1);
    EXPECT_EQ(pieces.values_read, (Pieces{0, 1, 2, 3, 4, 5}));
  }
}

TEST(PiecesJoinTest, TiesThatANewerFactHidesAreNotRead) {
  JoinCase c = TwoFeatures();
  c.facts = {Fact(1, 10, 5), Fact(1, 10, 6), Fact(1, 11, 7)};
  c.questions = {Ask(1, 20)};
  PieceCase pieces{.piece_rows = 1};
  ASSERT_TRUE(RunJoinInPieces(c, &pieces).ok());
  EXPECT_EQ(pieces.values_read, (Pieces{2}));
}

TEST(PiecesJoinTest, OpenTiesTakeASecondPass) {
  JoinCase c = TwoFeatures();
  c.join.needed = {1};
  c.facts = {Fact(1, 10, 5, "b"), Fact(1, 10, 6, "a"), Fact(2, 10, 1, "c")};
  c.questions = {Ask(1, 20), Ask(2, 20)};
  PieceCase pieces{.piece_rows = 1, .threads = 2};
  const Result<AsOfAnswers> answers = RunJoinInPieces(c, &pieces);
  ASSERT_TRUE(answers.ok());
  EXPECT_EQ(Difference(c, *answers), "");
  EXPECT_EQ(answers->answers.features[0].bytes(0), "a");
  EXPECT_EQ(pieces.opened, 2);
}

TEST(PiecesJoinTest, WithoutFeaturesNoValueIsRead) {
  JoinCase c = TwoFeatures();
  c.join.needed = {};
  c.facts = {Fact(1, 10, 5), Fact(2, 10, 5), Fact(2, 10, 6)};
  c.questions = {Ask(1, 20), Ask(2, 20)};
  PieceCase pieces;
  const Result<AsOfAnswers> answers = RunJoinInPieces(c, &pieces);
  ASSERT_TRUE(answers.ok());
  EXPECT_EQ(answers->counts.found, 2);
  EXPECT_TRUE(pieces.values_read.empty());
}

TEST(PiecesJoinTest, AnEmptySpineReadsNothing) {
  JoinCase c = TwoFeatures();
  c.facts = {Fact(1, 10, 5)};
  PieceCase pieces;
  const Result<AsOfAnswers> answers = RunJoinInPieces(c, &pieces);
  ASSERT_TRUE(answers.ok());
  EXPECT_TRUE(pieces.keys_read.empty());
  EXPECT_EQ(answers->answers.features[1].length(), 0);
}

// Few keys, many, one hot one; one piece and many tiny ones; any number of threads.
TEST(PiecesJoinTest, TheNumberOfThreadsChangesNothing) {
  const std::uint64_t seed = TestSeed();
  std::int64_t ties = 0;
  for (const std::int64_t keys : {1, 7, 400}) {
    std::mt19937_64 random(seed);
    JoinCase c = TwoFeatures();
    for (int i = 0; i < 3000; ++i) {
      const auto key = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(keys));
      c.facts.push_back(Fact(key, static_cast<TimeMicros>(random() % 500), i % 11,
                             "text " + std::to_string(i % 5)));
    }
    for (int i = 0; i < 300; ++i) {
      const auto key = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(keys + 1));
      c.questions.push_back(Ask(key, static_cast<TimeMicros>(random() % 600)));
    }
    const Result<AsOfAnswers> expected = RunJoin(c, 100);
    ASSERT_TRUE(expected.ok());
    ties += expected->counts.ties;
    for (const std::size_t piece_rows : {1U, 64U, 5000U}) {
      Pieces values_read;
      for (const int threads : {1, 2, 3, 8}) {
        PieceCase pieces{.piece_rows = piece_rows, .batch_rows = 50, .threads = threads};
        const Result<AsOfAnswers> answers = RunJoinInPieces(c, &pieces);
        ASSERT_TRUE(answers.ok()) << answers.status().ToString();
        ASSERT_EQ(DifferenceOf(*answers, *expected), "") << keys << " keys, " << threads;
        if (threads == 1) values_read = pieces.values_read;
        EXPECT_EQ(pieces.values_read, values_read);
      }
    }
  }
  EXPECT_GT(ties, 0);
}

// What fails first in the order of the pieces is what is told, whoever comes upon it.
TEST(PiecesJoinTest, TheFirstFailureIsTold) {
  JoinCase c = TwoFeatures();
  for (int i = 0; i < 40; ++i) {
    c.facts.push_back(Fact(i, 10, i));
    c.questions.push_back(Ask(i, 20));
  }
  for (const int threads : {1, 2, 3, 8}) {
    for (const bool of_values : {false, true}) {
      PieceCase pieces{.piece_rows = 1, .threads = threads};
      pieces.fail = [of_values](std::size_t piece, bool values) {
        if (values != of_values || piece % 10 != 7) return Status::Ok();
        return Status::Corruption("piece " + std::to_string(piece));
      };
      const Result<AsOfAnswers> answers = RunJoinInPieces(c, &pieces);
      ASSERT_FALSE(answers.ok());
      EXPECT_EQ(answers.status().message(), "piece 7") << threads;
    }
  }
}

}  // namespace
}  // namespace coeval
