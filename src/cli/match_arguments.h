// What `asof` and `window` ask alike: the facts' files, how the spine's rows find them, and where
// the answer goes.
//
//   coeval asof spine.parquet u=users.parquet p='prices/*.csv' --by user_id --by p=product
//
// NAME=FILE gives a file a name: its columns come out as NAME_column, and NAME=VALUE in an option
// is said of that file alone; what is said without a name is said of all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "cli/command.h"
#include "cli/output_file.h"
#include "column/arrow_c.h"
#include "definition/source.h"
#include "offline/standalone_tables.h"

namespace coeval {

// A file, folder or pattern of facts.
struct FactFiles {
  std::string name;  // "" = none was given
  bool others_have_names = false;
  std::string path;
  FileFormat format = FileFormat::kParquet;
};

// From the arguments. What is a file or folder by itself is no NAME=FILE. Errors: InvalidArgument
// for a name given twice, an empty path, files of several formats.
Result<std::vector<FactFiles>> ParseFactFiles(const std::vector<std::string>& arguments);

// The values of an option that may be said of one file, in the order typed.
class FileOption {
 public:
  // For AddOption to fill.
  std::vector<std::string>* values() { return &values_; }

  // What is said of the file by its name; without, what is said of all; the last one counts.
  [[nodiscard]] std::string For(const FactFiles& file) const;
  // The same of lists: a,b is two values, and so are two options.
  [[nodiscard]] std::vector<std::string> ListFor(const FactFiles& file) const;
  // Is something said of the file by its name?
  [[nodiscard]] bool Names(const FactFiles& file) const;
  // "" where every name that is used is that of a file; else what is wrong.
  [[nodiscard]] std::string WrongName(const std::string& option,
                                      const std::vector<FactFiles>& files) const;

 private:
  // The values said of the file by its name; without any, those said of all.
  [[nodiscard]] std::vector<std::string> Said(const FactFiles& file) const;

  std::vector<std::string> values_;
};

struct MatchArguments {
  std::string left;
  std::vector<std::string> right;
  FileOption by, left_by, right_by, on, left_on, right_on, created, known;
  std::string memory;  // as the setting; "" = as 0

  // For one of the files. Errors: InvalidArgument for a `known` that there is not.
  [[nodiscard]] Result<MatchOptions> For(const FactFiles& file) const;
  // "" where nothing is wrong.
  [[nodiscard]] std::string WrongTogether(const std::vector<FactFiles>& files) const;
};

// SPINE, `right` (the facts) and the options of keys and times.
void AddMatchOptions(CLI::App* command, MatchArguments* arguments, const std::string& right,
                     const std::string& right_meaning);
void AddFileOption(CLI::App* command, const std::string& name, const std::string& type,
                   FileOption* option, const std::string& meaning);

// Errors of the engine in the words of the options.
Status InOptions(const Status& status);

Source SourceOf(const FactFiles& files);

// Where the answer goes: -o FILE, -o - (standard output) or nowhere, then its first rows are shown.
struct AnswerArguments {
  std::string output;
  std::string format;

  [[nodiscard]] bool is_piped() const;
  [[nodiscard]] std::optional<FileFormat> file_format() const;
  // Before any work. "" where nothing is wrong.
  [[nodiscard]] std::string WrongTogether(bool json) const;
};

void AddAnswerOptions(CLI::App* command, AnswerArguments* arguments);

// Are the output and its format possible, and none of the inputs? Errors: those of CheckOutputFile.
Status CheckAnswer(const AnswerArguments& arguments, const std::string& left,
                   const std::vector<FactFiles>& files);

// The memory that may be taken, and where what is more goes: $TMPDIR, else beside the output, which
// needs the room anyway, while /tmp may be memory itself.
Result<Context> MakeJoinContext(const Invocation& invocation, const MatchArguments& match,
                                const AnswerArguments& answer);

// Writes the answer, or shows its first rows; then says `counts` and `text`: on standard error
// where standard output is the answer's. Takes `stream` over.
Status GiveAnswer(const Invocation& invocation, const AnswerArguments& arguments,
                  ArrowArrayStream* stream, const Json& counts, const std::string& text,
                  const Context& context);

}  // namespace coeval
