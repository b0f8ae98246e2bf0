// `coeval`: the command line (program.h).
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "cli/program.h"

int main(int argc, char** argv) {
  // A reader that went away (`coeval list | head -1`) shows as an error of writing (EPIPE).
  std::signal(SIGPIPE, SIG_IGN);
  try {
    coeval::CommandLine program;
    return program.Run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "coeval: error: %s\n", error.what());
    return 4;
  }
}
