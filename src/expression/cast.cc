#include "expression/cast.h"

#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/utf8.h"
#include "expression/decimal.h"
#include "expression/lexer.h"
#include "expression/literal.h"

namespace coeval {

namespace {

using Int = std::int64_t;
using Bool = std::uint8_t;
using Text = std::string_view;

struct CastShape {
  ValueType from, to;
  bool is_try = false;
};

const CastShape& ShapeOf(const Call& call) {
  return call.prepared_as<CastShape>();
}

template <typename Describe>
RowState Refuse(const Call& call, Describe describe) {
  if (ShapeOf(call).is_try) return kNull;
  return call.Fail(
      [&] { return fmt::format("cannot cast {} to {}", describe(), ShapeOf(call).to.ToString()); });
}

RowState RefuseText(const Call& call, Text text) {
  return Refuse(call, [&] {
    return fmt::format("'{}'{}", text.substr(0, 60), text.size() > 60 ? "..." : "");
  });
}

Text Stored(const Call& call, Text text) {
  return call.arena->Copy(text);
}

// -- to int32, int64 ----------------------------------------------------------------------------

std::pair<Int, Int> RangeOf(const ValueType& type) {
  if (type.Is(TypeId::kInt32)) {
    return {std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()};
  }
  return {std::numeric_limits<Int>::min(), std::numeric_limits<Int>::max()};
}

void IntToInt32(const Call& call) {
  const auto [least, greatest] = RangeOf(TypeId::kInt32);
  MapRows<Int, Int>(call, [&, l = least, g = greatest](Int a, Int& result) {
    result = a;
    if (a >= l && a <= g) return kValue;
    return Refuse(call, [&] { return fmt::format("{}", a); });
  });
}

void FloatToInt(const Call& call) {
  const auto [least, greatest] = RangeOf(ShapeOf(call).to);
  // Both bounds and 2^63 are exact doubles; NaN fails the comparison.
  const double low = static_cast<double>(least);
  const Int half = greatest / 2 + 1;
  const double high = static_cast<double>(half) * 2;
  MapRows<Int, double>(call, [&](double a, Int& result) {
    const double whole = std::trunc(a);
    if (whole >= low && whole < high) {
      result = static_cast<Int>(whole);
      return kValue;
    }
    return Refuse(call, [&] { return FloatText(a, false); });
  });
}

void BoolToInt(const Call& call) {
  MapTotal<Int, Bool>(call, [](Bool a) { return Int{a != 0}; });
}

void TextToInt(const Call& call) {
  const auto [least, greatest] = RangeOf(ShapeOf(call).to);
  MapRows<Int, Text>(call, [&, l = least, g = greatest](Text text, Int& result) {
    Text digits = TrimSpace(text);
    if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') digits.remove_prefix(1);
    const char* const end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, result);
    const bool good = parsed.ec == std::errc() && parsed.ptr == end && result >= l && result <= g;
    return good ? kValue : RefuseText(call, text);
  });
}

void DecimalToInt(const Call& call) {
  const auto [least, greatest] = RangeOf(ShapeOf(call).to);
  const int scale = ShapeOf(call).from.data().scale();
  MapRows<Int, Int128>(call, [&, l = least, g = greatest](Int128 a, Int& result) {
    const Int128 whole = a / PowerOfTen(scale);
    if (whole >= l && whole <= g) {
      result = static_cast<Int>(whole);
      return kValue;
    }
    return Refuse(call, [&] { return DecimalText(a, scale); });
  });
}

// -- to float32, float64 ------------------------------------------------------------------------

// One rounding: an int64 goes to float32 directly, not by way of float64.
void IntToFloat(const Call& call) {
  if (ShapeOf(call).to.Is(TypeId::kFloat32)) {
    MapTotal<double, Int>(call, [](Int a) { return double{static_cast<float>(a)}; });
  } else {
    MapTotal<double, Int>(call, [](Int a) { return static_cast<double>(a); });
  }
}

void FloatToFloat32(const Call& call) {
  MapTotal<double, double>(call, [](double a) { return double{static_cast<float>(a)}; });
}

void BoolToFloat(const Call& call) {
  MapTotal<double, Bool>(call, [](Bool a) { return a != 0 ? 1.0 : 0.0; });
}

void DecimalToFloat(const Call& call) {
  const int scale = ShapeOf(call).from.data().scale();
  const bool is_float32 = ShapeOf(call).to.Is(TypeId::kFloat32);
  MapRows<double, Int128>(call, [&](Int128 a, double& result) {
    result = is_float32 ? double{coeval::DecimalToFloat(a, scale)} : DecimalToDouble(a, scale);
    return kValue;
  });
}

void TextToFloat(const Call& call) {
  const bool is_float32 = ShapeOf(call).to.Is(TypeId::kFloat32);
  MapRows<double, Text>(call, [&](Text text, double& result) {
    if (is_float32) {
      const auto parsed = ReadFloat32(text);
      if (parsed) result = *parsed;
      return parsed ? kValue : RefuseText(call, text);
    }
    const auto parsed = ReadDouble(text);
    if (parsed) result = *parsed;
    return parsed ? kValue : RefuseText(call, text);
  });
}

// -- to bool, decimal ---------------------------------------------------------------------------

void IntToBool(const Call& call) {
  MapTotal<Bool, Int>(call, [](Int a) { return static_cast<Bool>(a != 0); });
}

void TextToBool(const Call& call) {
  MapRows<Bool, Text>(call, [&](Text text, Bool& result) {
    const std::string word = LowerAscii(TrimSpace(text));
    const bool yes = word == "true" || word == "t" || word == "1";
    if (!yes && word != "false" && word != "f" && word != "0") return RefuseText(call, text);
    result = yes;
    return kValue;
  });
}

template <typename From, typename Convert, typename Describe>
void ToDecimal(const Call& call, Convert convert, Describe describe) {
  const DataType& to = ShapeOf(call).to.data();
  MapRows<Int128, From>(call, [&](From a, Int128& result) {
    const std::optional<Int128> value = convert(a, to.precision(), to.scale());
    if (!value) return Refuse(call, [&] { return describe(a); });
    result = *value;
    return kValue;
  });
}

void IntToDecimal(const Call& call) {
  ToDecimal<Int>(
      call, [](Int a, int precision, int scale) { return ScaleDecimal(a, scale, precision); },
      [](Int a) { return fmt::format("{}", a); });
}

void FloatToDecimal(const Call& call) {
  ToDecimal<double>(call, DecimalFromDouble, [](double a) { return FloatText(a, false); });
}

void TextToDecimal(const Call& call) {
  ToDecimal<Text>(
      call,
      [](Text text, int precision, int scale) {
        return ParseDecimal(TrimSpace(text), precision, scale);
      },
      [](Text text) { return fmt::format("'{}'", text.substr(0, 60)); });
}

void DecimalToDecimal(const Call& call) {
  const int from = ShapeOf(call).from.data().scale();
  ToDecimal<Int128>(
      call,
      [&](Int128 a, int precision, int scale) { return ScaleDecimal(a, scale - from, precision); },
      [&](Int128 a) { return DecimalText(a, from); });
}

// -- to string, bytes ---------------------------------------------------------------------------

template <typename From, typename Write>
void ToString(const Call& call, Write write) {
  MapRows<Text, From>(call, [&](From a, Text& result) {
    result = Stored(call, write(a));
    return kValue;
  });
}

void BoolToText(const Call& call) {
  MapRows<Text, Bool>(call, [](Bool a, Text& result) {
    result = a != 0 ? "true" : "false";
    return kValue;
  });
}

void IntToText(const Call& call) {
  ToString<Int>(call, [](Int a) { return fmt::format_int(a).str(); });
}

void FloatToText(const Call& call) {
  const bool is_float32 = ShapeOf(call).from.Is(TypeId::kFloat32);
  ToString<double>(call, [&](double a) { return FloatText(a, is_float32); });
}

void DecimalToText(const Call& call) {
  const int scale = ShapeOf(call).from.data().scale();
  ToString<Int128>(call, [&](Int128 a) { return DecimalText(a, scale); });
}

void TimestampToText(const Call& call) {
  ToString<Int>(call, [](Int a) { return FormatTime(a); });
}

void DateToText(const Call& call) {
  ToString<Int>(call, [](Int a) { return FormatDate(static_cast<std::int32_t>(a)); });
}

void BytesToText(const Call& call) {
  MapRows<Text, Text>(call, [&](Text bytes, Text& result) {
    const std::size_t invalid = FindInvalidUtf8(bytes);
    if (invalid != Text::npos) {
      return Refuse(call, [&] { return fmt::format("bytes that are not UTF-8 at {}", invalid); });
    }
    result = bytes;
    return kValue;
  });
}

// -- to timestamp, date -------------------------------------------------------------------------

void DateToTimestamp(const Call& call) {
  MapRows<Int, Int>(call, [&](Int days, Int& result) {
    // Dates reach further than timestamps.
    if (!__builtin_mul_overflow(days, kDay, &result)) return kValue;
    return Refuse(call, [&] { return FormatDate(static_cast<std::int32_t>(days)); });
  });
}

void TimestampToDate(const Call& call) {
  const auto [least, greatest] = RangeOf(TypeId::kInt32);
  MapRows<Int, Int>(call, [&, l = least, g = greatest](Int a, Int& result) {
    result = a / kDay - (a % kDay < 0 ? 1 : 0);
    if (result >= l && result <= g) return kValue;
    return Refuse(call, [&] { return FormatTime(a); });
  });
}

template <Result<Int> (*kRead)(Text)>
void TextToTime(const Call& call) {
  MapRows<Int, Text>(call, [&](Text text, Int& result) {
    const Result<Int> read = kRead(TrimSpace(text));
    if (!read.ok()) return RefuseText(call, text);
    result = *read;
    return kValue;
  });
}

void NullToAny(const Call& call) {
  CombineStates(call);
}

struct CastRule {
  TypeId from, to;
  Kernel kernel;  // null: lies the same
};

// float32 is held as a double of the same value, int32 and date as int64.
constexpr CastRule kRules[] = {
    {TypeId::kInt32, TypeId::kInt64, nullptr},
    {TypeId::kInt64, TypeId::kInt32, IntToInt32},
    {TypeId::kInt32, TypeId::kFloat32, IntToFloat},
    {TypeId::kInt32, TypeId::kFloat64, IntToFloat},
    {TypeId::kInt64, TypeId::kFloat32, IntToFloat},
    {TypeId::kInt64, TypeId::kFloat64, IntToFloat},
    {TypeId::kInt32, TypeId::kBool, IntToBool},
    {TypeId::kInt64, TypeId::kBool, IntToBool},
    {TypeId::kInt32, TypeId::kDecimal128, IntToDecimal},
    {TypeId::kInt64, TypeId::kDecimal128, IntToDecimal},
    {TypeId::kInt32, TypeId::kString, IntToText},
    {TypeId::kInt64, TypeId::kString, IntToText},
    {TypeId::kFloat32, TypeId::kFloat64, nullptr},
    {TypeId::kFloat64, TypeId::kFloat32, FloatToFloat32},
    {TypeId::kFloat32, TypeId::kInt32, FloatToInt},
    {TypeId::kFloat32, TypeId::kInt64, FloatToInt},
    {TypeId::kFloat64, TypeId::kInt32, FloatToInt},
    {TypeId::kFloat64, TypeId::kInt64, FloatToInt},
    {TypeId::kFloat32, TypeId::kDecimal128, FloatToDecimal},
    {TypeId::kFloat64, TypeId::kDecimal128, FloatToDecimal},
    {TypeId::kFloat32, TypeId::kString, FloatToText},
    {TypeId::kFloat64, TypeId::kString, FloatToText},
    {TypeId::kBool, TypeId::kInt32, BoolToInt},
    {TypeId::kBool, TypeId::kInt64, BoolToInt},
    {TypeId::kBool, TypeId::kFloat32, BoolToFloat},
    {TypeId::kBool, TypeId::kFloat64, BoolToFloat},
    {TypeId::kBool, TypeId::kString, BoolToText},
    {TypeId::kString, TypeId::kBool, TextToBool},
    {TypeId::kString, TypeId::kInt32, TextToInt},
    {TypeId::kString, TypeId::kInt64, TextToInt},
    {TypeId::kString, TypeId::kFloat32, TextToFloat},
    {TypeId::kString, TypeId::kFloat64, TextToFloat},
    {TypeId::kString, TypeId::kDecimal128, TextToDecimal},
    {TypeId::kString, TypeId::kTimestamp, TextToTime<ReadTimestamp>},
    {TypeId::kString, TypeId::kDate, TextToTime<ReadDate>},
    {TypeId::kString, TypeId::kBytes, nullptr},
    {TypeId::kBytes, TypeId::kString, BytesToText},
    {TypeId::kDecimal128, TypeId::kInt32, DecimalToInt},
    {TypeId::kDecimal128, TypeId::kInt64, DecimalToInt},
    {TypeId::kDecimal128, TypeId::kFloat32, DecimalToFloat},
    {TypeId::kDecimal128, TypeId::kFloat64, DecimalToFloat},
    {TypeId::kDecimal128, TypeId::kDecimal128, DecimalToDecimal},
    {TypeId::kDecimal128, TypeId::kString, DecimalToText},
    {TypeId::kTimestamp, TypeId::kDate, TimestampToDate},
    {TypeId::kTimestamp, TypeId::kString, TimestampToText},
    {TypeId::kDate, TypeId::kTimestamp, DateToTimestamp},
    {TypeId::kDate, TypeId::kString, DateToText},
};

std::string Advice(const ValueType& from, const ValueType& to) {
  if (from.is_interval()) return "; use epoch(x) for its seconds";
  if (from.Is(TypeId::kTimestamp) && (to.is_int() || to.is_float())) {
    return "; use epoch(x) for seconds since 1970";
  }
  if (to.Is(TypeId::kTimestamp) && (from.is_int() || from.is_float())) {
    return "; use to_timestamp(x) for seconds since 1970";
  }
  return "";
}

}  // namespace

Result<CastPlan> PlanCast(const ValueType& from, const ValueType& to, bool is_try) {
  if (from == to) return CastPlan{};
  if (from.is_null()) return CastPlan{NullToAny, nullptr};
  if (from.Is(TypeId::kString) && to.is_interval()) {
    return CastPlan{TextToTime<ReadInterval>,
                    std::make_shared<CastShape>(CastShape{from, to, is_try})};
  }
  if (!from.is_interval() && !to.is_interval()) {
    for (const CastRule& rule : kRules) {
      if (!from.Is(rule.from) || !to.Is(rule.to)) continue;
      return CastPlan{rule.kernel, std::make_shared<CastShape>(CastShape{from, to, is_try})};
    }
  }
  return Status::InvalidArgument(
      fmt::format("a {} cannot be cast to {}{}", from.ToString(), to.ToString(), Advice(from, to)));
}

}  // namespace coeval
