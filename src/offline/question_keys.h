// QuestionKeys: which key each question of a spine has, before anything is known of its times.
#pragma once

#include <span>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "column/column.h"
#include "offline/key_index.h"
#include "offline/untouched.h"

namespace coeval {

struct QuestionKeys {
  KeyIndex keys;
  UntouchedArray<KeyId> ids;  // per question; kNoKey where a join key is null (rule 2.2)
  // Of the questions with a key; kMaxTime and kMinTime where there are none.
  TimeMicros min_time = kMaxTime;
  TimeMicros max_time = kMinTime;

  // `columns` as KeyIndex::Build takes them, `times` one for each question. Errors: those of
  // KeyIndex. Cost: O(questions), by `threads`.
  static Result<QuestionKeys> Of(std::span<const Column> columns, std::span<const TimeMicros> times,
                                 int threads);
};

// The latest question of each key; kMinTime where it has none. Cost: O(questions), by `threads`.
std::vector<TimeMicros> LatestOfKeys(const QuestionKeys& questions,
                                     std::span<const TimeMicros> times, int threads);

}  // namespace coeval
