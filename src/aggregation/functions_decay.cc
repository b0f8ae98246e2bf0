// Sums and means in which an event counts half for each half-life of its age, exactly:
//
//   an event at e adds fl(x exp2(frac(e / H))) 2^floor(e / H) to an exact sum; the value at t is
//   the sum times 2^-floor(t / H), rounded once, divided once by exp2(frac(t / H))
//
// so no state knows a reference time, and nothing depends on how events were put together.
#include <cmath>
#include <limits>

#include "aggregation/exact_number.h"
#include "aggregation/functions.h"
#include "aggregation/math.h"
#include "aggregation/number.h"
#include "aggregation/ratio.h"
#include "aggregation/typed_function.h"

namespace coeval {

namespace {

struct DecayState {
  std::int64_t n = 0;
  std::int64_t nans = 0, positive = 0, negative = 0;  // steps that are not finite
  ExactSum sum;
  ExactSum weights;  // of decay_avg
};

// e / H as floor and fraction.
struct HalfLives {
  std::int64_t whole;
  double part;

  HalfLives(TimeMicros time, DurationMicros half_life) : whole(time / half_life) {
    DurationMicros rest = time % half_life;
    if (rest < 0) {
      rest += half_life;
      --whole;
    }
    part = static_cast<double>(rest) / static_cast<double>(half_life);
  }
};

void ChangeStep(DecayState* state, double step, std::int64_t whole, bool add) {
  if (!std::isfinite(step)) {
    (std::isnan(step) ? state->nans : step > 0 ? state->positive : state->negative) += add ? 1 : -1;
    return;
  }
  ExactTerm term(step);
  term.exponent += whole;
  add ? state->sum.Add(term) : state->sum.Remove(term);
}

template <bool kMean>
class DecayFunction : public TypedFunction<DecayState, true> {
 public:
  explicit DecayFunction(DurationMicros half_life) : half_life_(half_life) {}

 protected:
  void AddTo(DecayState* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    Change(state, events, first, last, true);
  }

  void RemoveFrom(DecayState* state, const Events& events, std::int64_t first,
                  std::int64_t last) const override {
    Change(state, events, first, last, false);
  }

  void MergeInto(DecayState* state, const DecayState& later) const override {
    state->n += later.n;
    state->nans += later.nans;
    state->positive += later.positive;
    state->negative += later.negative;
    state->sum.Merge(later.sum);
    state->weights.Merge(later.weights);
  }

  [[nodiscard]] bool reads_time() const override { return !kMean; }

  Outcome Value(const DecayState& state, const Question& question,
                ColumnBuilder* out) const override {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    if (state.n == 0) return AppendNothing(out);
    if (state.nans > 0 || (state.positive > 0 && state.negative > 0)) {
      return AppendNumber(CanonicalNan(), out);
    }
    if (state.positive > 0 || state.negative > 0) {
      return AppendNumber(state.positive > 0 ? kInfinity : -kInfinity, out);
    }
    const Exact sum(state.sum);
    if (kMean) {
      // Any common power of two will do: this one keeps both within the doubles.
      const Exact weights(state.weights);
      const std::int64_t shift = -weights.Magnitude();
      return AppendNumber(Ratio(sum.ToDouble(shift), weights.ToDouble(shift)), out);
    }
    const HalfLives age(question.t, half_life_);
    return AppendNumber(sum.ToDouble(-age.whole) / DeterministicExp2(age.part), out);
  }

  void Write(const DecayState& state, StateWriter* out) const override {
    for (const std::int64_t count : {state.n, state.nans, state.positive, state.negative}) {
      out->Count(static_cast<std::uint64_t>(count));
    }
    state.sum.Encode(out);
    if (kMean) state.weights.Encode(out);
  }

  bool Read(DecayState* state, StateReader* in) const override {
    for (std::int64_t* count : {&state->n, &state->nans, &state->positive, &state->negative}) {
      if (!in->Count(count)) return false;
    }
    constexpr std::int64_t kFarthest = ExactSum::kFarthestOfDecay;
    if (!state->sum.Decode(in, kFarthest)) return false;
    if (kMean && !state->weights.Decode(in, kFarthest)) return false;
    return !kMean || state->n == 0 || !Exact(state->weights).is_zero();
  }

  [[nodiscard]] std::size_t Held(const DecayState& state) const override {
    return state.sum.HeldBytes() + state.weights.HeldBytes();
  }

 private:
  void Change(DecayState* state, const Events& events, std::int64_t first, std::int64_t last,
              bool add) const {
    ForEachRow(events, first, last, [&](std::int64_t row) {
      const HalfLives age(events.TimeOf(row), half_life_);
      const double weight = DeterministicExp2(age.part);
      state->n += add ? 1 : -1;
      ChangeStep(state, NumberAt(events.arguments[0], row) * weight, age.whole, add);
      if (!kMean) return;
      ExactTerm term(weight);
      term.exponent += age.whole;
      add ? state->weights.Add(term) : state->weights.Remove(term);
    });
  }

  DurationMicros half_life_;
};

template <bool kMean>
Binding BindDecay(const BindRequest& request) {
  return {TypeId::kFloat64,
          std::make_shared<DecayFunction<kMean>>(request.parameters.Integer("half_life")), nullptr};
}

}  // namespace

std::vector<AggregateInfo> DecayAggregates() {
  const std::vector<ParameterInfo> half_life = {
      {.name = "half_life",
       .kind = ParameterKind::kDuration,
       .least = 1000,
       .greatest = 0x1p53,
       .meaning = "the age at which an event counts half"}};
  return {
      {.name = "decay_sum",
       .family = AggregateFamily::kTime,
       .arguments = {{"x", ArgumentKind::kNumber}},
       .parameters = half_life,
       .result = "float64",
       .meaning =
           "The sum in which an event of age a counts 2^(−a / half_life): an event at e adds "
           "fl(x exp2(frac(e / H))) 2^floor(e / H) to an exact sum; its value at t is that sum "
           "times 2^−floor(t / H), rounded once, divided by exp2(frac(t / H)). The window must not "
           "be longer than 1,000 half-lives.",
       .bounded = true,
       .bind = BindDecay<false>,
       .examples = {{"decay_sum(half_life=1m)", "int64", "4, 4, 4", "7.0"}}},
      {.name = "decay_avg",
       .family = AggregateFamily::kTime,
       .aliases = {"decay_mean"},
       .arguments = {{"x", ArgumentKind::kNumber}},
       .parameters = half_life,
       .result = "float64",
       .meaning =
           "The mean with the weights of decay_sum: the exact sums of weighted values and of "
           "weights, each rounded once after division by one power of two, divided. It does "
           "not depend on t.",
       .bounded = true,
       .bind = BindDecay<true>,
       .examples = {{"decay_avg(half_life=1m)", "int64", "4, 11", "8.666666666666666"}}},
  };
}

}  // namespace coeval
