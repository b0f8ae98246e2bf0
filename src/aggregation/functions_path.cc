// Functions of the path that values took: ew_avg and drawdown; and of the times themselves.
#include <algorithm>
#include <bit>
#include <cmath>
#include <deque>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "aggregation/exact_number.h"
#include "aggregation/functions.h"
#include "aggregation/math.h"
#include "aggregation/number.h"
#include "aggregation/typed_function.h"

namespace coeval {

namespace {

// Values older than so many half-lives weigh less than a double can tell.
constexpr std::int64_t kEwHalfLives = 64;

// Σ w_k x_k / Σ w_k over the values k rows before the newest, w_k = exp2(-k / H).
class EwAverageFunction : public TypedFunction<std::deque<double>, false> {
 public:
  using State = std::deque<double>;

  explicit EwAverageFunction(std::int64_t half_life) {
    for (std::int64_t k = 0; k < kEwHalfLives * half_life; ++k) {
      weights_.push_back(
          DeterministicExp2(-static_cast<double>(k) / static_cast<double>(half_life)));
    }
  }

  Outcome AppendRange(const Events& events, std::int64_t first, std::int64_t last,
                      const Question& /*question*/, ColumnBuilder* out) const override {
    Weighted sums;
    for (std::int64_t p = last; p-- > first && sums.k < weights_.size();) {
      const std::int64_t row = events.Row(p);
      if (events.Counts(row)) sums.Add(NumberAt(events.arguments[0], row), weights_);
    }
    return sums.Append(out);
  }

 protected:
  void AddTo(State* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    ForEachRow(events, first, last,
               [&](std::int64_t row) { Take(NumberAt(events.arguments[0], row), state); });
  }

  void MergeInto(State* state, const State& later) const override {
    for (const double value : later) Take(value, state);
  }

  Outcome Value(const State& state, const Question& /*question*/,
                ColumnBuilder* out) const override {
    Weighted sums;
    for (auto value = state.rbegin(); value != state.rend(); ++value) sums.Add(*value, weights_);
    return sums.Append(out);
  }

  void Write(const State& state, StateWriter* out) const override {
    out->Count(state.size());
    for (const double value : state) out->Fixed(value);
  }

  bool Read(State* state, StateReader* in) const override {
    std::size_t count = 0;
    if (!in->Items(sizeof(double), &count) || count > weights_.size()) return false;
    for (std::size_t i = 0; i < count; ++i) {
      double value = 0;
      if (!in->Fixed(&value) ||
          std::bit_cast<std::uint64_t>(value) != std::bit_cast<std::uint64_t>(Canonical(value))) {
        return false;
      }
      state->push_back(value);
    }
    return true;
  }

  [[nodiscard]] std::size_t Held(const State& state) const override {
    return state.size() * sizeof(double);
  }

 private:
  struct Weighted {
    FloatSum values;
    ExactSum weights;
    std::size_t k = 0;

    void Add(double value, const std::vector<double>& table) {
      values.Add(value * table[k]);
      weights.Add(table[k]);
      ++k;
    }

    Outcome Append(ColumnBuilder* out) const {
      if (k == 0) return AppendNothing(out);
      if (!values.is_finite()) return AppendNumber(values.NonFinite(), out);
      return AppendNumber(Exact(values.finite()).ToDouble() / Exact(weights).ToDouble(), out);
    }
  };

  void Take(double value, State* state) const {
    if (state->size() == weights_.size()) state->pop_front();
    state->push_back(value);
  }

  std::vector<double> weights_;
};

// The least ratio of a value to an earlier one (or itself), which division rounds monotonically, so
// that ranges merge to the same bits.
struct DrawdownState {
  std::int64_t n = 0;  // values that count: not below zero, not NaN
  std::int64_t nans = 0;
  double greatest = 0;
  double least = 0;
  double ratio = 1;
};

double Fraction(double value, double peak) {
  if (peak == 0 || value >= peak) return 1;
  return value / peak;
}

class DrawdownFunction : public TypedFunction<DrawdownState, false> {
 protected:
  void AddTo(DrawdownState* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    ForEachRow(events, first, last, [&](std::int64_t row) {
      const double value = NumberAt(events.arguments[0], row) + 0.0;  // -0.0 is 0.0
      if (std::isnan(value)) {
        ++state->nans;
      } else if (value >= 0) {
        Follow({1, 0, value, value, 1}, state);
      }
    });
  }

  void MergeInto(DrawdownState* state, const DrawdownState& later) const override {
    state->nans += later.nans;
    if (later.n > 0) Follow(later, state);
  }

  Outcome Value(const DrawdownState& state, const Question& /*question*/,
                ColumnBuilder* out) const override {
    if (state.nans > 0) return AppendNumber(CanonicalNan(), out);
    return state.n == 0 ? AppendNothing(out) : AppendNumber(1 - state.ratio, out);
  }

  void Write(const DrawdownState& state, StateWriter* out) const override {
    out->Count(static_cast<std::uint64_t>(state.n));
    out->Count(static_cast<std::uint64_t>(state.nans));
    for (const double value : {state.greatest, state.least, state.ratio}) {
      if (state.n > 0) out->Fixed(value);
    }
  }

  bool Read(DrawdownState* state, StateReader* in) const override {
    if (!in->Count(&state->n) || !in->Count(&state->nans)) return false;
    if (state->n == 0) return true;
    for (double* value : {&state->greatest, &state->least, &state->ratio}) {
      if (!in->Fixed(value) || !(*value >= 0) || std::signbit(*value)) return false;
    }
    return state->least <= state->greatest && state->ratio <= 1;
  }

 private:
  static void Follow(const DrawdownState& later, DrawdownState* state) {
    if (state->n == 0) {
      const std::int64_t nans = state->nans;
      *state = later;
      state->nans = nans;
      return;
    }
    state->n += later.n;
    state->ratio = std::min({state->ratio, later.ratio, Fraction(later.least, state->greatest)});
    state->greatest = std::max(state->greatest, later.greatest);
    state->least = std::min(state->least, later.least);
  }
};

struct TimesState {
  bool present = false;
  TimeMicros first = 0;
  TimeMicros last = 0;
};

template <bool kNewest>
class TimeSinceFunction : public TypedFunction<TimesState, false> {
 public:
  Outcome AppendRange(const Events& events, std::int64_t first, std::int64_t last,
                      const Question& question, ColumnBuilder* out) const override {
    for (std::int64_t i = 0; i < last - first; ++i) {
      const std::int64_t row = events.Row(kNewest ? last - 1 - i : first + i);
      if (events.Counts(row)) return Since(events.TimeOf(row), question, out);
    }
    return AppendNothing(out);
  }

 protected:
  void AddTo(TimesState* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    ForEachRow(events, first, last, [&](std::int64_t row) {
      const TimeMicros time = events.TimeOf(row);
      MergeInto(state, {true, time, time});
    });
  }

  void MergeInto(TimesState* state, const TimesState& later) const override {
    if (!later.present) return;
    state->first = state->present ? std::min(state->first, later.first) : later.first;
    state->last = state->present ? std::max(state->last, later.last) : later.last;
    state->present = true;
  }

  [[nodiscard]] bool reads_time() const override { return true; }

  Outcome Value(const TimesState& state, const Question& question,
                ColumnBuilder* out) const override {
    if (!state.present) return AppendNothing(out);
    return Since(kNewest ? state.last : state.first, question, out);
  }

  void Write(const TimesState& state, StateWriter* out) const override {
    out->Count(state.present ? 1 : 0);
    if (!state.present) return;
    out->Fixed(state.first);
    out->Fixed(state.last);
  }

  bool Read(TimesState* state, StateReader* in) const override {
    std::uint64_t present = 0;
    if (!in->Count(&present) || present > 1) return false;
    state->present = present == 1;
    return !state->present ||
           (in->Fixed(&state->first) && in->Fixed(&state->last) && state->first <= state->last);
  }

 private:
  static Outcome Since(TimeMicros time, const Question& question, ColumnBuilder* out) {
    out->AppendInt(SaturatingSubtract(question.t, time));
    return Outcome::kValue;
  }
};

template <bool kNewest>
Binding BindTimeSince(const BindRequest& /*request*/) {
  return {TypeId::kInt64, std::make_shared<TimeSinceFunction<kNewest>>(), nullptr};
}

}  // namespace

std::vector<AggregateInfo> PathAggregates() {
  const std::vector<ArgumentInfo> number = {{"x", ArgumentKind::kNumber}};
  return {
      {.name = "ew_avg",
       .family = AggregateFamily::kOrdered,
       .arguments = number,
       .parameters = {{.name = "half_life",
                       .least = 1,
                       .greatest = 1000,
                       .meaning = "after so many values one counts half"}},
       .result = "float64",
       .meaning = "Exponentially weighted mean by rows: fl(Σ fl(x w)) / fl(Σ w) with w = exp2(−k / "
                  "half_life) for the value k before the newest; both sums exact. The newest 64 "
                  "half_life values count, the others weigh too little to matter.",
       .ordered = true,
       .bind = [](const BindRequest& request) -> Binding {
         return {TypeId::kFloat64,
                 std::make_shared<EwAverageFunction>(request.parameters.Integer("half_life")),
                 nullptr};
       },
       .examples = {{"ew_avg(half_life=1)", "int64", "3, 6, 12", "9.0"}}},
      {.name = "drawdown",
       .family = AggregateFamily::kOrdered,
       .arguments = number,
       .result = "float64",
       .meaning =
           "The greatest fall from a value to a later one, as a share of the former: 1 − the "
           "least fl(later / earlier). Negative values do not count; NaN if any value is.",
       .ordered = true,
       .bind = [](const BindRequest&) -> Binding {
         return {TypeId::kFloat64, std::make_shared<DrawdownFunction>(), nullptr};
       },
       .examples = {{"drawdown", "int64", "8, 4, 10, 2, 9", "0.8"},
                    {"drawdown", "int64", "1, 2", "0.0"}}},
  };
}

std::vector<AggregateInfo> TimeAggregates() {
  const std::vector<ArgumentInfo> anything = {{"x", ArgumentKind::kAny, true}};
  const auto row = [&anything](std::string_view name, std::string_view meaning,
                               Binding (*bind)(const BindRequest&),
                               std::vector<AggregateExample> examples) {
    return AggregateInfo{.name = name,
                         .family = AggregateFamily::kTime,
                         .arguments = anything,
                         .result = "int64, µs",
                         .meaning = meaning,
                         .ordered = true,
                         .bind = bind,
                         .examples = std::move(examples)};
  };
  return {
      row("time_since_last",
          "Microseconds from the newest event with a value to t; without argument, from the newest "
          "event.",
          BindTimeSince<true>, {{"time_since_last", "int64", "7, 8, null", "60000000"}}),
      row("time_since_first",
          "Microseconds from the oldest event with a value to t; without argument, from the oldest "
          "event.",
          BindTimeSince<false>, {{"time_since_first", "int64", "7, 8, null", "120000000"}}),
  };
}

}  // namespace coeval
