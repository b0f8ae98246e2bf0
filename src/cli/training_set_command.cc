// coeval training-set: the features of a spine's rows as they would have been served.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/table_file.h"
#include "cli/terminal.h"
#include "cli/training_set_report.h"

namespace coeval {
namespace {

struct TrainingSetArguments {
  std::string service;
  std::vector<std::string> features;
  std::string spine;
  std::string output;
  std::string start;
  std::string end;
  std::string known = "declared";
  std::string on_error = "fail";
  std::string time_column;
  bool full_feature_names = false;
};

Result<TrainingSetOptions> OptionsOf(const TrainingSetArguments& arguments) {
  TrainingSetOptions options;
  COEVAL_ASSIGN_OR_RETURN(options.known, ParseKnown(arguments.known));
  options.on_invalid = arguments.on_error == "null" ? OnInvalid::kNull : OnInvalid::kFail;
  options.time_column = arguments.time_column;
  options.progress = ProgressBar();
  return options;
}

Result<TrainingSet> MakeSet(FeatureStore* store, const TrainingSetArguments& arguments) {
  COEVAL_ASSIGN_OR_RETURN(
      const FeatureRequest request,
      ParseRequest(arguments.service, arguments.features, arguments.full_feature_names));
  COEVAL_ASSIGN_OR_RETURN(TrainingSetOptions options, OptionsOf(arguments));
  if (!arguments.spine.empty()) {
    COEVAL_ASSIGN_OR_RETURN(ArrowTable spine, ReadTableFiles(arguments.spine, store->context()));
    return store->GetHistoricalFeatures(request, std::move(spine), std::move(options));
  }
  const Clock& clock = *store->context().clock;
  COEVAL_ASSIGN_OR_RETURN(const TimeMicros start, ParseTimeArgument(arguments.start, clock));
  COEVAL_ASSIGN_OR_RETURN(const TimeMicros end, ParseTimeArgument(arguments.end, clock));
  return store->GetHistoricalFeatures(request, start, end, std::move(options));
}

Result<int> RunTrainingSet(const Invocation& invocation, const TrainingSetArguments& arguments) {
  COEVAL_ASSIGN_OR_RETURN(auto store, invocation.OpenStore());
  COEVAL_RETURN_IF_ERROR(CheckTrainingSetOutput(store.get(), arguments.output, arguments.spine));
  COEVAL_ASSIGN_OR_RETURN(const TrainingSet set, MakeSet(store.get(), arguments));
  COEVAL_RETURN_IF_ERROR(ReportTrainingSet(invocation, set, arguments.output, *store));
  return kExitDone;
}

std::string WrongTogether(const TrainingSetArguments& arguments) {
  if (arguments.spine.empty() && arguments.start.empty()) {
    return "say for which rows: --spine FILE, or a time range with --start and --end";
  }
  const auto request = ParseRequest(arguments.service, arguments.features, false);
  return request.ok() ? "" : request.status().message();
}

void AddOptions(CLI::App* command, TrainingSetArguments* arguments) {
  AddArgument(command, "SERVICE", &arguments->service, "A feature service: name, or name@v3");
  AddOption(command, "-f,--features", "REFS", &arguments->features,
            "Features in place of a service: view:feature,view:* ...")
      .Delimiter(',');
  const CommandOption spine =
      AddOption(command, "-s,--spine", "FILE", &arguments->spine,
                "The rows to make it for: .parquet, .csv or .arrow, with keys and times");
  AddOption(command, "-o,--output", "FILE", &arguments->output,
            "Where to write it: .parquet, .csv or .arrow; without it the first rows are shown");
  AddOption(command, "--time-column", "NAME", &arguments->time_column,
            "The spine's column of question times; event_timestamp, or the only one");
  CommandOption start =
      AddOption(command, "--start", "TIME", &arguments->start,
                "Without a spine: every moment from then on at which a fact changed")
          .Check(CheckTime)
          .Excludes(spine);
  CommandOption end = AddOption(command, "--end", "TIME", &arguments->end, "... and until then")
                          .Check(CheckTime)
                          .Excludes(spine);
  start.Needs(end);
  end.Needs(start);
  AddFlag(command, "--full-feature-names", &arguments->full_feature_names,
          "Columns are called view__feature");
  AddOption(command, "--known", "RULE", &arguments->known,
            "Which facts count as known: declared (what is served), arrival, hindsight")
      .Check(CheckKnown);
  AddOption(command, "--on-error", "WHAT", &arguments->on_error,
            "Where an expression fails in a row: fail, or null as serving gives")
      .OneOf({"fail", "null"});
}

}  // namespace

void AddTrainingSetCommand(CLI::App* app, Invocation* invocation) {
  CLI::App* command = AddCommand(
      app, "Training", "training-set",
      "Makes a training set: the features of a spine's rows as they would have been served\n"
      "Every row of the spine comes out once, in order, its columns unchanged. Null rate and "
      "expired "
      "share of each feature are shown; the manifest, which says what made it, goes into the file.",
      "coeval training-set departure_delay_v1 --spine spine.parquet -o training.parquet\n"
      "coeval training-set -f weather:temp,planes:* -s spine.csv -o training.csv\n"
      "coeval training-set -f weather:temp --start 2013-01-01 --end 2013-02-01 -o january.parquet");
  auto arguments = std::make_shared<TrainingSetArguments>();
  AddOptions(command, arguments.get());
  SetAction(
      command, invocation,
      [invocation, arguments] { return RunTrainingSet(*invocation, *arguments); },
      [arguments] { return WrongTogether(*arguments); });
}

}  // namespace coeval
