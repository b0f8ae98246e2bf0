// coeval asof: the point-in-time join of two files, without any repository.
#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/output_file.h"
#include "cli/table_file.h"
#include "cli/terminal.h"
#include "offline/standalone_join.h"
#include "source/writer.h"

namespace coeval {
namespace {

constexpr std::int64_t kPreviewRows = 10;

struct AsOfArguments {
  std::string left;
  std::string right;
  std::string output;
  std::string tolerance;
  std::string known = "declared";
  std::vector<std::string> columns;
  bool strictly_before = false;
  StandaloneJoinOptions options;
};

// A folder or a pattern says nothing by its ending: Parquet, then.
FileFormat FormatOfFacts(const AsOfArguments& arguments) {
  const auto format = FormatOfName(arguments.right);
  return format.ok() ? *format : FileFormat::kParquet;
}

Result<StandaloneJoin> Join(const AsOfArguments& arguments, const Context& context) {
  StandaloneJoinOptions options = arguments.options;
  COEVAL_ASSIGN_OR_RETURN(options.known, ParseKnown(arguments.known));
  options.allow_exact_matches = !arguments.strictly_before;
  if (!arguments.columns.empty()) options.columns = arguments.columns;
  if (!arguments.tolerance.empty()) {
    COEVAL_ASSIGN_OR_RETURN(options.tolerance, ParseDuration(arguments.tolerance));
  }
  options.left_name = arguments.left;
  options.progress = ProgressBar();
  Source source;
  source.name = arguments.right;
  source.format = FormatOfFacts(arguments);
  COEVAL_ASSIGN_OR_RETURN(ArrowTable left, ReadTableFile(arguments.left, context));
  return JoinFile(std::move(left), source, arguments.right, options, context);
}

// What errors of the join call its options, and what they are called here.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kOptionNames{{
    {"with right_on", "with --right-on"},
    {"'left_on'", "--left-on"},
    {"'right_on'", "--right-on"},
    {"'left_by'", "--left-by"},
    {"'right_by'", "--right-by"},
    {"either 'on'", "either --on"},
    {"either 'by'", "either --by"},
    {"left_by names", "--left-by names"},
    {"columns, right_by", "columns, --right-by"},
}};

Status InOptions(const Status& status) {
  std::string text = status.message();
  for (const auto& [from, to] : kOptionNames) {
    const std::size_t at = text.find(from);
    if (at != std::string::npos) text.replace(at, from.size(), to);
  }
  return {status.code(), std::move(text)};
}

Json CountsJson(const StandaloneJoin& join, const std::string& output) {
  const AsOfCounts& counts = join.counts;
  Json json = Json::MakeObject();
  json.Set("output", output.empty() ? Json() : Json(output));
  json.Set("rows", join.left.num_rows()).Set("found", counts.found);
  json.Set("expired", counts.expired);
  json.Set("not_found", join.left.num_rows() - counts.found - counts.expired);
  json.Set("ties", counts.ties).Set("written_after", counts.written_after);
  json.Set("facts_read", counts.read.rows).Set("facts_without_key", counts.read.null_keys);
  return json;
}

std::string CountsText(const StandaloneJoin& join, double seconds) {
  const AsOfCounts& counts = join.counts;
  const std::int64_t rows = join.left.num_rows();
  std::string text = FormatCount(rows) + " rows joined with " + FormatCount(counts.read.rows) +
                     " facts in " + std::to_string(seconds).substr(0, 4) +
                     " s: " + FormatShare(counts.found, rows) + " found";
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

Result<int> RunAsOf(const Invocation& invocation, const AsOfArguments& arguments) {
  COEVAL_ASSIGN_OR_RETURN(const Context context, invocation.MakeContext());
  COEVAL_RETURN_IF_ERROR(CheckOutputFile(
      arguments.output, {{"the spine", arguments.left},
                         {"a file of the facts", arguments.right, FormatOfFacts(arguments)}}));
  const auto start = std::chrono::steady_clock::now();
  const auto joined = Join(arguments, context);
  if (!joined.ok()) return InOptions(joined.status());
  const StandaloneJoin& join = *joined;
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::string text = CountsText(join, seconds.count());
  COEVAL_ASSIGN_OR_RETURN(ArrowArrayStream stream, join.Export());
  if (arguments.output.empty()) {
    COEVAL_ASSIGN_OR_RETURN(const std::string preview, PreviewTable(&stream, kPreviewRows));
    text = preview + "\n\n" + text + "\ngive -o FILE to keep them";
  } else {
    COEVAL_ASSIGN_OR_RETURN(const WrittenTable written,
                            WriteTableFile(&stream, arguments.output, nullptr, context));
    text += "\n" + arguments.output + ": " + FormatBytes(written.bytes);
  }
  invocation.Show(CountsJson(join, arguments.output), text);
  return kExitDone;
}

CLI::Option* AddNames(CLI::App* command, const std::string& name, std::vector<std::string>* names,
                      const std::string& meaning) {
  return command->add_option(name, *names, meaning)
      ->type_name("COLUMNS")
      ->delimiter(',')
      ->allow_extra_args(false);
}

CLI::Option* AddText(CLI::App* command, const std::string& name, const std::string& type,
                     std::string* text, const std::string& meaning) {
  return command->add_option(name, *text, meaning)->type_name(type);
}

void AddOptions(CLI::App* command, AsOfArguments* arguments) {
  StandaloneJoinOptions& options = arguments->options;
  AddText(command, "SPINE", "", &arguments->left, "The rows to find facts for")->required();
  AddText(command, "FEATURES", "", &arguments->right, "The facts: a file, a folder, or a pattern")
      ->required();
  AddNames(command, "--by", &options.by, "The key, where both call it the same; none: one key");
  AddNames(command, "--left-by", &options.left_by, "The key's columns in the spine");
  AddNames(command, "--right-by", &options.right_by, "The key's columns in the facts");
  AddText(command, "--on", "COLUMN", &options.on,
          "The time, where both call it the same; event_timestamp, or the only one");
  AddText(command, "--left-on", "COLUMN", &options.left_on, "The time in the spine");
  AddText(command, "--right-on", "COLUMN", &options.right_on, "The time in the facts");
  AddText(command, "--ttl,--tolerance", "DURATION", &arguments->tolerance,
          "How old a fact may be: 3h, 30d")
      ->check(CheckDuration);
  AddText(command, "--created", "COLUMN", &options.created,
          "When a fact was written; the latest of equal times wins");
  AddText(command, "--known", "RULE", &arguments->known,
          "declared; arrival: a fact is not known before it was written; hindsight")
      ->check(CheckKnown);
  command->add_flag("--strictly-before", arguments->strictly_before,
                    "Facts of the very same time do not count");
  AddNames(command, "--columns", &arguments->columns, "These of the facts' columns only");
  AddText(command, "--suffix", "TEXT", &options.suffix,
          "Put after names that the spine has too; _right");
  AddText(command, "-o,--output", "FILE", &arguments->output,
          "Where to write it: .parquet, .csv or .arrow; without it the first rows are shown");
}

}  // namespace

void AddAsOfCommand(CLI::App* app, Invocation* invocation) {
  CLI::App* command = AddCommand(
      app, "Start", "asof",
      "Joins two files as of each row's time: no repository, no set-up\n"
      "For every row of SPINE the newest fact of its key that is not later than the row: what was "
      "true then, and nothing of the future. Files: .parquet, .csv, .arrow.",
      "coeval asof spine.parquet features.parquet --by user_id --on event_timestamp -o "
      "out.parquet\n"
      "coeval asof orders.csv prices.csv --by product --left-on ordered --right-on since --ttl "
      "30d\n"
      "coeval asof spine.parquet 'facts/*.parquet' --by user_id --created created --known arrival");
  auto arguments = std::make_shared<AsOfArguments>();
  AddOptions(command, arguments.get());
  SetAction(command, invocation,
            [invocation, arguments] { return RunAsOf(*invocation, *arguments); });
}

}  // namespace coeval
