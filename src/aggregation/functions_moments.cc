// Variance, standard deviation, skew and kurtosis from exact sums of exact powers (rule 5.6). With
// S_p = Σ x^p:
//
//   N2 = n S2 − S1²       N3 = n² S3 − 3 n S1 S2 + 2 S1³
//   N4 = n³ S4 − 4 n² S1 S3 + 6 n S1² S2 − 3 S1⁴
//
// Each numerator is exact and rounded once. Decimals are summed unscaled and scaled at the end.
#include <array>
#include <cmath>
#include <utility>

#include "aggregation/exact_number.h"
#include "aggregation/functions.h"
#include "aggregation/ratio.h"
#include "aggregation/typed_function.h"

namespace coeval {

namespace {

template <std::size_t kPowers>
struct PowerSums {
  std::int64_t n = 0;
  std::int64_t odd = 0;  // of these, NaN and infinities, which are in no sum
  std::array<ExactSum, kPowers> sums;
};

template <std::size_t kPowers>
void Change(PowerSums<kPowers>* state, const ExactTerm& value, bool add) {
  ExactTerm power = value;
  for (std::size_t p = 0; p < kPowers; ++p) {
    if (p > 0) power = Product(power, value);
    add ? state->sums[p].Add(power) : state->sums[p].Remove(power);
  }
}

template <std::size_t kPowers>
void Change(PowerSums<kPowers>* state, const Events& events, std::int64_t first, std::int64_t last,
            bool add) {
  const std::int64_t by = add ? 1 : -1;
  ForEachNumber(events, first, last, [&](auto value) {
    state->n += by;
    if constexpr (std::is_same_v<decltype(value), double>) {
      if (!std::isfinite(value)) {
        state->odd += by;
        return;
      }
    }
    Change(state, ExactTerm(value), add);
  });
}

// N2. The sums of the moments are kept as numbers, since they are multiplied.
template <std::size_t kPowers>
Exact SecondNumerator(const PowerSums<kPowers>& state) {
  const Exact s1(state.sums[0]);
  return Exact(Int128{state.n}) * Exact(state.sums[1]) - s1 * s1;
}

enum class Spread : std::uint8_t { kVariancePop, kVarianceSample, kDeviationPop, kDeviationSample };

std::optional<double> SpreadOf(const PowerSums<2>& state, Spread spread, int scale) {
  const bool sample = spread == Spread::kVarianceSample || spread == Spread::kDeviationSample;
  if (state.n < (sample ? 2 : 1)) return std::nullopt;
  if (state.odd > 0) return CanonicalNan();
  const double numerator = SecondNumerator(state).ToDouble(0, TenPowers(2 * scale).divisors());
  const double variance =
      numerator / static_cast<double>(Int128{state.n} * (sample ? state.n - 1 : state.n));
  const bool root = spread == Spread::kDeviationPop || spread == Spread::kDeviationSample;
  return root ? std::sqrt(variance) : variance;
}

std::optional<double> SkewOf(const PowerSums<3>& state) {
  if (state.n == 0) return std::nullopt;
  if (state.odd > 0) return CanonicalNan();
  const Exact n(Int128{state.n});
  const Exact s1(state.sums[0]);
  const Exact s2(state.sums[1]);
  const Exact n2 = n * s2 - s1 * s1;
  if (n2.is_zero()) return std::nullopt;
  const Exact n3 = n * n * Exact(state.sums[2]) - Exact(Int128{3}) * n * s1 * s2 +
                   Exact(Int128{2}) * s1 * s1 * s1;
  const double spread = n2.ToDouble();
  return Ratio(n3.ToDouble(), spread * std::sqrt(spread));
}

std::optional<double> KurtosisOf(const PowerSums<4>& state) {
  if (state.n == 0) return std::nullopt;
  if (state.odd > 0) return CanonicalNan();
  const Exact n(Int128{state.n});
  const Exact s1(state.sums[0]);
  const Exact s2(state.sums[1]);
  const Exact square = s1 * s1;
  const Exact n2 = n * s2 - square;
  if (n2.is_zero()) return std::nullopt;
  const Exact n4 = n * n * n * Exact(state.sums[3]) -
                   Exact(Int128{4}) * n * n * s1 * Exact(state.sums[2]) +
                   Exact(Int128{6}) * n * square * s2 - Exact(Int128{3}) * square * square;
  const double spread = n2.ToDouble();
  return Ratio(n4.ToDouble(), spread * spread) - 3.0;
}

// What is asked of the sums: one function, with what it needs beside them.
template <std::size_t kPowers, class Formula>
class MomentFunction : public TypedFunction<PowerSums<kPowers>, true> {
 public:
  using State = PowerSums<kPowers>;

  explicit MomentFunction(Formula formula) : formula_(std::move(formula)) {}

 protected:
  void AddTo(State* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    Change(state, events, first, last, true);
  }

  void RemoveFrom(State* state, const Events& events, std::int64_t first,
                  std::int64_t last) const override {
    Change(state, events, first, last, false);
  }

  void MergeInto(State* state, const State& later) const override {
    state->n += later.n;
    state->odd += later.odd;
    for (std::size_t p = 0; p < kPowers; ++p) state->sums[p].Merge(later.sums[p]);
  }

  Outcome Value(const State& state, const Question& /*question*/,
                ColumnBuilder* out) const override {
    const std::optional<double> value = formula_(state);
    return value ? AppendNumber(*value, out) : AppendNothing(out);
  }

  void Write(const State& state, StateWriter* out) const override {
    out->Count(static_cast<std::uint64_t>(state.n));
    out->Count(static_cast<std::uint64_t>(state.odd));
    for (const ExactSum& sum : state.sums) sum.Encode(out);
  }

  bool Read(State* state, StateReader* in) const override {
    if (!in->Count(&state->n) || !in->Count(&state->odd) || state->odd > state->n) return false;
    for (ExactSum& sum : state->sums) {
      if (!sum.Decode(in)) return false;
    }
    return true;
  }

  [[nodiscard]] std::size_t Held(const State& state) const override {
    std::size_t bytes = 0;
    for (const ExactSum& sum : state.sums) bytes += sum.HeldBytes();
    return bytes;
  }

 private:
  Formula formula_;
};

template <std::size_t kPowers, class Formula>
Binding Bound(Formula formula) {
  return {TypeId::kFloat64, std::make_shared<MomentFunction<kPowers, Formula>>(std::move(formula)),
          nullptr};
}

int ScaleOf(const DataType& type) {
  return type.id() == TypeId::kDecimal128 ? type.scale() : 0;
}

template <Spread kSpread>
Binding BindSpread(const BindRequest& request) {
  return Bound<2>([scale = ScaleOf(request.types[0])](const PowerSums<2>& state) {
    return SpreadOf(state, kSpread, scale);
  });
}

}  // namespace

std::vector<AggregateInfo> MomentAggregates() {
  const auto row = [](std::string_view name, std::vector<std::string_view> aliases,
                      std::string_view meaning, Binding (*bind)(const BindRequest&),
                      std::vector<AggregateExample> examples) {
    return AggregateInfo{.name = name,
                         .family = AggregateFamily::kSpread,
                         .aliases = std::move(aliases),
                         .arguments = {{"x", ArgumentKind::kNumber}},
                         .result = "float64",
                         .meaning = meaning,
                         .bind = bind,
                         .examples = std::move(examples)};
  };
  return {
      row("var_pop", {},
          "Population variance: fl(n Σx² − (Σx)²) / fl(n n). The numerator is exact and rounded "
          "once. NaN where a value is NaN or infinite.",
          BindSpread<Spread::kVariancePop>, {{"var_pop", "float64", "1e9, 1000000002.0", "1.0"}}),
      row("var_samp", {"var", "variance"},
          "Sample variance: fl(n Σx² − (Σx)²) / fl(n (n − 1)); null of one value.",
          BindSpread<Spread::kVarianceSample>,
          {{"var_samp", "int64", "1, 2, 3, 4", "1.6666666666666667"},
           {"var_samp", "int64", "1", "null"}}),
      row("stddev_pop", {}, "Population standard deviation: the square root of var_pop.",
          BindSpread<Spread::kDeviationPop>, {{"stddev_pop", "int64", "2, 4", "1.0"}}),
      row("stddev_samp", {"stddev", "std"},
          "Sample standard deviation: the square root of var_samp.",
          BindSpread<Spread::kDeviationSample>,
          {{"stddev_samp", "int64", "1, 3", "1.4142135623730951"}}),
      row("skew", {},
          "Population skewness: N3 / (N2 √N2) with N2 = n Σx² − (Σx)² and N3 = n² Σx³ − 3 n Σx Σx² "
          "+ 2 (Σx)³, each exact and rounded once. Null where the values do not vary.",
          [](const BindRequest&) { return Bound<3>(SkewOf); },
          {{"skew", "int64", "1, 1, 4", "0.7071067811865476"}, {"skew", "int64", "5, 5", "null"}}),
      row("kurtosis", {},
          "Population excess kurtosis: N4 / (N2 N2) − 3 with N4 = n³ Σx⁴ − 4 n² Σx Σx³ + 6 n (Σx)² "
          "Σx² − 3 (Σx)⁴. Null where the values do not vary.",
          [](const BindRequest&) { return Bound<4>(KurtosisOf); },
          {{"kurtosis", "int64", "1, 2, 3", "-1.5"}}),
  };
}

}  // namespace coeval
