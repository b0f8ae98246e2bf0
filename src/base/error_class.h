// The name under which clients know a StatusCode: the exception classes of python/coeval/errors.py,
// which the bodies of HTTP errors name too.
#pragma once

#include <string_view>

#include "base/status.h"

namespace coeval {

// "InvalidArgument", "NotFound", ... kOk is no error: "Internal". Lives forever, ends with a null.
std::string_view ErrorClassOf(StatusCode code);

}  // namespace coeval
