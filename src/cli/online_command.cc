// coeval online: the online store as a whole, looked after.
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/materialize_report.h"
#include "cli/online_diff.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace coeval {
namespace {

struct OnlineArguments {
  std::string what;
  std::vector<std::string> views;  // what is named behind it
  DiffArguments diff;
};

// "" where the arguments belong together.
std::string WrongTogether(const OnlineArguments& arguments) {
  if (arguments.what == "verify" && !arguments.views.empty()) {
    return "coeval online verify takes no views";
  }
  const bool fits = arguments.what == "diff" || arguments.diff.untouched();
  return fits ? "" : "--keys, --seed and --at belong to coeval online diff";
}

std::string CountText(std::int64_t count, const char* one, const char* many) {
  return FormatCount(count) + " " + (count == 1 ? one : many);
}

std::string VerifiedText(const Json& report) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& view : report.Find("views")->array()) {
    rows.push_back({view.GetString("view"), FormatCount(view.GetInt("rows")),
                    FormatCount(view.GetInt("facts")), FormatBytes(view.GetInt("bytes")),
                    FormatCount(view.GetInt("problems"))});
  }
  std::string text;
  if (!rows.empty()) {
    text = FormatTable({"view", "rows", "facts", "bytes", "problems"}, rows) + "\n\n";
  }
  for (const Json& note : report.Find("notes")->array()) text += "note: " + note.AsString() + "\n";
  const auto& problems = report.Find("problems")->array();
  for (const Json& problem : problems) {
    text += Paint("DAMAGED", Colour::kRed) + "  " + problem.GetString("text") + "\n";
  }
  const std::int64_t count = report.GetInt("problem_count");
  const auto more = count - static_cast<std::int64_t>(problems.size());
  if (more > 0) text += "and " + FormatCount(more) + " more\n";
  if (count > 0) {
    return text + CountText(count, "problem", "problems") +
           "; what is damaged is served as an error, never as a value\n" +
           report.GetString("advice");
  }
  return text + "all is as it was written: " + CountText(report.GetInt("files"), "file", "files") +
         " of " + FormatBytes(report.GetInt("file_bytes")) + ", " +
         CountText(report.GetInt("rows"), "row", "rows");
}

Result<int> RunVerify(const Invocation& invocation) {
  COEVAL_ASSIGN_OR_RETURN(auto store, invocation.OpenStore());
  VerifyOptions options;
  options.progress = ProgressBar();
  options.cancel = store->context().cancel;
  COEVAL_ASSIGN_OR_RETURN(const Json report, store->VerifyOnline(options));
  invocation.Show(report, VerifiedText(report));
  return report.GetBool("ok") ? kExitDone : kExitNo;
}

Result<int> RunRebuild(const Invocation& invocation, const OnlineArguments& arguments) {
  COEVAL_ASSIGN_OR_RETURN(auto store, invocation.OpenStore());
  MaterializeOptions options;
  options.views = arguments.views;
  options.progress = ProgressBar();
  options.cancel = store->context().cancel;
  COEVAL_ASSIGN_OR_RETURN(const auto reports, store->RebuildOnline(options));
  invocation.Show(ReportsJson(reports), ReportsText(reports));
  return kExitDone;
}

}  // namespace

void AddOnlineCommand(CLI::App* app, Invocation* invocation) {
  CLI::App* command = AddCommand(
      app, "Serving", "online",
      "Verifies the online store, compares it with training, makes its data again\n"
      "verify reads every block and every row, and names what is damaged by view, file and keys. "
      "diff asks the online store and training for a sample of keys, compares the answers bit for "
      "bit, and says of each difference why. rebuild makes the data of views again from their "
      "sources and the log of pushes, and puts them in the place of those that are there. Exit 1 "
      "where something is damaged, or differs in a way that materialize-incremental does not mend. "
      "Reading, pushing and materializing go on meanwhile.",
      "coeval online verify\n"
      "coeval online diff\n"
      "coeval online diff weather departure_delay_v1 --keys 10000 --seed 7\n"
      "coeval online rebuild\n"
      "coeval online rebuild weather planes@v2");
  auto arguments = std::make_shared<OnlineArguments>();
  AddArgument(command, "WHAT", &arguments->what, "verify, diff or rebuild")
      .Required()
      .OneOf({"verify", "diff", "rebuild"});
  AddArgument(command, "VIEWS", &arguments->views,
              "diff: these views and services only, rebuild: these views only: weather, planes@v2; "
              "else all that are online");
  AddDiffOptions(command, &arguments->diff);
  SetAction(
      command, invocation,
      [invocation, arguments] {
        if (arguments->what == "diff") {
          arguments->diff.references = arguments->views;
          return RunOnlineDiff(*invocation, arguments->diff);
        }
        return arguments->what == "rebuild" ? RunRebuild(*invocation, *arguments)
                                            : RunVerify(*invocation);
      },
      [arguments] { return WrongTogether(*arguments); });
}

}  // namespace coeval
