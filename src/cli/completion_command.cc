// coeval completion: scripts that make shells complete commands, options and names.
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/completion.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace coeval {
namespace {

Result<int> RunCompletion(const Invocation& invocation, const CLI::App& program,
                          const std::string& shell) {
  const auto commands = CompletedCommands(program);
  std::string script = shell == "bash"  ? BashCompletion(commands)
                       : shell == "zsh" ? ZshCompletion(commands)
                                        : FishCompletion(commands);
  script.pop_back();
  Json json = Json::MakeObject();
  json.Set("shell", shell).Set("script", script);
  invocation.Show(json, script);
  return kExitDone;
}

}  // namespace

void AddCompletionCommand(CLI::App* app, Invocation* invocation) {
  CLI::App* command =
      AddCommand(app, "Looking", "completion", "Prints a script that makes a shell complete coeval",
                 "source <(coeval completion bash)             # in ~/.bashrc\n"
                 "source <(coeval completion zsh)              # in ~/.zshrc, after compinit\n"
                 "coeval completion fish | source              # in ~/.config/fish/config.fish");
  auto shell = std::make_shared<std::string>();
  AddArgument(command, "SHELL", shell.get(), "bash, zsh or fish")
      .Required()
      .OneOf({"bash", "zsh", "fish"});
  SetAction(command, invocation,
            [invocation, app, shell] { return RunCompletion(*invocation, *app, *shell); });
}

}  // namespace coeval
