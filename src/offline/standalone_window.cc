#include "offline/standalone_window.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <set>
#include <utility>

#include "definition/aggregated_view.h"
#include "definition/catalogue.h"
#include "definition/name.h"
#include "offline/budgeted_join.h"
#include "offline/feature_assembly.h"
#include "offline/invalid_values.h"
#include "offline/memory_plan.h"
#include "retrieval/feature_plan.h"

namespace coeval {
namespace {

// What errors call an aggregate before they show its text.
Status OfAggregate(const Status& status, const AggregationText& aggregate) {
  return status.WithContext("aggregate '" + aggregate.aggregation.name + "'");
}

// The aggregates as a view over the right table, checked as a declared view is.
class Declaration {
 public:
  Declaration(const RightTable& right, const StandaloneWindowOptions& options)
      : right_(right), options_(options) {}

  Result<FeatureView> Run(const Source& source, const ArrowTable& left) {
    if (options_.aggregates.empty()) {
      return Status::InvalidArgument(
          "no aggregate is given; one is written as sum(amount) over 7d");
    }
    view_.name = right_.name;
    for (const AggregationText& text : options_.aggregates) {
      const Status status = Add(text, left);
      if (!status.ok()) return OfAggregate(status, text);
    }
    if (!options_.event_id.empty()) {
      COEVAL_RETURN_IF_ERROR(right_.Need(options_.event_id).status());
    }
    // With all columns first, so that mistakes are told where they stand; then with those that are
    // read, by which events are told apart (rule 5.3).
    std::vector<Field> columns;
    for (const RightColumn& column : right_.columns) {
      if (column.supported.ok()) columns.push_back({column.name, column.type, "", {}, {}});
    }
    view_.inputs = columns;
    COEVAL_RETURN_IF_ERROR(Check(source));
    COEVAL_ASSIGN_OR_RETURN(view_.inputs, InputsOf(view_, source, columns));
    return std::move(view_);
  }

 private:
  Status Add(const AggregationText& text, const ArrowTable& left) {
    Aggregation aggregation = text.aggregation;
    aggregation.window.closed = options_.closed;
    const std::string why = WhyBadFieldName(aggregation.name);
    if (!why.empty()) return text.Mistake("name", why);
    if (left.Find(aggregation.name).has_value()) {
      return Status::InvalidArgument(options_.left_name +
                                     " has a column of that name; choose another");
    }
    for (std::size_t i = 0; i < aggregation.columns.size(); ++i) {
      const Result<const RightColumn*> column = right_.Need(aggregation.columns[i]);
      if (!column.ok()) return text.MistakeAtColumn(i, column.status().message());
    }
    view_.aggregations.push_back(std::move(aggregation));
    return Status::Ok();
  }

  // The first mistake, in its place.
  [[nodiscard]] Status Check(const Source& source) const {
    Status first;
    ResolveAggregatedView(view_, source,
                          [this, &first](const std::string& member, const std::string& message) {
                            if (!first.ok()) return;
                            first = Status::InvalidArgument(member + ": " + message);
                            for (const AggregationText& text : options_.aggregates) {
                              const std::string place = "aggregations." + text.aggregation.name;
                              if (member != place && !member.starts_with(place + ".")) continue;
                              const std::size_t rest = std::min(member.size(), place.size() + 1);
                              first = OfAggregate(text.Mistake(member.substr(rest), message), text);
                              return;
                            }
                          });
    return first;
  }

  const RightTable& right_;
  const StandaloneWindowOptions& options_;
  FeatureView view_;
};

// The plan of a request for all features of one view, by their own names.
Result<FeaturePlan> PlanOf(FeatureView view, Source source, std::vector<JoinKey> keys,
                           std::vector<std::string> key_columns) {
  COEVAL_ASSIGN_OR_RETURN(const AggregatedView resolved, ResolveAggregatedView(view, source));
  FeaturePlan plan;
  PlannedView& planned = plan.views.emplace_back();
  planned.shown_name = "aggregate";  // errors of values: "aggregate:spend, row 7"
  planned.key_columns = std::move(key_columns);
  for (std::size_t i = 0; i < resolved.schema.size(); ++i) {
    const Field& field = resolved.schema[i];
    planned.features.push_back(i);
    plan.outputs.push_back(
        {.name = field.name, .reference = field.name, .type = field.type, .position = i});
  }
  view.schema = resolved.schema;
  auto version = std::make_shared<ViewVersion>();
  version->view = std::move(view);
  version->source = std::move(source);
  version->join_keys = std::move(keys);
  planned.version = std::move(version);
  return plan;
}

Result<StandaloneWindow> MakeWindows(ArrowTable table, const RightTable& right,
                                     const StandaloneWindowOptions& options,
                                     const Context& context) {
  LeftTable left(std::move(table), options.left_name, context.threads);
  COEVAL_ASSIGN_OR_RETURN(const MatchNames match, ResolveMatch(left, right, options));
  Source source = MeaningOf(right, match, options);
  source.event_id_field = options.event_id;
  COEVAL_ASSIGN_OR_RETURN(FeatureView view, Declaration(right, options).Run(source, left.table()));
  COEVAL_ASSIGN_OR_RETURN(LeftTable::Questions questions, left.For(right, match));
  COEVAL_ASSIGN_OR_RETURN(const FeaturePlan plan, PlanOf(std::move(view), std::move(source),
                                                         questions.right_keys, match.left_keys));
  const PlannedView& planned = plan.views[0];
  COEVAL_ASSIGN_OR_RETURN(const MemoryPlan memory,
                          PlanMemory(left, {SizeOf(planned)}, right.is_files, context));
  std::shared_ptr<ScratchFile> scratch;
  RightFacts facts(right, planned.version->source, questions, options.progress);
  WindowAnswers joined;
  std::vector<std::unique_ptr<AnswerRows>> answers;
  COEVAL_ASSIGN_OR_RETURN(
      answers.emplace_back(),
      JoinWindowsWithin({.memory = memory, .scratch = &scratch, .context = context}, planned,
                        options.known, questions.asked, facts.facts(), &joined));
  facts.TellFinished(joined.read);
  questions.asked->DropIndex();
  StandaloneWindow result;
  result.read = joined.read;
  result.events = joined.events;
  result.too_late = joined.too_late;
  Spine spine;
  spine.times = left.TimesOf(match.left_time);
  result.left = std::move(left).Release();
  COEVAL_ASSIGN_OR_RETURN(
      AssembledBlocks made,
      AssembleBlocks(plan, spine, answers,
                     {.run_rows = memory.run_rows(), .spill = memory.spills() ? scratch : nullptr},
                     context));
  result.invalid = made.features.invalid_count();
  COEVAL_RETURN_IF_ERROR(
      CheckInvalid(result.invalid, made.features.first_errors(), options.on_invalid));
  for (const PlannedOutput& output : plan.outputs) result.schema.Add(output.name, output.type);
  for (const FeatureSummary& summary : made.summary) result.nulls.push_back(summary.nulls);
  result.features = std::make_shared<const FeatureBlocks>(std::move(made.features));
  return result;
}

}  // namespace

Result<ArrowArrayStream> StandaloneWindow::Export(std::int64_t batch_rows) const {
  return left.ExportWith(schema, RowsOf(features), batch_rows, FeatureBlocks::kRows);
}

Result<StandaloneWindow> WindowStream(ArrowTable left, ArrowArrayStream* right,
                                      const StandaloneWindowOptions& options,
                                      const Context& context) {
  const StreamGuard guard(right);
  COEVAL_ASSIGN_OR_RETURN(const RightTable table, RightTable::OfStream(right, context));
  return MakeWindows(std::move(left), table, options, context);
}

Result<StandaloneWindow> WindowTable(ArrowTable left, ArrowTable right,
                                     const StandaloneWindowOptions& options,
                                     const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(const RightTable table, RightTable::OfTable(std::move(right), context));
  return MakeWindows(std::move(left), table, options, context);
}

Result<StandaloneWindow> WindowFiles(ArrowTable left, const Source& source,
                                     const std::string& location,
                                     const StandaloneWindowOptions& options,
                                     const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(const RightTable table, RightTable::OfFiles(source, location, context));
  return MakeWindows(std::move(left), table, options, context);
}

}  // namespace coeval
