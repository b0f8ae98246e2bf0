// coeval window: aggregates over the events before each row, without any repository.
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/match_arguments.h"
#include "cli/options.h"
#include "cli/table_file.h"
#include "cli/terminal.h"
#include "definition/aggregation_text.h"
#include "offline/standalone_window.h"

namespace coeval {
namespace {

struct WindowArguments {
  MatchArguments match;
  AnswerArguments answer;
  std::vector<std::string> aggregates;
  std::string closed = "right";
  std::string event_id;
  std::string on_error = "fail";
};

Result<std::vector<AggregationText>> ParseAggregates(const std::vector<std::string>& texts) {
  std::vector<AggregationText> aggregates;
  for (const std::string& text : texts) {
    Result<AggregationText> parsed = ParseAggregationText(text);
    if (!parsed.ok()) return parsed.status().WithContext("--aggregate");
    if (parsed->aggregation.name.empty()) {
      return parsed->Unnamed().WithContext("--aggregate");
    }
    aggregates.push_back(*std::move(parsed));
  }
  return aggregates;
}

Result<StandaloneWindowOptions> OptionsOf(const WindowArguments& arguments, const FactFiles& file) {
  StandaloneWindowOptions options;
  COEVAL_ASSIGN_OR_RETURN(MatchOptions match, arguments.match.For(file));
  static_cast<MatchOptions&>(options) = std::move(match);
  COEVAL_ASSIGN_OR_RETURN(options.aggregates, ParseAggregates(arguments.aggregates));
  COEVAL_ASSIGN_OR_RETURN(options.closed, ParseClosed(arguments.closed));
  options.event_id = arguments.event_id;
  options.on_invalid = arguments.on_error == "null" ? OnInvalid::kNull : OnInvalid::kFail;
  return options;
}

Json ReportJson(const StandaloneWindow& window, const std::string& output) {
  Json json = Json::MakeObject();
  json.Set("output", output.empty() ? Json() : Json(output));
  json.Set("rows", window.left.num_rows()).Set("events_read", window.read.rows);
  json.Set("events_of_keys", window.events).Set("events_without_key", window.read.null_keys);
  json.Set("too_late", window.too_late).Set("invalid", window.invalid);
  Json features = Json::MakeArray();
  for (std::size_t i = 0; i < window.schema.size(); ++i) {
    Json each = Json::MakeObject();
    each.Set("name", window.schema[i].name).Set("type", window.schema[i].type.ToString());
    each.Set("null", window.nulls[i]);
    features.Append(std::move(each));
  }
  json.Set("aggregates", std::move(features));
  return json;
}

std::string ReportText(const StandaloneWindow& window, double seconds) {
  std::string text = FormatCount(window.left.num_rows()) + " rows over " +
                     FormatCount(window.read.rows) + " events in " +
                     std::to_string(seconds).substr(0, 4) + " s";
  if (window.events < window.read.rows) {
    text += ", " + FormatCount(window.events) + " of them of the rows' keys";
  }
  if (window.read.null_keys > 0) {
    text += "; " + FormatCount(window.read.null_keys) + " events have no key";
  }
  if (window.too_late > 0) text += "; " + FormatCount(window.too_late) + " are too late to count";
  if (window.invalid > 0) text += "; " + FormatCount(window.invalid) + " values are invalid: null";
  return text;
}

Result<int> RunWindow(const Invocation& invocation, const WindowArguments& arguments) {
  COEVAL_ASSIGN_OR_RETURN(const Context context,
                          MakeJoinContext(invocation, arguments.match, arguments.answer));
  FactFiles file;
  file.path = arguments.match.right.front();
  COEVAL_ASSIGN_OR_RETURN(const StandaloneWindowOptions options, OptionsOf(arguments, file));
  COEVAL_ASSIGN_OR_RETURN(file.format, FormatOfInput(file.path));
  COEVAL_RETURN_IF_ERROR(CheckAnswer(arguments.answer, arguments.match.left, {file}));
  const auto start = std::chrono::steady_clock::now();
  COEVAL_ASSIGN_OR_RETURN(ArrowTable left, ReadTableFiles(arguments.match.left, context));
  const auto window = WindowFiles(std::move(left), SourceOf(file), file.path, options, context);
  if (!window.ok()) return InOptions(window.status());
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  COEVAL_ASSIGN_OR_RETURN(ArrowArrayStream stream, window->Export());
  COEVAL_RETURN_IF_ERROR(GiveAnswer(invocation, arguments.answer, &stream,
                                    ReportJson(*window, arguments.answer.output),
                                    ReportText(*window, seconds.count()), context));
  return kExitDone;
}

// A text that does not parse is wrong usage, as an option that is not there.
std::string WrongTogether(const WindowArguments& arguments, bool json) {
  if (arguments.match.right.size() > 1) {
    return "EVENTS is one argument; several files are a folder, or a pattern in quotes";
  }
  std::string wrong = arguments.answer.WrongTogether(json);
  if (wrong.empty()) wrong = arguments.match.WrongTogether({FactFiles()});
  if (!wrong.empty()) return wrong;
  const auto aggregates = ParseAggregates(arguments.aggregates);
  return aggregates.ok() ? "" : aggregates.status().message();
}

void AddOptions(CLI::App* command, WindowArguments* arguments) {
  AddMatchOptions(command, &arguments->match, "EVENTS", "The events: a file, folder or pattern");
  AddOption(command, "-a,--aggregate", "TEXT", &arguments->aggregates,
            "FUNCTION(COLUMN) [over DURATION | over last N [of DURATION] | over all time] "
            "[where EXPRESSION] [by EXPRESSION] [offset DURATION] [slide DURATION [zone "
            "'ZONE']] as NAME; may be given many times")
      .Required();
  AddOption(command, "--closed", "ENDS", &arguments->closed,
            "Which ends belong to a window: right, left, both, neither")
      .OneOfListed({"right", "left", "both", "neither"});
  AddOption(command, "--event-id", "COLUMN", &arguments->event_id,
            "An event's identity within its key: of one id the row written last counts");
  AddOption(command, "--on-error", "RULE", &arguments->on_error,
            "What becomes of values that do not exist (a sum that does not fit): fail, null")
      .OneOfListed({"fail", "null"});
  AddAnswerOptions(command, &arguments->answer);
}

}  // namespace

void AddWindowCommand(CLI::App* app, Invocation* invocation) {
  CLI::App* command = AddCommand(
      app, "Start", "window",
      "Aggregates over the events before each row: no repository, no set-up\n"
      "For every row of SPINE what functions give of the events of its key in a window that ends "
      "at the row's time, exactly, and nothing of the future. Functions: docs/aggregations.md; "
      "files: .parquet, .csv, .arrow.",
      "coeval window spine.parquet payments.parquet --by user_id -a 'sum(amount) over 7d as "
      "spend_7d' -o out.parquet\n"
      "coeval window orders.csv 'clicks/*.csv' --by user --left-on ordered --right-on at -a "
      "\"count() over 1h where page = 'cart' as carts\" -a 'last(page) as page'\n"
      "coeval window spine.parquet payments/ --by user_id -a 'quantile(amount, 0.9) over last 50 "
      "as p90' -o - --format csv");
  auto arguments = std::make_shared<WindowArguments>();
  AddOptions(command, arguments.get());
  SetAction(
      command, invocation, [invocation, arguments] { return RunWindow(*invocation, *arguments); },
      [invocation, arguments] { return WrongTogether(*arguments, invocation->globals.json); });
}

}  // namespace coeval
