#include "store/definition_loader.h"

#include <sys/stat.h>

#include <cstdlib>
#include <utility>
#include <vector>

#include "config/definition_files.h"
#include "definition/definitions.h"
#include "io/process.h"

namespace coeval {
namespace {

std::string Interpreter(const std::string& asked) {
  if (!asked.empty()) return asked;
  const char* variable = std::getenv("COEVAL_PYTHON");
  return variable != nullptr && *variable != '\0' ? variable : "python3";
}

bool IsFolder(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

// The SDK that lies beside this program (build tree or installation), put behind the user's own
// path.
std::vector<std::string> Environment() {
  std::vector<std::string> environment{"PYTHONDONTWRITEBYTECODE=1"};
  const std::string program = ProgramPath();
  const std::string folder = program.substr(0, program.rfind('/'));
  for (const std::string& candidate : {folder + "/../lib/coeval/python", folder + "/../python"}) {
    if (!IsFolder(candidate + "/coeval")) continue;
    const char* path = std::getenv("PYTHONPATH");
    const bool has_path = path != nullptr && *path != '\0';
    environment.push_back("PYTHONPATH=" + (has_path ? path + (":" + candidate) : candidate));
    break;
  }
  return environment;
}

// {"errors": [...]} of the interpreter as one status, a line each.
Status DefinitionFailures(const Json& errors) {
  std::string text;
  for (const Json& error : errors.array()) {
    if (!text.empty()) text += '\n';
    text += error.GetString("file");
    for (const char* part : {"object", "field"}) {
      if (!error.GetString(part).empty()) text += ", " + error.GetString(part);
    }
    text += ": " + error.GetString("message");
  }
  return Status::InvalidArgument(std::move(text));
}

Result<Json> RunPython(const Config& config, const std::string& python,
                       const std::vector<std::string>& files) {
  std::vector<std::string> command{Interpreter(python), "-m", "coeval.definitions",
                                   config.repository};
  command.insert(command.end(), files.begin(), files.end());
  COEVAL_ASSIGN_OR_RETURN(
      ProcessOutput output,
      RunProcess(command, {.directory = {}, .environment = Environment(), .timeout = kMinute}));
  auto document = ParseJson(output.standard_output);
  if (!document.ok()) {
    return Status::InvalidArgument("the definitions could not be read: `" + command[0] +
                                   " -m coeval.definitions` ended with exit code " +
                                   std::to_string(output.exit_code) + ": " +
                                   config.Redact(output.standard_error));
  }
  if (const Json* errors = document->Find("errors"); errors != nullptr && errors->is_array()) {
    return config.Redact(DefinitionFailures(*errors));
  }
  return document;
}

}  // namespace

Result<Json> LoadDefinitionDocument(const Config& config, const std::string& python) {
  COEVAL_ASSIGN_OR_RETURN(DefinitionFiles files, FindDefinitionFiles(config));
  if (files.python.empty() && files.yaml.empty()) {
    return Status::NotFound("'" + config.repository +
                            "' has no definitions; write some into definitions.py");
  }
  std::vector<Json> documents;
  if (!files.python.empty()) {
    COEVAL_ASSIGN_OR_RETURN(Json document, RunPython(config, python, files.python));
    documents.push_back(std::move(document));
  }
  for (const std::string& file : files.yaml) {
    COEVAL_ASSIGN_OR_RETURN(Json document, ReadYamlDefinitions(config, file));
    documents.push_back(std::move(document));
  }
  return MergeDocuments(documents);
}

}  // namespace coeval
