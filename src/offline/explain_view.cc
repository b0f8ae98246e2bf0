#include "offline/explain_view.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <utility>

#include "offline/shown_facts.h"

namespace coeval {
namespace {

// More columns than these say no more.
constexpr std::size_t kMostColumns = 8;

FeatureStatus StatusOf(Match match, const Column& value) {
  if (match == Match::kOutsideMaxAge) return FeatureStatus::kOutsideMaxAge;
  if (match == Match::kNotFound) return FeatureStatus::kNotFound;
  return value.IsNull(0) ? FeatureStatus::kNullValue : FeatureStatus::kPresent;
}

}  // namespace

ExplainedView::ExplainedView(const PlannedView& view, TimeMicros t, const ExplainOptions& options)
    : view_(&view),
      question_{.t = t,
                .known = options.known,
                .source = &view.version->source,
                .read_from = view.version->source_names(),
                .ttl = view.version->view.ttl},
      nearest_(options.nearest) {}

Result<ExplainedView> ExplainedView::Read(const FeaturePlan& plan, const PlannedView& view,
                                          std::span<const Column> request, TimeMicros t,
                                          const ExplainOptions& options, const OpenView& open,
                                          const Context& context) {
  ExplainedView out(view, t, options);
  const ViewVersion& version = *view.version;
  KeyFactsRequest wanted;
  wanted.view = &view;
  for (std::size_t i = 0; i < view.key_columns.size(); ++i) {
    const std::string& name = view.key_columns[i];
    const Column& column = request[plan.RequestColumn(name)];
    out.key_.push_back({version.join_keys[i].name, name, column.type(), column.GetValue(0)});
    if (column.IsNull(0) && out.null_key_.empty()) out.null_key_ = name;
    wanted.key.push_back(column);
  }
  if (version.view.is_aggregated()) {
    COEVAL_ASSIGN_OR_RETURN(out.resolved_, ResolveAggregatedView(version.view, version.source));
    for (const Field& field : version.view.inputs) {
      wanted.columns.push_back({field.name, field.type});
    }
    wanted.tie_columns = out.resolved_->tie_columns;
  } else {
    for (const Field& field : version.view.schema) {
      wanted.tie_columns.push_back(wanted.columns.size());
      wanted.columns.push_back({field.name, field.type});
    }
  }
  auto facts = KeyFacts::Read(wanted, open, options.progress, context);
  if (!facts.ok()) return facts.status().WithContext("view '" + view.shown_name + "'");
  out.facts_ = *std::move(facts);
  if (!out.resolved_.has_value()) out.answer_ = JudgeFacts(out.facts_, out.question_);
  return out;
}

std::size_t ExplainedView::PositionOf(const std::string& name) const {
  const std::vector<Field>& schema = resolved_->schema;
  const auto found = std::find_if(schema.begin(), schema.end(),
                                  [&name](const Field& field) { return field.name == name; });
  COEVAL_CHECK(found != schema.end());
  return static_cast<std::size_t>(found - schema.begin());
}

const Expression& ExplainedView::ExpressionOf(std::size_t position) const {
  return *resolved_->computed[position - resolved_->aggregations.size()].expression;
}

// An aggregate, or an expression over aggregates, at t.
const ExplainedView::Made& ExplainedView::Make(std::size_t position) {
  if (const auto found = made_.find(position); found != made_.end()) return found->second;
  Made made;
  const std::size_t aggregations = resolved_->aggregations.size();
  if (position < aggregations) {
    const WindowAnswer& window =
        windows_
            .emplace(position, JudgeWindow(facts_, *resolved_, resolved_->aggregations[position],
                                           view_->version->view.aggregations[position], question_))
            .first->second;
    made = {window.value, window.newest, window.invalid};
  } else {
    const Expression& expression = ExpressionOf(position);
    std::vector<Column> columns;
    for (std::size_t i = 0; i < aggregations; ++i) {
      columns.push_back(Column::Nulls(resolved_->schema[i].type, 1));
    }
    for (const std::string& name : expression.inputs()) {
      const Made& input = Make(PositionOf(name));
      columns[PositionOf(name)] = input.value;
      made.time = std::max(made.time, input.time);
    }
    Evaluation evaluation = expression.Evaluate(columns, 1, {&question_.t, 1});
    made.value = std::move(evaluation.values);
    made.invalid = evaluation.invalid_count > 0;
  }
  return made_.emplace(position, std::move(made)).first->second;
}

ViewAnswers ExplainedView::Answer(std::span<const std::size_t> wanted) {
  ViewAnswers answers;
  answers.match = {resolved_.has_value() ? Match::kFound : answer_.match};
  answers.event_time = {resolved_.has_value() ? kMinTime : answer_.event_time};
  for (std::size_t i = 0; i < view_->features.size(); ++i) {
    const std::size_t position = view_->features[i];
    const bool is_wanted = std::find(wanted.begin(), wanted.end(), i) != wanted.end();
    Column value = Column::Nulls(view_->version->view.schema[position].type, 1);
    if (!resolved_.has_value()) {
      if (answer_.match == Match::kFound) {
        const std::int64_t row[] = {static_cast<std::int64_t>(*answer_.winner)};
        value = facts_.columns()[position].Take(row);
      }
    } else {
      answers.feature_times.push_back({kMinTime});
      answers.invalid.emplace_back();
      if (is_wanted) {
        const Made& made = Make(position);
        value = made.value;
        answers.feature_times.back() = {made.time};
        if (made.invalid) answers.invalid.back() = {1};
      }
    }
    answers.features.push_back(std::move(value));
  }
  return answers;
}

// What an aggregation reads, its event's identity included: positions in the view's inputs.
std::vector<std::size_t> ExplainedView::ColumnsOf(std::size_t aggregation) const {
  const ResolvedAggregation& of = resolved_->aggregations[aggregation];
  std::set<std::size_t> columns(of.columns.begin(), of.columns.end());
  for (const auto& expression : {of.where, of.by}) {
    if (expression == nullptr) continue;
    for (std::size_t i = 0; i < facts_.schema().size(); ++i) {
      const std::vector<std::string>& names = expression->inputs();
      if (std::find(names.begin(), names.end(), facts_.schema()[i].name) != names.end()) {
        columns.insert(i);
      }
    }
  }
  if (resolved_->id_column.has_value()) columns.insert(*resolved_->id_column);
  return {columns.begin(), columns.end()};
}

// The feature; where tie bytes decided, also the others, which they are of.
std::vector<std::size_t> ExplainedView::ColumnsToShow(std::size_t position) const {
  std::vector<std::size_t> columns{position};
  const bool tied =
      std::any_of(answer_.verdicts.begin(), answer_.verdicts.end(),
                  [](const Verdict& verdict) { return verdict.decided_by == RankPart::kTieBytes; });
  for (std::size_t i = 0; tied && i < facts_.schema().size(); ++i) {
    if (i != position && columns.size() < kMostColumns) columns.push_back(i);
  }
  return columns;
}

void ExplainedView::ExplainFact(std::size_t position, Explanation* out) const {
  out->ttl = question_.ttl;
  out->because = answer_.because;
  out->facts = ShowFacts(facts_, answer_.verdicts, question_, ColumnsToShow(position), nearest_);
  const bool found = answer_.match == Match::kFound;
  const std::int64_t row[] = {found ? static_cast<std::int64_t>(*answer_.winner) : -1};
  out->value = facts_.columns()[position].Take(row);
  out->status = StatusOf(answer_.match, out->value);
  if (answer_.match != Match::kNotFound) out->time = answer_.event_time;
}

void ExplainedView::ExplainWindow(std::size_t position, Explanation* out) const {
  const WindowAnswer& answer = windows_.at(position);
  out->because = answer.because;
  out->window = answer.window;
  out->facts = ShowFacts(facts_, answer.verdicts, question_, ColumnsOf(position), nearest_);
}

void ExplainedView::ExplainExpression(std::size_t position, Explanation* out) const {
  const Expression& expression = ExpressionOf(position);
  out->expression = expression.text();
  for (const std::string& name : expression.inputs()) {
    auto input = std::make_shared<Explanation>(OfPosition(PositionOf(name)));
    const Value value = input->value.GetValue(0);
    out->inputs.push_back({name, input->type, value, "", std::move(input)});
  }
  out->because = FromInputs(out->inputs);
}

Explanation ExplainedView::OfPosition(std::size_t position) const {
  const ViewVersion& version = *view_->version;
  const Field& field = version.view.schema[position];
  Explanation out;
  out.name = field.name;
  out.reference = version.view.name + "@v" + std::to_string(version.version) + ":" + field.name;
  out.type = field.type;
  out.t = question_.t;
  out.known = question_.known;
  out.key = key_;
  if (!resolved_.has_value()) {
    ExplainFact(position, &out);
  } else {
    const Made& made = made_.at(position);
    out.value = made.value;
    out.time = made.time;
    out.status = made.invalid ? FeatureStatus::kInvalid : StatusOf(Match::kFound, made.value);
    if (position < resolved_->aggregations.size()) {
      ExplainWindow(position, &out);
    } else {
      ExplainExpression(position, &out);
    }
  }
  if (!null_key_.empty()) {
    out.because = "the join key '" + null_key_ + "' is null, and a null matches nothing";
  }
  return out;
}

Explanation ExplainedView::Of(std::size_t feature) const {
  return OfPosition(view_->features[feature]);
}

}  // namespace coeval
