#include "offline/standalone_join.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "offline/standalone_tables.h"

namespace coeval {
namespace {

Result<std::vector<ColumnSchema>> ChooseColumns(const RightTable& right, const MatchNames& names,
                                                const StandaloneJoinOptions& options) {
  std::vector<ColumnSchema> chosen;
  const auto add = [&](const std::string& name) -> Status {
    COEVAL_ASSIGN_OR_RETURN(const RightColumn* column, right.Need(name));
    chosen.push_back({column->name, column->type});
    return Status::Ok();
  };
  if (options.columns.has_value()) {
    for (const std::string& name : *options.columns) {
      if (std::count(options.columns->begin(), options.columns->end(), name) > 1) {
        return Status::InvalidArgument("column '" + name + "' is asked for twice");
      }
      COEVAL_RETURN_IF_ERROR(add(name));
    }
    return chosen;
  }
  for (const RightColumn& column : right.columns) {
    const auto& keys = names.right_keys;
    const bool is_used = column.name == names.right_time || column.name == options.created ||
                         std::find(keys.begin(), keys.end(), column.name) != keys.end();
    if (!is_used) COEVAL_RETURN_IF_ERROR(add(column.name));
  }
  return chosen;
}

// Adds the columns of one right table to what the answer has. A prefix goes before every name, the
// suffix behind those that the left has too.
class AnswerNames {
 public:
  explicit AnswerNames(const ArrowTable& left) : taken_(left.names()) {}

  Status Add(const std::vector<ColumnSchema>& chosen, const StandaloneJoinOptions& options,
             Schema* schema) {
    for (const ColumnSchema& column : chosen) {
      std::string name = options.prefix + column.name;
      if (IsTaken(name)) name += options.suffix;
      if (IsTaken(name)) {
        return Status::InvalidArgument("the answer would have two columns '" + name +
                                       "'; choose another prefix or suffix, or fewer columns");
      }
      taken_.push_back(name);
      schema->Add(std::move(name), column.type);
    }
    return Status::Ok();
  }

 private:
  [[nodiscard]] bool IsTaken(const std::string& name) const {
    return std::find(taken_.begin(), taken_.end(), name) != taken_.end();
  }

  std::vector<std::string> taken_;
};

// One right table, checked and ready to be joined.
struct PlannedTable {
  const RightTable* right = nullptr;
  const StandaloneJoinOptions* options = nullptr;
  LeftTable::Questions questions;
  AsOfJoin join;
};

Result<PlannedTable> Plan(LeftTable* left, const RightTable& right,
                          const StandaloneJoinOptions& options, AnswerNames* names,
                          Schema* schema) {
  if (options.tolerance.has_value() && *options.tolerance <= 0) {
    return Status::InvalidArgument("the tolerance must be more than 0; leave it out for none");
  }
  COEVAL_ASSIGN_OR_RETURN(const MatchNames match, ResolveMatch(*left, right, options));
  PlannedTable planned{.right = &right, .options = &options, .questions = {}, .join = {}};
  COEVAL_ASSIGN_OR_RETURN(planned.questions, left->For(right, match));
  COEVAL_ASSIGN_OR_RETURN(planned.join.schema, ChooseColumns(right, match, options));
  COEVAL_RETURN_IF_ERROR(names->Add(planned.join.schema, options, schema));
  planned.join.rule = {.source = MeaningOf(right, match, options),
                       .known = options.known,
                       .ttl = options.tolerance.value_or(0),
                       .strictly_before = !options.allow_exact_matches};
  for (std::size_t i = 0; i < planned.join.schema.size(); ++i) planned.join.needed.push_back(i);
  return planned;
}

Status Run(const PlannedTable& planned, const Context& context, StandaloneJoin* result) {
  RightFacts facts(*planned.right, planned.join.rule.source, planned.questions.right_keys,
                   planned.options->progress);
  COEVAL_ASSIGN_OR_RETURN(AsOfAnswers answers, JoinAsOf(*planned.questions.index, planned.join,
                                                        facts.Open(), context, facts.Progress()));
  facts.TellFinished(answers.counts.read);
  for (Column& column : answers.answers.features) result->columns.push_back(std::move(column));
  result->counts.push_back(std::move(answers.counts));
  return Status::Ok();
}

struct Side {
  RightTable right;
  const StandaloneJoinOptions* options = nullptr;
};

// All are checked before the first is read.
Result<StandaloneJoin> Join(ArrowTable table, const std::vector<Side>& sides,
                            const Context& context) {
  LeftTable left(std::move(table), sides.front().options->left_name);
  AnswerNames names(left.table());
  StandaloneJoin result;
  std::vector<PlannedTable> planned;
  for (const Side& side : sides) {
    COEVAL_ASSIGN_OR_RETURN(PlannedTable each,
                            Plan(&left, side.right, *side.options, &names, &result.schema));
    planned.push_back(std::move(each));
  }
  for (const PlannedTable& each : planned) COEVAL_RETURN_IF_ERROR(Run(each, context, &result));
  planned.clear();
  result.left = std::move(left).Release();
  return result;
}

}  // namespace

Result<ArrowArrayStream> StandaloneJoin::Export(std::int64_t batch_rows) const {
  return left.ExportWith(schema, columns, batch_rows);
}

Result<StandaloneJoin> JoinStream(ArrowTable left, ArrowArrayStream* right,
                                  const StandaloneJoinOptions& options, const Context& context) {
  const StreamGuard guard(right);
  COEVAL_ASSIGN_OR_RETURN(RightTable table, RightTable::OfStream(right, context));
  return Join(std::move(left), {{std::move(table), &options}}, context);
}

Result<StandaloneJoin> JoinFile(ArrowTable left, const Source& source, const std::string& location,
                                const StandaloneJoinOptions& options, const Context& context) {
  return JoinFiles(std::move(left), {{source, location, options}}, context);
}

Result<StandaloneJoin> JoinFiles(ArrowTable left, const std::vector<JoinedFiles>& files,
                                 const Context& context) {
  if (files.empty()) return Status::InvalidArgument("there is nothing to join");
  std::vector<Side> sides;
  for (const JoinedFiles& each : files) {
    COEVAL_ASSIGN_OR_RETURN(RightTable right,
                            RightTable::OfFiles(each.source, each.location, context));
    sides.push_back({std::move(right), &each.options});
  }
  return Join(std::move(left), sides, context);
}

}  // namespace coeval
