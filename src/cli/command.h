// What all commands of `coeval` share: global options, opening the store, exit codes.
//
//   0 done   1 the answer is no   2 wrong usage   3 wrong input   4 a system failed
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/json.h"
#include "base/status.h"
#include "store/feature_store.h"

namespace CLI {
class App;
}

namespace coeval {

inline constexpr int kExitDone = 0;
inline constexpr int kExitNo = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInput = 3;
inline constexpr int kExitSystem = 4;

int ExitCodeOf(StatusCode code);

struct GlobalOptions {
  std::string directory = ".";        // -C
  std::string environment;            // --env
  std::vector<std::string> settings;  // --set serve.port=7000
  std::string clock;                  // --clock TIME|@FILE
  bool json = false;                  // --json
};

// What a command does; the exit code where it can tell one.
using CommandAction = std::function<Result<int>()>;

// One run of the program. `chosen` is set by the command that was named.
struct Invocation {
  GlobalOptions globals;
  CommandAction chosen;

  // Opens the repository of -C (or the nearest folder above that has a coeval.yaml). SIGINT cancels
  // what the store does from then on.
  [[nodiscard]] Result<std::unique_ptr<FeatureStore>> OpenStore() const;
  // The same with some settings on top of --set.
  [[nodiscard]] Result<std::unique_ptr<FeatureStore>> OpenStore(
      const std::map<std::string, std::string>& overrides) const;
  // What they open it with.
  [[nodiscard]] Result<StoreOptions> MakeOptions() const;
  // For work that needs no repository: --clock, and SIGINT cancels.
  [[nodiscard]] Result<Context> MakeContext() const;

  // Standard output: one JSON document with --json, else `text`.
  void Show(const Json& json, const std::string& text) const;
};

// A command of the program, its help and its examples (lines of `coeval ...`); `group` heads it in
// the list of all commands.
CLI::App* AddCommand(CLI::App* app, const std::string& group, const std::string& name,
                     const std::string& description, const std::string& examples);
// What is run when `command` was named. `check`: what is wrong with its arguments taken together,
// "" where nothing is; null = nothing to check.
void SetAction(CLI::App* command, Invocation* invocation, CommandAction action,
               std::function<std::string()> check = nullptr);

// Each adds one command (or a few of a kind) to the program.
void AddInitCommand(CLI::App* app, Invocation* invocation);
void AddDefinitionCommands(CLI::App* app,
                           Invocation* invocation);  // plan apply promote rollback delete
void AddCatalogueCommands(CLI::App* app, Invocation* invocation);  // list describe runs
void AddTrainingSetCommand(CLI::App* app, Invocation* invocation);
void AddBackfillCommand(CLI::App* app, Invocation* invocation);
void AddExplainCommand(CLI::App* app, Invocation* invocation);
void AddMaterializeCommands(CLI::App* app, Invocation* invocation);
void AddPushCommands(CLI::App* app, Invocation* invocation);
void AddQuarantineCommand(CLI::App* app, Invocation* invocation);
void AddOnlineCommand(CLI::App* app, Invocation* invocation);
void AddBackupCommands(CLI::App* app, Invocation* invocation);  // backup verify restore
void AddGetCommand(CLI::App* app, Invocation* invocation);
void AddServeCommand(CLI::App* app, Invocation* invocation);
void AddAsOfCommand(CLI::App* app, Invocation* invocation);
void AddWindowCommand(CLI::App* app, Invocation* invocation);
void AddDoctorCommands(CLI::App* app, Invocation* invocation);  // doctor version
void AddCompletionCommand(CLI::App* app, Invocation* invocation);

}  // namespace coeval
