// CommandLine: the command `coeval`: reads its arguments, runs what they name, tells what failed.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace coeval {

struct Invocation;

// One run. Threads: the main one.
class CommandLine {
 public:
  CommandLine();
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // The arguments without the program's own name. Returns the exit code (command.h).
  int Run(const std::vector<std::string>& arguments);

  // For help, completion and documentation.
  [[nodiscard]] const CLI::App& app() const { return *app_; }

 private:
  // Wrong usage was told, or help was given: the exit code. Else `chosen` is set and it is -1.
  int Parse(const std::vector<std::string>& arguments);

  std::unique_ptr<Invocation> invocation_;
  bool version_ = false;        // --version
  bool help_markdown_ = false;  // --help-markdown
  std::unique_ptr<CLI::App> app_;
};

}  // namespace coeval
