// Joins in parts of the keys give what one join of all gives: of facts in pieces, of streams, and
// of events in windows; answers, counts and errors.
#include "offline/parts_join.h"

#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offline/piece_testing.h"
#include "offline/testing.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;

std::vector<ColumnSchema> NeededOf(const JoinCase& c) {
  std::vector<ColumnSchema> needed;
  for (const std::size_t i : c.join.needed) needed.push_back(c.join.schema[i]);
  return needed;
}

Result<AsOfAnswers> JoinInParts(const JoinCase& c, std::size_t parts, const OpenFacts& open,
                                const Context& context) {
  const QuestionColumns columns = ColumnsOf(c);
  const std::int64_t rows = std::ssize(columns.times);
  COEVAL_ASSIGN_OR_RETURN(ScratchFile file, ScratchFile::Make(""));
  AnswerSpill spill(NeededOf(c), /*aggregated=*/false,
                    {.num_rows = rows, .run_rows = rows + 1, .held_bytes = 64},
                    std::make_shared<ScratchFile>(std::move(file)));
  AsOfAnswers out;
  COEVAL_ASSIGN_OR_RETURN(
      out.counts, JoinAsOfInParts(QuestionParts(columns.keys, columns.times, parts), c.join, open,
                                  context, nullptr, &spill));
  if (rows == 0) return RunJoin(c);
  COEVAL_ASSIGN_OR_RETURN(const AnswerRun run, spill.Read(0, rows + 1, context));
  out.answers = *run.answers;
  return out;
}

TEST(PartsJoinTest, OfFactsInPiecesGivesWhatOneJoinGives) {
  const std::uint64_t first = TestSeed();
  for (std::uint64_t seed = first; seed < first + 150; ++seed) {
    std::mt19937_64 random(seed);
    const JoinCase c = RandomCase(random);
    Context context;
    context.threads = 1 + static_cast<int>(random() % 3);
    PieceCase once{.piece_rows = 1 + random() % 5, .threads = context.threads};
    const Result<AsOfAnswers> whole = RunJoinInPieces(c, &once);
    ASSERT_TRUE(whole.ok());
    PieceCase pieces{.piece_rows = once.piece_rows};
    const OpenFacts open_pieces = OpenInPieces(c, &pieces);
    const OpenFacts open = [&](const std::vector<ColumnSchema>& features, const FactRange& range) {
      pieces.keys_read.clear();  // each part reads all keys
      return open_pieces(features, range);
    };
    const Result<AsOfAnswers> answers = JoinInParts(c, 1 + random() % 5, open, context);
    ASSERT_TRUE(answers.ok()) << answers.status().ToString();
    ASSERT_EQ(DifferenceOf(*answers, *whole), "") << "COEVAL_SEED=" << seed;
  }
}

TEST(PartsJoinTest, OfStreamsGivesWhatOneJoinGives) {
  const std::uint64_t first = TestSeed();
  for (std::uint64_t seed = first; seed < first + 150; ++seed) {
    std::mt19937_64 random(seed);
    const JoinCase c = RandomCase(random);
    const Result<AsOfAnswers> whole = RunJoin(c);
    ASSERT_TRUE(whole.ok());
    const Context context;
    const Result<AsOfAnswers> answers =
        JoinInParts(c, 1 + random() % 5, OpenCase(c, 1 + random() % 5), context);
    ASSERT_TRUE(answers.ok()) << answers.status().ToString();
    ASSERT_EQ(DifferenceOf(*answers, *whole), "") << "COEVAL_SEED=" << seed;
  }
}

TEST(PartsJoinTest, TellsTheErrorOfAPiece) {
  const std::uint64_t first = TestSeed();
  int failed = 0;
  for (std::uint64_t seed = first; seed < first + 60; ++seed) {
    std::mt19937_64 random(seed);
    const JoinCase c = RandomCase(random);
    PieceCase pieces{.piece_rows = 2};
    pieces.fail = [](std::size_t piece, bool values) {
      return piece == 1 && values ? Status::IoError("the disk is gone") : Status::Ok();
    };
    const OpenFacts open_pieces = OpenInPieces(c, &pieces);
    const OpenFacts open = [&](const std::vector<ColumnSchema>& features, const FactRange& range) {
      pieces.keys_read.clear();
      return open_pieces(features, range);
    };
    const Context context;
    const Result<AsOfAnswers> answers = JoinInParts(c, 3, open, context);
    if (answers.ok()) continue;  // no value of that piece was needed
    ++failed;
    EXPECT_THAT(answers.status().message(), HasSubstr("the disk is gone"));
  }
  EXPECT_GT(failed, 3);
}

}  // namespace
}  // namespace coeval
