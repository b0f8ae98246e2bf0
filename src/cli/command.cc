#include "cli/command.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "base/clock.h"
#include "cli/interrupt.h"
#include "cli/terminal.h"
#include "config/config.h"
#include "io/machine_limits.h"
#include "serve/owner/socket_link.h"

namespace coeval {
namespace {

// What the store has to say while it works: problems that do not stop it.
void LogToError(LogLevel level, std::string_view message) {
  if (level == LogLevel::kError) {
    PrintError(message);
  } else if (level == LogLevel::kWarning) {
    PrintWarning(message);
  }
}

}  // namespace

int ExitCodeOf(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return kExitDone;
    case StatusCode::kInvalidArgument:
    case StatusCode::kNotFound:
    case StatusCode::kAlreadyExists:
    case StatusCode::kTooOld:
    case StatusCode::kFailedPrecondition:
      return kExitInput;
    case StatusCode::kCorruption:
    case StatusCode::kIoError:
    case StatusCode::kUnavailable:
    case StatusCode::kCancelled:
    case StatusCode::kInternal:
      return kExitSystem;
  }
  return kExitSystem;
}

Result<std::unique_ptr<FeatureStore>> Invocation::OpenStore() const {
  return OpenStore({});
}

Result<std::unique_ptr<FeatureStore>> Invocation::OpenStore(
    const std::map<std::string, std::string>& overrides) const {
  COEVAL_ASSIGN_OR_RETURN(StoreOptions options, MakeOptions());
  for (const auto& [key, value] : overrides) options.overrides[key] = value;
  COEVAL_ASSIGN_OR_RETURN(auto store, FeatureStore::Open(std::move(options)));
  CancelOnInterrupt(store->context().cancel);
  return store;
}

Result<StoreOptions> Invocation::MakeOptions() const {
  StoreOptions options;
  COEVAL_ASSIGN_OR_RETURN(options.repository, FindRepository(globals.directory));
  options.environment = globals.environment;
  for (const std::string& setting : globals.settings) {
    const std::size_t equals = setting.find('=');
    options.overrides[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  if (!globals.clock.empty()) {
    COEVAL_ASSIGN_OR_RETURN(options.clock, ParseClock(globals.clock));
  }
  options.log = LogToError;
  options.link = MakeSocketLink();
  return options;
}

Result<Context> Invocation::MakeContext() const {
  Context context = MachineContext();
  if (!globals.clock.empty()) {
    COEVAL_ASSIGN_OR_RETURN(context.clock, ParseClock(globals.clock));
  }
  context.log = LogToError;
  CancelOnInterrupt(context.cancel);
  return context;
}

void Invocation::Show(const Json& json, const std::string& text) const {
  Print(globals.json ? json.WritePretty() : text);
}

CLI::App* AddCommand(CLI::App* app, const std::string& group, const std::string& name,
                     const std::string& description, const std::string& examples) {
  CLI::App* command = app->add_subcommand(name, description);
  command->group(group);
  command->footer(examples);
  return command;
}

void SetAction(CLI::App* command, Invocation* invocation, CommandAction action,
               std::function<std::string()> check) {
  command->callback([invocation, action = std::move(action), check = std::move(check)] {
    const std::string wrong = check ? check() : "";
    // The parser's own way to say so; program.cc catches it.
    if (!wrong.empty()) throw CLI::ValidationError(wrong);
    invocation->chosen = action;
  });
}

}  // namespace coeval
