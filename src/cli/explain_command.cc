// coeval explain: why a feature has the value that it has.
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/table_file.h"
#include "cli/terminal.h"
#include "offline/explain.h"
#include "offline/explanation_json.h"
#include "offline/explanation_text.h"

namespace coeval {
namespace {

struct ExplainArguments {
  std::vector<std::string> words;
  std::string feature;
  std::string at = "now";
  std::string spine;
  std::optional<std::int64_t> row;
  std::string time_column;
  std::string known = "declared";
  std::int64_t facts = 5;
  bool full_feature_names = false;
};

Result<FeatureRequest> RequestOf(const ExplainArguments& arguments, AskedFor* asked) {
  COEVAL_ASSIGN_OR_RETURN(*asked, SortWords(arguments.words));
  return ParseRequest(asked->service, asked->features, arguments.full_feature_names);
}

std::string WrongTogether(const ExplainArguments& arguments) {
  AskedFor asked;
  const auto request = RequestOf(arguments, &asked);
  if (!request.ok()) return request.status().message();
  if (arguments.spine.empty()) return "";
  if (!asked.values.empty()) {
    return "keys come from the spine's row, or as key=value; give one of both";
  }
  return arguments.row.has_value() ? "" : "say which row of the spine: --spine-row N, from 0";
}

std::string PaintEmphasis(std::string_view text, Emphasis emphasis) {
  switch (emphasis) {
    case Emphasis::kStrong:
      return Paint(text, Colour::kBold);
    case Emphasis::kGood:
      return Paint(text, Colour::kGreen);
    case Emphasis::kFaint:
      return Paint(text, Colour::kDim);
  }
  return std::string(text);
}

Result<Explanation> Explained(FeatureStore* store, const ExplainArguments& arguments) {
  AskedFor asked;
  COEVAL_ASSIGN_OR_RETURN(const FeatureRequest request, RequestOf(arguments, &asked));
  COEVAL_ASSIGN_OR_RETURN(const SharedFeaturePlan plan, store->PlanRequest(request));
  ExplainOptions options;
  COEVAL_ASSIGN_OR_RETURN(options.known, ParseKnown(arguments.known));
  options.nearest = arguments.facts;
  if (ErrorIsTerminal()) options.progress = ProgressBar();
  // Wrong names are told before anything is read.
  COEVAL_ASSIGN_OR_RETURN(const std::size_t output, FindOutput(*plan, arguments.feature));
  if (!arguments.spine.empty()) {
    COEVAL_ASSIGN_OR_RETURN(ArrowTable spine, ReadTableFiles(arguments.spine, store->context()));
    return store->Explain(plan, std::move(spine), arguments.time_column, *arguments.row,
                          arguments.feature, options);
  }
  const std::set<std::string> needed = NeededColumns(*plan, output);
  for (const PlannedColumn& column : plan->request_columns) {
    if (!needed.contains(column.name)) asked.values.emplace(column.name, "null");
  }
  COEVAL_ASSIGN_OR_RETURN(const std::vector<Column> columns, ParseEntityRow(*plan, asked.values));
  COEVAL_ASSIGN_OR_RETURN(const TimeMicros at,
                          ParseTimeArgument(arguments.at, *store->context().clock));
  return store->Explain(plan, columns, at, arguments.feature, options);
}

Result<int> RunExplain(const Invocation& invocation, const ExplainArguments& arguments) {
  COEVAL_ASSIGN_OR_RETURN(auto store, invocation.OpenStore());
  COEVAL_ASSIGN_OR_RETURN(const Explanation explanation, Explained(store.get(), arguments));
  invocation.Show(ExplanationJson(explanation), ExplanationText(explanation, PaintEmphasis));
  return kExitDone;
}

void AddOptions(CLI::App* command, ExplainArguments* arguments) {
  AddArgument(command, "WHAT", &arguments->words,
              "A service, or features as view:feature; and key=value for each key that the "
              "feature needs, unless a spine brings them")
      .Required();
  AddOption(command, "--feature", "NAME", &arguments->feature,
            "The feature to explain, where WHAT names several: its name, view__feature or "
            "view:feature");
  const CommandOption at =
      AddOption(command, "--at", "TIME", &arguments->at, "The time of the question; now")
          .Check(CheckTime);
  const CommandOption spine =
      AddOption(command, "-s,--spine", "FILE", &arguments->spine,
                "Explain a row of this file: a spine, or a training set made of it")
          .Excludes(at);
  AddOption(command, "--spine-row", "N", &arguments->row, "The row, counted from 0").Needs(spine);
  AddOption(command, "--time-column", "NAME", &arguments->time_column,
            "The spine's column of question times; event_timestamp, or the only one")
      .Needs(spine);
  AddOption(command, "--known", "RULE", &arguments->known,
            "Which facts count as known: declared (what is served), arrival, hindsight")
      .Check(CheckKnown);
  AddOption(command, "--facts", "N", &arguments->facts,
            "How many facts of each fate to show, those nearest to what decides; 5")
      .Range(1, 1'000'000);
  AddFlag(command, "--full-feature-names", &arguments->full_feature_names,
          "Features are called view__feature");
}

}  // namespace

void AddExplainCommand(CLI::App* app, Invocation* invocation) {
  CLI::App* command = AddCommand(
      app, "Training", "explain",
      "Says why a feature has the value that it has: which facts, windows and inputs made it\n"
      "Of one entity at one time, or of one row of a spine. The facts of the key that are nearest "
      "are shown with their times, the file and the row they come from, and why each was taken or "
      "not.",
      "coeval explain purchase_v1 --spine spine.parquet --spine-row 17 --feature price\n"
      "coeval explain product_price:price product=tea --at 2025-02-10T10:00:00Z\n"
      "coeval explain purchase_v1 --feature price product=tea");
  auto arguments = std::make_shared<ExplainArguments>();
  AddOptions(command, arguments.get());
  SetAction(
      command, invocation, [invocation, arguments] { return RunExplain(*invocation, *arguments); },
      [arguments] { return WrongTogether(*arguments); });
}

}  // namespace coeval
