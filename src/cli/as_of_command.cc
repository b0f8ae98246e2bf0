// coeval asof: the point-in-time join of files, without any repository.
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/match_arguments.h"
#include "cli/options.h"
#include "cli/table_file.h"
#include "cli/terminal.h"
#include "offline/standalone_join.h"

namespace coeval {
namespace {

struct AsOfArguments {
  MatchArguments match;
  AnswerArguments answer;
  FileOption ttl;
  FileOption columns;
  bool strictly_before = false;
  std::string suffix = "_right";
};

Result<JoinedFiles> PlanOf(const AsOfArguments& arguments, const FactFiles& file) {
  JoinedFiles plan{.source = SourceOf(file), .location = file.path, .options = {}};
  COEVAL_ASSIGN_OR_RETURN(MatchOptions match, arguments.match.For(file));
  static_cast<MatchOptions&>(plan.options) = std::move(match);
  plan.options.allow_exact_matches = !arguments.strictly_before;
  const std::vector<std::string> columns = arguments.columns.ListFor(file);
  if (!columns.empty()) plan.options.columns = columns;
  const std::string ttl = arguments.ttl.For(file);
  if (!ttl.empty()) {
    COEVAL_ASSIGN_OR_RETURN(plan.options.tolerance, ParseDuration(ttl));
  }
  if (!file.name.empty()) plan.options.prefix = file.name + "_";
  plan.options.suffix = arguments.suffix;
  return plan;
}

Json CountsJson(const AsOfCounts& counts, std::int64_t rows) {
  Json json = Json::MakeObject();
  json.Set("found", counts.found).Set("expired", counts.expired);
  json.Set("not_found", rows - counts.found - counts.expired);
  json.Set("ties", counts.ties).Set("written_after", counts.written_after);
  json.Set("facts_read", counts.read.rows).Set("facts_without_key", counts.read.null_keys);
  return json;
}

// Of one file its counts beside the rows; of several a list of them.
Json ReportJson(const StandaloneJoin& join, const std::vector<FactFiles>& files,
                const std::string& output) {
  Json json = Json::MakeObject();
  json.Set("output", output.empty() ? Json() : Json(output));
  json.Set("rows", join.left.num_rows());
  if (files.size() == 1) {
    const Json counts = CountsJson(join.counts[0], join.left.num_rows());
    for (const auto& [name, value] : counts.object()) json.Set(name, value);
    return json;
  }
  Json list = Json::MakeArray();
  for (std::size_t i = 0; i < files.size(); ++i) {
    Json counts = CountsJson(join.counts[i], join.left.num_rows());
    counts.Set("file", files[i].path);
    list.Append(std::move(counts));
  }
  json.Set("files", std::move(list));
  return json;
}

std::string CountsText(const AsOfCounts& counts, std::int64_t rows) {
  std::string text = FormatShare(counts.found, rows) + " found";
  if (counts.expired > 0) text += ", " + FormatShare(counts.expired, rows) + " too old";
  if (counts.ties > 0) text += ", " + FormatCount(counts.ties) + " decided by a tie";
  if (counts.written_after > 0) {
    text += ", " + FormatCount(counts.written_after) + " from facts written later";
  }
  if (counts.read.null_keys > 0) {
    text += "; " + FormatCount(counts.read.null_keys) + " facts have no key";
  }
  return text;
}

std::string ReportText(const StandaloneJoin& join, const std::vector<FactFiles>& files,
                       double seconds) {
  const std::int64_t rows = join.left.num_rows();
  std::int64_t facts = 0;
  for (const AsOfCounts& counts : join.counts) facts += counts.read.rows;
  std::string text = FormatCount(rows) + " rows joined with " + FormatCount(facts) + " facts in " +
                     std::to_string(seconds).substr(0, 4) + " s";
  if (files.size() == 1) return text + ": " + CountsText(join.counts[0], rows);
  for (std::size_t i = 0; i < files.size(); ++i) {
    text += "\n" + files[i].path + ": " + CountsText(join.counts[i], rows);
  }
  return text;
}

Result<int> RunAsOf(const Invocation& invocation, const AsOfArguments& arguments) {
  COEVAL_ASSIGN_OR_RETURN(const Context context,
                          MakeJoinContext(invocation, arguments.match, arguments.answer));
  COEVAL_ASSIGN_OR_RETURN(const std::vector<FactFiles> files,
                          ParseFactFiles(arguments.match.right));
  COEVAL_RETURN_IF_ERROR(CheckAnswer(arguments.answer, arguments.match.left, files));
  std::vector<JoinedFiles> plans;
  for (const FactFiles& file : files) {
    COEVAL_ASSIGN_OR_RETURN(JoinedFiles plan, PlanOf(arguments, file));
    plans.push_back(std::move(plan));
  }
  const auto start = std::chrono::steady_clock::now();
  COEVAL_ASSIGN_OR_RETURN(ArrowTable left, ReadTableFiles(arguments.match.left, context));
  const auto join = JoinFiles(std::move(left), plans, context);
  if (!join.ok()) return InOptions(join.status());
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  COEVAL_ASSIGN_OR_RETURN(ArrowArrayStream stream, join->Export());
  COEVAL_RETURN_IF_ERROR(GiveAnswer(invocation, arguments.answer, &stream,
                                    ReportJson(*join, files, arguments.answer.output),
                                    ReportText(*join, files, seconds.count()), context));
  return kExitDone;
}

std::string WrongTogether(const AsOfArguments& arguments, bool json) {
  std::string wrong = arguments.answer.WrongTogether(json);
  if (!wrong.empty()) return wrong;
  const auto files = ParseFactFiles(arguments.match.right);
  if (!files.ok()) return files.status().message();
  wrong = arguments.match.WrongTogether(*files);
  if (wrong.empty()) wrong = arguments.ttl.WrongName("--ttl", *files);
  if (wrong.empty()) wrong = arguments.columns.WrongName("--columns", *files);
  for (const FactFiles& file : *files) {
    const std::string ttl = arguments.ttl.For(file);
    if (wrong.empty() && !ttl.empty()) wrong = CheckDuration(ttl);
  }
  return wrong;
}

void AddOptions(CLI::App* command, AsOfArguments* arguments) {
  AddMatchOptions(command, &arguments->match, "FEATURES",
                  "The facts: files, folders or patterns; NAME=FILE calls its columns NAME_...");
  AddFileOption(command, "--ttl,--tolerance", "DURATION", &arguments->ttl,
                "How old a fact may be: 3h, 30d");
  AddFlag(command, "--strictly-before", &arguments->strictly_before,
          "Facts of the very same time do not count");
  AddFileOption(command, "--columns", "COLUMNS", &arguments->columns,
                "These of the facts' columns only");
  AddOption(command, "--suffix", "TEXT", &arguments->suffix,
            "Put after names that are taken already; _right");
  AddAnswerOptions(command, &arguments->answer);
}

}  // namespace

void AddAsOfCommand(CLI::App* app, Invocation* invocation) {
  CLI::App* command = AddCommand(
      app, "Start", "asof",
      "Joins files as of each row's time: no repository, no set-up\n"
      "For every row of SPINE the newest fact of its key that is not later than the row: what was "
      "true then, and nothing of the future. Files: .parquet, .csv, .arrow. Of several, NAME=FILE "
      "gives one a name: its columns come out as NAME_column, and an option's NAME=VALUE is said "
      "of that file alone.",
      "coeval asof spine.parquet features.parquet --by user_id --on event_timestamp -o "
      "out.parquet\n"
      "coeval asof orders.csv prices.csv --by product --left-on ordered --right-on since --ttl "
      "30d\n"
      "coeval asof spine.parquet 'facts/*.parquet' --by user_id --created created --known arrival\n"
      "coeval asof orders.parquet user=users/ price=prices.csv --by user=user_id --by "
      "price=product --ttl price=30d -o - | duckdb -c \"from read_arrow('/dev/stdin')\"");
  auto arguments = std::make_shared<AsOfArguments>();
  AddOptions(command, arguments.get());
  SetAction(
      command, invocation, [invocation, arguments] { return RunAsOf(*invocation, *arguments); },
      [invocation, arguments] { return WrongTogether(*arguments, invocation->globals.json); });
}

}  // namespace coeval
