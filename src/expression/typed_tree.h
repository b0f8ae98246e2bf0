// The typed tree: every name is a column or a function, every conversion is a node. From it come
// the canonical text (rule 8.2) and the program.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "column/value.h"
#include "expression/functions.h"
#include "expression/value_type.h"

namespace coeval {

struct TypedNode;
using TypedPtr = std::shared_ptr<const TypedNode>;

// Immutable. A node may have several parents: what they share is computed once.
struct TypedNode {
  enum class Kind : std::uint8_t {
    kLiteral,
    kInput,
    kNow,
    kCall,  // children: the arguments, converted to the overload's types
    kCast,  // one child; flag: try_cast
    kAnd,   // two children or more, of type bool
    kOr,
    kCase,      // condition, result, ..., else; with flag an operand before them, which the
                // conditions compare with
    kCoalesce,  // two children or more, of the node's type
    kNullIf,    // a, a = b
    kBetween,   // x, x >= low, x <= high
    kIn,        // with kernel: x, constants of its type; without: x, x = a, x = b, ...
  };

  Kind kind = Kind::kLiteral;
  bool flag = false;
  ValueType type;
  std::size_t offset = 0;  // in the text
  std::vector<TypedPtr> children;
  // Its value where that is known when compiling. Errors are not: they belong to rows (rule 6.2).
  std::optional<Value> constant;

  std::string name;                      // kInput
  std::size_t input = 0;                 // kInput: position in the schema
  const Function* function = nullptr;    // kCall
  Kernel kernel = nullptr;               // kCall, kCast (null: nothing to do), kIn
  std::shared_ptr<const void> prepared;  // for the kernel
};

// The text that is hashed: lower-case words, names in double quotes, brackets around every
// operator, all casts written. It compiles to the same tree.
std::string CanonicalText(const TypedNode& node);

}  // namespace coeval
