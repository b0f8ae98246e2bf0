// ${VAR} in a value of coeval.yaml, and {file: path}.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace coeval {

struct Expanded {
  std::string text;
  // What was put in, and how it was written: {"s3cr3t", "${TOKEN}"}.
  std::vector<std::pair<std::string, std::string>> secrets;
};

// "${VAR}" -> the variable, "${VAR:-x}" -> x where it is unset or empty, "$$" -> "$"; any other "$"
// stays. Errors: InvalidArgument that names the variable, never a value.
Result<Expanded> ExpandVariables(std::string_view text,
                                 const std::map<std::string, std::string>& variables);

// The file's text without one line end. Errors: NotFound, IoError, InvalidArgument (above 64 KiB).
Result<std::string> ReadValueFile(const std::string& path);

}  // namespace coeval
