// Exact decimal arithmetic on unscaled 128-bit integers: 12.50 as decimal(4, 2) is 1250.
// Intermediate results have 256 bits, and every rounding goes half away from zero (rule 6.3).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "column/type.h"
#include "column/value.h"

namespace coeval {

inline constexpr int kMaxDecimalDigits = 38;

// 10^n. REQUIRES: 0 <= n <= 38.
Int128 PowerOfTen(int n);

// Has |value| at most `digits` digits? REQUIRES: 0 <= digits <= 38.
bool FitsDigits(Int128 value, int digits);

// All of these give nothing where the result has more digits than `precision` (at most 38).

// value x 10^by, by positive or negative (then rounded).
std::optional<Int128> ScaleDecimal(Int128 value, int by, int precision);
std::optional<Int128> AddDecimal(Int128 a, Int128 b, int precision);  // of one scale
// a x b / 10^drop. REQUIRES: 0 <= drop <= 38.
std::optional<Int128> MultiplyDecimal(Int128 a, Int128 b, int drop, int precision);
// a x 10^shift / b. REQUIRES: b != 0, 0 <= shift <= 76.
std::optional<Int128> DivideDecimal(Int128 a, Int128 b, int shift, int precision);

// Negative, zero or positive as a x 10^-a_scale is less, equal or greater. Never overflows.
int CompareDecimal(Int128 a, int a_scale, Int128 b, int b_scale);

// The nearest double or float.
double DecimalToDouble(Int128 value, int scale);
float DecimalToFloat(Int128 value, int scale);
// The double's exact value, rounded to `scale` digits after the point. Nothing for NaN and
// infinities.
std::optional<Int128> DecimalFromDouble(double value, int precision, int scale);

// Digits with an optional sign, point and exponent; rounded to `scale`. Nothing where malformed.
std::optional<Int128> ParseDecimal(std::string_view text, int precision, int scale);

// The result types of rule 6.3: + and - exact, x and / cut to 38 digits with at least 6 after the
// point.
DataType SumType(const DataType& a, const DataType& b);
DataType ProductType(const DataType& a, const DataType& b);
DataType QuotientType(const DataType& a, const DataType& b);

}  // namespace coeval
