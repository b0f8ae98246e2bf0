// A small text file, read whole.
#pragma once

#include <cstddef>
#include <string>

#include "base/status.h"

namespace coeval {

// Errors: NotFound, IoError (what the system said), InvalidArgument where it is larger.
Result<std::string> ReadTextFile(const std::string& path, std::size_t max_bytes);

}  // namespace coeval
