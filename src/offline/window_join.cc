#include "offline/window_join.h"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "offline/window_sweep.h"
#include "offline/work_items.h"
#include "retrieval/view_windows.h"

namespace coeval {
namespace {

static_assert(kNoWindows == kNoSlot);

// The event times that can matter. A correction may move an event from anywhere to anywhere.
FactRange RangeOf(const ViewWindows& windows, const AggregatedView& view,
                  const QuestionIndex& questions) {
  FactRange range;
  if (view.id_column.has_value()) return range;
  const EventSpan times = windows.EventTimes(questions.min_time(), questions.max_time());
  range.event_min = times.first;
  range.event_max = times.last;
  return range;
}

Result<WindowAnswers> Join(const QuestionIndex& questions, const PlannedView& view,
                           const AggregatedView& resolved, Known known, const OpenFacts& open,
                           const Context& context, const FactProgress& progress) {
  const EventRule rule = EventRuleOf(view, resolved, known);
  ViewWindows windows(resolved, view.features);
  COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<FactStream> facts,
                          open(rule.columns, RangeOf(windows, resolved, questions)));
  COEVAL_ASSIGN_OR_RETURN(
      const EventTable events,
      EventTable::Read(std::move(facts), questions.keys(), rule, context, progress));
  WindowAnswers out;
  out.read = events.counts();
  out.events = events.num_rows();
  const std::vector<SweepFeature> features =
      windows.Aggregates(events.columns(), events.num_rows());
  SweepCounts counts;
  COEVAL_ASSIGN_OR_RETURN(std::vector<SweptFeature> swept,
                          SweepWindows(questions, events, features, context, &counts));
  out.too_late = counts.too_late;
  COEVAL_RETURN_IF_ERROR(windows.Take(std::move(swept), questions.slot_times()));
  windows.Prepare(static_cast<std::size_t>(questions.num_questions()), &out.answers);
  COEVAL_RETURN_IF_ERROR(RunItems(context.threads, view.features.size(), *context.cancel,
                                  [&](std::size_t /*worker*/, std::size_t i) {
                                    return windows.AnswerFeature(i, questions.slot_of(),
                                                                 &out.answers);
                                  }));
  return out;
}

}  // namespace

EventRule EventRuleOf(const PlannedView& view, const AggregatedView& resolved, Known known) {
  EventRule rule{.source = view.version->source,
                 .known = known,
                 .columns = {},
                 .tie_columns = resolved.tie_columns,
                 .id_column = resolved.id_column};
  for (const Field& field : view.version->view.inputs) {
    rule.columns.push_back({field.name, field.type});
  }
  return rule;
}

Result<WindowAnswers> JoinWindows(const QuestionIndex& questions, const PlannedView& view,
                                  Known known, const OpenFacts& open, const Context& context,
                                  const FactProgress& progress) {
  if (view.aggregated != nullptr) {
    return Join(questions, view, *view.aggregated, known, open, context, progress);
  }
  COEVAL_ASSIGN_OR_RETURN(const AggregatedView resolved,
                          ResolveAggregatedView(view.version->view, view.version->source));
  return Join(questions, view, resolved, known, open, context, progress);
}

}  // namespace coeval
