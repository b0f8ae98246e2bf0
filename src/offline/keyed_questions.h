// KeyedQuestions: the questions of a spine by one list of key columns. Joins by the same keys share
// them: indexed when the first join asks for that, or cut into parts where memory is short
// (question_parts.h).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "column/column.h"
#include "offline/question_index.h"
#include "offline/question_keys.h"
#include "offline/question_parts.h"
#include "source/wanted_keys.h"

namespace coeval {

// One thread.
class KeyedQuestions {
 public:
  // As QuestionIndex::Build takes them; `times` must outlive this.
  KeyedQuestions(std::vector<Column> keys, std::span<const TimeMicros> times)
      : keys_(std::move(keys)), times_(times) {}

  [[nodiscard]] std::int64_t num_questions() const { return std::ssize(times_); }

  [[nodiscard]] std::span<const TimeMicros> times() const { return times_; }

  // Made at the first call, and after each DropIndex(), by `threads`. Errors: those of
  // QuestionIndex::Build.
  Result<const QuestionIndex*> Index(int threads);

  [[nodiscard]] bool has_index() const { return index_.has_value(); }

  // Gives its memory back.
  void DropIndex() { index_.reset(); }

  // The first step of Index() alone, of which Index() makes use; or who takes them. Errors: those
  // of QuestionKeys::Of.
  Result<QuestionKeys*> Keys(int threads);

  QuestionKeys TakeKeys() { return *std::exchange(made_keys_, std::nullopt); }

  // Borrows this. parts >= 1.
  [[nodiscard]] QuestionParts Cut(std::size_t parts) const { return {keys_, times_, parts}; }

  // The keys of all questions: joins in parts must see the same facts in each pass. Made at the
  // first call.
  std::shared_ptr<const WantedKeys> Wanted();

 private:
  std::vector<Column> keys_;
  std::span<const TimeMicros> times_;
  std::optional<QuestionKeys> made_keys_;
  std::optional<QuestionIndex> index_;
  std::shared_ptr<const WantedKeys> wanted_;
};

}  // namespace coeval
