#include "expression/decimal.h"

#include <fast_float/fast_float.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace coeval {

namespace {

__extension__ using UInt128 = unsigned __int128;

// An unsigned integer of 256 bits, as two halves.
struct UInt256 {
  UInt128 high = 0;
  UInt128 low = 0;
};

constexpr std::uint64_t kLow64 = ~std::uint64_t{0};

UInt256 Multiply(UInt128 a, UInt128 b) {
  const UInt128 a0 = a & kLow64, a1 = a >> 64, b0 = b & kLow64, b1 = b >> 64;
  const UInt128 low = a0 * b0;
  const UInt128 cross = a1 * b0 + (low >> 64);  // cannot overflow: (2^64-1)^2 + 2^64-1 < 2^128
  const UInt128 middle = a0 * b1 + (cross & kLow64);
  return {a1 * b1 + (cross >> 64) + (middle >> 64), (middle << 64) | (low & kLow64)};
}

// a x b, or nothing beyond 256 bits.
std::optional<UInt256> Multiply(const UInt256& a, UInt128 b) {
  const UInt256 low = Multiply(a.low, b);
  const UInt256 high = Multiply(a.high, b);
  UInt256 result{low.high + high.low, low.low};
  if (high.high != 0 || result.high < low.high) return std::nullopt;
  return result;
}

// a / b, rounded half away from zero (all is positive here). REQUIRES: 0 < b < 2^127.
UInt256 DivideRounded(const UInt256& a, UInt128 b) {
  UInt256 quotient;
  UInt128 rest = 0;
  if (a.high == 0) {
    quotient.low = a.low / b;
    rest = a.low % b;
  } else {
    for (int bit = 255; bit >= 0; --bit) {
      const UInt128 half = bit >= 128 ? a.high : a.low;
      rest = (rest << 1) | ((half >> (bit & 127)) & 1);
      if (rest < b) continue;
      rest -= b;
      (bit >= 128 ? quotient.high : quotient.low) |= UInt128{1} << (bit & 127);
    }
  }
  if (rest >= b - rest && ++quotient.low == 0) ++quotient.high;
  return quotient;
}

UInt128 Magnitude(Int128 value) {
  return value < 0 ? UInt128{0} - static_cast<UInt128>(value) : static_cast<UInt128>(value);
}

constexpr std::array<Int128, 39> MakePowers() {
  std::array<Int128, 39> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}

constexpr std::array<Int128, 39> kPowers = MakePowers();

std::optional<Int128> Signed(const UInt256& magnitude, bool negative, int precision) {
  if (magnitude.high != 0 || magnitude.low >= static_cast<UInt128>(PowerOfTen(precision))) {
    return std::nullopt;
  }
  const Int128 value = static_cast<Int128>(magnitude.low);
  return negative ? -value : value;
}

DataType Cut(int whole, int scale) {
  if (whole + scale > kMaxDecimalDigits) {
    scale = std::max(kMaxDecimalDigits - whole, std::min(scale, 6));
  }
  return DataType::Decimal(std::min(whole + scale, kMaxDecimalDigits), scale);
}

}  // namespace

Int128 PowerOfTen(int n) {
  return kPowers[static_cast<std::size_t>(n)];
}

bool FitsDigits(Int128 value, int digits) {
  return Magnitude(value) < static_cast<UInt128>(PowerOfTen(digits));
}

std::optional<Int128> ScaleDecimal(Int128 value, int by, int precision) {
  if (by >= 0) return MultiplyDecimal(value, PowerOfTen(std::min(by, 38)), 0, precision);
  if (by < -kMaxDecimalDigits) return Int128{0};
  const UInt256 scaled =
      DivideRounded({0, Magnitude(value)}, static_cast<UInt128>(PowerOfTen(-by)));
  return Signed(scaled, value < 0, precision);
}

std::optional<Int128> AddDecimal(Int128 a, Int128 b, int precision) {
  Int128 sum = 0;
  if (__builtin_add_overflow(a, b, &sum) || !FitsDigits(sum, precision)) return std::nullopt;
  return sum;
}

std::optional<Int128> MultiplyDecimal(Int128 a, Int128 b, int drop, int precision) {
  UInt256 product = Multiply(Magnitude(a), Magnitude(b));
  if (drop > 0) product = DivideRounded(product, static_cast<UInt128>(PowerOfTen(drop)));
  return Signed(product, (a < 0) != (b < 0), precision);
}

std::optional<Int128> DivideDecimal(Int128 a, Int128 b, int shift, int precision) {
  const int first = std::min(shift, kMaxDecimalDigits);
  std::optional<UInt256> scaled = Multiply(Magnitude(a), static_cast<UInt128>(PowerOfTen(first)));
  // Beyond 256 bits the quotient by any 38-digit b has more than 38 digits.
  if (shift > first) scaled = Multiply(*scaled, static_cast<UInt128>(PowerOfTen(shift - first)));
  if (!scaled) return std::nullopt;
  return Signed(DivideRounded(*scaled, Magnitude(b)), (a < 0) != (b < 0), precision);
}

int CompareDecimal(Int128 a, int a_scale, Int128 b, int b_scale) {
  const Int128 a_unit = PowerOfTen(a_scale), b_unit = PowerOfTen(b_scale);
  const Int128 a_whole = a / a_unit, b_whole = b / b_unit;
  if (a_whole != b_whole) return a_whole < b_whole ? -1 : 1;
  const int scale = std::max(a_scale, b_scale);
  const Int128 a_rest = a % a_unit * PowerOfTen(scale - a_scale);
  const Int128 b_rest = b % b_unit * PowerOfTen(scale - b_scale);
  return a_rest < b_rest ? -1 : a_rest > b_rest ? 1 : 0;
}

double DecimalToDouble(Int128 value, int scale) {
  constexpr Int128 kExact = Int128{1} << 53;
  if (value >= -kExact && value <= kExact && scale <= 22) {
    // Both are exact doubles, so that one division rounds once.
    return static_cast<double>(static_cast<std::int64_t>(value)) /
           static_cast<double>(PowerOfTen(scale));
  }
  const std::string text = DecimalText(value, scale);
  double result = 0;
  fast_float::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

float DecimalToFloat(Int128 value, int scale) {
  const std::string text = DecimalText(value, scale);
  float result = 0;
  fast_float::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

std::optional<Int128> DecimalFromDouble(double value, int precision, int scale) {
  if (!std::isfinite(value)) return std::nullopt;
  int exponent = 0;
  const double fraction = std::frexp(std::fabs(value), &exponent);
  // |value| = mantissa x 2^exponent, exactly.
  const auto mantissa = static_cast<std::uint64_t>(std::ldexp(fraction, 53));
  exponent -= 53;
  UInt256 scaled = Multiply(UInt128{mantissa}, static_cast<UInt128>(PowerOfTen(scale)));
  if (exponent >= 0) {
    if (mantissa != 0 && exponent > 126) return std::nullopt;
    const auto grown = Multiply(scaled, UInt128{1} << std::min(exponent, 126));
    if (!grown) return std::nullopt;
    scaled = *grown;
  } else if (exponent < -252) {
    scaled = {};  // mantissa x 10^scale < 2^180: less than a half
  } else {
    int left = -exponent;
    // What is cut off here cannot turn less than a half into a half.
    for (; left > 126; left -= 64) {
      scaled.low = (scaled.low >> 64) | (scaled.high << 64);
      scaled.high >>= 64;
    }
    scaled = DivideRounded(scaled, UInt128{1} << left);
  }
  return Signed(scaled, std::signbit(value), precision);
}

std::optional<Int128> ParseDecimal(std::string_view text, int precision, int scale) {
  std::size_t at = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) ++at;
  std::string digits;
  int after_point = 0;
  bool point = false;
  for (; at < text.size() && text[at] != 'e' && text[at] != 'E'; ++at) {
    if (text[at] == '.' && !point) {
      point = true;
      continue;
    }
    if (text[at] < '0' || text[at] > '9') return std::nullopt;
    digits += text[at];
    after_point += point ? 1 : 0;
    if (digits.size() > 1000) return std::nullopt;
  }
  if (digits.empty()) return std::nullopt;
  int exponent = 0;
  if (at < text.size()) {
    const char* first = text.data() + at + 1;
    const char* const last = text.data() + text.size();
    if (first != last && *first == '+') ++first;
    const auto parsed = std::from_chars(first, last, exponent);
    if (parsed.ec != std::errc() || parsed.ptr != last) return std::nullopt;
    exponent = std::clamp(exponent, -10000, 10000);
  }
  // The digits that count are those up to `scale` after the point; the next one rounds.
  const int kept = static_cast<int>(digits.size()) - after_point + exponent + scale;
  Int128 value = 0;
  for (int i = 0; i < kept; ++i) {
    const auto place = static_cast<std::size_t>(i);
    value = value * 10 + (place < digits.size() ? digits[place] - '0' : 0);
    if (!FitsDigits(value, precision)) return std::nullopt;
    if (value == 0 && place >= digits.size()) break;
  }
  const bool up = kept >= 0 && static_cast<std::size_t>(kept) < digits.size() &&
                  digits[static_cast<std::size_t>(kept)] >= '5';
  if (up && !FitsDigits(++value, precision)) return std::nullopt;
  return negative ? -value : value;
}

DataType SumType(const DataType& a, const DataType& b) {
  const int scale = std::max(a.scale(), b.scale());
  const int whole = std::max(a.precision() - a.scale(), b.precision() - b.scale()) + 1;
  return DataType::Decimal(std::min(whole + scale, kMaxDecimalDigits), scale);
}

DataType ProductType(const DataType& a, const DataType& b) {
  const int scale = a.scale() + b.scale();
  return Cut(a.precision() + b.precision() - scale, scale);
}

DataType QuotientType(const DataType& a, const DataType& b) {
  const int whole = a.precision() - a.scale() + b.scale();
  return Cut(whole, std::max(6, a.scale() + b.precision() + 1));
}

}  // namespace coeval
