// The JSON body of a request, parsed by simdjson.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "base/status.h"

namespace coeval {

// "the request's body <what>" as InvalidArgument.
Status Malformed(const std::string& what);

// The document, an object; valid until the same thread parses the next. Errors: InvalidArgument:
// malformed, nested more than 32 deep.
Result<simdjson::dom::object> ParseBody(std::string_view body);

}  // namespace coeval
