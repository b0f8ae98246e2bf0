#include "cli/program.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <utility>

#include "base/suggest.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace coeval {
namespace {

constexpr int kNotDecided = -1;

void AddGlobalOptions(CLI::App* app, GlobalOptions* globals) {
  AddOption(app, "-C,--directory", "DIR", &globals->directory,
            "The repository: the folder with coeval.yaml, or one below it");
  AddOption(app, "--env", "NAME", &globals->environment,
            "The section of `environments:` in coeval.yaml to use");
  AddOption(app, "--set", "KEY=VALUE", &globals->settings,
            "Overrules a setting of coeval.yaml: serve.port=7000, locations.data=/data; may be "
            "given many times")
      .Check(CheckAssignment);
  AddOption(app, "--clock", "TIME|@FILE", &globals->clock,
            "Where `now` comes from: a time, or @FILE that holds one; for data of the past");
  AddFlag(app, "--json", &globals->json, "One JSON document on standard output, for programs");
}

void AddCommands(CLI::App* app, Invocation* invocation) {
  AddInitCommand(app, invocation);
  AddAsOfCommand(app, invocation);
  AddWindowCommand(app, invocation);
  AddDefinitionCommands(app, invocation);
  AddTrainingSetCommand(app, invocation);
  AddBackfillCommand(app, invocation);
  AddExplainCommand(app, invocation);
  AddMaterializeCommands(app, invocation);
  AddPushCommands(app, invocation);
  AddQuarantineCommand(app, invocation);
  AddBackupCommands(app, invocation);
  AddGetCommand(app, invocation);
  AddServeCommand(app, invocation);
  AddOnlineCommand(app, invocation);
  AddCatalogueCommands(app, invocation);
  AddDoctorCommands(app, invocation);
  AddCompletionCommand(app, invocation);
}

// The command that was named, or the program.
const CLI::App* NamedCommand(const CLI::App& app) {
  const auto named = app.get_subcommands();
  return named.empty() ? &app : named.front();
}

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> OptionNames(const CLI::App& app, const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* owner : {&command, &app}) {
    for (const CLI::Option* option : owner->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

// What is wrong with arguments that nothing takes; "" where there are none.
std::string UnknownArgument(const CLI::App& app) {
  const std::vector<std::string> unknown = app.remaining(true);
  if (unknown.empty()) return "";
  const CLI::App* command = NamedCommand(app);
  const std::string& first = unknown.front();
  if (first.starts_with("-")) {
    const std::string name = first.substr(0, first.find('='));
    const std::string of = command == &app ? "" : " of `coeval " + command->get_name() + "`";
    return "there is no option " + name + of + DidYouMean(name, OptionNames(app, *command));
  }
  if (command == &app) {
    return "there is no command '" + first + "'" + DidYouMean(first, CommandNames(app));
  }
  return "`coeval " + command->get_name() + "` takes no argument '" + first + "'";
}

Json ErrorAsJson(std::string_view code, const std::string& message) {
  Json error = Json::MakeObject();
  error.Set("code", code);
  error.Set("message", message);
  Json document = Json::MakeObject();
  document.Set("error", std::move(error));
  return document;
}

int TellUsage(const CLI::App& app, bool json, const std::string& what) {
  const CLI::App* command = NamedCommand(app);
  if (json) Print(ErrorAsJson("wrong usage", what).WritePretty());
  PrintError(what);
  PrintNote("See `coeval " + (command == &app ? "" : command->get_name() + " ") + "--help`.");
  return kExitUsage;
}

}  // namespace

CommandLine::CommandLine()
    : invocation_(std::make_unique<Invocation>()),
      app_(std::make_unique<CLI::App>(
          "Coeval, a feature store: the value a model is trained on is the value it would have "
          "been served.",
          "coeval")) {
  app_->footer(
      "coeval init shop && cd shop       # a repository that runs\n"
      "coeval plan                       # what `apply` would change, and why\n"
      "coeval apply\n"
      "coeval asof orders.parquet prices.parquet --by product -o joined.parquet   # no repository");
  // What nothing takes is told with the nearest name, which the parser itself does not know.
  app_->allow_extras();
  app_->fallthrough();
  app_->require_subcommand(0, 1);
  app_->set_help_flag("-h,--help", "This text");
  app_->add_flag("--help-markdown", help_markdown_, "All of this as docs/cli.md")->group("");
  app_->add_flag("--version", version_, "The release")->group("");
  AddGlobalOptions(app_.get(), &invocation_->globals);
  AddCommands(app_.get(), invocation_.get());
}

CommandLine::~CommandLine() = default;

int CommandLine::Parse(const std::vector<std::string>& arguments) {
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  // Also where the parser gives up before it comes to the option.
  const bool json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
  try {
    app_->parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    const std::string unknown = UnknownArgument(*app_);
    if (!unknown.empty()) return TellUsage(*app_, json, unknown);
    std::string text = HelpText(*NamedCommand(*app_));
    text.pop_back();
    Print(text);
    return kExitDone;
  } catch (const CLI::ParseError& error) {
    const std::string unknown = UnknownArgument(*app_);
    return TellUsage(*app_, json, unknown.empty() ? error.what() : unknown);
  }
  const std::string unknown = UnknownArgument(*app_);
  if (!unknown.empty()) return TellUsage(*app_, json, unknown);
  if (help_markdown_) {
    std::string text = ReferenceAsMarkdown(*app_);
    text.pop_back();
    Print(text);
    return kExitDone;
  }
  if (version_) {
    Print("coeval " COEVAL_VERSION);
    return kExitDone;
  }
  if (invocation_->chosen) return kNotDecided;
  if (!arguments.empty()) return TellUsage(*app_, json, "name a command");
  std::string text = HelpText(*app_);
  text.pop_back();
  Print(text);
  return kExitDone;
}

int CommandLine::Run(const std::vector<std::string>& arguments) {
  const int decided = Parse(arguments);
  const Result<int> outcome = decided == kNotDecided ? invocation_->chosen() : Result<int>(decided);
  const bool written = FlushOutput();
  if (outcome.ok()) {
    if (written || OutputReaderIsGone()) return *outcome;
    PrintError("standard output could not be written");
    return kExitSystem;
  }
  const Status status = outcome.status();
  if (invocation_->globals.json)
    Print(ErrorAsJson(StatusCodeName(status.code()), status.message()).WritePretty());
  PrintError(status.message());
  return ExitCodeOf(status.code());
}

}  // namespace coeval
