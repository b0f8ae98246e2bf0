// What the arithmetic and rounding functions do with decimals: more overloads of their rows in
// functions_arithmetic.cc and functions_math.cc.
#include <algorithm>

#include <fmt/format.h>

#include "expression/decimal.h"
#include "expression/functions.h"

namespace coeval {

namespace {

// The scales of one call, read off its types.
struct DecimalPlan {
  int a_scale = 0;
  int b_scale = 0;
  int scale = 0;      // of the result
  int precision = 0;  // of the result
};

Result<std::shared_ptr<const void>> PreparePlan(const PrepareContext& context) {
  auto plan = std::make_shared<DecimalPlan>();
  plan->a_scale = context.types[0].data().scale();
  if (context.types.size() > 1) plan->b_scale = context.types[1].data().scale();
  plan->scale = context.result->data().scale();
  plan->precision = context.result->data().precision();
  return std::shared_ptr<const void>(std::move(plan));
}

RowState Keep(const Call& call, const std::optional<Int128>& value, std::string_view operation,
              Int128* result) {
  if (!value) [[unlikely]] {
    return call.Fail([&] {
      return fmt::format("decimal overflow in {}: the result needs more than {} digits", operation,
                         call.prepared_as<DecimalPlan>().precision);
    });
  }
  *result = *value;
  return kValue;
}

template <bool kSubtract>
void AddKernel(const Call& call) {
  const auto& plan = call.prepared_as<DecimalPlan>();
  const int a_up = plan.scale - plan.a_scale, b_up = plan.scale - plan.b_scale;
  MapRows<Int128, Int128, Int128>(call, [&](Int128 a, Int128 b, Int128& result) {
    const auto x = ScaleDecimal(a, a_up, kMaxDecimalDigits);
    const auto y = ScaleDecimal(b, b_up, kMaxDecimalDigits);
    std::optional<Int128> sum;
    if (x && y) sum = AddDecimal(*x, kSubtract ? -*y : *y, plan.precision);
    return Keep(call, sum, kSubtract ? "-" : "+", &result);
  });
}

void MultiplyKernel(const Call& call) {
  const auto& plan = call.prepared_as<DecimalPlan>();
  const int drop = plan.a_scale + plan.b_scale - plan.scale;
  MapRows<Int128, Int128, Int128>(call, [&](Int128 a, Int128 b, Int128& result) {
    return Keep(call, MultiplyDecimal(a, b, drop, plan.precision), "*", &result);
  });
}

void DivideKernel(const Call& call) {
  const auto& plan = call.prepared_as<DecimalPlan>();
  const int shift = plan.scale - plan.a_scale + plan.b_scale;
  MapRows<Int128, Int128, Int128>(call, [&](Int128 a, Int128 b, Int128& result) {
    if (b == 0) return kNull;
    return Keep(call, DivideDecimal(a, b, shift, plan.precision), "/", &result);
  });
}

// a // b and a % b on the common scale, where both are integers.
template <bool kRemainder>
void QuotientKernel(const Call& call) {
  const auto& plan = call.prepared_as<DecimalPlan>();
  const int common = std::max(plan.a_scale, plan.b_scale);
  MapRows<Int128, Int128, Int128>(call, [&](Int128 a, Int128 b, Int128& result) {
    if (b == 0) return kNull;
    const auto x = ScaleDecimal(a, common - plan.a_scale, kMaxDecimalDigits);
    const auto y = ScaleDecimal(b, common - plan.b_scale, kMaxDecimalDigits);
    std::optional<Int128> value;
    if (x && y) value = kRemainder ? *x % *y : *x / *y;
    if (value && !FitsDigits(*value, plan.precision)) value.reset();
    return Keep(call, value, kRemainder ? "%" : "//", &result);
  });
}

void NegateKernel(const Call& call) {
  MapRows<Int128, Int128>(call, [](Int128 a, Int128& result) {
    result = -a;
    return kValue;
  });
}

void AbsKernel(const Call& call) {
  MapRows<Int128, Int128>(call, [](Int128 a, Int128& result) {
    result = a < 0 ? -a : a;
    return kValue;
  });
}

void SignKernel(const Call& call) {
  MapTotal<std::int64_t, Int128>(call, [](Int128 a) -> std::int64_t {
    return a > 0 ? 1 : a < 0 ? -1 : 0;
  });
}

enum class Way { kFloor, kCeil, kTrunc, kRound };

template <Way kWay>
void WholeKernel(const Call& call) {
  const auto& plan = call.prepared_as<DecimalPlan>();
  const Int128 unit = PowerOfTen(plan.a_scale);
  MapRows<Int128, Int128>(call, [&](Int128 a, Int128& result) {
    std::optional<Int128> whole = a / unit;
    const Int128 rest = a % unit;
    if (kWay == Way::kFloor && rest < 0) --*whole;
    if (kWay == Way::kCeil && rest > 0) ++*whole;
    if (kWay == Way::kRound) whole = ScaleDecimal(a, -plan.a_scale, kMaxDecimalDigits);
    if (whole && !FitsDigits(*whole, plan.precision)) whole.reset();
    return Keep(call, whole, "rounding", &result);
  });
}

// round(x, n) keeps the type of x; digits beyond n become zero.
void RoundDigitsKernel(const Call& call) {
  const auto& plan = call.prepared_as<DecimalPlan>();
  MapRows<Int128, Int128, std::int64_t>(call, [&](Int128 a, std::int64_t digits, Int128& result) {
    if (digits >= plan.a_scale) {
      result = a;
      return kValue;
    }
    const auto drop = static_cast<int>(plan.a_scale - std::max<std::int64_t>(digits, -40));
    std::optional<Int128> rounded = ScaleDecimal(a, -drop, kMaxDecimalDigits);
    if (rounded && *rounded != 0) rounded = ScaleDecimal(*rounded, drop, plan.precision);
    return Keep(call, rounded, "round", &result);
  });
}

Result<ValueType> SumResult(std::span<const ValueType> types) {
  return ValueType(SumType(types[0].data(), types[1].data()));
}

Result<ValueType> ProductResult(std::span<const ValueType> types) {
  return ValueType(ProductType(types[0].data(), types[1].data()));
}

Result<ValueType> QuotientResult(std::span<const ValueType> types) {
  return ValueType(QuotientType(types[0].data(), types[1].data()));
}

Result<ValueType> WholeQuotientResult(std::span<const ValueType> types) {
  const DataType& a = types[0].data();
  const int whole = a.precision() - a.scale() + types[1].data().scale();
  return ValueType(DataType::Decimal(std::clamp(whole, 1, kMaxDecimalDigits), 0));
}

Result<ValueType> RemainderResult(std::span<const ValueType> types) {
  const DataType &a = types[0].data(), &b = types[1].data();
  const int scale = std::max(a.scale(), b.scale());
  const int whole = std::max(a.precision() - a.scale(), b.precision() - b.scale());
  return ValueType(DataType::Decimal(std::min(whole + scale, kMaxDecimalDigits), scale));
}

Result<ValueType> SameResult(std::span<const ValueType> types) {
  return types[0];
}

// Rounding can add a digit before the point: 9.9 -> 10.
Result<ValueType> WholeResult(std::span<const ValueType> types) {
  const DataType& a = types[0].data();
  const int whole = a.precision() - a.scale() + (a.scale() > 0 ? 1 : 0);
  return ValueType(DataType::Decimal(std::clamp(whole, 1, kMaxDecimalDigits), 0));
}

constexpr std::string_view kBinary = "decimal, decimal -> decimal";
constexpr std::string_view kUnary = "decimal -> decimal";

Function More(std::string_view name, Overload overload, std::vector<Example> examples) {
  return {.name = name,
          .family = Family::kArithmetic,
          .usage = "",
          .meaning = "",
          .overloads = {overload},
          .examples = std::move(examples)};
}

}  // namespace

std::vector<Function> DecimalFunctions() {
  return {
      More("+", {kBinary, AddKernel<false>, nullptr, PreparePlan, SumResult},
           {{"cast('1.25' as decimal(5, 2)) + cast('0.005' as decimal(5, 3))", "1.255"}}),
      More("-", {kBinary, AddKernel<true>, nullptr, PreparePlan, SumResult},
           {{"cast('1.25' as decimal(5, 2)) - 1", "0.25"}}),
      More("*", {kBinary, MultiplyKernel, nullptr, PreparePlan, ProductResult},
           {{"cast('1.25' as decimal(5, 2)) * cast('0.5' as decimal(2, 1))", "0.625"}}),
      More("/", {kBinary, DivideKernel, nullptr, PreparePlan, QuotientResult},
           {{"cast('1.00' as decimal(5, 2)) / 3", "0.3333333333333333333333"}}),
      More("//", {kBinary, QuotientKernel<false>, nullptr, PreparePlan, WholeQuotientResult},
           {{"cast('7.5' as decimal(5, 1)) // 2", "3"}}),
      More("%", {kBinary, QuotientKernel<true>, nullptr, PreparePlan, RemainderResult},
           {{"cast('7.5' as decimal(5, 1)) % 2", "1.5"}}),
      More("negate", {kUnary, NegateKernel, nullptr, nullptr, SameResult},
           {{"-cast('7.5' as decimal(5, 1))", "-7.5"}}),
      More("abs", {kUnary, AbsKernel, nullptr, nullptr, SameResult}, {}),
      More("sign", {"decimal -> int64", SignKernel}, {}),
      More("floor", {kUnary, WholeKernel<Way::kFloor>, nullptr, PreparePlan, WholeResult}, {}),
      More("ceil", {kUnary, WholeKernel<Way::kCeil>, nullptr, PreparePlan, WholeResult}, {}),
      More("trunc", {kUnary, WholeKernel<Way::kTrunc>, nullptr, PreparePlan, WholeResult}, {}),
      More("round", {kUnary, WholeKernel<Way::kRound>, nullptr, PreparePlan, WholeResult},
           {{"round(cast('-2.50' as decimal(5, 2)))", "-3"}}),
      More("round",
           {"decimal, int64 -> decimal", RoundDigitsKernel, nullptr, PreparePlan, SameResult},
           {{"round(cast('2.345' as decimal(5, 3)), 2)", "2.350"}}),
  };
}

}  // namespace coeval
