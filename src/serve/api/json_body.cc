#include "serve/api/json_body.h"

#include <algorithm>

#include "base/json.h"

namespace coeval {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::size_t kMaxDepth = 32;

}  // namespace

Status Malformed(const std::string& what) {
  return Status::InvalidArgument("the request's body " + what);
}

Result<object> ParseBody(std::string_view body) {
  thread_local simdjson::dom::parser parser;
  const std::size_t capacity = std::max<std::size_t>(body.size(), 1024);
  if (parser.capacity() < capacity || parser.max_depth() != kMaxDepth) {
    if (parser.allocate(capacity, kMaxDepth) != simdjson::SUCCESS) {
      return Malformed("is too large");
    }
  }
  element document;
  const auto error = parser.parse(body.data(), body.size()).get(document);
  if (error == simdjson::DEPTH_ERROR) {
    return Malformed("is nested more than " + std::to_string(kMaxDepth) + " deep");
  }
  if (error != simdjson::SUCCESS) {
    // simdjson does not tell where; the parser of files does, and may find no fault of its own.
    const Status why = ParseJson(body).status();
    return Malformed("is not JSON: " +
                     (why.ok() ? std::string(simdjson::error_message(error)) : why.message()));
  }
  object members;
  if (document.get(members) != simdjson::SUCCESS) return Malformed("must be a JSON object");
  return members;
}

}  // namespace coeval
