#include "expression/literal.h"

#include <fast_float/fast_float.h>

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "expression/decimal.h"
#include "expression/lexer.h"

namespace coeval {

namespace {

template <typename Float>
std::optional<Float> ReadFloat(std::string_view text) {
  std::string_view digits = TrimSpace(text);
  if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') digits.remove_prefix(1);
  Float result = 0;
  const char* const end = digits.data() + digits.size();
  const auto parsed = fast_float::from_chars(digits.data(), end, result);
  if (digits.empty() || parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  // "1e999" is no infinity that somebody wrote.
  const bool has_digit = digits.find_first_of("0123456789") != std::string_view::npos;
  if (std::isinf(result) && has_digit) return std::nullopt;
  return result;
}

// Longest spelling first is not needed: a unit is a whole word.
constexpr std::pair<std::string_view, DurationMicros> kUnits[] = {
    {"microsecond", 1},  {"us", 1},        {"millisecond", 1000}, {"ms", 1000},
    {"second", kSecond}, {"sec", kSecond}, {"s", kSecond},        {"minute", kMinute},
    {"min", kMinute},    {"m", kMinute},   {"hour", kHour},       {"h", kHour},
    {"day", kDay},       {"d", kDay},      {"week", 7 * kDay},    {"w", 7 * kDay},
};

Result<DurationMicros> UnitOf(std::string_view word, std::string_view text) {
  std::string unit = LowerAscii(word);
  for (const auto& [name, micros] : kUnits) {
    if (unit == name || (name.size() > 2 && unit == std::string(name) + "s")) return micros;
  }
  if (unit.starts_with("month") || unit.starts_with("year") || unit.starts_with("quarter")) {
    return Status::InvalidArgument(
        fmt::format("'{}': a {} is no exact duration; use add_months(x, n)", text, unit));
  }
  return Status::InvalidArgument(
      fmt::format("'{}': unknown unit '{}'; units are weeks, days, hours, minutes, seconds, "
                  "milliseconds and microseconds",
                  text, word));
}

}  // namespace

std::string_view TrimSpace(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

Result<TimeMicros> ReadTimestamp(std::string_view text) {
  return ParseTime(text, Rounding::kExact);
}

Result<std::int64_t> ReadDate(std::string_view text) {
  COEVAL_ASSIGN_OR_RETURN(const std::int32_t days, ParseDate(text));
  return std::int64_t{days};
}

Result<DurationMicros> ReadInterval(std::string_view text) {
  std::string_view rest = TrimSpace(text);
  const auto malformed = [&] {
    return Status::InvalidArgument(
        fmt::format("'{}' is no interval such as '2 hours' or '1 day 12 hours'", text));
  };
  if (rest.empty()) return malformed();
  DurationMicros total = 0;
  while (!rest.empty()) {
    const std::size_t number_end = std::min(rest.find_first_not_of("0123456789.+-"), rest.size());
    const std::string_view number = rest.substr(0, number_end);
    rest = TrimSpace(rest.substr(number_end));
    std::size_t word_end = 0;
    while (word_end < rest.size() && (static_cast<unsigned char>(rest[word_end]) | 0x20) >= 'a' &&
           (static_cast<unsigned char>(rest[word_end]) | 0x20) <= 'z') {
      ++word_end;
    }
    if (number.empty() || word_end == 0) return malformed();
    COEVAL_ASSIGN_OR_RETURN(const DurationMicros unit, UnitOf(rest.substr(0, word_end), text));
    rest = TrimSpace(rest.substr(word_end));
    // Decimal arithmetic, so that 0.1 seconds are 100000 microseconds exactly.
    const std::size_t point = std::min(number.find('.'), number.size());
    const std::optional<Int128> millionths = ParseDecimal(number, 26, 6);
    if (!millionths || number.size() > point + 7) return malformed();
    const Int128 scaled = *millionths * unit;
    const Int128 micros = scaled / PowerOfTen(6);
    if (scaled % PowerOfTen(6) != 0) {
      return Status::InvalidArgument(fmt::format("'{}' is finer than a microsecond", text));
    }
    const bool fits = micros >= kMinTime && micros <= kMaxTime;
    if (!fits || __builtin_add_overflow(total, static_cast<DurationMicros>(micros), &total)) {
      return Status::InvalidArgument(fmt::format("'{}' is too long for an interval", text));
    }
  }
  return total;
}

std::optional<double> ReadDouble(std::string_view text) {
  return ReadFloat<double>(text);
}

std::optional<float> ReadFloat32(std::string_view text) {
  return ReadFloat<float>(text);
}

std::string FloatText(double value, bool is_float32) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::array<char, 40> buffer{};
  const auto written =
      is_float32
          ? std::to_chars(buffer.data(), buffer.data() + buffer.size(), static_cast<float>(value))
          : std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  std::string text(buffer.data(), written.ptr);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace coeval
