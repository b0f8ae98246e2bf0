// + - * / // % and unary minus on integers and floats (rules 6.2, 6.3). Decimals:
// functions_decimal.cc.
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "expression/functions.h"

namespace coeval {

namespace {

using Int = std::int64_t;

constexpr Int kLeast = std::numeric_limits<Int>::min();

// Operation tells the machine's way to do it: true on overflow.
template <typename Operation>
void CheckedInt(const Call& call) {
  MapRows<Int, Int, Int>(call, [&call](Int a, Int b, Int& result) {
    if (!Operation::Overflows(a, b, &result)) [[likely]]
      return kValue;
    return call.Fail(
        [&] { return fmt::format("integer overflow in {} {} {}", a, Operation::kSymbol, b); });
  });
}

struct Add {
  static constexpr std::string_view kSymbol = "+";

  static bool Overflows(Int a, Int b, Int* r) { return __builtin_add_overflow(a, b, r); }
};

struct Subtract {
  static constexpr std::string_view kSymbol = "-";

  static bool Overflows(Int a, Int b, Int* r) { return __builtin_sub_overflow(a, b, r); }
};

struct Multiply {
  static constexpr std::string_view kSymbol = "*";

  static bool Overflows(Int a, Int b, Int* r) { return __builtin_mul_overflow(a, b, r); }
};

void AddFloat(const Call& call) {
  MapTotal<double, double, double>(call, [](double a, double b) { return a + b; });
}

void SubtractFloat(const Call& call) {
  MapTotal<double, double, double>(call, [](double a, double b) { return a - b; });
}

void MultiplyFloat(const Call& call) {
  MapTotal<double, double, double>(call, [](double a, double b) { return a * b; });
}

void DivideFloat(const Call& call) {
  MapTotal<double, double, double>(call, [](double a, double b) { return a / b; });
}

void DivideInt(const Call& call) {
  MapTotal<double, Int, Int>(
      call, [](Int a, Int b) { return static_cast<double>(a) / static_cast<double>(b); });
}

void QuotientInt(const Call& call) {
  MapRows<Int, Int, Int>(call, [&call](Int a, Int b, Int& result) {
    if (b == 0) return kNull;
    if (a == kLeast && b == -1) {
      return call.Fail([&] { return fmt::format("integer overflow in {} // {}", a, b); });
    }
    result = a / b;
    return kValue;
  });
}

void RemainderInt(const Call& call) {
  MapRows<Int, Int, Int>(call, [](Int a, Int b, Int& result) {
    if (b == 0) return kNull;
    result = b == -1 ? 0 : a % b;  // kLeast % -1 traps in the processor
    return kValue;
  });
}

void QuotientFloat(const Call& call) {
  MapRows<double, double, double>(call, [](double a, double b, double& result) {
    if (b == 0) return kNull;
    result = std::trunc(a / b);
    return kValue;
  });
}

void RemainderFloat(const Call& call) {
  MapRows<double, double, double>(call, [](double a, double b, double& result) {
    if (b == 0) return kNull;
    result = std::fmod(a, b);  // exact, so every C library gives the same bits
    return kValue;
  });
}

void NegateInt(const Call& call) {
  MapRows<Int, Int>(call, [&call](Int a, Int& result) {
    if (a == kLeast) return call.Fail([&] { return fmt::format("integer overflow in -({})", a); });
    result = -a;
    return kValue;
  });
}

void NegateFloat(const Call& call) {
  MapTotal<double, double>(call, [](double a) { return -a; });
}

constexpr std::string_view kOverflow = "integer overflow";

}  // namespace

std::vector<Function> ArithmeticFunctions() {
  return {
      {.name = "+",
       .family = Family::kArithmetic,
       .notation = Notation::kInfix,
       .usage = "a + b",
       .meaning =
           "Sum. Integers are added as int64, floats as float64, decimals exactly. A timestamp "
           "and an interval give a timestamp, held within the range of timestamps.",
       .errors = kOverflow,
       .overloads = {{"int64, int64 -> int64", CheckedInt<Add>},
                     {"float64, float64 -> float64", AddFloat}},
       .examples = {{"1 + 2", "3"}, {"1 + 0.5", "1.5"}, {"9223372036854775807 + 1", "error"}}},
      {.name = "-",
       .family = Family::kArithmetic,
       .notation = Notation::kInfix,
       .usage = "a - b",
       .meaning = "Difference. Two timestamps or dates give an interval.",
       .errors = kOverflow,
       .overloads = {{"int64, int64 -> int64", CheckedInt<Subtract>},
                     {"float64, float64 -> float64", SubtractFloat}},
       .examples = {{"1 - 2", "-1"}, {"0.5 - null", "null"}}},
      {.name = "*",
       .family = Family::kArithmetic,
       .notation = Notation::kInfix,
       .usage = "a * b",
       .meaning =
           "Product. A product of decimals has the digits of both after the point; beyond 38 "
           "digits it keeps at least 6 of them, rounded half away from zero.",
       .errors = "integer overflow; a decimal of more than 38 digits",
       .overloads = {{"int64, int64 -> int64", CheckedInt<Multiply>},
                     {"float64, float64 -> float64", MultiplyFloat}},
       .examples = {{"6 * 7", "42"}, {"1.5 * 2", "3.0"}}},
      {.name = "/",
       .family = Family::kArithmetic,
       .notation = Notation::kInfix,
       .usage = "a / b",
       .meaning =
           "Quotient. Integers are divided as float64 and floats as IEEE says, so that 1 / 0 is "
           "infinite and 0 / 0 is NaN.",
       .nulls = "null if an argument is null; a decimal divided by a decimal zero is null",
       .errors = "a decimal of more than 38 digits",
       .overloads = {{"int64, int64 -> float64", DivideInt},
                     {"float64, float64 -> float64", DivideFloat}},
       .examples = {{"7 / 2", "3.5"}, {"1 / 0", "inf"}, {"0 / 0", "nan"}}},
      {.name = "//",
       .family = Family::kArithmetic,
       .notation = Notation::kInfix,
       .usage = "a // b",
       .meaning = "Quotient without its fraction (cut towards zero).",
       .nulls = "null if an argument is null or b is zero",
       .errors = kOverflow,
       .overloads = {{"int64, int64 -> int64", QuotientInt},
                     {"float64, float64 -> float64", QuotientFloat}},
       .examples = {{"7 // 2", "3"}, {"-7 // 2", "-3"}, {"7 // 0", "null"}, {"7.5 // 2", "3.0"}}},
      {.name = "%",
       .family = Family::kArithmetic,
       .notation = Notation::kInfix,
       .usage = "a % b",
       .meaning = "Remainder of the division that // does; it has the sign of a. Also mod(a, b).",
       .nulls = "null if an argument is null or b is zero",
       .aliases = {"mod"},
       .overloads = {{"int64, int64 -> int64", RemainderInt},
                     {"float64, float64 -> float64", RemainderFloat}},
       .examples = {{"7 % 3", "1"}, {"-7 % 3", "-1"}, {"mod(7.5, 2)", "1.5"}, {"7 % 0", "null"}}},
      {.name = "negate",
       .family = Family::kArithmetic,
       .notation = Notation::kPrefix,
       .usage = "-a",
       .meaning = "The number with the other sign.",
       .errors = kOverflow,
       .overloads = {{"int64 -> int64", NegateInt}, {"float64 -> float64", NegateFloat}},
       .examples = {{"-(1 + 2)", "-3"}, {"-(0.0)", "-0.0"}}},
  };
}

}  // namespace coeval
