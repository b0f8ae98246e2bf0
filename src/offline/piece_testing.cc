#include "offline/piece_testing.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "offline/keyed_questions.h"

namespace coeval {
namespace {

// Pieces of `piece_rows` facts, in the order of the case; facts out of range have rows too.
class CasePieces : public FactPieces {
 public:
  CasePieces(const JoinCase& c, std::vector<std::size_t> features, const FactRange& range,
             PieceCase* log)
      : c_(c), features_(std::move(features)), range_(range), log_(log) {}

  [[nodiscard]] std::size_t size() const override {
    return (c_.facts.size() + log_->piece_rows - 1) / log_->piece_rows;
  }

  [[nodiscard]] std::int64_t rows(std::size_t piece) const override {
    return static_cast<std::int64_t>(Piece(piece).size());
  }

  [[nodiscard]] bool is_held() const override { return log_->held; }

  Result<FactCounts> ReadKeys(std::size_t piece, const Use& use) override {
    return Read(piece, {}, use);
  }

  Result<FactCounts> ReadFacts(std::size_t piece, const Use& use) override {
    return Read(piece, features_, use);
  }

  Status Finish() override { return Status::Ok(); }

  Result<std::vector<Column>> ReadValues(std::size_t piece, std::span<const std::int64_t> rows,
                                         FeatureSpan features) override {
    {
      const std::lock_guard lock(mutex_);
      log_->values_read.insert(piece);
      log_->values_taken += rows.size();
    }
    if (log_->fail) COEVAL_RETURN_IF_ERROR(log_->fail(piece, true));
    EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(), std::less_equal<>()));
    std::vector<TestFact> facts;
    for (const std::int64_t row : rows) {
      facts.push_back(Piece(piece)[static_cast<std::size_t>(row)]);
    }
    std::vector<Column> columns = BatchOf(c_, facts, features_).features;
    const std::size_t n = columns.size();
    return std::vector<Column>(columns.begin() + static_cast<std::ptrdiff_t>(features.begin(n)),
                               columns.begin() + static_cast<std::ptrdiff_t>(features.end(n)));
  }

 private:
  Result<FactCounts> Read(std::size_t piece, const std::vector<std::size_t>& features,
                          const Use& use) {
    {
      const std::lock_guard lock(mutex_);
      EXPECT_TRUE(log_->keys_read.insert(piece).second) << "piece " << piece << " twice";
    }
    if (log_->fail) COEVAL_RETURN_IF_ERROR(log_->fail(piece, false));
    FactCounts counts;
    std::vector<TestFact> facts;
    auto numbers = std::make_shared<std::vector<std::int64_t>>();
    const auto hand_over = [&] {
      if (facts.empty()) return;
      FactBatch batch = BatchOf(c_, facts, features);
      batch.row_numbers = std::exchange(numbers, std::make_shared<std::vector<std::int64_t>>());
      use(batch);
      facts.clear();
    };
    const std::span<const TestFact> of_piece = Piece(piece);
    for (std::size_t row = 0; row < of_piece.size(); ++row) {
      ++counts.rows;
      const TestFact& fact = of_piece[row];
      const bool wanted = c_.join.rule.source.timeless || (fact.event_time <= range_.event_max &&
                                                           fact.event_time >= range_.event_min);
      ++(wanted ? counts.facts : counts.out_of_range);
      if (!wanted) continue;
      if (!facts.empty() && facts.front().arrived != fact.arrived) hand_over();
      facts.push_back(fact);
      numbers->push_back(static_cast<std::int64_t>(row));
      if (facts.size() == log_->batch_rows) hand_over();
    }
    hand_over();
    return counts;
  }

  [[nodiscard]] std::span<const TestFact> Piece(std::size_t piece) const {
    const std::size_t first = piece * log_->piece_rows;
    return std::span(c_.facts).subspan(first, std::min(log_->piece_rows, c_.facts.size() - first));
  }

  const JoinCase& c_;
  std::vector<std::size_t> features_;
  FactRange range_;
  PieceCase* log_;
  std::mutex mutex_;
};

// A stream with pieces beside it.
class StreamInPieces : public FactStream {
 public:
  StreamInPieces(std::unique_ptr<FactStream> stream, std::unique_ptr<CasePieces> pieces)
      : stream_(std::move(stream)), pieces_(std::move(pieces)) {}

  [[nodiscard]] FactPieces* pieces() override { return pieces_.get(); }

  Result<std::optional<FactBatch>> Next() override { return stream_->Next(); }

  [[nodiscard]] const FactCounts& counts() const override { return stream_->counts(); }

 private:
  std::unique_ptr<FactStream> stream_;
  std::unique_ptr<CasePieces> pieces_;
};

}  // namespace

OpenFacts OpenInPieces(const JoinCase& c, PieceCase* pieces) {
  return [&c, pieces, stream = OpenCase(c, pieces->batch_rows, &pieces->opened)](
             const std::vector<ColumnSchema>& features,
             const FactRange& range) -> Result<std::unique_ptr<FactStream>> {
    COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<FactStream> facts, stream(features, range));
    return std::unique_ptr<FactStream>(std::make_unique<StreamInPieces>(
        std::move(facts),
        std::make_unique<CasePieces>(c, PositionsOf(c, features), range, pieces)));
  };
}

Result<AsOfAnswers> RunJoinInPieces(const JoinCase& c, PieceCase* pieces) {
  COEVAL_ASSIGN_OR_RETURN(const QuestionIndex index, IndexOf(c));
  Context context;
  context.threads = pieces->threads;
  return JoinAsOf(index, c.join, OpenInPieces(c, pieces), context);
}

Result<AsOfAnswers> RunJoinOfKeyed(const JoinCase& c, PieceCase* pieces) {
  QuestionColumns columns = ColumnsOf(c);
  KeyedQuestions questions(std::move(columns.keys), columns.times);
  Context context;
  context.threads = pieces->threads;
  return JoinAsOf(&questions, c.join, OpenInPieces(c, pieces), context, nullptr);
}

std::string DifferenceOf(const AsOfAnswers& a, const AsOfAnswers& b) {
  if (a.answers.match != b.answers.match) return "matches";
  if (a.answers.event_time != b.answers.event_time) return "event times";
  if (a.answers.features.size() != b.answers.features.size()) return "number of features";
  for (std::size_t i = 0; i < a.answers.features.size(); ++i) {
    if (!SameBits(a.answers.features[i], b.answers.features[i])) {
      return "feature " + std::to_string(i);
    }
  }
  const auto counts = [](const AsOfCounts& of) {
    return std::vector<std::int64_t>{of.read.rows,    of.read.facts, of.read.out_of_range,
                                     of.candidates,   of.found,      of.facts_of_questions,
                                     of.expired,      of.deleted,    of.ties,
                                     of.written_after};
  };
  if (counts(a.counts) != counts(b.counts)) {
    return "counts " + ::testing::PrintToString(counts(a.counts)) + ", not " +
           ::testing::PrintToString(counts(b.counts));
  }
  if (a.counts.values_written_after != b.counts.values_written_after) return "values written after";
  return "";
}

}  // namespace coeval
