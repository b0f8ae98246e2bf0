#include "offline/window_join.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "offline/window_sweep.h"

namespace coeval {
namespace {

// Joins one view. Borrows all; one use.
class Joiner {
 public:
  Joiner(const QuestionIndex& questions, const PlannedView& view, const AggregatedView& resolved,
         const Context& context)
      : questions_(questions), view_(view), resolved_(resolved), context_(context) {
    const std::size_t aggregations = resolved_.aggregations.size();
    needed_.assign(resolved_.schema.size(), false);
    for (const std::size_t feature : view_.features) {
      needed_[feature] = true;
      if (feature < aggregations) continue;
      for (const std::string& name : ExpressionOf(feature).inputs())
        needed_[PositionOf(name)] = true;
    }
  }

  Result<WindowAnswers> Run(Known known, const OpenFacts& open, const FactProgress& progress) {
    const EventRule rule = EventRuleOf(view_, resolved_, known);
    COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<FactStream> facts, open(rule.columns, Range()));
    COEVAL_ASSIGN_OR_RETURN(
        const EventTable events,
        EventTable::Read(std::move(facts), questions_.keys(), rule, context_, progress));
    WindowAnswers out;
    out.read = events.counts();
    out.events = events.num_rows();
    COEVAL_RETURN_IF_ERROR(Sweep(events, &out));
    Compute();
    COEVAL_RETURN_IF_ERROR(Answer(&out.answers));
    return out;
  }

 private:
  // The event times that can matter. A correction may move an event from anywhere to anywhere.
  [[nodiscard]] FactRange Range() const {
    FactRange range;
    if (resolved_.id_column.has_value()) return range;
    TimeMicros oldest = kMaxTime;
    TimeMicros newest = kMinTime;
    for (std::size_t i = 0; i < resolved_.aggregations.size(); ++i) {
      if (!needed_[i]) continue;
      const WindowRule& window = resolved_.aggregations[i].window;
      newest = std::max(newest, SaturatingSubtract(questions_.max_time(), window.window().offset));
      const std::optional<DurationMicros> reach = window.Reach();
      oldest = std::min(
          oldest, reach.has_value() ? SaturatingSubtract(questions_.min_time(), *reach) : kMinTime);
    }
    range.event_min = oldest;
    range.event_max = newest;
    return range;
  }

  [[nodiscard]] std::size_t PositionOf(const std::string& name) const {
    const auto found = std::find_if(resolved_.schema.begin(), resolved_.schema.end(),
                                    [&name](const Field& field) { return field.name == name; });
    COEVAL_CHECK(found != resolved_.schema.end());
    return static_cast<std::size_t>(found - resolved_.schema.begin());
  }

  [[nodiscard]] const Expression& ExpressionOf(std::size_t feature) const {
    return *resolved_.computed[feature - resolved_.aggregations.size()].expression;
  }

  // Which events `where` keeps; made once for each text of an expression.
  std::shared_ptr<const std::vector<std::uint8_t>> MaskOf(const ResolvedAggregation& aggregation,
                                                          const EventTable& events) {
    if (aggregation.where == nullptr) return nullptr;
    auto& mask = masks_[aggregation.where->Canonical()];
    if (mask != nullptr) return mask;
    const Column kept =
        aggregation.where->Evaluate(events.columns(), events.num_rows(), kNoTime).values;
    std::vector<std::uint8_t> bits(static_cast<std::size_t>(events.num_rows()));
    for (std::int64_t row = 0; row < events.num_rows(); ++row) {
      const auto i = static_cast<std::size_t>(row);
      bits[i] = !kept.IsNull(row) && kept.values<std::uint8_t>()[i] != 0 ? 1 : 0;
    }
    mask = std::make_shared<const std::vector<std::uint8_t>>(std::move(bits));
    return mask;
  }

  Status Sweep(const EventTable& events, WindowAnswers* out) {
    std::vector<SweepFeature> features;
    std::vector<std::size_t> positions;
    for (std::size_t i = 0; i < resolved_.aggregations.size(); ++i) {
      if (!needed_[i]) continue;
      const ResolvedAggregation& aggregation = resolved_.aggregations[i];
      SweepFeature feature{.function = aggregation.function.function,
                           .sliding = aggregation.function.sliding,
                           .arguments = {},
                           .mask = MaskOf(aggregation, events),
                           .window = aggregation.window,
                           .type = aggregation.function.result};
      for (const std::size_t column : aggregation.columns) {
        feature.arguments.push_back(events.columns()[column]);
      }
      if (aggregation.by != nullptr) {
        feature.arguments.push_back(
            aggregation.by->Evaluate(events.columns(), events.num_rows(), kNoTime).values);
      }
      features.push_back(std::move(feature));
      positions.push_back(i);
    }
    SweepCounts counts;
    COEVAL_ASSIGN_OR_RETURN(std::vector<SweptFeature> swept,
                            SweepWindows(questions_, events, features, context_, &counts));
    out->too_late = counts.too_late;
    made_.resize(resolved_.schema.size());
    for (std::size_t i = 0; i < swept.size(); ++i) made_[positions[i]] = std::move(swept[i]);
    return Status::Ok();
  }

  // Expressions over the aggregates, at each slot's time. An error in an input is one here too.
  void Compute() {
    std::vector<Column> columns;
    for (std::size_t i = 0; i < resolved_.aggregations.size(); ++i) {
      columns.push_back(made_[i].values);
    }
    const std::int64_t n = questions_.num_slots();
    for (std::size_t i = columns.size(); i < resolved_.schema.size(); ++i) {
      if (!needed_[i]) continue;
      const Expression& expression = ExpressionOf(i);
      Evaluation evaluation = expression.Evaluate(columns, n, questions_.slot_times());
      SweptFeature& feature = made_[i];
      feature.values = std::move(evaluation.values);
      feature.invalid = std::move(evaluation.invalid);
      feature.times.assign(static_cast<std::size_t>(n), kMinTime);
      for (const std::string& name : expression.inputs()) {
        const SweptFeature& input = made_[PositionOf(name)];
        for (std::size_t slot = 0; slot < feature.times.size(); ++slot) {
          feature.times[slot] = std::max(feature.times[slot], input.times[slot]);
        }
      }
    }
  }

  // From slots to questions. One whose join key is null has an empty window (rules 2.2, 5.5).
  Status Answer(ViewAnswers* answers) {
    const auto n = static_cast<std::size_t>(questions_.num_questions());
    answers->match.assign(n, Match::kFound);
    answers->event_time.assign(n, kMinTime);
    for (const std::size_t feature : view_.features) {
      const SweptFeature& made = made_[feature];
      COEVAL_ASSIGN_OR_RETURN(Column values, ToQuestions(feature, made.values));
      answers->features.push_back(std::move(values));
      std::vector<TimeMicros>& times = answers->feature_times.emplace_back(n, kMinTime);
      std::vector<std::uint8_t>& invalid = answers->invalid.emplace_back();
      if (!made.invalid.empty()) invalid.assign(n, 0);
      for (std::size_t i = 0; i < n; ++i) {
        const SlotId slot = questions_.slot_of()[i];
        if (slot == kNoSlot) continue;
        times[i] = made.times[slot];
        if (!invalid.empty()) invalid[i] = made.invalid[slot];
      }
    }
    return Status::Ok();
  }

  Result<Column> ToQuestions(std::size_t feature, const Column& of_slots) const {
    const auto slots = questions_.slot_of();
    std::vector<std::int64_t> rows(slots.size());
    const bool keyless = std::find(slots.begin(), slots.end(), kNoSlot) != slots.end();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows[i] = slots[i] == kNoSlot ? of_slots.length() : std::int64_t{slots[i]};
    }
    if (!keyless) {
      COEVAL_RETURN_IF_ERROR(of_slots.CheckTake(rows));
      return of_slots.Take(rows);
    }
    const std::vector<Column> both{of_slots, OfNoEvents(feature)};
    COEVAL_ASSIGN_OR_RETURN(const Column all, Concatenate(both));
    COEVAL_RETURN_IF_ERROR(all.CheckTake(rows));
    return all.Take(rows);
  }

  // The value of an empty window, one row.
  [[nodiscard]] Column OfNoEvents(std::size_t feature) const {
    if (feature < resolved_.aggregations.size()) {
      const ResolvedAggregation& aggregation = resolved_.aggregations[feature];
      ColumnBuilder builder(aggregation.function.result);
      const AggregateState state(*aggregation.function.function);
      state.Append({.t = 0, .length = aggregation.window.window().length}, &builder);
      return builder.Finish();
    }
    std::vector<Column> columns;
    for (std::size_t i = 0; i < resolved_.aggregations.size(); ++i)
      columns.push_back(OfNoEvents(i));
    return ExpressionOf(feature).Evaluate(columns, 1, kNoTime).values;
  }

  static constexpr std::array<TimeMicros, 1> kNoTime{0};

  const QuestionIndex& questions_;
  const PlannedView& view_;
  const AggregatedView& resolved_;
  const Context& context_;
  std::vector<bool> needed_;  // of the schema: asked for, or read by what is
  std::map<std::string, std::shared_ptr<const std::vector<std::uint8_t>>> masks_;
  std::vector<SweptFeature> made_;  // of the schema, those that are needed
};

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
  COEVAL_ASSIGN_OR_RETURN(const AggregatedView resolved,
                          ResolveAggregatedView(view.version->view, view.version->source));
  return Joiner(questions, view, resolved, context).Run(known, open, progress);
}

}  // namespace coeval
