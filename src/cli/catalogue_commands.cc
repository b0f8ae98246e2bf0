// coeval list, describe, runs: what the registry holds.
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/suggest.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/record_text.h"
#include "cli/terminal.h"

namespace coeval {
namespace {

constexpr const char* kGroup = "Looking";
constexpr std::array<std::string_view, 6> kKinds{"entities",         "sources",
                                                 "feature_views",    "on_demand_feature_views",
                                                 "feature_services", "features"};

// "feature-views", "views", "service" as the store calls them. Errors: InvalidArgument.
Result<std::string> KindOf(std::string text) {
  for (char& c : text) c = c == '-' ? '_' : c;
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kShort{
      {{"entity", "entities"},
       {"source", "sources"},
       {"data_sources", "sources"},
       {"views", "feature_views"},
       {"feature_view", "feature_views"},
       {"on_demand", "on_demand_feature_views"},
       {"on_demand_views", "on_demand_feature_views"},
       {"services", "feature_services"},
       {"feature_service", "feature_services"},
       {"feature", "features"}}};
  for (const auto& [name, kind] : kShort) {
    if (text == name) return std::string(kind);
  }
  std::vector<std::string> kinds(kKinds.begin(), kKinds.end());
  for (const std::string& kind : kinds) {
    if (text == kind) return kind;
  }
  std::string all;
  for (const std::string& kind : kinds) all += (all.empty() ? "" : ", ") + kind;
  return Status::InvalidArgument("there is no kind '" + text + "'" + DidYouMean(text, kinds) +
                                 "; the kinds are " + all);
}

// Names alone, one a line: for scripts and completion.
void ShowNames(const Invocation& invocation, const Json& lists) {
  Json names = Json::MakeArray();
  std::string text;
  for (const auto& [kind, objects] : lists.object()) {
    for (const Json& object : objects.array()) {
      names.Append(object.GetString("name"));
      text += (text.empty() ? "" : "\n") + object.GetString("name");
    }
  }
  if (invocation.globals.json || !text.empty()) invocation.Show(names, text);
}

std::string TablesOf(const Json& lists) {
  std::string text;
  for (const auto& [kind, objects] : lists.object()) {
    if (objects.array().empty()) continue;
    if (!text.empty()) text += "\n\n";
    if (lists.object().size() > 1) text += Paint(kind, Colour::kBold) + "\n";
    text += TableText(objects);
  }
  return text.empty() ? "nothing is defined yet; `coeval apply` brings definitions in" : text;
}

Result<int> RunList(const Invocation& invocation, const std::string& kind, bool names) {
  std::vector<std::string> kinds;
  if (kind.empty()) {
    kinds.assign(kKinds.begin(), kKinds.end() - 1);  // features are shown with their views
  } else {
    COEVAL_ASSIGN_OR_RETURN(kinds.emplace_back(), KindOf(kind));
  }
  COEVAL_ASSIGN_OR_RETURN(auto store, invocation.OpenStore());
  Json lists = Json::MakeObject();
  for (const std::string& each : kinds) {
    COEVAL_ASSIGN_OR_RETURN(Json list, store->List(each));
    lists.Set(each, std::move(list));
  }
  if (names) {
    ShowNames(invocation, lists);
    return kExitDone;
  }
  invocation.Show(kind.empty() ? lists : lists.object().front().second, TablesOf(lists));
  return kExitDone;
}

Result<int> RunDescribe(const Invocation& invocation, const std::string& name) {
  COEVAL_ASSIGN_OR_RETURN(auto store, invocation.OpenStore());
  COEVAL_ASSIGN_OR_RETURN(const Json record, store->Describe(name));
  invocation.Show(record, RecordText(record));
  return kExitDone;
}

struct RunsOptions {
  int limit = 20;
  bool applied = false;
  bool training_sets = false;
};

// What people want to know of a run, the most important first.
std::string RunsText(const Json& runs) {
  Json rows = Json::MakeArray();
  for (const Json& run : runs.array()) {
    Json row = Json::MakeObject();
    row.Set("id", *run.Find("id"));
    row.Set("view", run.GetString("view") + "@v" + std::to_string(run.Find("version")->AsInt()));
    row.Set("status", run.GetString("status")).Set("error", run.GetString("error"));
    row.Set("read", *run.Find("rows_read")).Set("written", *run.Find("rows_written"));
    row.Set("refused", *run.Find("rows_refused"));
    row.Set("from", *run.Find("interval_start")).Set("until", *run.Find("interval_end"));
    row.Set("kind", run.GetString("kind")).Set("started", run.GetString("started_at"));
    row.Set("finished", *run.Find("finished_at")).Set("who", run.GetString("who"));
    rows.Append(std::move(row));
  }
  return TableText(rows);
}

Result<int> RunRuns(const Invocation& invocation, const RunsOptions& options) {
  COEVAL_ASSIGN_OR_RETURN(auto store, invocation.OpenStore());
  COEVAL_ASSIGN_OR_RETURN(const Json rows, options.applied ? store->History(options.limit)
                                           : options.training_sets
                                               ? store->TrainingSets(options.limit)
                                               : store->Runs(options.limit));
  const bool is_runs = !options.applied && !options.training_sets;
  invocation.Show(rows, rows.array().empty() ? "there is none yet"
                        : is_runs            ? RunsText(rows)
                                             : TableText(rows));
  return kExitDone;
}

void AddRuns(CLI::App* app, Invocation* invocation) {
  CLI::App* runs =
      AddCommand(app, kGroup, "runs",
                 "Shows past materializations: interval, rows, status, time, error\n"
                 "And with a flag who applied what when, or the training sets that were made.",
                 "coeval runs\n"
                 "coeval runs --applied\n"
                 "coeval runs --training-sets --limit 5");
  auto options = std::make_shared<RunsOptions>();
  AddOption(runs, "--limit", "N", &options->limit, "At most so many, the newest first; 20")
      .Range(1, 1'000'000);
  const CommandOption applied =
      AddFlag(runs, "--applied", &options->applied, "Who applied what, and when");
  AddFlag(runs, "--training-sets", &options->training_sets, "The training sets that were made")
      .Excludes(applied);
  SetAction(runs, invocation, [invocation, options] { return RunRuns(*invocation, *options); });
}

}  // namespace

void AddCatalogueCommands(CLI::App* app, Invocation* invocation) {
  CLI::App* list = AddCommand(app, kGroup, "list",
                              "Lists what is defined\n"
                              "Kinds: entities, sources, feature_views, on_demand_feature_views, "
                              "feature_services, features. Without one: all but features.",
                              "coeval list\n"
                              "coeval list feature_views\n"
                              "coeval list features --json");
  auto kind = std::make_shared<std::string>();
  auto names = std::make_shared<bool>(false);
  AddArgument(list, "KIND", kind.get(), "One kind only");
  AddFlag(list, "--names", names.get(), "Names only, one a line");
  SetAction(list, invocation,
            [invocation, kind, names] { return RunList(*invocation, *kind, *names); });

  CLI::App* describe =
      AddCommand(app, kGroup, "describe",
                 "Shows one object: versions, schema, source, lineage, freshness, last runs",
                 "coeval describe weather\n"
                 "coeval describe departure_delay_v1 --json");
  auto name = std::make_shared<std::string>();
  AddArgument(describe, "NAME", name.get(), "An entity, a source, a view or a service").Required();
  SetAction(describe, invocation, [invocation, name] { return RunDescribe(*invocation, *name); });
  AddRuns(app, invocation);
}

}  // namespace coeval
