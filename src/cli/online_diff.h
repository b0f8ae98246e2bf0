// `coeval online diff`: the online store beside training.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace CLI {
class App;
}

namespace coeval {

struct Invocation;

struct DiffArguments {
  std::vector<std::string> references;
  std::int64_t keys = 1000;
  std::optional<std::int64_t> seed;
  std::string at;

  // Was none of its options given? (The references may be another check's.)
  [[nodiscard]] bool untouched() const { return keys == 1000 && !seed && at.empty(); }
};

void AddDiffOptions(CLI::App* command, DiffArguments* arguments);
Result<int> RunOnlineDiff(const Invocation& invocation, const DiffArguments& arguments);

}  // namespace coeval
