#include "cli/match_arguments.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/suggest.h"
#include "cli/arguments.h"
#include "cli/options.h"
#include "cli/table_file.h"
#include "cli/terminal.h"
#include "config/setting_number.h"
#include "io/files.h"
#include "source/writer.h"

namespace coeval {
namespace {

constexpr std::int64_t kPreviewRows = 10;

// The NAME of NAME=..., or "".
std::string NameIn(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) return "";
  const std::string name = text.substr(0, equals);
  const auto fits = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  };
  const bool is_name =
      std::all_of(name.begin(), name.end(), fits) && std::isdigit(name.front()) == 0;
  return is_name ? name : "";
}

std::string AfterName(const std::string& text) {
  return text.substr(text.find('=') + 1);
}

// What errors of the engine call its options, and what they are called here.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kOptionNames{{
    {"with right_on", "with --right-on"},
    {"on_error=\"null\"", "--on-error null"},
    {"'left_on'", "--left-on"},
    {"'right_on'", "--right-on"},
    {"'left_by'", "--left-by"},
    {"'right_by'", "--right-by"},
    {"either 'on'", "either --on"},
    {"either 'by'", "either --by"},
    {"left_by names", "--left-by names"},
    {"columns, right_by", "columns, --right-by"},
}};

std::string CheckMemory(const std::string& text) {
  const auto bytes = ParseMemory(text);
  return bytes.ok() ? "" : bytes.status().message();
}

// A reader that went away shows as an error of the descriptor.
bool PipeIsBroken() {
  pollfd output{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  return ::poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

}  // namespace

Result<std::vector<FactFiles>> ParseFactFiles(const std::vector<std::string>& arguments) {
  std::vector<FactFiles> files;
  for (const std::string& argument : arguments) {
    FactFiles file;
    file.path = argument;
    if (!FileExists(argument)) file.name = NameIn(argument);
    if (!file.name.empty()) {
      file.path = AfterName(argument);
      if (file.path.empty()) {
        return Status::InvalidArgument("'" + argument + "' names no file; write " + file.name +
                                       "=FILE");
      }
      for (const FactFiles& other : files) {
        if (other.name != file.name) continue;
        return Status::InvalidArgument("two files are called '" + file.name +
                                       "'; give one another name");
      }
    }
    COEVAL_ASSIGN_OR_RETURN(file.format, FormatOfInput(file.path));
    files.push_back(std::move(file));
  }
  const bool any_named = std::any_of(files.begin(), files.end(),
                                     [](const FactFiles& file) { return !file.name.empty(); });
  for (FactFiles& file : files) file.others_have_names = any_named;
  return files;
}

std::vector<std::string> FileOption::Said(const FactFiles& file) const {
  std::vector<std::string> of_file;
  std::vector<std::string> of_all;
  for (const std::string& value : values_) {
    const std::string name = NameIn(value);
    if (!file.name.empty() && name == file.name) {
      of_file.push_back(AfterName(value));
    } else if (name.empty() || (file.name.empty() && !file.others_have_names)) {
      of_all.push_back(value);
    }
  }
  return of_file.empty() ? of_all : of_file;
}

bool FileOption::Names(const FactFiles& file) const {
  return !file.name.empty() &&
         std::any_of(values_.begin(), values_.end(),
                     [&file](const std::string& value) { return NameIn(value) == file.name; });
}

std::string FileOption::For(const FactFiles& file) const {
  const std::vector<std::string> said = Said(file);
  return said.empty() ? "" : said.back();
}

std::vector<std::string> FileOption::ListFor(const FactFiles& file) const {
  std::vector<std::string> list;
  for (const std::string& value : Said(file)) {
    for (std::size_t at = 0; at <= value.size();) {
      const std::size_t comma = std::min(value.find(',', at), value.size());
      if (comma > at) list.push_back(value.substr(at, comma - at));
      at = comma + 1;
    }
  }
  return list;
}

std::string FileOption::WrongName(const std::string& option,
                                  const std::vector<FactFiles>& files) const {
  std::vector<std::string> names;
  for (const FactFiles& file : files) {
    if (!file.name.empty()) names.push_back(file.name);
  }
  if (names.empty()) return "";
  for (const std::string& value : values_) {
    const std::string name = NameIn(value);
    if (name.empty() || std::find(names.begin(), names.end(), name) != names.end()) continue;
    return option + " " + value + ": no file is called '" + name + "'" + DidYouMean(name, names);
  }
  return "";
}

Result<MatchOptions> MatchArguments::For(const FactFiles& file) const {
  MatchOptions options;
  options.left_name = left;
  // What is said of a file alone stands in the place of all that is said of every file.
  const bool own_by = by.Names(file) || left_by.Names(file) || right_by.Names(file);
  if (!own_by || by.Names(file)) options.by = by.ListFor(file);
  if (!by.Names(file)) {
    options.left_by = left_by.ListFor(file);
    options.right_by = right_by.ListFor(file);
  }
  const bool own_on = on.Names(file) || left_on.Names(file) || right_on.Names(file);
  if (!own_on || on.Names(file)) options.on = on.For(file);
  if (!on.Names(file)) {
    options.left_on = left_on.For(file);
    options.right_on = right_on.For(file);
  }
  options.created = created.For(file);
  const std::string rule = known.For(file);
  COEVAL_ASSIGN_OR_RETURN(options.known, ParseKnown(rule.empty() ? "declared" : rule));
  options.progress = ProgressBar();
  return options;
}

std::string MatchArguments::WrongTogether(const std::vector<FactFiles>& files) const {
  const std::array<std::pair<const char*, const FileOption*>, 8> all{{{"--by", &by},
                                                                      {"--left-by", &left_by},
                                                                      {"--right-by", &right_by},
                                                                      {"--on", &on},
                                                                      {"--left-on", &left_on},
                                                                      {"--right-on", &right_on},
                                                                      {"--created", &created},
                                                                      {"--known", &known}}};
  for (const auto& [name, option] : all) {
    const std::string wrong = option->WrongName(name, files);
    if (!wrong.empty()) return wrong;
  }
  for (const FactFiles& file : files) {
    const std::string rule = known.For(file);
    const std::string wrong = rule.empty() ? "" : CheckKnown(rule);
    if (!wrong.empty()) return "--known: " + wrong;
  }
  return "";
}

void AddFileOption(CLI::App* command, const std::string& name, const std::string& type,
                   FileOption* option, const std::string& meaning) {
  AddOption(command, name, type, option->values(), meaning);
}

void AddMatchOptions(CLI::App* command, MatchArguments* arguments, const std::string& right,
                     const std::string& right_meaning) {
  AddArgument(command, "SPINE", &arguments->left,
              "The rows to answer for: a file, folder or pattern")
      .Required();
  AddArgument(command, right, &arguments->right, right_meaning).Required();
  AddFileOption(command, "--by", "COLUMNS", &arguments->by,
                "The key, where both call it the same; none: one key");
  AddFileOption(command, "--left-by", "COLUMNS", &arguments->left_by,
                "The key's columns in the spine");
  AddFileOption(command, "--right-by", "COLUMNS", &arguments->right_by,
                "The key's columns in the facts");
  AddFileOption(command, "--on", "COLUMN", &arguments->on,
                "The time, where both call it the same; event_timestamp, or the only one");
  AddFileOption(command, "--left-on", "COLUMN", &arguments->left_on, "The time in the spine");
  AddFileOption(command, "--right-on", "COLUMN", &arguments->right_on, "The time in the facts");
  AddFileOption(command, "--created", "COLUMN", &arguments->created,
                "When a fact was written; the latest of equal times wins");
  AddFileOption(command, "--known", "RULE", &arguments->known,
                "declared; arrival: a fact is not known before it was written; hindsight");
  AddOption(command, "--memory", "SIZE", &arguments->memory,
            "What it may take, SPINE with it: 2GiB; without it half of what there is. What is more "
            "lies in $TMPDIR, or beside the output")
      .Check(CheckMemory);
}

Status InOptions(const Status& status) {
  if (status.ok()) return status;
  std::string text = status.message();
  for (const auto& [from, to] : kOptionNames) {
    const std::size_t at = text.find(from);
    if (at != std::string::npos) text.replace(at, from.size(), to);
  }
  return {status.code(), std::move(text)};
}

Source SourceOf(const FactFiles& files) {
  Source source;
  source.name = files.path;
  source.format = files.format;
  return source;
}

bool AnswerArguments::is_piped() const {
  return output == kStandardOutput;
}

std::optional<FileFormat> AnswerArguments::file_format() const {
  if (format == "parquet") return FileFormat::kParquet;
  if (format == "csv") return FileFormat::kCsv;
  if (format == "arrow" || is_piped()) return FileFormat::kArrow;
  return std::nullopt;
}

std::string AnswerArguments::WrongTogether(bool json) const {
  if (output.empty() && !format.empty()) return "--format says how -o is written; give -o FILE";
  if (!is_piped()) return "";
  if (json) return "-o - gives standard output to the table; leave --json out, or name a file";
  if (file_format() != FileFormat::kCsv && OutputIsTerminal()) {
    return "a terminal cannot show Arrow or Parquet; pipe it into a program, or give --format csv";
  }
  return "";
}

void AddAnswerOptions(CLI::App* command, AnswerArguments* arguments) {
  AddOption(command, "-o,--output", "FILE", &arguments->output,
            "Where to write it: .parquet, .csv or .arrow, or - for standard output; without it "
            "the first rows are shown");
  AddOption(command, "--format", "FORMAT", &arguments->format,
            "parquet, csv or arrow, whatever the name ends in; in a pipe arrow (a stream)")
      .OneOfListed({"parquet", "csv", "arrow"});
}

Result<Context> MakeJoinContext(const Invocation& invocation, const MatchArguments& match,
                                const AnswerArguments& answer) {
  COEVAL_ASSIGN_OR_RETURN(Context context, invocation.MakeContext());
  if (!match.memory.empty()) {
    COEVAL_ASSIGN_OR_RETURN(const std::int64_t bytes, ParseMemory(match.memory));
    if (bytes > 0) context.memory_budget_bytes = bytes;
  }
  const char* temporary = std::getenv("TMPDIR");
  const bool is_told = temporary != nullptr && *temporary != '\0';
  if (!is_told && !answer.output.empty() && !answer.is_piped()) {
    context.scratch_folder = ParentDirectory(answer.output);
  }
  return context;
}

Status CheckAnswer(const AnswerArguments& arguments, const std::string& left,
                   const std::vector<FactFiles>& files) {
  COEVAL_ASSIGN_OR_RETURN(const FileFormat left_format, FormatOfInput(left));
  std::vector<InputFile> inputs = {{"the spine", left, left_format}};
  for (const FactFiles& file : files) {
    inputs.push_back({"a file of the facts", file.path, file.format});
  }
  return CheckOutputFile(arguments.output, inputs, arguments.file_format());
}

Status GiveAnswer(const Invocation& invocation, const AnswerArguments& arguments,
                  ArrowArrayStream* stream, const Json& counts, const std::string& text,
                  const Context& context) {
  if (arguments.output.empty()) {
    COEVAL_ASSIGN_OR_RETURN(const std::string preview, PreviewTable(stream, kPreviewRows));
    invocation.Show(counts, preview + "\n\n" + text + "\ngive -o FILE to keep them");
    return Status::Ok();
  }
  const auto written =
      WriteTableFile(stream, arguments.output, nullptr, context, arguments.file_format());
  if (arguments.is_piped()) {
    // No failure: the reader has what it wanted.
    if (!written.ok() && PipeIsBroken()) return Status::Ok();
    if (written.ok()) PrintNote(text);
    return written.status();
  }
  if (!written.ok()) return written.status();
  invocation.Show(counts, text + "\n" + arguments.output + ": " + FormatBytes(written->bytes));
  return Status::Ok();
}

}  // namespace coeval
