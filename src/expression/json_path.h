// One value out of a JSON text, by a path, in one pass over the text.
//
//   $.user.tags[0]   in   {"user": {"tags": ["a", "b"]}}   is   "a"
//
// The whole text is checked by RFC 8259, so whether it is malformed does not depend on the path.
// Numbers stay as they are written. base/json.h would build a tree, and refuses what is common in
// other people's documents (a name twice, integers beyond int64); simdjson wants a padded copy,
// refuses integers beyond 64 bits, and its version would take part in every value (rule 6.4).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace coeval {

// Deeper documents are refused; longer paths too.
inline constexpr int kMaxJsonDepth = 1024;
inline constexpr std::size_t kMaxJsonSteps = 64;

struct JsonStep {
  bool is_index = false;
  std::string name;        // of a member
  std::int64_t index = 0;  // of an element, from 0
};

using JsonPath = std::vector<JsonStep>;

// "$" and then steps: .name (letters, digits, _ and -), ."any name" (with JSON's escapes), [0].
// Errors: InvalidArgument that says which character of the path is wrong.
Result<JsonPath> ParseJsonPath(std::string_view text);

struct JsonFound {
  bool found = false;
  std::string_view text;       // the value as it stands in the document
  std::string_view malformed;  // what is wrong with the document; "" = nothing
  std::size_t at = 0;          // and about which byte
};

// Of members with the same name the first counts. Cost: O(size of the text), no allocation but for
// strings with escapes. Threads: any.
JsonFound FindInJson(std::string_view text, const JsonPath& path);

// A string of a document, without its quotes and escapes. REQUIRES: it is one of FindInJson's.
std::string JsonStringText(std::string_view quoted);

// An array or object without the white space between its tokens, appended. REQUIRES: likewise.
void AppendCompactJson(std::string_view text, std::string* out);

}  // namespace coeval
