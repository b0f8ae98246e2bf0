// The executable law, tests/model, as an oracle of tests: `python -m model.serve`, one JSON request
// a line, one answer a line (tests/model/README.md has the requests).
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <memory>

#include "base/json.h"

namespace coeval {

// A process of its own, run by the Python of the build (COEVAL_PYTHON), whose package tzdata is the
// one that the engine embeds (rule 6.4). Threads: one at a time.
class LawModel {
 public:
  // Null where tests/model is not there.
  static std::unique_ptr<LawModel> Start();
  ~LawModel();
  LawModel(const LawModel&) = delete;
  LawModel& operator=(const LawModel&) = delete;

  // The answer, or {"error": ...} where the model has none. Ends the process where it is no JSON.
  Json Ask(const Json& request);

 private:
  LawModel(pid_t child, std::FILE* requests, std::FILE* answers)
      : child_(child), requests_(requests), answers_(answers) {}

  pid_t child_;
  std::FILE* requests_;
  std::FILE* answers_;
};

}  // namespace coeval
