#include "offline/budgeted_join.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "definition/push_reach.h"
#include "offline/answer_spill.h"
#include "offline/event_count.h"
#include "offline/parts_join.h"
#include "offline/question_parts.h"

namespace coeval {
namespace {

// The rows of the source that may be facts, where that is known before they are read; else 0.
std::int64_t RowsOf(FactStream* facts) {
  FactPieces* pieces = facts->pieces();
  std::int64_t rows = 0;
  for (std::size_t i = 0; pieces != nullptr && i < pieces->size(); ++i) rows += pieces->rows(i);
  return rows;
}

Result<std::unique_ptr<AnswerSpill>> MakeSpill(const JoinBudget& budget, const JoinSize& size,
                                               const JoinedFacts& facts) {
  if (*budget.scratch == nullptr) {
    COEVAL_ASSIGN_OR_RETURN(ScratchFile file, ScratchFile::Make(budget.context.scratch_folder));
    *budget.scratch = std::make_shared<ScratchFile>(std::move(file));
  }
  budget.context.log(LogLevel::kDebug, facts.name + " is joined in " + std::to_string(facts.parts) +
                                           " parts of its keys");
  return std::make_unique<AnswerSpill>(size.features, size.aggregated,
                                       budget.memory.spill_options(), *budget.scratch);
}

// No less than the events that matter: of pushes the older ones may have been dropped.
FactRange RangeToCount(const ViewVersion& version, std::span<const TimeMicros> times) {
  FactRange range;
  if (!version.push.has_value() || times.empty()) return range;
  if (const auto reach = ReachOf(version)) {
    range.event_min = SaturatingSubtract(std::ranges::min(times), *reach);
  }
  return range;
}

// Where the events of a window may be too many, those of the spine's keys are counted.
Result<std::size_t> PartsOfWindows(const JoinBudget& budget, const JoinSize& size,
                                   const ViewVersion& version, KeyedQuestions* questions,
                                   const OpenFacts& open) {
  COEVAL_ASSIGN_OR_RETURN(const std::unique_ptr<FactStream> facts,
                          open({}, RangeToCount(version, questions->times())));
  const std::size_t least = budget.memory.PartsOf(size, 0);
  if (budget.memory.PartsOf(size, RowsOf(facts.get())) == least) return least;
  COEVAL_ASSIGN_OR_RETURN(const QuestionIndex* index, questions->Index(budget.context.threads));
  COEVAL_ASSIGN_OR_RETURN(const std::int64_t events,
                          CountEvents(facts.get(), index->keys(), budget.context));
  questions->DropIndex();
  return budget.memory.PartsOf(size, events);
}

Result<WindowAnswers> WindowsAtOnce(const PlannedView& view, Known known, KeyedQuestions* questions,
                                    const OpenFacts& open, const JoinBudget& budget,
                                    const FactProgress& progress) {
  COEVAL_ASSIGN_OR_RETURN(const QuestionIndex* index, questions->Index(budget.context.threads));
  return JoinWindows(*index, view, known, open, budget.context, progress);
}

}  // namespace

Result<std::unique_ptr<AnswerRows>> JoinAsOfWithin(const JoinBudget& budget, const AsOfJoin& join,
                                                   const JoinSize& size, KeyedQuestions* questions,
                                                   JoinedFacts* facts, AsOfCounts* counts) {
  const Context& context = budget.context;
  if (!budget.memory.spills()) {
    COEVAL_ASSIGN_OR_RETURN(AsOfAnswers joined,
                            JoinAsOf(questions, join, facts->open, context, facts->progress));
    *counts = std::move(joined.counts);
    return std::unique_ptr<AnswerRows>(std::make_unique<HeldAnswers>(std::move(joined.answers)));
  }
  const QuestionParts parts = questions->Cut(budget.memory.PartsOf(size));
  facts->parts = parts.size();
  COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<AnswerSpill> answers, MakeSpill(budget, size, *facts));
  COEVAL_ASSIGN_OR_RETURN(
      *counts, JoinAsOfInParts(parts, join, facts->open, context, facts->progress, answers.get()));
  return std::unique_ptr<AnswerRows>(std::move(answers));
}

Result<std::unique_ptr<AnswerRows>> JoinWindowsWithin(const JoinBudget& budget,
                                                      const PlannedView& view, Known known,
                                                      KeyedQuestions* questions, JoinedFacts* facts,
                                                      WindowAnswers* joined) {
  const Context& context = budget.context;
  const JoinSize size = SizeOf(view);
  if (!budget.memory.spills()) {
    // Is there memory for the events of all questions? Known when the facts are open.
    bool too_many = false;
    const OpenFacts open_if_few =
        [&](const std::vector<ColumnSchema>& features,
            const FactRange& range) -> Result<std::unique_ptr<FactStream>> {
      COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<FactStream> opened, facts->open(features, range));
      too_many = budget.memory.PartsOf(size, RowsOf(opened.get())) > 1;
      if (too_many) return Status::Unavailable("to be joined in parts");
      return opened;
    };
    Result<WindowAnswers> whole =
        WindowsAtOnce(view, known, questions, open_if_few, budget, facts->progress);
    if (whole.ok()) {
      *joined = *std::move(whole);
      return std::unique_ptr<AnswerRows>(
          std::make_unique<HeldAnswers>(std::exchange(joined->answers, {})));
    }
    if (!too_many) return whole.status();
  }
  COEVAL_ASSIGN_OR_RETURN(const std::size_t count,
                          PartsOfWindows(budget, size, *view.version, questions, facts->open));
  const QuestionParts parts = questions->Cut(count);
  facts->parts = parts.size();
  COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<AnswerSpill> answers, MakeSpill(budget, size, *facts));
  COEVAL_ASSIGN_OR_RETURN(*joined, JoinWindowsInParts(parts, view, known, facts->open, context,
                                                      facts->progress, answers.get()));
  return std::unique_ptr<AnswerRows>(std::move(answers));
}

}  // namespace coeval
