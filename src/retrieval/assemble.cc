#include "retrieval/assemble.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "column/builder.h"

namespace coeval {
namespace {

// The column with its default in place of null (rule 7.6).
Result<Column> WithDefault(const Column& column, const Field& field) {
  if (!field.default_value || field.default_value->is_null() || !column.may_have_nulls()) {
    return column;
  }
  ColumnBuilder one(field.type);
  COEVAL_RETURN_IF_ERROR(one.Append(*field.default_value));
  const Column fallback = one.Finish();
  ColumnBuilder builder(field.type);
  builder.Reserve(column.length());
  for (std::int64_t row = 0; row < column.length(); ++row) {
    if (column.IsNull(row)) {
      builder.AppendFrom(fallback, 0);
    } else {
      builder.AppendFrom(column, row);
    }
  }
  return builder.Finish();
}

// What becomes of a stored feature whose values are no nulls.
FeatureStatus StatusOf(Match match) {
  switch (match) {
    case Match::kFound:
      return FeatureStatus::kPresent;
    case Match::kOutsideMaxAge:
      return FeatureStatus::kOutsideMaxAge;
    case Match::kNotFound:
      break;
  }
  return FeatureStatus::kNotFound;
}

// The statuses of the features of one view: one vector for all that are null only where nothing was
// found.
class ViewStatuses {
 public:
  explicit ViewStatuses(const std::vector<Match>& match) {
    std::vector<FeatureStatus> of_match(match.size());
    for (std::size_t row = 0; row < match.size(); ++row) {
      of_match[row] = StatusOf(match[row]);
      nothing_ += match[row] == Match::kFound ? 0 : 1;
    }
    of_match_ = PerRow(std::move(of_match));
  }

  [[nodiscard]] PerRow<FeatureStatus> Of(const Column& raw) const {
    if (raw.CountNulls() == nothing_) return of_match_;
    std::vector<FeatureStatus> statuses(of_match_.begin(), of_match_.end());
    for (std::size_t row = 0; row < statuses.size(); ++row) {
      if (statuses[row] == FeatureStatus::kPresent && raw.IsNull(static_cast<std::int64_t>(row))) {
        statuses[row] = FeatureStatus::kNullValue;
      }
    }
    return PerRow(std::move(statuses));
  }

 private:
  PerRow<FeatureStatus> of_match_;
  std::int64_t nothing_ = 0;  // rows where nothing was found
};

std::vector<PerRow<TimeMicros>> TimesOf(const ViewAnswers& answers) {
  if (!answers.feature_times.empty()) {
    return {answers.feature_times.begin(), answers.feature_times.end()};
  }
  std::vector<TimeMicros> times = answers.event_time;
  for (std::size_t row = 0; row < times.size(); ++row) {
    if (answers.match[row] == Match::kNotFound) times[row] = kMinTime;
  }
  return {PerRow(std::move(times))};
}

const Field& FieldOf(const PlannedView& view, std::size_t position) {
  return view.version->view.schema[view.features[position]];
}

// The computed features of one on-demand view.
struct Computed {
  std::vector<Column> columns;  // one per PlannedOnDemand::features
  std::vector<PerRow<FeatureStatus>> statuses;
  std::vector<PerRow<TimeMicros>> times;
};

// Assembles one answer. Borrows all; one thread.
class Assembler {
 public:
  Assembler(const FeaturePlan& plan, std::span<const ViewAnswers> answers,
            std::span<const Column> request, std::int64_t n, std::span<const TimeMicros> t,
            std::int64_t first_row)
      : plan_(plan), answers_(answers), request_(request), n_(n), t_(t), first_row_(first_row) {}

  Result<FeatureTable> Run() {
    COEVAL_RETURN_IF_ERROR(FillDefaults());
    for (const PlannedOnDemand& view : plan_.on_demand) {
      COEVAL_ASSIGN_OR_RETURN(Computed computed, Compute(view));
      computed_.push_back(std::move(computed));
    }
    table_.num_rows = n_;
    table_.columns.reserve(plan_.outputs.size());
    table_.statuses.reserve(plan_.outputs.size());
    table_.times.reserve(plan_.outputs.size());
    for (const PlannedOutput& output : plan_.outputs) Emit(output);
    return std::move(table_);
  }

 private:
  Status FillDefaults() {
    for (std::size_t v = 0; v < plan_.views.size(); ++v) {
      std::vector<Column>& columns = filled_.emplace_back();
      columns.reserve(plan_.views[v].features.size());
      for (std::size_t i = 0; i < plan_.views[v].features.size(); ++i) {
        const Field& field = FieldOf(plan_.views[v], i);
        COEVAL_ASSIGN_OR_RETURN(Column column, WithDefault(answers_[v].features[i], field));
        if (IsInvalidSomewhere(v, i)) {
          column = NullWhere(column, answers_[v].invalid[i]);
          NoteInvalid(plan_.views[v].shown_name + ":" + field.name, answers_[v].invalid[i]);
        }
        columns.push_back(std::move(column));
      }
      view_times_.push_back(TimesOf(answers_[v]));
      view_statuses_.emplace_back(answers_[v].match);
    }
    return {};
  }

  [[nodiscard]] bool IsInvalidSomewhere(std::size_t view, std::size_t position) const {
    const auto& invalid = answers_[view].invalid;
    return position < invalid.size() && !invalid[position].empty();
  }

  // The times of a stored feature: its own where it is aggregated, else those of its view.
  [[nodiscard]] const PerRow<TimeMicros>& StoredTimes(std::size_t view,
                                                      std::size_t position) const {
    const auto& times = view_times_[view];
    return times.size() == 1 ? times.front() : times[position];
  }

  [[nodiscard]] std::string NumberOf(std::size_t row) const {
    return std::to_string(first_row_ + static_cast<std::int64_t>(row));
  }

  // INVALID values of an aggregate (rule 6.2).
  void NoteInvalid(const std::string& feature, const std::vector<std::uint8_t>& invalid) {
    for (std::size_t row = 0; row < invalid.size(); ++row) {
      if (invalid[row] == 0) continue;
      ++table_.invalid_count;
      if (table_.first_errors.size() >= 10) continue;
      table_.first_errors.push_back(feature + ", row " + NumberOf(row) +
                                    ": there is no such value: it does not fit its type, is of "
                                    "too many events, or is of a null group (coalesce(...) in "
                                    "`by` gives it a name)");
    }
  }

  Result<Computed> Compute(const PlannedOnDemand& view) {
    std::vector<Column> inputs;
    for (const PlannedInput& input : view.inputs) {
      inputs.push_back(input.from_request ? request_[input.position]
                                          : filled_[input.view][input.position]);
    }
    Computed computed;
    for (const PlannedOnDemand::Computed& feature : view.features) {
      Evaluation evaluation = feature.expression->Evaluate(inputs, n_, t_);
      const Field& field = view.version->view.schema[feature.feature];
      NoteErrors(view.shown_name + ":" + field.name, evaluation);
      computed.statuses.push_back(ComputedStatuses(evaluation));
      computed.times.push_back(InputTimes(view, *feature.expression));
      COEVAL_ASSIGN_OR_RETURN(Column column, WithDefault(evaluation.values, field));
      if (evaluation.invalid_count > 0) column = NullWhere(column, evaluation.invalid);
      computed.columns.push_back(std::move(column));
    }
    return computed;
  }

  void NoteErrors(const std::string& feature, const Evaluation& evaluation) {
    table_.invalid_count += evaluation.invalid_count;
    for (const RowError& error : evaluation.first_errors) {
      if (table_.first_errors.size() >= 10) break;
      table_.first_errors.push_back(feature + ", row " +
                                    NumberOf(static_cast<std::size_t>(error.row)) + ": " +
                                    error.message);
    }
  }

  // INVALID stays null, also where there is a default.
  static Column NullWhere(const Column& column, const std::vector<std::uint8_t>& invalid) {
    std::vector<std::int64_t> rows(invalid.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
      rows[row] = invalid[row] != 0 ? -1 : static_cast<std::int64_t>(row);
    }
    return column.Take(rows);
  }

  PerRow<FeatureStatus> ComputedStatuses(const Evaluation& evaluation) const {
    std::vector<FeatureStatus> statuses(static_cast<std::size_t>(n_));
    for (std::size_t row = 0; row < statuses.size(); ++row) {
      if (!evaluation.invalid.empty() && evaluation.invalid[row] != 0) {
        statuses[row] = FeatureStatus::kInvalid;
      } else {
        statuses[row] = evaluation.values.IsNull(static_cast<std::int64_t>(row))
                            ? FeatureStatus::kNullValue
                            : FeatureStatus::kPresent;
      }
    }
    return PerRow(std::move(statuses));
  }

  // The greatest time of the stored features that the expression reads (rule 7.2).
  PerRow<TimeMicros> InputTimes(const PlannedOnDemand& view, const Expression& expression) const {
    std::vector<TimeMicros> times(static_cast<std::size_t>(n_), kMinTime);
    for (const std::string& name : expression.inputs()) {
      const PlannedInput& input = view.inputs[*view.input_schema.Find(name)];
      if (input.from_request) continue;
      const PerRow<TimeMicros>& of_input = StoredTimes(input.view, input.position);
      for (std::size_t row = 0; row < times.size(); ++row) {
        times[row] = std::max(times[row], of_input[row]);
      }
    }
    return PerRow(std::move(times));
  }

  void Emit(const PlannedOutput& output) {
    if (output.on_demand) {
      const Computed& computed = computed_[output.view];
      table_.columns.push_back(computed.columns[output.position]);
      table_.statuses.push_back(computed.statuses[output.position]);
      table_.times.push_back(computed.times[output.position]);
      return;
    }
    const ViewAnswers& answers = answers_[output.view];
    table_.columns.push_back(filled_[output.view][output.position]);
    table_.statuses.push_back(view_statuses_[output.view].Of(answers.features[output.position]));
    if (IsInvalidSomewhere(output.view, output.position)) {
      table_.statuses.back() = InvalidAt(answers.invalid[output.position], table_.statuses.back());
    }
    table_.times.push_back(StoredTimes(output.view, output.position));
  }

  static PerRow<FeatureStatus> InvalidAt(const std::vector<std::uint8_t>& invalid,
                                         const PerRow<FeatureStatus>& else_) {
    std::vector<FeatureStatus> statuses(else_.begin(), else_.end());
    for (std::size_t row = 0; row < invalid.size(); ++row) {
      if (invalid[row] != 0) statuses[row] = FeatureStatus::kInvalid;
    }
    return PerRow(std::move(statuses));
  }

  const FeaturePlan& plan_;
  std::span<const ViewAnswers> answers_;
  std::span<const Column> request_;
  std::int64_t n_;
  std::span<const TimeMicros> t_;
  std::int64_t first_row_;
  std::vector<std::vector<Column>> filled_;  // per view, with defaults
  // Per view: one for all of its features, or one for each.
  std::vector<std::vector<PerRow<TimeMicros>>> view_times_;
  std::vector<ViewStatuses> view_statuses_;
  std::vector<Computed> computed_;  // per on-demand view
  FeatureTable table_;
};

}  // namespace

Result<FeatureTable> AssembleFeatures(const FeaturePlan& plan, std::span<const ViewAnswers> answers,
                                      std::span<const Column> request, std::int64_t n,
                                      std::span<const TimeMicros> t, std::int64_t first_row) {
  COEVAL_CHECK(answers.size() == plan.views.size());
  COEVAL_CHECK(request.size() == plan.request_columns.size());
  COEVAL_CHECK(t.size() == 1 || static_cast<std::int64_t>(t.size()) == n);
  return Assembler(plan, answers, request, n, t, first_row).Run();
}

}  // namespace coeval
