#include "retrieval/view_windows.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "aggregation/aggregate_function.h"
#include "column/builder.h"

namespace coeval {
namespace {

// An expression over an event reads no clock.
constexpr std::array<TimeMicros, 1> kNoTime{0};

}  // namespace

ViewWindows::ViewWindows(const AggregatedView& view, std::span<const std::size_t> features)
    : view_(view), features_(features), needed_(view.schema.size(), false) {
  for (const std::size_t feature : features_) {
    needed_[feature] = true;
    if (feature < view_.aggregations.size()) continue;
    for (const std::string& name : ExpressionOf(feature).inputs()) needed_[PositionOf(name)] = true;
  }
}

std::size_t ViewWindows::PositionOf(const std::string& name) const {
  const auto found = std::find_if(view_.schema.begin(), view_.schema.end(),
                                  [&name](const Field& field) { return field.name == name; });
  COEVAL_CHECK(found != view_.schema.end());
  return static_cast<std::size_t>(found - view_.schema.begin());
}

const Expression& ViewWindows::ExpressionOf(std::size_t feature) const {
  return *view_.computed[feature - view_.aggregations.size()].expression;
}

EventSpan ViewWindows::EventTimes(TimeMicros first, TimeMicros last) const {
  EventSpan span = {kMaxTime, kMinTime};
  for (std::size_t i = 0; i < view_.aggregations.size(); ++i) {
    if (!needed_[i]) continue;
    const WindowRule& window = view_.aggregations[i].window;
    span.last = std::max(span.last, SaturatingSubtract(last, window.window().offset));
    const std::optional<DurationMicros> reach = window.Reach();
    span.first =
        std::min(span.first, reach.has_value() ? SaturatingSubtract(first, *reach) : kMinTime);
  }
  return span;
}

std::vector<bool> ViewWindows::InputsRead(std::size_t inputs) const {
  std::vector<bool> read(inputs, false);
  for (std::size_t i = 0; i < view_.aggregations.size(); ++i) {
    if (!needed_[i]) continue;
    for (const std::size_t column : view_.aggregations[i].reads) read[column] = true;
  }
  return read;
}

std::vector<std::size_t> ViewWindows::AggregatesNeeded() const {
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < view_.aggregations.size(); ++i) {
    if (needed_[i]) positions.push_back(i);
  }
  return positions;
}

// Which events `where` keeps; made once for each text of an expression.
std::shared_ptr<const std::vector<std::uint8_t>> ViewWindows::MaskOf(
    const ResolvedAggregation& aggregation, std::span<const Column> inputs, std::int64_t rows) {
  if (aggregation.where == nullptr) return nullptr;
  auto& mask = masks_[aggregation.where->Canonical()];
  if (mask != nullptr) return mask;
  const Column kept = aggregation.where->Evaluate(inputs, rows, kNoTime).values;
  std::vector<std::uint8_t> bits(static_cast<std::size_t>(rows));
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto i = static_cast<std::size_t>(row);
    bits[i] = !kept.IsNull(row) && kept.values<std::uint8_t>()[i] != 0 ? 1 : 0;
  }
  mask = std::make_shared<const std::vector<std::uint8_t>>(std::move(bits));
  return mask;
}

std::vector<SweepFeature> ViewWindows::Aggregates(std::span<const Column> inputs,
                                                  std::int64_t rows) {
  std::vector<SweepFeature> features;
  for (std::size_t i = 0; i < view_.aggregations.size(); ++i) {
    if (!needed_[i]) continue;
    const ResolvedAggregation& aggregation = view_.aggregations[i];
    SweepFeature feature{.function = aggregation.function.function,
                         .sliding = aggregation.function.sliding,
                         .arguments = {},
                         .mask = MaskOf(aggregation, inputs, rows),
                         .window = aggregation.window,
                         .type = aggregation.function.result};
    for (const std::size_t column : aggregation.columns) {
      feature.arguments.push_back(inputs[column]);
    }
    if (aggregation.by != nullptr) {
      feature.arguments.push_back(aggregation.by->Evaluate(inputs, rows, kNoTime).values);
    }
    features.push_back(std::move(feature));
  }
  return features;
}

Status ViewWindows::Take(std::vector<SweptFeature> swept, std::span<const TimeMicros> times) {
  made_.resize(view_.schema.size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < view_.aggregations.size(); ++i) {
    if (needed_[i]) made_[i] = std::move(swept[next++]);
  }
  const auto n = static_cast<std::int64_t>(times.size());
  std::vector<Column> columns(view_.aggregations.size());
  for (std::size_t i = columns.size(); i < view_.schema.size(); ++i) {
    if (!needed_[i]) continue;
    for (const std::string& name : ExpressionOf(i).inputs()) {
      const std::size_t input = PositionOf(name);
      if (columns[input].type().id() != TypeId::kNull) continue;  // made for another
      COEVAL_ASSIGN_OR_RETURN(columns[input], made_[input].OfSlots());
    }
  }
  for (std::size_t i = columns.size(); i < view_.schema.size(); ++i) {
    if (!needed_[i]) continue;
    const Expression& expression = ExpressionOf(i);
    Evaluation evaluation = expression.Evaluate(columns, n, times);
    SweptFeature& feature = made_[i];
    feature.values = std::move(evaluation.values);
    feature.value_of.resize(times.size());
    std::iota(feature.value_of.begin(), feature.value_of.end(), 0);
    feature.invalid = std::move(evaluation.invalid);
    feature.times.assign(times.size(), kMinTime);
    for (const std::string& name : expression.inputs()) {
      const SweptFeature& input = made_[PositionOf(name)];
      for (std::size_t entry = 0; entry < feature.times.size(); ++entry) {
        feature.times[entry] = std::max(feature.times[entry], input.times[entry]);
      }
    }
  }
  return {};
}

void ViewWindows::Prepare(std::size_t questions, ViewAnswers* answers) const {
  answers->match.assign(questions, Match::kFound);
  answers->event_time.assign(questions, kMinTime);
  answers->features.resize(features_.size());
  answers->feature_times.resize(features_.size());
  answers->invalid.resize(features_.size());
}

Status ViewWindows::AnswerFeature(std::size_t i, std::span<const std::uint32_t> of,
                                  ViewAnswers* answers) const {
  const SweptFeature& made = made_[features_[i]];
  COEVAL_ASSIGN_OR_RETURN(answers->features[i], ToQuestions(features_[i], made, of));
  std::vector<TimeMicros>& times = answers->feature_times[i];
  std::vector<std::uint8_t>& invalid = answers->invalid[i];
  times.assign(of.size(), kMinTime);
  if (!made.invalid.empty()) invalid.assign(of.size(), 0);
  for (std::size_t question = 0; question < of.size(); ++question) {
    if (of[question] == kNoWindows) continue;
    times[question] = made.times[of[question]];
    if (!invalid.empty()) invalid[question] = made.invalid[of[question]];
  }
  return {};
}

Result<Column> ViewWindows::ToQuestions(std::size_t feature, const SweptFeature& made,
                                        std::span<const std::uint32_t> of) const {
  std::vector<std::int64_t> rows(of.size());
  const bool keyless = std::find(of.begin(), of.end(), kNoWindows) != of.end();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i] = of[i] == kNoWindows ? made.values.length() : made.value_of[of[i]];
  }
  if (!keyless) {
    COEVAL_RETURN_IF_ERROR(made.values.CheckTake(rows));
    return made.values.Take(rows);
  }
  const std::vector<Column> both{made.values, OfNoEvents(feature)};
  COEVAL_ASSIGN_OR_RETURN(const Column all, Concatenate(both));
  COEVAL_RETURN_IF_ERROR(all.CheckTake(rows));
  return all.Take(rows);
}

// The value of an empty window, one row.
Column ViewWindows::OfNoEvents(std::size_t feature) const {
  if (feature < view_.aggregations.size()) {
    const ResolvedAggregation& aggregation = view_.aggregations[feature];
    ColumnBuilder builder(aggregation.function.result);
    const AggregateState state(*aggregation.function.function);
    state.Append({.t = 0, .length = aggregation.window.window().length}, &builder);
    return builder.Finish();
  }
  std::vector<Column> columns;
  for (std::size_t i = 0; i < view_.aggregations.size(); ++i) columns.push_back(OfNoEvents(i));
  return ExpressionOf(feature).Evaluate(columns, 1, kNoTime).values;
}

}  // namespace coeval
