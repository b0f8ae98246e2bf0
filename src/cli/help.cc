#include "cli/help.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace coeval {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kLongestTerm = 30;

struct Entry {
  std::string term;
  std::string meaning;
};

// Words in lines of at most `width`, those after the first indented.
std::string Wrap(std::string_view text, std::size_t indent, std::size_t width) {
  std::string result;
  std::size_t column = indent;
  while (!text.empty()) {
    const std::size_t blank = text.find(' ');
    const std::string_view word = text.substr(0, blank);
    if (column > indent && column + 1 + word.size() > width) {
      result += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      result += ' ';
      ++column;
    }
    result += word;
    column += word.size();
    text = blank == std::string_view::npos ? std::string_view() : text.substr(blank + 1);
  }
  return result;
}

std::size_t LongestTerm(const std::vector<Entry>& entries) {
  std::size_t longest = 0;
  for (const Entry& entry : entries) {
    if (entry.term.size() <= kLongestTerm) longest = std::max(longest, entry.term.size());
  }
  return longest;
}

// `longest`: the width of the first column, at least.
std::string Paragraph(const std::string& heading, const std::vector<Entry>& entries,
                      std::size_t longest = 0) {
  if (entries.empty()) return "";
  longest = std::max(longest, LongestTerm(entries));
  const std::size_t indent = longest + 4;
  std::string text = "\n" + heading + ":\n";
  for (const Entry& entry : entries) {
    text += "  " + entry.term;
    const std::size_t used = entry.term.size() + 2;
    text += used + 2 <= indent ? std::string(indent - used, ' ') : "\n" + std::string(indent, ' ');
    text += Wrap(entry.meaning, indent, kWidth) + "\n";
  }
  return text;
}

std::string TermOf(const CLI::Option& option) {
  if (option.get_positional()) return option.get_name(true);
  std::string term = option.get_name(false, true);
  for (std::size_t comma = term.find(','); comma != std::string::npos;
       comma = term.find(',', comma + 2)) {
    term.insert(comma + 1, " ");
  }
  if (option.get_items_expected_max() > 0) term += " " + option.get_type_name();
  return term;
}

// Positional arguments, or options; --help last.
std::vector<Entry> EntriesOf(const CLI::App& command, bool positional) {
  std::vector<Entry> entries;
  const CLI::Option* help = nullptr;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_group().empty() || option->get_positional() != positional) continue;
    if (option->check_lname("help")) {
      help = option;
    } else {
      entries.push_back({TermOf(*option), option->get_description()});
    }
  }
  if (help != nullptr && !positional) entries.push_back({TermOf(*help), help->get_description()});
  return entries;
}

std::vector<const CLI::App*> CommandsOf(const CLI::App& program) {
  return program.get_subcommands([](const CLI::App* command) {
    return !command->get_name().empty() && !command->get_group().empty();
  });
}

std::string UsageOf(const CLI::App& command) {
  std::string usage =
      command.get_parent() == nullptr ? "coeval COMMAND" : "coeval " + command.get_name();
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    std::string name = option->get_name(true);
    if (option->get_items_expected_max() > 1) name += "...";
    usage += option->get_required() ? " " + name : " [" + name + "]";
  }
  return usage + " [options]";
}

std::string Indented(const std::string& lines) {
  std::string text;
  std::size_t start = 0;
  while (start < lines.size()) {
    const std::size_t end = std::min(lines.find('\n', start), lines.size());
    text += "  " + lines.substr(start, end - start) + "\n";
    start = end + 1;
  }
  return text;
}

// Commands under the headings of their groups, in the order in which they were added.
std::vector<std::pair<std::string, std::vector<Entry>>> Groups(const CLI::App& program) {
  std::vector<std::pair<std::string, std::vector<Entry>>> groups;
  for (const CLI::App* command : CommandsOf(program)) {
    const std::string& description = command->get_description();
    const std::string brief = description.substr(0, description.find('\n'));
    auto found = std::find_if(groups.begin(), groups.end(), [command](const auto& group) {
      return group.first == command->get_group();
    });
    if (found == groups.end()) {
      found = groups.insert(groups.end(), {command->get_group(), {}});
    }
    found->second.push_back({command->get_name(), brief});
  }
  return groups;
}

std::string DescriptionOf(const CLI::App& command) {
  std::string text;
  const std::string description = command.get_description();
  for (std::string_view rest = description; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    text += Wrap(rest.substr(0, end), 0, kWidth) + "\n";
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return text;
}

// A cell of a Markdown table.
std::string Cell(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) {
    text.insert(at, "\\");
  }
  return text;
}

void AppendMarkdownTable(const std::string& heading, const std::vector<Entry>& entries,
                         std::string* text) {
  if (entries.empty()) return;
  *text += "\n| " + heading + " | |\n|---|---|\n";
  for (const Entry& entry : entries) {
    *text += "| `" + Cell(entry.term) + "` | " + Cell(entry.meaning) + " |\n";
  }
}

// The first line of a description as a sentence, the others as a paragraph.
std::string MarkdownDescription(const CLI::App& command) {
  const std::string text = DescriptionOf(command);
  const std::size_t end = text.find('\n');
  std::string lead = text.substr(0, end);
  if (!lead.ends_with('.')) lead += '.';
  const std::string rest = text.substr(end + 1);
  return lead + "\n" + (rest.empty() ? "" : "\n" + rest);
}

std::string MarkdownSection(const CLI::App& command) {
  std::string text = "\n## coeval " + command.get_name() + "\n\n" + MarkdownDescription(command) +
                     "\n```\n" + UsageOf(command) + "\n```\n";
  AppendMarkdownTable("argument", EntriesOf(command, true), &text);
  std::vector<Entry> options = EntriesOf(command, false);
  options.pop_back();  // --help, which every command has
  AppendMarkdownTable("option", options, &text);
  return text + "\n```sh\n" + command.get_footer() + "\n```\n";
}

constexpr const char* kExitCodes =
    "\nExit codes:\n\n"
    "| code | |\n|---|---|\n"
    "| 0 | done |\n"
    "| 1 | the answer is no: `plan --exit-code` with changes, `doctor` that found something wrong, "
    "`online verify` that found damage, `verify` of a backup whose parts do not fit together |\n"
    "| 2 | wrong usage: an option, argument or command that does not exist or does not fit |\n"
    "| 3 | wrong input: a definition that does not check, a file that is missing, a name that is "
    "not known |\n"
    "| 4 | a system failed: a full disk, a port in use, a damaged file, a store that another "
    "process holds; also after Ctrl-C |\n"
    "\nAnswers go to standard output, everything else (progress, warnings, errors) to standard "
    "error. `serve` answers over HTTP; with `--json` it says on standard output where. With "
    "`--json` a failure is a document on standard output too: "
    "`{\"error\": {\"code\": ..., \"message\": ...}}`.\n";

}  // namespace

std::string HelpText(const CLI::App& command) {
  const bool program = command.get_parent() == nullptr;
  std::string text = DescriptionOf(command) + "\nUsage: " + UsageOf(command) + "\n";
  if (program) {
    std::size_t longest = 0;
    for (const auto& [group, entries] : Groups(command)) {
      longest = std::max(longest, LongestTerm(entries));
    }
    for (const auto& [group, entries] : Groups(command)) text += Paragraph(group, entries, longest);
    text += Paragraph("Options of every command", EntriesOf(command, false));
  } else {
    text += Paragraph("Arguments", EntriesOf(command, true));
    text += Paragraph("Options", EntriesOf(command, false));
    text += "\nOptions of every command (-C, --env, --set, --clock, --json): see `coeval --help`\n";
  }
  return text + "\nExamples:\n" + Indented(command.get_footer());
}

std::string ReferenceAsMarkdown(const CLI::App& program) {
  std::string text =
      "# The command line\n\nMade by `coeval --help-markdown`; a test keeps it current.\n\n" +
      MarkdownDescription(program);
  for (const auto& [group, entries] : Groups(program)) {
    text += "\n| " + group + " | |\n|---|---|\n";
    for (const Entry& entry : entries) {
      text +=
          "| [" + entry.term + "](#coeval-" + entry.term + ") | " + Cell(entry.meaning) + " |\n";
    }
  }
  AppendMarkdownTable("options of every command", EntriesOf(program, false), &text);
  text += kExitCodes;
  for (const CLI::App* command : CommandsOf(program)) text += MarkdownSection(*command);
  return text;
}

}  // namespace coeval
