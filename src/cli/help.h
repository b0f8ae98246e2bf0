// The texts of --help, and docs/cli.md, made from the commands themselves.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace coeval {

// The help of the program, or of one of its commands.
std::string HelpText(const CLI::App& command);
// All commands, as docs/cli.md holds them.
std::string ReferenceAsMarkdown(const CLI::App& program);

}  // namespace coeval
