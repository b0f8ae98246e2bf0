#include "offline/answer_spill.h"

#include <utility>

#include "column/column.h"
#include "column/type.h"

namespace coeval {
namespace {

std::vector<ColumnSchema> RestOf(std::size_t num_features, bool aggregated) {
  if (!aggregated) return {{"match", TypeId::kInt32}, {"event_time", TypeId::kTimestamp}};
  std::vector<ColumnSchema> schema;
  for (std::size_t i = 0; i < num_features; ++i) {
    schema.push_back({"time", TypeId::kTimestamp});
    schema.push_back({"invalid", TypeId::kBool});
  }
  return schema;
}

template <typename T>
Column ColumnOf(TypeId type, std::vector<T> values) {
  const auto n = static_cast<std::int64_t>(values.size());
  return Column::FixedWidth(type, n, MakeBuffer(std::move(values)));
}

template <typename T>
std::vector<T> ValuesOf(const Column& column) {
  const auto values = column.values<T>();
  return {values.begin(), values.end()};
}

}  // namespace

AnswerSpill::AnswerSpill(std::vector<ColumnSchema> schema, bool aggregated, RowSpillOptions options,
                         std::shared_ptr<ScratchFile> file)
    : num_features_(schema.size()),
      aggregated_(aggregated),
      file_(std::move(file)),
      values_(std::move(schema), options, file_.get()),
      rest_(RestOf(num_features_, aggregated), options, file_.get()) {}

Status AnswerSpill::Add(const std::vector<std::uint32_t>& rows, ViewAnswers answers,
                        const Context& context) {
  if (aggregated_) {
    std::vector<Column> rest;
    for (std::size_t i = 0; i < num_features_; ++i) {
      std::vector<std::uint8_t>& invalid = answers.invalid[i];
      if (invalid.empty()) invalid.assign(rows.size(), 0);
      rest.push_back(ColumnOf(TypeId::kTimestamp, std::move(answers.feature_times[i])));
      rest.push_back(ColumnOf(TypeId::kBool, std::move(invalid)));
    }
    COEVAL_RETURN_IF_ERROR(rest_.Add(rows, std::move(rest), context));
  } else {
    COEVAL_RETURN_IF_ERROR(AddMatches(rows, answers, context));
  }
  return values_.Add(rows, std::move(answers.features), context);
}

Status AnswerSpill::AddMatches(const std::vector<std::uint32_t>& rows, const ViewAnswers& answers,
                               const Context& context) {
  std::vector<std::int32_t> match;
  match.reserve(rows.size());
  for (const Match each : answers.match) match.push_back(static_cast<std::int32_t>(each));
  std::vector<Column> rest;
  rest.push_back(ColumnOf(TypeId::kInt32, std::move(match)));
  rest.push_back(ColumnOf(TypeId::kTimestamp, answers.event_time));
  return rest_.Add(rows, std::move(rest), context);
}

Status AnswerSpill::AddValues(std::vector<std::uint32_t> rows, std::vector<Column> features,
                              const Context& context) {
  return values_.Add(std::move(rows), std::move(features), context);
}

Status AnswerSpill::Finish(const Context& context) {
  COEVAL_RETURN_IF_ERROR(values_.Finish(context));
  return rest_.Finish(context);
}

Result<AnswerRun> AnswerSpill::Read(std::size_t run, std::int64_t /*run_rows*/,
                                    const Context& context) const {
  auto answers = std::make_shared<ViewAnswers>();
  COEVAL_ASSIGN_OR_RETURN(answers->features, values_.Read(run, context));
  COEVAL_ASSIGN_OR_RETURN(const std::vector<Column> rest, rest_.Read(run, context));
  if (!aggregated_) {
    for (const std::int32_t match : rest[0].values<std::int32_t>()) {
      answers->match.push_back(static_cast<Match>(match));
    }
    answers->event_time = ValuesOf<TimeMicros>(rest[1]);
    return AnswerRun{std::move(answers), 0};
  }
  const std::size_t rows = rest.empty() ? 0 : static_cast<std::size_t>(rest[0].length());
  answers->match.assign(rows, Match::kFound);
  answers->event_time.assign(rows, kMinTime);
  for (std::size_t i = 0; i < num_features_; ++i) {
    answers->feature_times.push_back(ValuesOf<TimeMicros>(rest[2 * i]));
    answers->invalid.push_back(ValuesOf<std::uint8_t>(rest[2 * i + 1]));
  }
  return AnswerRun{std::move(answers), 0};
}

}  // namespace coeval
