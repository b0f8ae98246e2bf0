// coeval backfill: a view's features over a grid of times.
#include <memory>
#include <string>
#include <utility>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "cli/training_set_report.h"

namespace coeval {
namespace {

struct BackfillArguments {
  std::string view;
  std::string start;
  std::string end;
  std::string every;
  std::string output;
  std::string known = "declared";
  std::string on_error = "fail";
};

Result<TrainingSet> MakeSet(FeatureStore* store, const BackfillArguments& arguments) {
  const bool part = arguments.view.find(':') != std::string::npos;
  FeatureRequest request;
  request.features = {part ? arguments.view : arguments.view + ":*"};
  TrainingSetOptions options;
  COEVAL_ASSIGN_OR_RETURN(options.known, ParseKnown(arguments.known));
  options.on_invalid = arguments.on_error == "null" ? OnInvalid::kNull : OnInvalid::kFail;
  options.progress = ProgressBar();
  const Clock& clock = *store->context().clock;
  TimeGrid grid;
  COEVAL_ASSIGN_OR_RETURN(grid.start, ParseTimeArgument(arguments.start, clock));
  COEVAL_ASSIGN_OR_RETURN(grid.end, ParseTimeArgument(arguments.end, clock));
  COEVAL_ASSIGN_OR_RETURN(grid.every, ParseDuration(arguments.every));
  return store->Backfill(request, grid, std::move(options));
}

Result<int> RunBackfill(const Invocation& invocation, const BackfillArguments& arguments) {
  COEVAL_ASSIGN_OR_RETURN(auto store, invocation.OpenStore());
  COEVAL_RETURN_IF_ERROR(CheckTrainingSetOutput(store.get(), arguments.output, ""));
  COEVAL_ASSIGN_OR_RETURN(const TrainingSet set, MakeSet(store.get(), arguments));
  COEVAL_RETURN_IF_ERROR(ReportTrainingSet(invocation, set, arguments.output, *store));
  return kExitDone;
}

}  // namespace

void AddBackfillCommand(CLI::App* app, Invocation* invocation) {
  CLI::App* command = AddCommand(
      app, "Training", "backfill",
      "Makes a view's features over a grid of times, as they would have been served\n"
      "One row for each instant START, START + every, ... until END (included where it lies on the "
      "grid) and each key that has an event by then: a fact that is true and known, and neither "
      "deleted nor retracted. By time, then by key.",
      "coeval backfill weather --start 2013-01-01 --end 2013-02-01 --every 1h -o january.parquet\n"
      "coeval backfill spend@v2 --start 2024-05-01 --end now --every 1d");
  auto arguments = std::make_shared<BackfillArguments>();
  AddArgument(command, "VIEW", &arguments->view, "A view: name, name@v3, or view:feature")
      .Required();
  AddOption(command, "--start", "TIME", &arguments->start, "The first instant")
      .Check(CheckTime)
      .Required();
  AddOption(command, "--end", "TIME", &arguments->end, "No instant is after it")
      .Check(CheckTime)
      .Required();
  AddOption(command, "--every", "DURATION", &arguments->every,
            "From one instant to the next: 1h, 1d")
      .Check(CheckDuration)
      .Required();
  AddOption(command, "-o,--output", "FILE", &arguments->output,
            "Where to write it: .parquet, .csv or .arrow; without it the first rows are shown");
  AddOption(command, "--known", "RULE", &arguments->known,
            "Which facts count as known: declared (what is served), arrival, hindsight")
      .Check(CheckKnown);
  AddOption(command, "--on-error", "WHAT", &arguments->on_error,
            "Where an expression fails in a row: fail, or null as serving gives")
      .OneOf({"fail", "null"});
  SetAction(command, invocation,
            [invocation, arguments] { return RunBackfill(*invocation, *arguments); });
}

}  // namespace coeval
