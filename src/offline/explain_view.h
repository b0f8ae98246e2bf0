// What one stored view answers to one question, explained: its facts of the key are read once, and
// each of its features is judged from them.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "column/column.h"
#include "definition/aggregated_view.h"
#include "offline/explain.h"
#include "offline/explain_fact.h"
#include "offline/explain_window.h"
#include "offline/explanation.h"
#include "offline/key_facts.h"
#include "retrieval/assemble.h"
#include "retrieval/feature_plan.h"

namespace coeval {

// Borrows plan, view and source. Threads: one.
class ExplainedView {
 public:
  // `request` as in Explain. Errors: those of the reader; Cancelled.
  static Result<ExplainedView> Read(const FeaturePlan& plan, const PlannedView& view,
                                    std::span<const Column> request, TimeMicros t,
                                    const ExplainOptions& options, const OpenView& open,
                                    const Context& context);

  // The answer for one question, of those features (positions in PlannedView::features) that are
  // `wanted`; the others are null.
  ViewAnswers Answer(std::span<const std::size_t> wanted);

  // Of one feature that Answer was asked for, before defaults. The status is that of a stored
  // value.
  [[nodiscard]] Explanation Of(std::size_t feature) const;

 private:
  ExplainedView(const PlannedView& view, TimeMicros t, const ExplainOptions& options);

  // The answers of an aggregated view, by position in its schema.
  struct Made {
    Column value;
    TimeMicros time = kMinTime;
    bool invalid = false;
  };

  const Made& Make(std::size_t position);
  [[nodiscard]] std::size_t PositionOf(const std::string& name) const;
  [[nodiscard]] const Expression& ExpressionOf(std::size_t position) const;
  [[nodiscard]] std::vector<std::size_t> ColumnsOf(std::size_t aggregation) const;
  [[nodiscard]] std::vector<std::size_t> ColumnsToShow(std::size_t position) const;
  [[nodiscard]] Explanation OfPosition(std::size_t position) const;
  void ExplainFact(std::size_t position, Explanation* out) const;
  void ExplainWindow(std::size_t position, Explanation* out) const;
  void ExplainExpression(std::size_t position, Explanation* out) const;

  const PlannedView* view_;
  FactQuestion question_;
  std::int64_t nearest_;
  std::vector<ExplainedKey> key_;
  std::string null_key_;  // a join key that is null, or ""
  KeyFacts facts_;
  FactAnswer answer_;                       // of a view without aggregations
  std::optional<AggregatedView> resolved_;  // of one with
  std::map<std::size_t, WindowAnswer> windows_;
  std::map<std::size_t, Made> made_;
};

}  // namespace coeval
