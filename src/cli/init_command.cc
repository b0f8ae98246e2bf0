// coeval init: a new repository that runs.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/template.h"
#include "cli/template_data.h"
#include "cli/terminal.h"
#include "column/arrow_bridge.h"
#include "io/files.h"
#include "source/writer.h"

namespace coeval {
namespace {

struct InitArguments {
  std::string folder;
  std::string form;
};

std::string NameOf(const std::string& folder) {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(folder, error).lexically_normal();
  const std::string name = path.filename().string();
  return name.empty() ? path.parent_path().filename().string() : name;
}

// The folder's own name, as a project may be called: letters, digits, `_` and `-`, one of the first
// two in front.
std::string ProjectOf(const std::string& folder) {
  std::string name = NameOf(folder);
  for (char& c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || (std::isalnum(byte) == 0 && c != '-')) c = '_';
  }
  return name.empty() || name[0] == '_' || name[0] == '-' ? "shop" + name : name;
}

// As a shell takes it for one word.
std::string Quoted(const std::string& folder) {
  const bool plain = std::all_of(folder.begin(), folder.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 || std::isalnum(byte) != 0 || c == '/' || c == '.' || c == '_' || c == '-';
  });
  if (plain) return folder;
  std::string quoted = "'";
  for (const char c : folder) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

Status CheckEmpty(const std::string& folder) {
  if (!FileExists(folder)) return Status::Ok();
  if (!IsDirectory(folder)) {
    return Status::AlreadyExists("'" + folder + "' is a file; choose another name");
  }
  COEVAL_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(folder));
  if (names.empty()) return Status::Ok();
  return Status::AlreadyExists("'" + folder + "' is not empty (it holds '" + names.front() +
                               "'); choose another name, or an empty folder");
}

Status WriteTexts(const InitArguments& arguments, std::vector<std::string>* written) {
  const std::string project = ProjectOf(arguments.folder);
  for (const TemplateFile& file : TemplateFiles()) {
    const std::string forms = " " + std::string(file.forms) + " ";
    if (forms.find(" " + arguments.form + " ") == std::string::npos) continue;
    const std::string path = JoinPath(arguments.folder, file.name);
    COEVAL_RETURN_IF_ERROR(WriteFileAtomically(path, FillTemplate(file.text, project)));
    written->push_back(path);
  }
  return Status::Ok();
}

Status WriteData(const InitArguments& arguments, const Context& context,
                 std::vector<std::string>* written) {
  COEVAL_RETURN_IF_ERROR(MakeDirectories(JoinPath(arguments.folder, "data")));
  for (TemplateTable& table : MakeTemplateData()) {
    const std::string path = JoinPath(arguments.folder, table.file);
    Schema schema = table.rows.schema;
    ArrowArrayStream stream{};
    ExportStream(StreamOf(std::move(schema), {std::move(table.rows)}), &stream);
    COEVAL_RETURN_IF_ERROR(WriteTable(&stream, path, WriteOptions(), context).status());
    written->push_back(path);
  }
  return Status::Ok();
}

Result<int> RunInit(const Invocation& invocation, const InitArguments& arguments) {
  COEVAL_RETURN_IF_ERROR(CheckEmpty(arguments.folder));
  COEVAL_ASSIGN_OR_RETURN(const Context context, invocation.MakeContext());
  COEVAL_RETURN_IF_ERROR(MakeDirectories(arguments.folder));
  std::vector<std::string> written;
  COEVAL_RETURN_IF_ERROR(WriteTexts(arguments, &written));
  COEVAL_RETURN_IF_ERROR(WriteData(arguments, context, &written));
  Json files = Json::MakeArray();
  std::string text;
  for (const std::string& path : written) {
    files.Append(path);
    text += "  " + path + "\n";
  }
  Json json = Json::MakeObject();
  json.Set("repository", arguments.folder).Set("project", ProjectOf(arguments.folder));
  json.Set("files", std::move(files));
  if (const std::string name = NameOf(arguments.folder); ProjectOf(arguments.folder) != name) {
    text += "The project is called " + ProjectOf(arguments.folder) + ": '" + name +
            "' is no name of a project (letters, digits, '_' and '-').\n";
  }
  invocation.Show(json, "wrote\n" + text + "\nNow:\n  cd " + Quoted(arguments.folder) +
                            "\n  coeval plan\n  coeval apply\nand on as README.md says.");
  return kExitDone;
}

}  // namespace

void AddInitCommand(CLI::App* app, Invocation* invocation) {
  CLI::App* command = AddCommand(
      app, "Start", "init",
      "Writes a new repository that runs: two views, a service, 10,000 rows, a notebook, a README\n"
      "The folder is made; one that is not empty is refused.",
      "coeval init shop\n"
      "coeval init shop --template shop-yaml      # the same, declared in YAML");
  auto arguments = std::make_shared<InitArguments>();
  arguments->form = std::string(TemplateNames().front());
  std::vector<std::string> names(TemplateNames().begin(), TemplateNames().end());
  AddArgument(command, "NAME", &arguments->folder, "The folder to make; its name is the project's")
      .Required();
  AddOption(command, "-t,--template", "NAME", &arguments->form,
            "shop: declared in Python; shop-yaml: the same in YAML")
      .OneOf(names);
  SetAction(command, invocation,
            [invocation, arguments] { return RunInit(*invocation, *arguments); });
}

}  // namespace coeval
