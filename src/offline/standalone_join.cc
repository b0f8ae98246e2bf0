#include "offline/standalone_join.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "offline/budgeted_join.h"
#include "offline/memory_plan.h"
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
  JoinSize size;
};

Result<PlannedTable> Plan(LeftTable* left, const RightTable& right,
                          const StandaloneJoinOptions& options, AnswerNames* names,
                          Schema* schema) {
  if (options.tolerance.has_value() && *options.tolerance <= 0) {
    return Status::InvalidArgument("the tolerance must be more than 0; leave it out for none");
  }
  COEVAL_ASSIGN_OR_RETURN(const MatchNames match, ResolveMatch(*left, right, options));
  PlannedTable planned{
      .right = &right, .options = &options, .questions = {}, .join = {}, .size = {}};
  COEVAL_ASSIGN_OR_RETURN(planned.questions, left->For(right, match));
  COEVAL_ASSIGN_OR_RETURN(planned.join.schema, ChooseColumns(right, match, options));
  COEVAL_RETURN_IF_ERROR(names->Add(planned.join.schema, options, schema));
  planned.join.rule = {.source = MeaningOf(right, match, options),
                       .known = options.known,
                       .ttl = options.tolerance.value_or(0),
                       .strictly_before = !options.allow_exact_matches};
  for (std::size_t i = 0; i < planned.join.schema.size(); ++i) planned.join.needed.push_back(i);
  for (const JoinKey& key : planned.questions.right_keys) planned.size.keys.push_back(key.type);
  planned.size.features = planned.join.schema;
  planned.size.in_pieces = right.in_pieces;
  return planned;
}

Status Run(const PlannedTable& planned, const JoinBudget& budget, StandaloneJoin* result) {
  RightFacts facts(*planned.right, planned.join.rule.source, planned.questions,
                   planned.options->progress);
  KeyedQuestions* asked = planned.questions.asked;
  AsOfCounts& counts = result->counts.emplace_back();
  COEVAL_ASSIGN_OR_RETURN(
      std::shared_ptr<const AnswerRows> answers,
      JoinAsOfWithin(budget, planned.join, planned.size, asked, facts.facts(), &counts));
  facts.TellFinished(counts.read);
  if (budget.memory.spills()) {
    result->columns.Add(std::move(answers), planned.join.schema, budget.memory.run_rows(),
                        budget.context);
    return Status::Ok();
  }
  COEVAL_ASSIGN_OR_RETURN(const AnswerRun held,
                          answers->Read(0, asked->num_questions(), budget.context));
  result->columns.Add(held.answers->features);
  return Status::Ok();
}

struct Side {
  RightTable right;
  const StandaloneJoinOptions* options = nullptr;
};

// All are checked before the first is read.
Result<StandaloneJoin> Join(ArrowTable table, const std::vector<Side>& sides,
                            const Context& context) {
  LeftTable left(std::move(table), sides.front().options->left_name, context.threads);
  AnswerNames names(left.table());
  StandaloneJoin result;
  std::vector<PlannedTable> planned;
  std::vector<JoinSize> sizes;
  bool all_files = true;
  for (const Side& side : sides) {
    COEVAL_ASSIGN_OR_RETURN(PlannedTable each,
                            Plan(&left, side.right, *side.options, &names, &result.schema));
    sizes.push_back(each.size);
    all_files = all_files && side.right.is_files;
    planned.push_back(std::move(each));
  }
  COEVAL_ASSIGN_OR_RETURN(const MemoryPlan memory,
                          PlanMemory(left, std::move(sizes), all_files, context));
  for (PlannedTable& each : planned) each.join.values_only = !memory.spills();
  std::shared_ptr<ScratchFile> scratch;  // kept by what is spilled
  const JoinBudget budget{.memory = memory, .scratch = &scratch, .context = context};
  for (auto each = planned.begin(); each != planned.end(); ++each) {
    COEVAL_RETURN_IF_ERROR(Run(*each, budget, &result));
    KeyedQuestions* asked = each->questions.asked;
    const bool again = std::any_of(each + 1, planned.end(), [asked](const PlannedTable& later) {
      return later.questions.asked == asked;
    });
    if (!again) asked->DropIndex();
  }
  planned.clear();
  result.left = std::move(left).Release();
  return result;
}

}  // namespace

Result<ArrowArrayStream> StandaloneJoin::Export(std::int64_t batch_rows) const {
  return left.ExportWith(schema, columns.Rows(), batch_rows, AddedColumns::kBlockRows);
}

Result<StandaloneJoin> JoinStream(ArrowTable left, ArrowArrayStream* right,
                                  const StandaloneJoinOptions& options, const Context& context) {
  const StreamGuard guard(right);
  COEVAL_ASSIGN_OR_RETURN(RightTable table, RightTable::OfStream(right, context));
  return Join(std::move(left), {{std::move(table), &options}}, context);
}

Result<StandaloneJoin> JoinTable(ArrowTable left, ArrowTable right,
                                 const StandaloneJoinOptions& options, const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(RightTable table, RightTable::OfTable(std::move(right), context));
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
