// QuestionParts: the questions of a spine cut by their keys, so that a join may look at a part of
// the keys at a time when all are too many for memory.
//
//   keys     ann  bob  ann  cyd  null        part 0: rows 0, 2, 4      part 1: rows 1, 3
//
// All questions of a key are in one part: no fact matters to two.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "column/column.h"
#include "offline/question_index.h"

namespace coeval {

struct QuestionPart {
  std::vector<std::uint32_t> rows;  // of the spine, ascending
  QuestionIndex index;              // of these
};

// Borrows keys and times. Immutable; threads: any.
class QuestionParts {
 public:
  // `keys` and `times` as QuestionIndex::Build takes them; parts >= 1. Without key columns all
  // questions are of one key, and of one part. Cost: O(n); two bytes a
  // question.
  QuestionParts(std::span<const Column> keys, std::span<const TimeMicros> times, std::size_t parts);

  [[nodiscard]] std::size_t size() const { return sizes_.size(); }

  // One part, made anew at each call; its min_time() and max_time() are those of all questions, so
  // that the same range of facts is read for each. Errors: those of QuestionIndex::Build.
  [[nodiscard]] Result<QuestionPart> Make(std::size_t part) const;

 private:
  std::span<const Column> keys_;
  std::span<const TimeMicros> times_;
  std::vector<std::uint16_t> part_of_;  // per question
  std::vector<std::size_t> sizes_;      // per part
  TimeMicros min_time_ = kMaxTime;
  TimeMicros max_time_ = kMinTime;
};

}  // namespace coeval
