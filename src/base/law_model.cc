#include "base/law_model.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace coeval {

std::unique_ptr<LawModel> LawModel::Start() {
  const char* source = std::getenv("COEVAL_SOURCE_DIR");
  const std::filesystem::path tests =
      std::filesystem::path(source != nullptr ? source : ".") / "tests";
  if (!std::filesystem::exists(tests / "model" / "serve.py")) return nullptr;
  const char* named = std::getenv("COEVAL_PYTHON");
  const char* python = named != nullptr ? named : "python3";
  int requests[2];
  int answers[2];
  if (::pipe(requests) != 0 || ::pipe(answers) != 0) return nullptr;
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(requests[0], 0);
    ::dup2(answers[1], 1);
    for (const int fd : {requests[0], requests[1], answers[0], answers[1]}) ::close(fd);
    if (::chdir(tests.c_str()) != 0) ::_exit(127);
    ::setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
    ::execlp(python, python, "-m", "model.serve", static_cast<char*>(nullptr));
    ::_exit(127);
  }
  ::close(requests[0]);
  ::close(answers[1]);
  return std::unique_ptr<LawModel>(
      new LawModel(child, ::fdopen(requests[1], "w"), ::fdopen(answers[0], "r")));
}

LawModel::~LawModel() {
  std::fclose(requests_);
  std::fclose(answers_);
  int status = 0;
  ::waitpid(child_, &status, 0);
}

Json LawModel::Ask(const Json& request) {
  const std::string line = request.Write() + "\n";
  std::fwrite(line.data(), 1, line.size(), requests_);
  std::fflush(requests_);
  std::string text;
  for (int c = std::fgetc(answers_); c != EOF && c != '\n'; c = std::fgetc(answers_)) {
    text += static_cast<char>(c);
  }
  const Result<Json> answer = ParseJson(text);
  COEVAL_CHECK(answer.ok());
  return *answer;
}

}  // namespace coeval
