// AnswerRows: what a view answered to all questions of a spine, wherever it is kept: in memory
// (HeldAnswers), or in a scratch file where the spine is too large for that (answer_spill.h). Read
// by runs of consecutive questions.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "base/context.h"
#include "base/status.h"
#include "retrieval/assemble.h"

namespace coeval {

// Answers, and where a run of questions lies in them.
struct AnswerRun {
  std::shared_ptr<const ViewAnswers> answers;
  std::int64_t first = 0;
};

class AnswerRows {
 public:
  virtual ~AnswerRows() = default;

  // Run `run` of `run_rows` questions each; where answers are spilled, `run_rows` is as they were
  // spilled. Threads: any. Errors: those of the file; Cancelled.
  [[nodiscard]] virtual Result<AnswerRun> Read(std::size_t run, std::int64_t run_rows,
                                               const Context& context) const = 0;
};

class HeldAnswers : public AnswerRows {
 public:
  explicit HeldAnswers(ViewAnswers answers)
      : answers_(std::make_shared<const ViewAnswers>(std::move(answers))) {}

  [[nodiscard]] Result<AnswerRun> Read(std::size_t run, std::int64_t run_rows,
                                       const Context& /*context*/) const override {
    return AnswerRun{answers_, static_cast<std::int64_t>(run) * run_rows};
  }

 private:
  std::shared_ptr<const ViewAnswers> answers_;
};

// Questions [first, first + count). Shares the features, copies the rest.
ViewAnswers SliceAnswers(const ViewAnswers& answers, std::int64_t first, std::int64_t count);

}  // namespace coeval
