// AnswerSpill: the answers of a view to a spine that is too large for memory, in a scratch file
// (row_spill.h). They come a part of the questions at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "column/batch.h"
#include "io/scratch_file.h"
#include "offline/answer_rows.h"
#include "offline/row_spill.h"
#include "retrieval/assemble.h"

namespace coeval {

class AnswerSpill : public AnswerRows {
 public:
  // `schema`: the features. Whether every feature has a time of its own, as those of aggregated
  // views. Keeps the file.
  AnswerSpill(std::vector<ColumnSchema> schema, bool aggregated, RowSpillOptions options,
              std::shared_ptr<ScratchFile> file);

  // The answers to these questions, whose numbers ascend; each once. Errors: those of the file.
  Status Add(const std::vector<std::uint32_t>& rows, ViewAnswers answers, const Context& context);

  // The same in two steps, for a view that is not aggregated: match and time, without features,
  // of every question; values of those that are found. Threads: any, for AddValues.
  Status AddMatches(const std::vector<std::uint32_t>& rows, const ViewAnswers& answers,
                    const Context& context);
  Status AddValues(std::vector<std::uint32_t> rows, std::vector<Column> features,
                   const Context& context);

  // After all.
  Status Finish(const Context& context);

  [[nodiscard]] Result<AnswerRun> Read(std::size_t run, std::int64_t run_rows,
                                       const Context& context) const override;

 private:
  std::size_t num_features_;
  bool aggregated_;
  std::shared_ptr<ScratchFile> file_;
  RowSpill values_;
  RowSpill rest_;  // match and time; of aggregated views time and INVALID of each feature
};

}  // namespace coeval
