// Completion scripts for shells, made from the commands themselves. Names of views and services are
// asked of `coeval list --names` while one types.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace coeval {

// What may follow a command in place of an option.
enum class Completes { kNothing, kFiles, kNames, kServices, kKinds, kShells };

struct CompletedOption {
  std::vector<std::string> names;  // "-o", "--output"
  std::string meaning;
  bool takes_value = false;
  bool takes_file = false;
};

struct CompletedCommand {
  std::string name;
  std::string meaning;
  Completes arguments = Completes::kNothing;
  std::vector<CompletedOption> options;  // those of every command too
};

std::vector<CompletedCommand> CompletedCommands(const CLI::App& program);

std::string BashCompletion(const std::vector<CompletedCommand>& commands);
std::string ZshCompletion(const std::vector<CompletedCommand>& commands);
std::string FishCompletion(const std::vector<CompletedCommand>& commands);

}  // namespace coeval
