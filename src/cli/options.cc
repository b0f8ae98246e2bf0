#include "cli/options.h"

#include <CLI/CLI.hpp>

namespace coeval {
namespace {

template <typename Value>
CLI::Option* Add(CLI::App* command, const std::string& names, const std::string& type, Value* into,
                 const std::string& meaning) {
  return command->add_option(names, *into, meaning)->type_name(type);
}

}  // namespace

CommandOption& CommandOption::Required() {
  option_->required();
  return *this;
}

CommandOption& CommandOption::Check(const std::function<std::string(const std::string&)>& check) {
  option_->check(check);
  return *this;
}

// A check of the parser's adds its description to the type that the help shows, unless it has none.
CommandOption& CommandOption::Range(std::int64_t least, std::int64_t most) {
  option_->check(CLI::Range(least, most).description(""));
  return *this;
}

CommandOption& CommandOption::OneOf(const std::vector<std::string>& values) {
  option_->check(CLI::IsMember(values).description(""));
  return *this;
}

CommandOption& CommandOption::OneOfListed(const std::vector<std::string>& values) {
  option_->check(CLI::IsMember(values));
  return *this;
}

CommandOption& CommandOption::Delimiter(char delimiter) {
  option_->delimiter(delimiter);
  return *this;
}

CommandOption& CommandOption::Needs(const CommandOption& other) {
  option_->needs(other.option_);
  return *this;
}

CommandOption& CommandOption::Excludes(const CommandOption& other) {
  option_->excludes(other.option_);
  return *this;
}

CommandOption AddArgument(CLI::App* command, const std::string& name, std::string* into,
                          const std::string& meaning) {
  return CommandOption(Add(command, name, "", into, meaning));
}

CommandOption AddArgument(CLI::App* command, const std::string& name,
                          std::vector<std::string>* into, const std::string& meaning) {
  return CommandOption(Add(command, name, "", into, meaning));
}

CommandOption AddOption(CLI::App* command, const std::string& names, const std::string& type,
                        std::string* into, const std::string& meaning) {
  return CommandOption(Add(command, names, type, into, meaning));
}

CommandOption AddOption(CLI::App* command, const std::string& names, const std::string& type,
                        std::vector<std::string>* into, const std::string& meaning) {
  return CommandOption(Add(command, names, type, into, meaning)->allow_extra_args(false));
}

CommandOption AddOption(CLI::App* command, const std::string& names, const std::string& type,
                        int* into, const std::string& meaning) {
  return CommandOption(Add(command, names, type, into, meaning));
}

CommandOption AddOption(CLI::App* command, const std::string& names, const std::string& type,
                        std::int64_t* into, const std::string& meaning) {
  return CommandOption(Add(command, names, type, into, meaning));
}

CommandOption AddOption(CLI::App* command, const std::string& names, const std::string& type,
                        std::optional<std::int64_t>* into, const std::string& meaning) {
  return CommandOption(Add(command, names, type, into, meaning));
}

CommandOption AddFlag(CLI::App* command, const std::string& names, bool* into,
                      const std::string& meaning) {
  return CommandOption(command->add_flag(names, *into, meaning));
}

}  // namespace coeval
