// Roots, powers, logarithms, trigonometry, rounding. All but sqrt and rounding, which IEEE fixes,
// are SLEEF's variants without FMA (`cinz`): for single rows one number at a time, for batches as
// math_wide.h says, with the same bits on every processor (rule 6.4).
#include <fast_float/fast_float.h>
#include <sleef.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "expression/comparison.h"
#include "expression/functions.h"
#include "expression/math_wide.h"

namespace coeval {

namespace {

using Int = std::int64_t;
using Bool = std::uint8_t;

constexpr double kPi = 0x1.921fb54442d18p+1;

// SLEEF declares its results const, so the types of functions are left open.
template <auto kFunction>
void Unary(const Call& call) {
  MapTotal<double, double>(call, [](double x) -> double { return kFunction(x); });
}

constexpr Int kFewRows = 4;

template <auto kFunction, auto kWide>
void Sleef(const Call& call) {
  if (call.rows < kFewRows) return Unary<kFunction>(call);
  CombineStates(call);
  (TheWideMath().*kWide)(call.arg<double>(0), call.out->as<double>(), call.rows);
}

template <auto kFunction, auto kWide>
void SleefOf2(const Call& call) {
  if (call.rows < kFewRows) {
    return MapTotal<double, double, double>(
        call, [](double x, double y) -> double { return kFunction(x, y); });
  }
  CombineStates(call);
  (TheWideMath().*kWide)(call.arg<double>(0), call.arg<double>(1), call.out->as<double>(),
                         call.rows);
}

template <bool (*kTest)(double)>
void Test(const Call& call) {
  MapTotal<Bool, double>(call, [](double x) -> Bool { return kTest(x); });
}

double Degrees(double radians) {
  return radians * (180 / kPi);
}

double Radians(double degrees) {
  return degrees * (kPi / 180);
}

double Floor(double x) {
  return std::floor(x);
}

double Ceil(double x) {
  return std::ceil(x);
}

double Trunc(double x) {
  return std::trunc(x);
}

double Round(double x) {
  return std::round(x);
}

double Sqrt(double x) {
  return std::sqrt(x);
}

double Abs(double x) {
  return std::fabs(x);
}

double Sign(double x) {
  return x > 0 ? 1 : x < 0 ? -1 : x;
}

bool IsNan(double x) {
  return x != x;
}

bool IsFinite(double x) {
  return std::isfinite(x);
}

bool IsInf(double x) {
  return std::isinf(x);
}

// 10^n, each the double nearest to it.
const std::array<double, 309>& Powers() {
  static const std::array<double, 309> powers = [] {
    std::array<double, 309> made{};
    for (std::size_t n = 0; n < made.size(); ++n) {
      const std::string text = fmt::format("1e{}", n);
      fast_float::from_chars(text.data(), text.data() + text.size(), made[n]);
    }
    return made;
  }();
  return powers;
}

// round(x * 10^n) / 10^n, and x itself where that leaves the range of float64.
double RoundTo(double x, Int digits) {
  if (!std::isfinite(x) || digits > 308) return x;
  if (digits < -308) return std::copysign(0.0, x);
  const double power = Powers()[static_cast<std::size_t>(digits < 0 ? -digits : digits)];
  const double rounded = digits < 0 ? std::round(x / power) * power : std::round(x * power) / power;
  return std::isfinite(rounded) ? rounded : x;
}

void RoundFloat(const Call& call) {
  MapTotal<double, double, Int>(call, [](double x, Int digits) { return RoundTo(x, digits); });
}

void RoundInt(const Call& call) {
  MapRows<Int, Int, Int>(call, [&call](Int x, Int digits, Int& result) {
    result = x;
    if (digits >= 0) return kValue;
    result = 0;
    if (digits < -19) return kValue;
    Int128 power = 1;
    for (Int i = digits; i < 0; ++i) power *= 10;
    const Int128 half = power / 2;
    const Int128 rounded = (Int128{x} + (x < 0 ? -half : half)) / power * power;
    result = static_cast<Int>(rounded);
    if (result == rounded) return kValue;
    return call.Fail([&] { return fmt::format("integer overflow in round({}, {})", x, digits); });
  });
}

void SameInt(const Call& call) {
  MapTotal<Int, Int>(call, [](Int x) { return x; });
}

void AbsInt(const Call& call) {
  MapRows<Int, Int>(call, [&call](Int x, Int& result) {
    if (x == std::numeric_limits<Int>::min()) {
      return call.Fail([&] { return fmt::format("integer overflow in abs({})", x); });
    }
    result = x < 0 ? -x : x;
    return kValue;
  });
}

void SignInt(const Call& call) {
  MapTotal<Int, Int>(call, [](Int x) { return Int{x > 0} - Int{x < 0}; });
}

template <typename T>
void Clip(const Call& call) {
  MapTotal<T, T, T, T>(call, [](T x, T low, T high) {
    const T raised = RankedLess{}(x, low) ? low : x;
    return RankedLess{}(high, raised) ? high : raised;
  });
}

// Great-circle distance in km on a sphere with the Earth's mean radius; for some rows at a time, so
// that the five functions within go over runs of numbers.
void HaversineKernel(const Call& call) {
  constexpr double kEarthRadiusKm = 6371.0088;
  constexpr Int kBlock = 64;
  double lat[kBlock], lon[kBlock], cos1[kBlock], cos2[kBlock];
  CombineStates(call);
  const WideMath& math = TheWideMath();
  for (Int first = 0; first < call.rows; first += kBlock) {
    const Int n = std::min(kBlock, call.rows - first);
    const double *const lat1 = call.arg<double>(0) + first, *const lon1 =
                                                                call.arg<double>(1) + first;
    const double *const lat2 = call.arg<double>(2) + first, *const lon2 =
                                                                call.arg<double>(3) + first;
    for (Int i = 0; i < n; ++i) {
      lat[i] = Radians(lat2[i] - lat1[i]) / 2;
      lon[i] = Radians(lon2[i] - lon1[i]) / 2;
      cos1[i] = Radians(lat1[i]);
      cos2[i] = Radians(lat2[i]);
    }
    math.sin(lat, lat, n);
    math.sin(lon, lon, n);
    math.cos(cos1, cos1, n);
    math.cos(cos2, cos2, n);
    for (Int i = 0; i < n; ++i) {
      const double root = std::sqrt(lat[i] * lat[i] + cos1[i] * cos2[i] * lon[i] * lon[i]);
      lat[i] = root > 1 ? 1 : root;
    }
    math.asin(lat, lat, n);
    double* const out = call.out->as<double>() + first;
    for (Int i = 0; i < n; ++i) out[i] = 2 * kEarthRadiusKm * lat[i];
  }
}

constexpr std::string_view kFloats = "float64 -> float64";

Function OfFloat(std::string_view name, Kernel kernel, std::string_view usage,
                 std::string_view meaning, std::vector<Example> examples) {
  return {.name = name,
          .family = Family::kMath,
          .usage = usage,
          .meaning = meaning,
          .overloads = {{kFloats, kernel}},
          .examples = std::move(examples)};
}

Function Rounding(std::string_view name, Kernel kernel, std::string_view usage,
                  std::string_view meaning, std::vector<Example> examples) {
  Function function = OfFloat(name, kernel, usage, meaning, std::move(examples));
  function.overloads.insert(function.overloads.begin(), {"int64 -> int64", SameInt});
  return function;
}

std::vector<Function> RoundingFunctions() {
  Function ceil = Rounding("ceil", Unary<Ceil>, "ceil(x)", "The least whole number not below x.",
                           {{"ceil(1.2)", "2.0"}, {"ceil(-1.2)", "-1.0"}});
  ceil.aliases = {"ceiling"};
  Function round =
      Rounding("round", Unary<Round>, "round(x[, digits])",
               "The nearest whole number, or the nearest with so many digits after the "
               "point (before it, where digits is negative), half away from zero. A float "
               "is rounded as round(x * 10^digits) / 10^digits.",
               {{"round(2.5)", "3.0"},
                {"round(-2.5)", "-3.0"},
                {"round(3.14159, 2)", "3.14"},
                {"round(1250, -2)", "1300"}});
  round.errors = "integer overflow";
  round.overloads.push_back({"int64, int64 -> int64", RoundInt});
  round.overloads.push_back({"float64, int64 -> float64", RoundFloat});
  return {
      {.name = "abs",
       .family = Family::kMath,
       .usage = "abs(x)",
       .meaning = "The number without its sign.",
       .errors = "integer overflow",
       .overloads = {{"int64 -> int64", AbsInt}, {kFloats, Unary<Abs>}},
       .examples = {{"abs(-3)", "3"}, {"abs(-0.5)", "0.5"}}},
      {.name = "sign",
       .family = Family::kMath,
       .usage = "sign(x)",
       .meaning = "-1, 0 or 1 as x is negative, zero or positive; NaN for NaN.",
       .overloads = {{"int64 -> int64", SignInt}, {kFloats, Unary<Sign>}},
       .examples = {{"sign(-7)", "-1"}, {"sign(0.25)", "1.0"}}},
      Rounding("floor", Unary<Floor>, "floor(x)", "The greatest whole number not above x.",
               {{"floor(1.8)", "1.0"}, {"floor(-1.2)", "-2.0"}}),
      ceil,
      Rounding("trunc", Unary<Trunc>, "trunc(x)", "x without its fraction.",
               {{"trunc(-1.8)", "-1.0"}}),
      round,
      {.name = "clip",
       .family = Family::kMath,
       .usage = "clip(x, low, high)",
       .meaning = "x held between low and high: least(greatest(x, low), high). NaN is greater than "
                  "every other number.",
       .overloads = {{"int64, int64, int64 -> int64", Clip<Int>},
                     {"float64, float64, float64 -> float64", Clip<double>}},
       .examples = {{"clip(15, 0, 10)", "10"}, {"clip(-0.5, 0, 1)", "0.0"}}}};
}

}  // namespace

std::vector<Function> MathFunctions() {
  std::vector<Function> functions = RoundingFunctions();
  Function pow{.name = "pow",
               .family = Family::kMath,
               .usage = "pow(x, y)",
               .meaning = "x to the power y. Also power(x, y).",
               .aliases = {"power"},
               .overloads = {{"float64, float64 -> float64",
                              SleefOf2<Sleef_cinz_powd1_u10purec, &WideMath::pow>}},
               .examples = {{"pow(2, 10)", "1024.0"}, {"pow(0, 0)", "1.0"}}};
  const std::vector<Function> more = {
      OfFloat("sqrt", Unary<Sqrt>, "sqrt(x)", "Square root; NaN below zero.",
              {{"sqrt(2)", "1.4142135623730951"}, {"sqrt(-1)", "nan"}}),
      OfFloat("exp", Sleef<Sleef_cinz_expd1_u10purec, &WideMath::exp>, "exp(x)",
              "e to the power x.", {{"exp(0)", "1.0"}, {"exp(1000)", "inf"}}),
      OfFloat("ln", Sleef<Sleef_cinz_logd1_u10purec, &WideMath::ln>, "ln(x)",
              "Natural logarithm: ln(0) is -inf, and NaN below zero.",
              {{"ln(1)", "0.0"}, {"ln(0)", "-inf"}, {"ln(-1)", "nan"}}),
      OfFloat("log10", Sleef<Sleef_cinz_log10d1_u10purec, &WideMath::log10>, "log10(x)",
              "Logarithm to base 10.", {{"log10(1000)", "3.0"}}),
      OfFloat("log2", Sleef<Sleef_cinz_log2d1_u10purec, &WideMath::log2>, "log2(x)",
              "Logarithm to base 2.", {{"log2(8)", "3.0"}}),
      std::move(pow),
      OfFloat("sin", Sleef<Sleef_cinz_sind1_u10purec, &WideMath::sin>, "sin(x)",
              "Sine of x radians.", {{"sin(0)", "0.0"}}),
      OfFloat("cos", Sleef<Sleef_cinz_cosd1_u10purec, &WideMath::cos>, "cos(x)",
              "Cosine of x radians.", {{"cos(0)", "1.0"}}),
      OfFloat("tan", Sleef<Sleef_cinz_tand1_u10purec, &WideMath::tan>, "tan(x)",
              "Tangent of x radians.", {{"tan(0)", "0.0"}}),
      OfFloat("asin", Sleef<Sleef_cinz_asind1_u10purec, &WideMath::asin>, "asin(x)",
              "Inverse sine in radians; NaN outside -1 to 1.", {{"asin(1)", "1.5707963267948966"}}),
      OfFloat("acos", Sleef<Sleef_cinz_acosd1_u10purec, &WideMath::acos>, "acos(x)",
              "Inverse cosine in radians; NaN outside -1 to 1.", {{"acos(1)", "0.0"}}),
      OfFloat("atan", Sleef<Sleef_cinz_atand1_u10purec, &WideMath::atan>, "atan(x)",
              "Inverse tangent in radians.", {{"atan(1)", "0.7853981633974483"}}),
      {.name = "atan2",
       .family = Family::kMath,
       .usage = "atan2(y, x)",
       .meaning = "The angle of the point (x, y) in radians, -pi to pi.",
       .overloads = {{"float64, float64 -> float64",
                      SleefOf2<Sleef_cinz_atan2d1_u10purec, &WideMath::atan2>}},
       .examples = {{"atan2(1, 0)", "1.5707963267948966"}}},
      OfFloat("degrees", Unary<Degrees>, "degrees(x)", "Radians to degrees: x * (180 / pi).",
              {{"degrees(0)", "0.0"}}),
      OfFloat("radians", Unary<Radians>, "radians(x)", "Degrees to radians: x * (pi / 180).",
              {{"radians(180)", "3.141592653589793"}}),
      {.name = "haversine",
       .family = Family::kMath,
       .usage = "haversine(latitude1, longitude1, latitude2, longitude2)",
       .meaning =
           "Great-circle distance of two points in kilometres, on a sphere of radius 6371.0088 "
           "km. Coordinates are in degrees.",
       .overloads = {{"float64, float64, float64, float64 -> float64", HaversineKernel}},
       .examples = {{"round(haversine(40.6398, -73.7789, 33.9425, -118.4081), 1)", "3974.2"}}},
      {.name = "is_nan",
       .family = Family::kMath,
       .usage = "is_nan(x)",
       .meaning = "Is x NaN? Also isnan(x).",
       .aliases = {"isnan"},
       .overloads = {{"float64 -> bool", Test<IsNan>}},
       .examples = {{"is_nan(0.0 / 0)", "true"}}},
      {.name = "is_finite",
       .family = Family::kMath,
       .usage = "is_finite(x)",
       .meaning = "Is x neither NaN nor infinite? Also isfinite(x).",
       .aliases = {"isfinite"},
       .overloads = {{"float64 -> bool", Test<IsFinite>}},
       .examples = {{"is_finite(1.0 / 0)", "false"}}},
      {.name = "is_inf",
       .family = Family::kMath,
       .usage = "is_inf(x)",
       .meaning = "Is x an infinity? Also isinf(x).",
       .aliases = {"isinf"},
       .overloads = {{"float64 -> bool", Test<IsInf>}},
       .examples = {{"is_inf(1.0 / 0)", "true"}}}};
  functions.insert(functions.end(), more.begin(), more.end());
  return functions;
}

}  // namespace coeval
