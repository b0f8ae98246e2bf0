#include "cli/completion.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace coeval {
namespace {

Completes ArgumentsOf(std::string_view command) {
  constexpr std::array<std::pair<std::string_view, Completes>, 14> kArguments{
      {{"promote", Completes::kNames},
       {"rollback", Completes::kNames},
       {"delete", Completes::kNames},
       {"describe", Completes::kNames},
       {"get", Completes::kServices},
       {"training-set", Completes::kServices},
       {"backfill", Completes::kNames},
       {"explain", Completes::kServices},
       {"list", Completes::kKinds},
       {"asof", Completes::kFiles},
       {"window", Completes::kFiles},
       {"init", Completes::kFiles},
       {"completion", Completes::kShells},
       {"help", Completes::kNothing}}};
  for (const auto& [name, completes] : kArguments) {
    if (name == command) return completes;
  }
  return Completes::kNothing;
}

CompletedOption OptionOf(const CLI::Option& option) {
  CompletedOption completed;
  for (const std::string& name : option.get_snames()) completed.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) completed.names.push_back("--" + name);
  completed.meaning = option.get_description();
  completed.takes_value = option.get_items_expected_max() > 0;
  const std::string type = option.get_type_name();
  completed.takes_file = type == "FILE" || type == "DIR" || type == "TIME|@FILE";
  return completed;
}

void AddOptionsOf(const CLI::App& app, CompletedCommand* command) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional() || option->get_group().empty()) continue;
    CompletedOption completed = OptionOf(*option);
    const bool known = std::any_of(
        command->options.begin(), command->options.end(),
        [&completed](const CompletedOption& other) { return other.names == completed.names; });
    if (!known) command->options.push_back(std::move(completed));
  }
}

// The words of a shell list; options as "-o --output".
std::string OptionWords(const CompletedCommand& command) {
  std::string words;
  for (const CompletedOption& option : command.options) {
    for (const std::string& name : option.names) words += (words.empty() ? "" : " ") + name;
  }
  return words;
}

std::string CommandWords(const std::vector<CompletedCommand>& commands) {
  std::string words;
  for (const CompletedCommand& command : commands) {
    words += (words.empty() ? "" : " ") + command.name;
  }
  return words;
}

// 'it''s' of a POSIX shell and of fish alike.
std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

// Names of options that take a value, "|" between: a pattern of `case`.
std::string ValuePattern(const std::vector<CompletedCommand>& commands, bool files) {
  std::vector<std::string> names;
  for (const CompletedCommand& command : commands) {
    for (const CompletedOption& option : command.options) {
      if (!option.takes_value || option.takes_file != files) continue;
      for (const std::string& name : option.names) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
      }
    }
  }
  std::string pattern;
  for (const std::string& name : names) pattern += (pattern.empty() ? "" : "|") + name;
  return pattern;
}

constexpr std::string_view kKinds =
    "entities sources feature_views on_demand_feature_views feature_services features";
constexpr std::string_view kShells = "bash zsh fish";

// A word list or a command substitution, for bash and zsh.
std::string WordsOf(Completes completes) {
  switch (completes) {
    case Completes::kNames:
      return "$(coeval -C \"$directory\" list --names 2>/dev/null)";
    case Completes::kServices:
      return "$(coeval -C \"$directory\" list feature_services --names 2>/dev/null)";
    case Completes::kKinds:
      return std::string(kKinds);
    case Completes::kShells:
      return std::string(kShells);
    case Completes::kFiles:
    case Completes::kNothing:
      return "";
  }
  return "";
}

// Finds `command` and `directory` among the words before the cursor; bash and zsh count words from
// different numbers.
std::string FindCommand(std::string_view words, std::string_view first, std::string_view end) {
  std::string text;
  text.append("  local command= directory=. i\n  for ((i = ").append(first);
  text.append("; i < ").append(end).append("; i++)); do\n    case ${").append(words);
  text.append("[i]} in\n      -C|--directory) ((i++)); directory=${").append(words);
  text.append("[i]} ;;\n      --env|--set|--clock) ((i++)) ;;\n      -*) ;;\n      *) command=${");
  text.append(words).append("[i]}; break ;;\n    esac\n  done\n");
  return text;
}

}  // namespace

std::vector<CompletedCommand> CompletedCommands(const CLI::App& program) {
  std::vector<CompletedCommand> commands;
  for (const CLI::App* app : program.get_subcommands([](const CLI::App*) { return true; })) {
    CompletedCommand& command = commands.emplace_back();
    command.name = app->get_name();
    const std::string& description = app->get_description();
    command.meaning = description.substr(0, description.find('\n'));
    command.arguments = ArgumentsOf(command.name);
    AddOptionsOf(*app, &command);
    AddOptionsOf(program, &command);
  }
  return commands;
}

std::string BashCompletion(const std::vector<CompletedCommand>& commands) {
  std::string text =
      "# Completion of coeval for bash:  source <(coeval completion bash)\n_coeval() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} options= "
      "words= files=\n" +
      FindCommand("COMP_WORDS", "1", "COMP_CWORD") +
      "  case $command in\n    '') words=" + Quoted(CommandWords(commands)) + " ;;\n";
  for (const CompletedCommand& command : commands) {
    text += "    " + command.name + ") options=" + Quoted(OptionWords(command));
    const std::string words = WordsOf(command.arguments);
    if (!words.empty()) text += " words=\"" + words + "\"";
    if (command.arguments == Completes::kFiles) text += " files=1";
    text += " ;;\n";
  }
  text += "  esac\n  case $previous in\n    " + ValuePattern(commands, true) +
          ") options= words= files=1 ;;\n    " + ValuePattern(commands, false) +
          ") options= words= files= ;;\n  esac\n"
          "  if [[ $current == -* ]]; then words=$options; fi\n"
          "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
          "  if [[ -n $files ]]; then COMPREPLY+=($(compgen -f -- \"$current\")); fi\n"
          "}\ncomplete -o filenames -o bashdefault -F _coeval coeval\n";
  return text;
}

std::string ZshCompletion(const std::vector<CompletedCommand>& commands) {
  std::string text =
      "#compdef coeval\n# Completion of coeval for zsh:  source <(coeval completion "
      "zsh)\n_coeval() "
      "{\n  local -a options names\n  local files=\n" +
      FindCommand("words", "2", "CURRENT") + "  case $command in\n    '') names=(";
  for (const CompletedCommand& command : commands) {
    text += " " + Quoted(command.name + ":" + command.meaning);
  }
  text += " ); _describe 'command' names; return ;;\n";
  for (const CompletedCommand& command : commands) {
    text += "    " + command.name + ") options=(" + OptionWords(command) + ")";
    const std::string words = WordsOf(command.arguments);
    if (words.starts_with("$(")) {
      text += " names=(${(f)\"" + words + "\"})";
    } else if (!words.empty()) {
      text += " names=(" + words + ")";
    }
    if (command.arguments == Completes::kFiles) text += " files=1";
    text += " ;;\n";
  }
  text += "  esac\n  case ${words[CURRENT-1]} in\n    " + ValuePattern(commands, true) +
          ") _files; return ;;\n    " + ValuePattern(commands, false) +
          ") return ;;\n  esac\n"
          "  if [[ ${words[CURRENT]} == -* ]]; then compadd -- $options; return; fi\n"
          "  compadd -- $names\n  if [[ -n $files ]]; then _files; fi\n}\n"
          "if [[ ${zsh_eval_context[-1]} == loadautofunc ]]; then _coeval \"$@\"; else compdef "
          "_coeval coeval; fi\n";
  return text;
}

std::string FishCompletion(const std::vector<CompletedCommand>& commands) {
  std::string text =
      "# Completion of coeval for fish:  coeval completion fish | source\ncomplete -c coeval -f\n";
  for (const CompletedCommand& command : commands) {
    text += "complete -c coeval -n __fish_use_subcommand -a " + command.name + " -d " +
            Quoted(command.meaning) + "\n";
    const std::string seen =
        "complete -c coeval -n " + Quoted("__fish_seen_subcommand_from " + command.name);
    std::string words = WordsOf(command.arguments);
    if (words.starts_with("$(")) {  // a substitution of fish, without the directory of -C
      words = words.substr(1, words.size() - 2);
      const std::string_view from_directory = " -C \"$directory\"";
      words.erase(words.find(from_directory), from_directory.size());
      words += ")";
    }
    if (!words.empty()) text += seen + " -a " + Quoted(words) + "\n";
    if (command.arguments == Completes::kFiles) text += seen + " -F\n";
    for (const CompletedOption& option : command.options) {
      text += seen;
      for (const std::string& name : option.names) {
        text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (option.takes_value) text += option.takes_file ? " -r -F" : " -x";
      text += " -d " + Quoted(option.meaning) + "\n";
    }
  }
  return text;
}

}  // namespace coeval
