// Bytes that nobody can guess and no two processes get: for identities.
#pragma once

#include <cstddef>
#include <string>

#include "base/status.h"

namespace coeval {

// From the system's source (getrandom). Errors: IoError.
Result<std::string> RandomBytes(std::size_t count);

}  // namespace coeval
