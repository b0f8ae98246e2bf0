// coeval plan, apply, promote, rollback, delete: what is defined, and which version serves.
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace coeval {
namespace {

constexpr const char* kGroup = "Definitions";

// {"changes": [...], "refusals": [...], "empty": false}
Json ReportAsJson(const PlanReport& report) {
  Json json = report.changes;
  json.Set("empty", report.empty);
  return json;
}

Result<int> RunPlan(const Invocation& invocation, bool promote, bool exit_code) {
  COEVAL_ASSIGN_OR_RETURN(auto store, invocation.OpenStore());
  ApplyOptions options;
  options.promote = promote;
  COEVAL_ASSIGN_OR_RETURN(const PlanReport report, store->PlanChanges(nullptr, options));
  invocation.Show(ReportAsJson(report), report.text);
  return report.refused || (exit_code && !report.empty) ? kExitNo : kExitDone;
}

Result<int> RunApply(const Invocation& invocation, bool promote) {
  COEVAL_ASSIGN_OR_RETURN(auto store, invocation.OpenStore());
  ApplyOptions options;
  options.promote = promote;
  COEVAL_ASSIGN_OR_RETURN(const PlanReport report, store->Apply(nullptr, options));
  invocation.Show(ReportAsJson(report), report.text);
  return kExitDone;
}

using Change = Result<PlanReport> (FeatureStore::*)(const std::string&);

Result<int> RunChange(const Invocation& invocation, Change change, const std::string& name) {
  COEVAL_ASSIGN_OR_RETURN(auto store, invocation.OpenStore());
  COEVAL_ASSIGN_OR_RETURN(const PlanReport report, ((*store).*change)(name));
  invocation.Show(ReportAsJson(report), report.text);
  return kExitDone;
}

void AddChange(CLI::App* app, Invocation* invocation, Change change, const std::string& command,
               const std::string& argument, const std::string& meaning,
               const std::string& description, const std::string& examples) {
  CLI::App* added = AddCommand(app, kGroup, command, description, examples);
  auto name = std::make_shared<std::string>();
  AddArgument(added, argument, name.get(), meaning).Required();
  SetAction(added, invocation,
            [invocation, change, name] { return RunChange(*invocation, change, *name); });
}

}  // namespace

void AddDefinitionCommands(CLI::App* app, Invocation* invocation) {
  CLI::App* plan = AddCommand(
      app, kGroup, "plan",
      "Shows what `apply` would change, and why\n"
      "Reads the definitions, checks them, and compares them with the registry. Changes nothing. "
      "Exit 1 where `apply` would be refused.",
      "coeval plan\n"
      "coeval plan --exit-code      # 1 where there is something to apply: for CI\n"
      "coeval plan --json");
  auto promote = std::make_shared<bool>(false);
  auto exit_code = std::make_shared<bool>(false);
  AddFlag(plan, "--promote", promote.get(), "As `apply --promote` would");
  AddFlag(plan, "--exit-code", exit_code.get(), "Exit with 1 where there are changes");
  SetAction(plan, invocation, [invocation, promote, exit_code] {
    return RunPlan(*invocation, *promote, *exit_code);
  });

  CLI::App* apply = AddCommand(
      app, kGroup, "apply",
      "Makes the registry hold what the definitions say\n"
      "One transaction: all of it, or none. What is served stays what it was: a new version of a "
      "view takes over once its data has caught up, others by `promote`.",
      "coeval apply\n"
      "coeval apply --promote       # new on-demand views and services serve at once");
  AddFlag(apply, "--promote", promote.get(),
          "New versions of on-demand views and services become active at once");
  SetAction(apply, invocation, [invocation, promote] { return RunApply(*invocation, *promote); });

  AddChange(app, invocation, &FeatureStore::Promote, "promote", "REF",
            "A view, an on-demand view or a service; or one version: weather@v2",
            "Makes a version the active one, that requests without a version get\n"
            "Moves no data. `rollback` takes it back.",
            "coeval promote departure_delay_v1\n"
            "coeval promote weather@v2");
  AddChange(app, invocation, &FeatureStore::Rollback, "rollback", "NAME",
            "A view, an on-demand view or a service",
            "Makes the version active again that was active before\nMoves no data.",
            "coeval rollback weather");
  AddChange(app, invocation, &FeatureStore::Delete, "delete", "NAME",
            "An entity, a source, a view or a service",
            "Removes a definition with all its versions\n"
            "Refused, with the list of its users, while something else uses it. Remove it from the "
            "files too, or the next `apply` brings it back.",
            "coeval delete old_service");
}

}  // namespace coeval
