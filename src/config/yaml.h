// YAML as this project takes it: one document, mappings with unique plain keys, and no surprises.
//
//   ttl: 3h            -> "3h"          online: true -> true       delay: 10 -> 10
//   online: yes        -> an error: YAML 1.1 reads a boolean, YAML 1.2 a text; write true, or "yes"
//   port: 0123, 1_000  -> errors likewise: an octal number to some readers
//
// Anchors and aliases work; what they multiply is capped, like depth and size. Merge keys (<<) and
// tags other than !!str are errors. Every error says file, line and column.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"

namespace coeval {

struct YamlNode {
  enum class Kind : unsigned char { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  std::string text;               // of a scalar
  bool quoted = false;            // a scalar that is a text whatever it looks like
  std::vector<std::string> keys;  // of a mapping, in order, unique; keys[i] is that of items[i]
  std::vector<YamlNode> items;    // of a list, or the values of a mapping
  int line = 0;                   // from 1
  int column = 0;                 // from 1

  [[nodiscard]] const YamlNode* Find(std::string_view key) const;
};

inline constexpr std::size_t kMaxYamlBytes = std::size_t{16} << 20;
inline constexpr int kMaxYamlDepth = 32;
inline constexpr std::size_t kMaxYamlNodes = 200'000;

// `file` is for error texts. An empty text is a null node.
// Errors: InvalidArgument "file:line:column: ...".
Result<YamlNode> ParseYaml(std::string_view text, const std::string& file);

// Plain scalars become null, booleans, integers, floats or texts by YAML 1.2's core rules; those
// that YAML 1.1 reads otherwise are errors.
Result<Json> YamlToJson(const YamlNode& node, const std::string& file);

// "file:line:column".
std::string YamlPlace(const YamlNode& node, const std::string& file);

}  // namespace coeval
