// coeval quarantine: rows of pushes that could not be taken: looked at, corrected, pushed again.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/output_file.h"
#include "cli/table_file.h"
#include "cli/terminal.h"
#include "cli/value_text.h"

namespace coeval {
namespace {

struct QuarantineArguments {
  std::string id;
  std::string output;
  std::string rows;
  bool replays = false;
  bool drops = false;
};

Json FaultsJson(const QuarantinedPush& push) {
  Json faults = Json::MakeArray();
  for (const BadRow& fault : push.faults) {
    faults.Append(Json::MakeObject().Set("row", fault.row).Set("reason", fault.reason));
  }
  return faults;
}

Json PushJson(const QuarantinedPush& push) {
  Json json = Json::MakeObject();
  json.Set("id", push.id).Set("source", push.source).Set("to", DestinationName(push.to));
  json.Set("deletes", push.deletes).Set("time", TimeJson(push.time));
  return json.Set("faults", FaultsJson(push));
}

std::string PushText(const QuarantinedPush& push) {
  return push.id + "  " + TimeText(push.time) + "  " + push.source + "  " +
         FormatCount(std::ssize(push.faults)) + (push.faults.size() == 1 ? " row" : " rows") +
         (push.deletes ? " of deletes" : "");
}

Result<int> RunList(const Invocation& invocation, FeatureStore* store) {
  COEVAL_ASSIGN_OR_RETURN(const std::vector<QuarantinedPush> pushes, store->Quarantined());
  Json json = Json::MakeArray();
  std::string text;
  for (const QuarantinedPush& push : pushes) {
    json.Append(PushJson(push));
    text += (text.empty() ? "" : "\n") + PushText(push) + ": " + push.faults.front().reason;
  }
  invocation.Show(json, text.empty() ? "nothing is in quarantine" : text);
  return kExitDone;
}

Result<int> RunShow(const Invocation& invocation, FeatureStore* store,
                    const QuarantineArguments& arguments) {
  if (!arguments.output.empty()) COEVAL_RETURN_IF_ERROR(CheckOutputFile(arguments.output, {}));
  COEVAL_ASSIGN_OR_RETURN(const QuarantinedPush push, store->FindQuarantined(arguments.id));
  COEVAL_ASSIGN_OR_RETURN(ArrowArrayStream stream, push.rows.ExportWith({}, std::vector<Column>()));
  if (!arguments.output.empty()) {
    COEVAL_RETURN_IF_ERROR(
        WriteTableFile(&stream, arguments.output, nullptr, store->context()).status());
    invocation.Show(PushJson(push), PushText(push) + ", written to " + arguments.output);
    return kExitDone;
  }
  constexpr std::int64_t kShown = 20;
  COEVAL_ASSIGN_OR_RETURN(const std::string table, PreviewTable(&stream, kShown));
  std::string text = PushText(push) + "\n" + table;
  for (std::int64_t i = 0; i < std::min(kShown, std::ssize(push.faults)); ++i) {
    const BadRow& fault = push.faults[static_cast<std::size_t>(i)];
    text += "\nrow " + FormatCount(fault.row) + " of the push: " + fault.reason;
  }
  invocation.Show(PushJson(push), text);
  return kExitDone;
}

Result<int> RunReplay(const Invocation& invocation, FeatureStore* store,
                      const QuarantineArguments& arguments) {
  std::optional<ArrowTable> corrected;
  if (!arguments.rows.empty()) {
    COEVAL_ASSIGN_OR_RETURN(corrected, ReadTableFiles(arguments.rows, store->context()));
  }
  COEVAL_ASSIGN_OR_RETURN(const PushOutcome outcome,
                          store->ReplayQuarantined(arguments.id, std::move(corrected)));
  Json json = Json::MakeObject();
  json.Set("created", TimeJson(outcome.c)).Set("rows", outcome.rows);
  invocation.Show(json.Set("repeated", outcome.repeated),
                  FormatCount(outcome.rows) + (outcome.rows == 1 ? " row" : " rows") +
                      " pushed again, and gone from quarantine");
  return kExitDone;
}

Result<int> RunQuarantine(const Invocation& invocation, const QuarantineArguments& arguments) {
  COEVAL_ASSIGN_OR_RETURN(auto store, invocation.OpenStore());
  if (arguments.id.empty()) return RunList(invocation, store.get());
  if (arguments.replays || !arguments.rows.empty()) {
    return RunReplay(invocation, store.get(), arguments);
  }
  if (!arguments.drops) return RunShow(invocation, store.get(), arguments);
  COEVAL_RETURN_IF_ERROR(store->DropQuarantined(arguments.id));
  invocation.Show(Json::MakeObject().Set("dropped", arguments.id), "dropped " + arguments.id);
  return kExitDone;
}

}  // namespace

void AddQuarantineCommand(CLI::App* app, Invocation* invocation) {
  CLI::App* command =
      AddCommand(app, "Serving", "quarantine",
                 "Shows rows of pushes that were set apart, and pushes them again\n"
                 "What `coeval push --on-error quarantine` could not take, as it came, and why. "
                 "Without an id: all of them.",
                 "coeval quarantine\n"
                 "coeval quarantine 4f1c22a0b7d31e55 -o bad.csv     # to be corrected\n"
                 "coeval quarantine 4f1c22a0b7d31e55 --rows bad.csv # pushes what it holds now\n"
                 "coeval quarantine 4f1c22a0b7d31e55 --drop");
  auto arguments = std::make_shared<QuarantineArguments>();
  AddArgument(command, "ID", &arguments->id, "As the list shows it");
  const CommandOption output = AddOption(command, "-o,--output", "FILE", &arguments->output,
                                         "Writes the rows: .parquet, .csv or .arrow");
  CommandOption rows = AddOption(command, "--rows", "FILE", &arguments->rows,
                                 "Pushes these rows in their place, and drops them");
  rows.Excludes(output);
  CommandOption replay = AddFlag(command, "--replay", &arguments->replays,
                                 "Pushes the rows again as they are, and drops them");
  replay.Excludes(output).Excludes(rows);
  AddFlag(command, "--drop", &arguments->drops, "Gives the rows up")
      .Excludes(output)
      .Excludes(rows)
      .Excludes(replay);
  SetAction(command, invocation,
            [invocation, arguments] { return RunQuarantine(*invocation, *arguments); });
}

}  // namespace coeval
