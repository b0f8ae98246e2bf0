// What a command takes: arguments, options and flags, in plain words. The parser's headers are
// large; beside the program's own walks over them (help, completion) only options.cc reads them.
//
//   AddArgument(command, "VIEW", &arguments->view, "A view: name, or name@v3").Required();
//   AddOption(command, "-v,--views", "VIEWS", &arguments->views, "These views
//   only").Delimiter(','); CommandOption spine = AddOption(command, "-s,--spine", "FILE",
//   &arguments->spine, "Its rows"); AddOption(command, "--at", "TIME", &arguments->at, "The
//   time").Check(CheckTime).Excludes(spine);
//
// `into` must outlive the parsing and keeps its value where nothing is given. `type` stands in the
// help for the value. What is typed wrong the parser tells, with the option's name: exit code 2.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace coeval {

// One of a command's options. Copies are the same option; it lives as long as its command.
class CommandOption {
 public:
  explicit CommandOption(CLI::Option* option) : option_(option) {}

  CommandOption& Required();
  // Of each value that is given: "" where it is right, else what is wrong.
  CommandOption& Check(const std::function<std::string(const std::string&)>& check);
  CommandOption& Range(std::int64_t least, std::int64_t most);
  CommandOption& OneOf(const std::vector<std::string>& values);
  // The same, and the help names them after the type: ENDS:{left,right}.
  CommandOption& OneOfListed(const std::vector<std::string>& values);
  // What is typed as one value is several, with this between them.
  CommandOption& Delimiter(char delimiter);
  // Not without, and never together with, the other one of the same command.
  CommandOption& Needs(const CommandOption& other);
  CommandOption& Excludes(const CommandOption& other);

 private:
  CLI::Option* option_;
};

// By its place among the words; a list takes all that are left.
CommandOption AddArgument(CLI::App* command, const std::string& name, std::string* into,
                          const std::string& meaning);
CommandOption AddArgument(CLI::App* command, const std::string& name,
                          std::vector<std::string>* into, const std::string& meaning);

// By one of its names ("-o,--output"). A list takes one value each time the option is given.
CommandOption AddOption(CLI::App* command, const std::string& names, const std::string& type,
                        std::string* into, const std::string& meaning);
CommandOption AddOption(CLI::App* command, const std::string& names, const std::string& type,
                        std::vector<std::string>* into, const std::string& meaning);
CommandOption AddOption(CLI::App* command, const std::string& names, const std::string& type,
                        int* into, const std::string& meaning);
CommandOption AddOption(CLI::App* command, const std::string& names, const std::string& type,
                        std::int64_t* into, const std::string& meaning);
CommandOption AddOption(CLI::App* command, const std::string& names, const std::string& type,
                        std::optional<std::int64_t>* into, const std::string& meaning);

// An option without a value: true where it is given.
CommandOption AddFlag(CLI::App* command, const std::string& names, bool* into,
                      const std::string& meaning);

}  // namespace coeval
