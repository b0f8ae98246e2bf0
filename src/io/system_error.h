// What the system said, as a Status that names the path and what to do about it.
#pragma once

#include <string_view>

#include "base/status.h"

namespace coeval {

// "cannot <action> '<path>': <reason>". NotFound for a missing file or folder, AlreadyExists for
// one that is there, else IoError; a full disk and an exhausted quota say "disk full".
//
//   SystemError(ENOSPC, "write", "/data/x")  ->  i/o error: cannot write '/data/x': disk full; ...
Status SystemError(int error, std::string_view action, std::string_view path);

}  // namespace coeval
