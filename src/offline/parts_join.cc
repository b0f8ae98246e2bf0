#include "offline/parts_join.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "offline/found_slots.h"
#include "offline/placed_join.h"
#include "offline/work_items.h"

namespace coeval {
namespace {

// Tells of the rows of all parts, end to end.
class PartsProgress {
 public:
  explicit PartsProgress(const FactProgress& progress) : progress_(progress) {}

  [[nodiscard]] FactProgress OfPart() {
    return [this](const FactCounts& counts) {
      FactCounts all = counts;
      all.rows += done_;
      if (progress_) progress_(all);
    };
  }

  void Finish(const FactCounts& counts) { done_ += counts.rows; }

 private:
  const FactProgress& progress_;
  std::int64_t done_ = 0;
};

void AddCounts(const AsOfCounts& part, AsOfCounts* sum) {
  if (sum->read.rows == 0) sum->read = part.read;  // every part reads the same
  sum->facts_of_questions += part.facts_of_questions;
  sum->candidates += part.candidates;
  sum->found += part.found;
  sum->expired += part.expired;
  sum->deleted += part.deleted;
  sum->ties += part.ties;
  sum->written_after += part.written_after;
  for (std::size_t f = 0; f < part.values_written_after.size(); ++f) {
    sum->values_written_after[f] += part.values_written_after[f];
  }
}

// Where the values of a spine's rows lie, and how they get from there to the answers.
class ValuePlaces {
 public:
  ValuePlaces(std::size_t num_features, AnswerSpill* answers)
      : written_values_(num_features), answers_(answers) {}

  // The rows of a part, whose facts were found; values that are known already are passed on.
  Status Take(const QuestionPart& part, PlacedJoin* placed, const Context& context) {
    const std::vector<Column>& known = placed->values().known();
    std::vector<std::uint32_t> known_rows;
    std::vector<std::int64_t> known_at;
    for (std::size_t i = 0; i < part.rows.size(); ++i) {
      const SlotId slot = placed->found()[i];
      if (slot == kNoSlot) continue;
      const FactPlace place = placed->heads().place(slot);
      const bool written_after = WrittenAfter(part.index, placed->heads(), i, slot);
      if (placed->values().IsKnown(place)) {
        known_rows.push_back(part.rows[i]);
        known_at.push_back(place.row);
        if (written_after) CountValues(known, place.row);
      } else {
        if (pieces_.size() <= place.piece) pieces_.resize(place.piece + 1);
        pieces_[place.piece].push_back({place.row, Marked(part.rows[i], written_after)});
      }
    }
    if (known_rows.empty()) return Status::Ok();
    std::vector<Column> values;
    for (const Column& column : known) values.push_back(column.Take(known_at));
    return answers_->AddValues(std::move(known_rows), std::move(values), context);
  }

  // All others are read, piece by piece, each piece once.
  Status Read(FactPieces* facts, const Context& context) {
    return RunItems(context.threads, pieces_.size(), *context.cancel,
                    [&](std::size_t /*worker*/, std::size_t piece) {
                      if (pieces_[piece].empty()) return Status::Ok();
                      return ReadPiece(piece, facts, context);
                    });
  }

  [[nodiscard]] const std::vector<std::int64_t>& written_values() const { return written_values_; }

 private:
  struct Row {
    std::uint32_t row;   // of the piece
    std::uint32_t mark;  // row of the spine, which fits 31 bits (memory_plan.h), and kWrittenAfter
  };

  static constexpr std::uint32_t kWrittenAfter = 1U << 31;

  static std::uint32_t Marked(std::uint32_t row, bool written_after) {
    return row | (written_after ? kWrittenAfter : 0U);
  }

  Status ReadPiece(std::size_t piece, FactPieces* facts, const Context& context) {
    std::vector<Row> of_piece = std::move(pieces_[piece]);
    std::sort(of_piece.begin(), of_piece.end(),
              [](const Row& a, const Row& b) { return a.row < b.row; });
    std::vector<std::int64_t> numbers;  // of rows in the piece, each once
    std::vector<std::int64_t> at;       // of each row of the spine, in `numbers`
    std::vector<std::uint32_t> rows;
    for (const Row& row : of_piece) {
      if (numbers.empty() || numbers.back() != row.row) numbers.push_back(row.row);
      at.push_back(std::ssize(numbers) - 1);
      rows.push_back(row.mark & ~kWrittenAfter);
    }
    COEVAL_ASSIGN_OR_RETURN(std::vector<Column> values,
                            facts->ReadValues(piece, numbers, kAllFeatures));
    for (std::size_t i = 0; i < of_piece.size(); ++i) {
      if ((of_piece[i].mark & kWrittenAfter) != 0) CountValues(values, at[i]);
    }
    if (numbers.size() < rows.size()) {
      for (Column& column : values) {
        COEVAL_RETURN_IF_ERROR(column.CheckTake(at));
        column = column.Take(at);
      }
    }
    return answers_->AddValues(std::move(rows), std::move(values), context);
  }

  void CountValues(const std::vector<Column>& values, std::int64_t row) {
    const std::lock_guard lock(mutex_);
    for (std::size_t f = 0; f < values.size(); ++f) {
      written_values_[f] += values[f].IsNull(row) ? 0 : 1;
    }
  }

  std::vector<std::vector<Row>> pieces_;
  std::mutex mutex_;
  std::vector<std::int64_t> written_values_;  // of each feature; guarded by mutex_
  AnswerSpill* answers_;
};

}  // namespace

Result<AsOfCounts> JoinAsOfInParts(const QuestionParts& parts, const AsOfJoin& join,
                                   const OpenFacts& open, const Context& context,
                                   const FactProgress& progress, AnswerSpill* answers) {
  PartsProgress told(progress);
  AsOfCounts counts;
  counts.values_written_after.resize(join.needed.size());
  ValuePlaces places(join.needed.size(), answers);
  std::unique_ptr<FactStream> last;  // of the last part, where it has pieces
  for (std::size_t p = 0; p < parts.size(); ++p) {
    COEVAL_ASSIGN_OR_RETURN(const QuestionPart part, parts.Make(p));
    COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<FactStream> facts,
                            open(NeededOf(join), RangeOf(part.index, join.rule)));
    FactPieces* pieces = facts->pieces();
    AsOfAnswers of_part;
    if (pieces != nullptr && HavePlaces(*pieces)) {
      PlacedJoin placed(part.index, join, pieces, context);
      COEVAL_RETURN_IF_ERROR(placed.Run(open, told.OfPart(), &of_part));
      COEVAL_RETURN_IF_ERROR(answers->AddMatches(part.rows, of_part.answers, context));
      COEVAL_RETURN_IF_ERROR(places.Take(part, &placed, context));
      last = std::move(facts);
    } else {
      COEVAL_ASSIGN_OR_RETURN(
          of_part, JoinAsOf(part.index, join, std::move(facts), open, context, told.OfPart()));
      COEVAL_RETURN_IF_ERROR(answers->Add(part.rows, std::move(of_part.answers), context));
    }
    told.Finish(of_part.counts.read);
    AddCounts(of_part.counts, &counts);
  }
  if (last != nullptr && !join.needed.empty()) {
    COEVAL_RETURN_IF_ERROR(places.Read(last->pieces(), context));
  }
  for (std::size_t f = 0; f < join.needed.size(); ++f) {
    counts.values_written_after[f] += places.written_values()[f];
  }
  COEVAL_RETURN_IF_ERROR(answers->Finish(context));
  return counts;
}

Result<WindowAnswers> JoinWindowsInParts(const QuestionParts& parts, const PlannedView& view,
                                         Known known, const OpenFacts& open, const Context& context,
                                         const FactProgress& progress, AnswerSpill* answers) {
  PartsProgress told(progress);
  WindowAnswers sum;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    COEVAL_ASSIGN_OR_RETURN(const QuestionPart part, parts.Make(p));
    COEVAL_ASSIGN_OR_RETURN(WindowAnswers of_part,
                            JoinWindows(part.index, view, known, open, context, told.OfPart()));
    told.Finish(of_part.read);
    if (sum.read.rows == 0) sum.read = of_part.read;
    sum.events += of_part.events;
    sum.too_late += of_part.too_late;
    COEVAL_RETURN_IF_ERROR(answers->Add(part.rows, std::move(of_part.answers), context));
  }
  COEVAL_RETURN_IF_ERROR(answers->Finish(context));
  return sum;
}

}  // namespace coeval
