// Runs another program to its end and collects what it printed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/time.h"

namespace coeval {

struct ProcessOutput {
  int exit_code = 0;  // 128 + n where signal n ended it
  std::string standard_output;
  std::string standard_error;
};

struct ProcessOptions {
  std::string directory;                  // "" = this process's
  std::vector<std::string> environment;   // "NAME=value", put on top of this process's
  DurationMicros timeout = 60 * kSecond;  // then it is killed
  std::int64_t max_output_bytes = std::int64_t{64} << 20;
};

// Starts argv[0] (looked for in PATH) without standard input, and waits for its end.
// Errors: NotFound (no such program), IoError (system), Unavailable (timeout), InvalidArgument (it
// printed more than max_output_bytes). An exit code other than 0 is no error here.
// Cost: one process. Threads: any.
Result<ProcessOutput> RunProcess(const std::vector<std::string>& argv,
                                 const ProcessOptions& options);

// This process, among those that run now on this machine.
std::int64_t ProcessId();

// The path of the running program, or "".
std::string ProgramPath();

}  // namespace coeval
