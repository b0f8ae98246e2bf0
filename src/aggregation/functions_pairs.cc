// Covariance, correlation and slope: exact sums of two arguments and of their products, over the
// events in which both have a value (rule 5.6).
#include <algorithm>
#include <cmath>
#include <utility>

#include "aggregation/exact_number.h"
#include "aggregation/functions.h"
#include "aggregation/ratio.h"
#include "aggregation/typed_function.h"

namespace coeval {

namespace {

// kSquares: are Σx² and Σy² needed too?
template <bool kSquares>
struct PairSums {
  std::int64_t n = 0;
  std::int64_t odd = 0;  // of these, with a NaN or infinity
  ExactSum x, y, xy;
  ExactSum xx, yy;
};

// As an exact term; false where it is NaN or infinite.
bool ReadTerm(const Column& column, std::int64_t row, ExactTerm* term) {
  const auto i = static_cast<std::size_t>(row);
  double real = 0;
  switch (column.type().id()) {
    case TypeId::kBool:
      *term = ExactTerm(std::int64_t{column.values<std::uint8_t>()[i]});
      return true;
    case TypeId::kInt32:
      *term = ExactTerm(std::int64_t{column.values<std::int32_t>()[i]});
      return true;
    case TypeId::kInt64:
      *term = ExactTerm(column.values<std::int64_t>()[i]);
      return true;
    case TypeId::kDecimal128:
      *term = ExactTerm(column.values<Int128>()[i]);
      return true;
    case TypeId::kFloat32:
      real = static_cast<double>(column.values<float>()[i]);
      break;
    default:
      real = column.values<double>()[i];
  }
  if (!std::isfinite(real)) return false;
  *term = ExactTerm(real);
  return true;
}

void Change(ExactSum* sum, const ExactTerm& term, bool add) {
  add ? sum->Add(term) : sum->Remove(term);
}

template <bool kSquares>
void Change(PairSums<kSquares>* state, const ExactTerm& x, const ExactTerm& y, bool add) {
  Change(&state->x, x, add);
  Change(&state->y, y, add);
  Change(&state->xy, Product(x, y), add);
  if constexpr (kSquares) {
    Change(&state->xx, Product(x, x), add);
    Change(&state->yy, Product(y, y), add);
  }
}

// n Σab − Σa Σb.
Exact Cross(std::int64_t n, const ExactSum& ab, const ExactSum& a, const ExactSum& b) {
  return Exact(Int128{n}) * Exact(ab) - Exact(a) * Exact(b);
}

// kSlope: x is the event's time in µs, and y the argument.
template <bool kSquares, bool kSlope, class Formula>
class PairFunction : public TypedFunction<PairSums<kSquares>, true> {
 public:
  using State = PairSums<kSquares>;

  explicit PairFunction(Formula formula) : formula_(std::move(formula)) {}

 protected:
  void AddTo(State* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    ChangeRows(state, events, first, last, true);
  }

  void RemoveFrom(State* state, const Events& events, std::int64_t first,
                  std::int64_t last) const override {
    ChangeRows(state, events, first, last, false);
  }

  void MergeInto(State* state, const State& later) const override {
    state->n += later.n;
    state->odd += later.odd;
    state->x.Merge(later.x);
    state->y.Merge(later.y);
    state->xy.Merge(later.xy);
    if constexpr (kSquares) {
      state->xx.Merge(later.xx);
      state->yy.Merge(later.yy);
    }
  }

  Outcome Value(const State& state, const Question& /*question*/,
                ColumnBuilder* out) const override {
    const std::optional<double> value = formula_(state);
    return value ? AppendNumber(*value, out) : AppendNothing(out);
  }

  void Write(const State& state, StateWriter* out) const override {
    out->Count(static_cast<std::uint64_t>(state.n));
    out->Count(static_cast<std::uint64_t>(state.odd));
    for (const ExactSum* sum : {&state.x, &state.y, &state.xy}) sum->Encode(out);
    if (kSquares) {
      for (const ExactSum* sum : {&state.xx, &state.yy}) sum->Encode(out);
    }
  }

  bool Read(State* state, StateReader* in) const override {
    if (!in->Count(&state->n) || !in->Count(&state->odd) || state->odd > state->n) return false;
    for (ExactSum* sum : {&state->x, &state->y, &state->xy}) {
      if (!sum->Decode(in)) return false;
    }
    return !kSquares || (state->xx.Decode(in) && state->yy.Decode(in));
  }

  [[nodiscard]] std::size_t Held(const State& state) const override {
    return state.x.HeldBytes() + state.y.HeldBytes() + state.xy.HeldBytes() + state.xx.HeldBytes() +
           state.yy.HeldBytes();
  }

 private:
  static void ChangeRows(State* state, const Events& events, std::int64_t first, std::int64_t last,
                         bool add) {
    const std::int64_t by = add ? 1 : -1;
    ForEachRow(events, first, last, [&](std::int64_t row) {
      state->n += by;
      ExactTerm x;
      ExactTerm y;
      if constexpr (kSlope) x = ExactTerm(events.TimeOf(row));
      const bool finite = (kSlope || ReadTerm(events.arguments[0], row, &x)) &&
                          ReadTerm(events.arguments[kSlope ? 0 : 1], row, &y);
      if (finite) {
        Change(state, x, y, add);
      } else {
        state->odd += by;
      }
    });
  }

  Formula formula_;
};

int ScaleOf(const DataType& type) {
  return type.id() == TypeId::kDecimal128 ? type.scale() : 0;
}

template <bool kSample>
Binding BindCovariance(const BindRequest& request) {
  const int scale = ScaleOf(request.types[0]) + ScaleOf(request.types[1]);
  auto formula = [scale](const PairSums<false>& state) -> std::optional<double> {
    if (state.n < (kSample ? 2 : 1)) return std::nullopt;
    if (state.odd > 0) return CanonicalNan();
    return Cross(state.n, state.xy, state.x, state.y).ToDouble(0, TenPowers(scale).divisors()) /
           static_cast<double>(Int128{state.n} * (kSample ? state.n - 1 : state.n));
  };
  return {TypeId::kFloat64,
          std::make_shared<PairFunction<false, false, decltype(formula)>>(formula), nullptr};
}

std::optional<double> Correlation(const PairSums<true>& state) {
  if (state.n == 0) return std::nullopt;
  if (state.odd > 0) return CanonicalNan();
  const Exact xx = Cross(state.n, state.xx, state.x, state.x);
  const Exact yy = Cross(state.n, state.yy, state.y, state.y);
  if (xx.is_zero() || yy.is_zero()) return std::nullopt;
  const double r = Ratio(Cross(state.n, state.xy, state.x, state.y).ToDouble(),
                         std::sqrt(xx.ToDouble()) * std::sqrt(yy.ToDouble()));
  return std::isnan(r) ? r : std::max(-1.0, std::min(1.0, r));
}

Binding BindCorrelation(const BindRequest& /*request*/) {
  return {TypeId::kFloat64,
          std::make_shared<PairFunction<true, false, decltype(&Correlation)>>(&Correlation),
          nullptr};
}

Binding BindSlope(const BindRequest& request) {
  const DurationMicros per = request.parameters.Integer("per");
  auto formula = [per, scale = ScaleOf(request.types[0])](
                     const PairSums<true>& state) -> std::optional<double> {
    if (state.n == 0) return std::nullopt;
    if (state.odd > 0) return CanonicalNan();
    const Exact xx = Cross(state.n, state.xx, state.x, state.x);
    if (xx.is_zero()) return std::nullopt;
    const Exact rise = Cross(state.n, state.xy, state.x, state.y) * Exact(Int128{per});
    return Ratio(rise.ToDouble(0, TenPowers(scale).divisors()), xx.ToDouble());
  };
  return {TypeId::kFloat64, std::make_shared<PairFunction<true, true, decltype(formula)>>(formula),
          nullptr};
}

}  // namespace

std::vector<AggregateInfo> PairAggregates() {
  const std::vector<ArgumentInfo> both = {{"x", ArgumentKind::kNumber},
                                          {"y", ArgumentKind::kNumber}};
  const auto row = [&both](std::string_view name, std::string_view meaning,
                           Binding (*bind)(const BindRequest&),
                           std::vector<AggregateExample> examples) {
    return AggregateInfo{.name = name,
                         .family = AggregateFamily::kSpread,
                         .arguments = both,
                         .result = "float64",
                         .meaning = meaning,
                         .bind = bind,
                         .examples = std::move(examples)};
  };
  return {
      row("covar_pop",
          "Population covariance over the events where both have a value: fl(n Σxy − Σx Σy) / fl(n "
          "n). NaN where a value is NaN or infinite.",
          BindCovariance<false>, {{"covar_pop", "float64, int64", "1.0 2, 3.0 6", "2.0"}}),
      row("covar_samp", "Sample covariance: fl(n Σxy − Σx Σy) / fl(n (n − 1)); null of one pair.",
          BindCovariance<true>,
          {{"covar_samp", "float64, int64", "1.0 2, 3.0 6, 9.0 null", "4.0"}}),
      row("corr",
          "Pearson's correlation: fl(n Σxy − Σx Σy) / (√fl(n Σx² − (Σx)²) √fl(n Σy² − (Σy)²)), "
          "held "
          "within −1 and 1. Null where x or y does not vary.",
          BindCorrelation, {{"corr", "int64, int64", "1 10, 2 20, 3 31", "0.9996222851612186"}}),
      {.name = "slope",
       .family = AggregateFamily::kSpread,
       .arguments = {{"x", ArgumentKind::kNumber}},
       .parameters = {{.name = "per",
                       .kind = ParameterKind::kDuration,
                       .least = 1,
                       .greatest = 0x1p53,
                       .fallback = static_cast<double>(kSecond),
                       .meaning = "the time in which the slope is counted"}},
       .result = "float64",
       .meaning =
           "By how much x rises in each `per`, by least squares over the event times t (µs): "
           "fl(per (n Σtx − Σt Σx)) / fl(n Σt² − (Σt)²). Null where all events have one "
           "time.",
       .bind = BindSlope,
       .examples = {{"slope(per=1m)", "int64", "10, 12, 14", "2.0"},
                    {"slope", "int64", "10", "null"}}},
  };
}

}  // namespace coeval
