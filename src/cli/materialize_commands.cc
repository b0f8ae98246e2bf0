// coeval materialize, materialize-incremental: facts from the sources into the online store.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/materialize_report.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "cli/value_text.h"

namespace coeval {
namespace {

constexpr const char* kGroup = "Serving";

struct MaterializeArguments {
  std::string start;
  std::string end;
  std::vector<std::string> views;
  bool incremental = false;
};

Result<int> RunMaterialize(const Invocation& invocation, const MaterializeArguments& arguments) {
  COEVAL_ASSIGN_OR_RETURN(auto store, invocation.OpenStore());
  const Clock& clock = *store->context().clock;
  COEVAL_ASSIGN_OR_RETURN(const TimeMicros end, ParseTimeArgument(arguments.end, clock));
  MaterializeOptions options;
  options.views = arguments.views;
  options.progress = ProgressBar();
  options.cancel = store->context().cancel;
  std::vector<MaterializeReport> reports;
  if (arguments.incremental) {
    COEVAL_ASSIGN_OR_RETURN(reports, store->MaterializeIncremental(end, options));
  } else {
    COEVAL_ASSIGN_OR_RETURN(const TimeMicros start, ParseTimeArgument(arguments.start, clock));
    COEVAL_ASSIGN_OR_RETURN(reports, store->Materialize(start, end, options));
  }
  invocation.Show(ReportsJson(reports), ReportsText(reports));
  return kExitDone;
}

void AddViews(CLI::App* command, MaterializeArguments* arguments) {
  AddOption(command, "-v,--views", "VIEWS", &arguments->views,
            "These views only: weather,planes@v2; may be given many times")
      .Delimiter(',');
}

void AddTime(CLI::App* command, const std::string& name, std::string* time,
             const std::string& meaning) {
  AddArgument(command, name, time, meaning).Required().Check(CheckTime);
}

}  // namespace

void AddMaterializeCommands(CLI::App* app, Invocation* invocation) {
  CLI::App* materialize =
      AddCommand(app, kGroup, "materialize",
                 "Carries the facts of a time range into the online store\n"
                 "Both ends are included. Carrying a fact twice changes nothing; interrupted, it "
                 "leaves a correct store, and the next run completes it.",
                 "coeval materialize 2013-01-01 2013-02-01\n"
                 "coeval materialize 2013-01-01 now --views weather");
  auto range = std::make_shared<MaterializeArguments>();
  AddTime(materialize, "START", &range->start, "The first event time: ISO 8601, UTC");
  AddTime(materialize, "END", &range->end, "The last event time, or `now`");
  AddViews(materialize, range.get());
  SetAction(materialize, invocation,
            [invocation, range] { return RunMaterialize(*invocation, *range); });

  CLI::App* incremental =
      AddCommand(app, kGroup, "materialize-incremental",
                 "Carries what is new since the last run into the online store\n"
                 "Facts after each view's watermark, and those written late. Run it as often as "
                 "the data come.",
                 "coeval materialize-incremental now\n"
                 "coeval materialize-incremental 2013-10-01T12:00:00Z -v weather");
  auto arguments = std::make_shared<MaterializeArguments>();
  arguments->incremental = true;
  AddTime(incremental, "END", &arguments->end, "The last event time: ISO 8601, UTC, or `now`");
  AddViews(incremental, arguments.get());
  SetAction(incremental, invocation,
            [invocation, arguments] { return RunMaterialize(*invocation, *arguments); });
}

}  // namespace coeval
