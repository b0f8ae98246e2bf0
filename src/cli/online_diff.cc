#include "cli/online_diff.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace coeval {
namespace {

constexpr std::size_t kMostLines = 20;  // of differences; --json gives more

// "7 not_materialized, 1 lost".
std::string ReasonsText(const Json& reasons) {
  std::string text;
  for (const auto& [reason, count] : reasons.object()) {
    text += (text.empty() ? "" : ", ") + FormatCount(count.AsInt()) + " " + reason;
  }
  return text;
}

std::string ViewsTable(const Json& views) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& view : views.array()) {
    rows.push_back({view.GetString("view"), FormatCount(view.GetInt("keys")),
                    FormatCount(view.GetInt("same")), FormatCount(view.GetInt("differing")),
                    FormatCount(view.GetInt("damaged")), view.GetString("watermark"),
                    ReasonsText(*view.Find("reasons"))});
  }
  return FormatTable({"view", "keys", "same", "differ", "damaged", "watermark", "why"}, rows);
}

std::string DamageText(const Json& report) {
  std::string text;
  for (const Json& damaged : report.Find("damaged")->array()) {
    text += Paint("DAMAGED", Colour::kRed) + "  view " + damaged.GetString("view") + ", key " +
            damaged.GetString("key") + ": it cannot be read online\n";
  }
  for (const Json& view : report.Find("views")->array()) {
    if (view.GetInt("unreadable") == 0) continue;
    text += Paint("DAMAGED", Colour::kRed) + "  view " + view.GetString("view") +
            ": rows that cannot be read were passed over\n";
  }
  return text;
}

std::string DiffText(const Json& report) {
  std::string text = ViewsTable(*report.Find("views")) + "\n\n";
  for (const Json& note : report.Find("notes")->array()) text += "note: " + note.AsString() + "\n";
  text += DamageText(report);
  const auto& differences = report.Find("differences")->array();
  const std::size_t shown = std::min(differences.size(), kMostLines);
  for (const Json& difference : std::span(differences).first(shown)) {
    const bool explained = difference.GetBool("explained");
    text += Paint(explained ? "behind " : "DIFFERS", explained ? Colour::kYellow : Colour::kRed) +
            "  " + difference.GetString("text") + "\n";
  }
  const std::int64_t count = report.GetInt("difference_count");
  const auto more = count - static_cast<std::int64_t>(shown);
  if (more > 0) text += "and " + FormatCount(more) + " more\n";
  const std::string asked = FormatCount(report.GetInt("keys")) + " keys at " +
                            report.GetString("time") + ", --seed " +
                            std::to_string(report.GetInt("seed"));
  if (count == 0 && report.GetBool("ok")) {
    return text + "online and training say the same, bit for bit: " + asked;
  }
  text += FormatCount(count) + " of " + asked + ": " +
          FormatCount(report.GetInt("unexplained_count")) + " that no incremental run mends\n";
  return text + report.GetString("advice");
}

}  // namespace

void AddDiffOptions(CLI::App* command, DiffArguments* arguments) {
  AddOption(command, "--keys", "N", &arguments->keys, "diff: keys of each view, at most")
      .Range(1, 1'000'000);
  AddOption(command, "--seed", "S", &arguments->seed,
            "diff: which keys; the same give the same ones. Else others each time")
      .Range(0, std::numeric_limits<std::int64_t>::max());
  AddOption(command, "--at", "TIME", &arguments->at,
            "diff: at this time, not before the horizon; default: now")
      .Check(CheckTime);
}

Result<int> RunOnlineDiff(const Invocation& invocation, const DiffArguments& arguments) {
  COEVAL_ASSIGN_OR_RETURN(auto store, invocation.OpenStore());
  DiffOptions options;
  options.references = arguments.references;
  options.keys = arguments.keys;
  options.seed = arguments.seed;
  if (!arguments.at.empty()) {
    COEVAL_ASSIGN_OR_RETURN(options.at, ParseTimeArgument(arguments.at, *store->context().clock));
  }
  options.progress = ProgressBar();
  options.cancel = store->context().cancel;
  COEVAL_ASSIGN_OR_RETURN(const Json report, store->DiffOnline(options));
  invocation.Show(report, DiffText(report));
  return report.GetBool("ok") ? kExitDone : kExitNo;
}

}  // namespace coeval
