#include "offline/event_presence.h"

#include <array>
#include <cstddef>
#include <utility>

#include "aggregation/resolve.h"
#include "definition/aggregated_view.h"
#include "offline/event_table.h"
#include "offline/window_join.h"
#include "offline/window_sweep.h"

namespace coeval {
namespace {

// Rule 3 without ttl. No features: a tie between facts, of which none is a delete, leaves a fact.
Result<std::vector<std::uint8_t>> OfFacts(const QuestionIndex& questions, const PlannedView& view,
                                          Known known, const OpenFacts& open,
                                          const Context& context) {
  const AsOfJoin join{
      .rule = {.source = view.version->source, .known = known, .ttl = 0, .strictly_before = false},
      .schema = {},
      .needed = {}};
  COEVAL_ASSIGN_OR_RETURN(const AsOfAnswers answers, JoinAsOf(questions, join, open, context));
  std::vector<std::uint8_t> present;
  present.reserve(answers.answers.match.size());
  for (const Match match : answers.answers.match) present.push_back(match == Match::kFound ? 1 : 0);
  return present;
}

// Rule 5: is the number of events in all history more than none?
Result<std::vector<std::uint8_t>> OfEvents(const QuestionIndex& questions, const PlannedView& view,
                                           Known known, const OpenFacts& open,
                                           const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(const AggregatedView resolved,
                          ResolveAggregatedView(view.version->view, view.version->source));
  const EventRule rule = EventRuleOf(view, resolved, known);
  COEVAL_ASSIGN_OR_RETURN(auto facts, open(rule.columns, {}));
  COEVAL_ASSIGN_OR_RETURN(const EventTable events,
                          EventTable::Read(std::move(facts), questions.keys(), rule, context));
  COEVAL_ASSIGN_OR_RETURN(const BoundAggregate count, ResolveAggregate("count", {}));
  COEVAL_ASSIGN_OR_RETURN(const WindowRule all_history, WindowRule::Make({}));
  const std::array<SweepFeature, 1> features{SweepFeature{.function = count.function,
                                                          .sliding = count.sliding,
                                                          .arguments = {},
                                                          .mask = nullptr,
                                                          .window = all_history,
                                                          .type = count.result}};
  SweepCounts counts;
  COEVAL_ASSIGN_OR_RETURN(const std::vector<SweptFeature> swept,
                          SweepWindows(questions, events, features, context, &counts));
  COEVAL_ASSIGN_OR_RETURN(const Column counted, swept[0].OfSlots());
  const auto of_slots = counted.values<std::int64_t>();
  std::vector<std::uint8_t> present;
  present.reserve(static_cast<std::size_t>(questions.num_questions()));
  for (const SlotId slot : questions.slot_of()) {
    present.push_back(slot != kNoSlot && of_slots[slot] > 0 ? 1 : 0);
  }
  return present;
}

}  // namespace

bool EventsMayGo(const PlannedView& view) {
  const Source& source = view.version->source;
  if (!source.delete_field.empty()) return true;
  return view.version->view.is_aggregated() && !source.event_id_field.empty();
}

Result<std::vector<std::uint8_t>> FindPresence(const QuestionIndex& questions,
                                               const PlannedView& view, Known known,
                                               const OpenFacts& open, const Context& context) {
  return view.version->view.is_aggregated() ? OfEvents(questions, view, known, open, context)
                                            : OfFacts(questions, view, known, open, context);
}

}  // namespace coeval
