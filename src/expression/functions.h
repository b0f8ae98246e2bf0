// The one table of functions and operators: the type checker resolves calls in it, the interpreter
// runs its kernels, docs/expressions.md is printed from it and every example in it is a test.
//
// A new function is a row in the table of its family (functions_math.cc, ...), with its kernel
// above it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "column/value.h"
#include "expression/value_type.h"
#include "expression/vector.h"

namespace coeval {

// What an overload may look at when a call is compiled.
struct PrepareContext {
  std::span<const ValueType> types;                 // of the arguments, after conversion
  std::span<const std::optional<Value>> constants;  // of those that are constant
  const ValueType* result = nullptr;
  int tag = 0;                // Overload::tag
  std::size_t* bad_argument;  // set to the argument that an error is about
};

// Makes what the kernel finds in Call::prepared.
using Prepare = Result<std::shared_ptr<const void>> (*)(const PrepareContext&);
// The type of the result from those of the arguments, where the signature does not tell it.
using ResultType = Result<ValueType> (*)(std::span<const ValueType>);
using PickKernel = Kernel (*)(Physical);

// One way to call a function. The signature lists types; `T` is one type for all its places, the
// least common one; `...` after the last parameter lets it repeat; `any` takes any type as it is;
// `decimal`, `list`, `vector`, `map` take any type of the kind, `list<ints>`, `list<floats>` and
// `list<numbers>` lists of such elements; `const` before a type asks for a constant.
//   "float64, int64 -> float64"   "T, T... -> T"   "any -> bool"   "const string, timestamp ->
//   int64"
struct Overload {
  std::string_view signature;
  Kernel kernel = nullptr;
  PickKernel pick = nullptr;  // instead of a kernel: by the physical kind of T, or of argument 0
  Prepare prepare = nullptr;
  ResultType result = nullptr;  // instead of the type after "->"
  int tag = 0;                  // tells one prepare or kernel from another
};

struct Example {
  std::string_view expression;
  std::string_view result;  // as ToText (column/value.h) writes it, or "error" for an invalid row
};

enum class Family : std::uint8_t {
  kArithmetic,
  kComparison,
  kLogic,
  kCast,
  kMath,
  kText,
  kTime,
  kHash,
  kJson,
  kNested
};
inline constexpr int kFamilies = 10;

// How a call is written.
enum class Notation : std::uint8_t {
  kCall,     // name(a, b)
  kInfix,    // a name b
  kPrefix,   // name a
  kPostfix,  // a name
  kForm,     // a form of its own (case, cast, ...): `usage` tells
};

// Nulls: what most functions do; others say what they do in `nulls`.
inline constexpr std::string_view kNullIfAnyNull = "null if an argument is null";

struct Function {
  std::string_view name;
  Family family;
  Notation notation = Notation::kCall;
  std::string_view usage;    // how it is written: "round(x[, digits])"
  std::string_view meaning;  // one or two sentences
  std::string_view nulls = kNullIfAnyNull;
  std::string_view errors = {};  // what makes a row invalid; "" = nothing
  std::vector<std::string_view> aliases = {};
  std::vector<Overload> overloads = {};  // none: the checker treats the form itself
  std::vector<Example> examples = {};
};

// A parameter of a parsed signature.
struct Parameter {
  enum class Kind : std::uint8_t { kType, kCommon, kAny, kDecimal, kList, kVector, kMap };
  enum class Elements : std::uint8_t { kAny, kInts, kFloats, kNumbers };
  Kind kind = Kind::kType;
  ValueType type;                      // kType
  Elements elements = Elements::kAny;  // kList
  bool constant = false;               // must be constant
};

struct Signature {
  std::vector<Parameter> parameters;
  bool repeats = false;  // the last one, any number of times
  Parameter result;

  [[nodiscard]] bool TakesCount(std::size_t count) const {
    return repeats ? count + 1 >= parameters.size() : count == parameters.size();
  }

  [[nodiscard]] const Parameter& at(std::size_t i) const {
    return parameters[std::min(i, parameters.size() - 1)];
  }
};

// All functions, by family and in the order of the documentation. Built once.
const std::vector<Function>& Functions();
// By name or alias; null where there is none.
const Function* FindFunction(std::string_view name);
// All names and aliases that are written as calls, for suggestions.
const std::vector<std::string>& FunctionNames();
// The signatures of a function's overloads, in their order.
const std::vector<Signature>& SignaturesOf(const Function& function);

std::string_view FamilyTitle(Family family);

// The rows of each family.
std::vector<Function> ArithmeticFunctions();
std::vector<Function> DecimalFunctions();
std::vector<Function> ComparisonFunctions();
std::vector<Function> LogicFunctions();
std::vector<Function> CastFunctions();
std::vector<Function> MathFunctions();
std::vector<Function> TextFunctions();
std::vector<Function> PatternFunctions();
std::vector<Function> DistanceFunctions();
std::vector<Function> CalendarFunctions();
std::vector<Function> TimeFunctions();
std::vector<Function> CycleFunctions();
std::vector<Function> ScaleFunctions();
std::vector<Function> HashFunctions();
std::vector<Function> JsonFunctions();
std::vector<Function> ListFunctions();
std::vector<Function> VectorFunctions();
std::vector<Function> MapFunctions();

}  // namespace coeval
