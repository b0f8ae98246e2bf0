// The as-of join against rule 3 by brute force: 10,000 small random cases. The seed is printed;
// COEVAL_SEED runs the same again.
#include <array>
#include <cstdint>
#include <iostream>
#include <random>

#include <gtest/gtest.h>

#include "offline/arrow_case.h"
#include "offline/piece_testing.h"
#include "offline/testing.h"

namespace coeval {
namespace {

TEST(AsOfJoinRandomTest, AgreesWithTheRuleInItsOwnWords) {
  constexpr std::int64_t kCases = 10'000;
  const RandomRun run = RunRandomCases(TestSeed(), kCases);
  ASSERT_EQ(run.failure, "");
  std::cout << "as-of join, " << kCases << " random cases equal to brute force: " << run.found
            << " answers found, " << run.expired << " expired, " << run.ties
            << " decided by tie bytes, " << run.second_passes << " second passes\n";
  // The cases do meet what they are for.
  EXPECT_GT(run.found, kCases / 4);
  EXPECT_GT(run.expired, kCases / 50);
  EXPECT_GT(run.ties, kCases / 50);
  EXPECT_GT(run.second_passes, kCases / 200);
}

// Keys first and values later is the same join, by any number of threads and in any pieces.
TEST(AsOfJoinRandomTest, PiecesAndThreadsChangeNothing) {
  constexpr std::uint64_t kCases = 10'000;
  const std::uint64_t first = TestSeed();
  std::int64_t ties = 0;
  std::int64_t second_passes = 0;
  for (std::uint64_t seed = first; seed < first + kCases; ++seed) {
    std::mt19937_64 random(seed);
    const JoinCase c = RandomCase(random);
    int opened = 0;
    const Result<AsOfAnswers> expected = RunJoin(c, 3, 1, &opened);
    ASSERT_TRUE(expected.ok());
    constexpr std::array<int, 5> kThreads = {1, 1, 2, 3, 8};
    PieceCase pieces{.piece_rows = 1 + random() % 8,
                     .batch_rows = 1 + random() % 4,
                     .threads = kThreads[random() % kThreads.size()]};
    const Result<AsOfAnswers> answers = RunJoinInPieces(c, &pieces);
    ASSERT_TRUE(answers.ok()) << answers.status().ToString() << " COEVAL_SEED=" << seed;
    ASSERT_EQ(Difference(c, *answers), "") << "COEVAL_SEED=" << seed;
    ASSERT_EQ(DifferenceOf(*answers, *expected), "") << "COEVAL_SEED=" << seed;
    ASSERT_EQ(pieces.opened, opened) << "COEVAL_SEED=" << seed;
    ties += answers->counts.ties;
    second_passes += opened - 1;
  }
  std::cout << kCases << " random cases in pieces equal to the stream: " << ties
            << " answers decided by tie bytes, " << second_passes << " second passes\n";
  EXPECT_GT(ties, 200);
  EXPECT_GT(second_passes, 50);
}

// Whichever side is indexed, the questions or the facts: the same answers, counts and passes.
TEST(AsOfJoinRandomTest, WhichSideIsIndexedChangesNothing) {
  constexpr std::uint64_t kCases = 10'000;
  const std::uint64_t first = TestSeed();
  std::int64_t of_facts = 0;
  std::int64_t found = 0;
  std::int64_t ties = 0;
  std::int64_t second_passes = 0;
  for (std::uint64_t seed = first; seed < first + kCases; ++seed) {
    std::mt19937_64 random(seed);
    JoinCase c = RandomCase(random);
    // Mostly as many questions as facts at least; some a little beside another.
    const std::size_t asked = c.questions.size();
    while (seed % 5 != 0 && asked > 0 && c.questions.size() < c.facts.size()) {
      TestQuestion again = c.questions[random() % asked];
      if (again.t != kMinTime && again.t != kMaxTime) again.t += static_cast<int>(random() % 3) - 1;
      c.questions.push_back(again);
    }
    int opened = 0;
    const Result<AsOfAnswers> expected = RunJoin(c, 3, 1, &opened);
    ASSERT_TRUE(expected.ok());
    PieceCase pieces{.piece_rows = 1 + random() % 8,
                     .batch_rows = 1 + random() % 4,
                     .threads = static_cast<int>(1 + random() % 3),
                     .held = true};
    const Result<AsOfAnswers> answers = RunJoinOfKeyed(c, &pieces);
    ASSERT_TRUE(answers.ok()) << answers.status().ToString() << " COEVAL_SEED=" << seed;
    ASSERT_EQ(Difference(c, *answers), "") << "COEVAL_SEED=" << seed;
    ASSERT_EQ(DifferenceOf(*answers, *expected), "") << "COEVAL_SEED=" << seed;
    ASSERT_EQ(pieces.opened, opened) << "COEVAL_SEED=" << seed;
    of_facts += c.facts.size() <= c.questions.size() ? 1 : 0;
    found += answers->counts.found;
    ties += answers->counts.ties;
    second_passes += opened - 1;
  }
  std::cout << of_facts << " of " << kCases << " random cases by an index of the facts: " << found
            << " answers found, " << ties << " decided by tie bytes, " << second_passes
            << " second passes\n";
  EXPECT_GT(of_facts, 5'000);
  EXPECT_GT(found, 2'000);
  EXPECT_GT(ties, 200);
  EXPECT_GT(second_passes, 50);
}

TEST(AsOfJoinRandomTest, AgreesWithTheRuleThroughArrowInEveryShape) {
  constexpr std::int64_t kCases = 10'000;
  const RandomRun run = RunRandomArrowCases(TestSeed(), kCases);
  ASSERT_EQ(run.failure, "");
  std::cout << "as-of join of Arrow streams, " << kCases
            << " random cases, each in two orders, equal to brute force: " << run.found
            << " answers found, " << run.expired << " expired, " << run.ties
            << " decided by tie bytes\n";
  EXPECT_GT(run.found, kCases / 4);
  EXPECT_GT(run.expired, kCases / 50);
  EXPECT_GT(run.ties, kCases / 50);
}

}  // namespace
}  // namespace coeval
