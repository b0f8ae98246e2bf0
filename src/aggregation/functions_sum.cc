// Counts, sums, means, rates, and what is true of any or all.
#include <array>
#include <limits>

#include "aggregation/exact_number.h"
#include "aggregation/functions.h"
#include "aggregation/typed_function.h"
#include "expression/decimal.h"

namespace coeval {

namespace {

struct CountState {
  std::int64_t n = 0;
};

// The number of events of which all arguments have a value.
class CountFunction : public TypedFunction<CountState, true> {
 protected:
  void AddTo(CountState* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    state->n += Counted(events, first, last);
  }

  void RemoveFrom(CountState* state, const Events& events, std::int64_t first,
                  std::int64_t last) const override {
    state->n -= Counted(events, first, last);
  }

  void MergeInto(CountState* state, const CountState& later) const override { state->n += later.n; }

  Outcome Value(const CountState& state, const Question& /*question*/,
                ColumnBuilder* out) const override {
    out->AppendInt(state.n);
    return Outcome::kValue;
  }

  void Write(const CountState& state, StateWriter* out) const override {
    out->Count(static_cast<std::uint64_t>(state.n));
  }

  bool Read(CountState* state, StateReader* in) const override { return in->Count(&state->n); }

 private:
  static std::int64_t Counted(const Events& events, std::int64_t first, std::int64_t last) {
    bool all = true;
    for (const Column& column : events.arguments) all = all && !column.may_have_nulls();
    if (all) return last - first;
    std::int64_t n = 0;
    ForEachRow(events, first, last, [&n](std::int64_t) { ++n; });
    return n;
  }
};

// Events in each `per` of the window: fl(n per) / fl(length).
class RateFunction : public CountFunction {
 public:
  explicit RateFunction(DurationMicros per) : per_(per) {}

 protected:
  Outcome Value(const CountState& state, const Question& question,
                ColumnBuilder* out) const override {
    if (!question.length) return AppendInvalid(out);
    return AppendNumber(
        static_cast<double>(Int128{state.n} * per_) / static_cast<double>(*question.length), out);
  }

 private:
  DurationMicros per_;
};

// Sums of each kind of number: Add and Remove, the sum rounded once (rule 5.6), and the mean.
class IntegerSum {
 public:
  void Change(std::int64_t value, bool add) { sum_ += add ? Int128{value} : -Int128{value}; }

  void Merge(const IntegerSum& other) { sum_ += other.sum_; }

  Outcome AppendSum(const DataType& /*type*/, ColumnBuilder* out) const {
    if (sum_ < std::numeric_limits<std::int64_t>::min() ||
        sum_ > std::numeric_limits<std::int64_t>::max()) {
      return AppendInvalid(out);
    }
    out->AppendInt(static_cast<std::int64_t>(sum_));
    return Outcome::kValue;
  }

  [[nodiscard]] double Mean(std::int64_t n, int /*scale*/) const {
    constexpr std::int64_t kExact = 1LL << 53;
    if (sum_ > -kExact && sum_ < kExact && n < kExact) {  // the division rounds once
      return sum_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(n);
    }
    const std::array<std::uint64_t, 1> count = {static_cast<std::uint64_t>(n)};
    return Exact(sum_).ToDouble(0, count);
  }

  void Write(StateWriter* out) const { out->Fixed(sum_); }

  bool Read(StateReader* in) {
    // No 2^48 values of 64 bits add up to more.
    constexpr Int128 kGreatest = Int128{1} << 112;
    return in->Fixed(&sum_) && sum_ <= kGreatest && sum_ >= -kGreatest;
  }

  [[nodiscard]] std::size_t HeldBytes() const { return 0; }

 private:
  Int128 sum_ = 0;
};

class DecimalSum {
 public:
  void Change(Int128 value, bool add) {
    add ? sum_.Add(ExactTerm(value)) : sum_.Remove(ExactTerm(value));
  }

  void Merge(const DecimalSum& other) { sum_.Merge(other.sum_); }

  Outcome AppendSum(const DataType& type, ColumnBuilder* out) const {
    Int128 sum = 0;
    if (!Exact(sum_).ToInt128(&sum) || !FitsDigits(sum, type.precision())) {
      return AppendInvalid(out);
    }
    out->AppendDecimal(sum);
    return Outcome::kValue;
  }

  [[nodiscard]] double Mean(std::int64_t n, int scale) const {
    return Exact(sum_).ToDouble(0, TenPowers(scale, {static_cast<std::uint64_t>(n)}).divisors());
  }

  void Write(StateWriter* out) const { sum_.Encode(out); }

  bool Read(StateReader* in) { return sum_.Decode(in); }

  [[nodiscard]] std::size_t HeldBytes() const { return sum_.HeldBytes(); }

 private:
  ExactSum sum_;
};

class RealSum {
 public:
  void Change(double value, bool add) { add ? sum_.Add(value) : sum_.Remove(value); }

  void Merge(const RealSum& other) { sum_.Merge(other.sum_); }

  Outcome AppendSum(const DataType& /*type*/, ColumnBuilder* out) const {
    return AppendNumber(sum_.is_finite() ? Exact(sum_.finite()).ToDouble() : sum_.NonFinite(), out);
  }

  [[nodiscard]] double Mean(std::int64_t n, int /*scale*/) const {
    if (!sum_.is_finite()) return sum_.NonFinite();
    const std::array<std::uint64_t, 1> count = {static_cast<std::uint64_t>(n)};
    return Exact(sum_.finite()).ToDouble(0, count);
  }

  void Write(StateWriter* out) const { sum_.Encode(out); }

  bool Read(StateReader* in) { return sum_.Decode(in); }

  [[nodiscard]] std::size_t HeldBytes() const { return sum_.HeldBytes(); }

 private:
  FloatSum sum_;
};

template <class Sum>
struct SumState {
  std::int64_t n = 0;
  Sum sum;
};

template <class Sum, class Number, bool kMean>
class SumFunction : public TypedFunction<SumState<Sum>, true> {
 public:
  using State = SumState<Sum>;

  SumFunction(const DataType& argument, DataType result)
      : scale_(argument.id() == TypeId::kDecimal128 ? argument.scale() : 0),
        result_(std::move(result)) {}

 protected:
  void AddTo(State* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    Change(state, events, first, last, [](Sum* sum, Number value) { sum->Change(value, true); }, 1);
  }

  void RemoveFrom(State* state, const Events& events, std::int64_t first,
                  std::int64_t last) const override {
    Change(
        state, events, first, last, [](Sum* sum, Number value) { sum->Change(value, false); }, -1);
  }

  void MergeInto(State* state, const State& later) const override {
    state->n += later.n;
    state->sum.Merge(later.sum);
  }

  Outcome Value(const State& state, const Question& /*question*/,
                ColumnBuilder* out) const override {
    if (state.n == 0) return AppendNothing(out);
    if constexpr (kMean) {
      return AppendNumber(state.sum.Mean(state.n, scale_), out);
    } else {
      return state.sum.AppendSum(result_, out);
    }
  }

  void Write(const State& state, StateWriter* out) const override {
    out->Count(static_cast<std::uint64_t>(state.n));
    state.sum.Write(out);
  }

  bool Read(State* state, StateReader* in) const override {
    return in->Count(&state->n) && state->sum.Read(in);
  }

  [[nodiscard]] std::size_t Held(const State& state) const override {
    return state.sum.HeldBytes();
  }

 private:
  template <class F>
  static void Change(State* state, const Events& events, std::int64_t first, std::int64_t last,
                     F&& f, std::int64_t by) {
    std::int64_t n = 0;
    ForEachNumber(events, first, last, [&](auto value) {
      if constexpr (std::is_same_v<decltype(value), Number>) {
        f(&state->sum, value);
        ++n;
      }
    });
    state->n += n * by;
  }

  int scale_;
  DataType result_;
};

template <bool kMean>
Binding BindSum(const BindRequest& request) {
  const DataType& type = request.types[0];
  Binding binding;
  if (type.id() == TypeId::kFloat32 || type.id() == TypeId::kFloat64) {
    binding.result = TypeId::kFloat64;
    binding.function = std::make_shared<SumFunction<RealSum, double, kMean>>(type, binding.result);
  } else if (type.id() == TypeId::kDecimal128) {
    binding.result =
        kMean ? DataType(TypeId::kFloat64) : DataType::Decimal(kMaxDecimalDigits, type.scale());
    binding.function =
        std::make_shared<SumFunction<DecimalSum, Int128, kMean>>(type, binding.result);
  } else {
    binding.result = kMean ? TypeId::kFloat64 : TypeId::kInt64;
    binding.function =
        std::make_shared<SumFunction<IntegerSum, std::int64_t, kMean>>(type, binding.result);
  }
  return binding;
}

struct TruthState {
  std::int64_t n = 0;
  std::int64_t trues = 0;
};

template <bool kAll>
class TruthFunction : public TypedFunction<TruthState, true> {
 protected:
  void AddTo(TruthState* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    ForEachNumber(events, first, last, [state](auto value) {
      ++state->n;
      state->trues += value != 0 ? 1 : 0;
    });
  }

  void RemoveFrom(TruthState* state, const Events& events, std::int64_t first,
                  std::int64_t last) const override {
    ForEachNumber(events, first, last, [state](auto value) {
      --state->n;
      state->trues -= value != 0 ? 1 : 0;
    });
  }

  void MergeInto(TruthState* state, const TruthState& later) const override {
    state->n += later.n;
    state->trues += later.trues;
  }

  Outcome Value(const TruthState& state, const Question& /*question*/,
                ColumnBuilder* out) const override {
    if (state.n == 0) return AppendNothing(out);
    out->AppendBool(kAll ? state.trues == state.n : state.trues > 0);
    return Outcome::kValue;
  }

  void Write(const TruthState& state, StateWriter* out) const override {
    out->Count(static_cast<std::uint64_t>(state.n));
    out->Count(static_cast<std::uint64_t>(state.trues));
  }

  bool Read(TruthState* state, StateReader* in) const override {
    return in->Count(&state->n) && in->Count(&state->trues) && state->trues <= state->n;
  }
};

template <bool kAll>
Binding BindTruth(const BindRequest& /*request*/) {
  return {TypeId::kBool, std::make_shared<TruthFunction<kAll>>(), nullptr};
}

}  // namespace

std::vector<AggregateInfo> SumAggregates() {
  const ArgumentInfo number = {"x", ArgumentKind::kNumber};
  const ArgumentInfo anything = {"x", ArgumentKind::kAny, true};
  return {
      {.name = "count",
       .family = AggregateFamily::kCounts,
       .arguments = {anything},
       .result = "int64",
       .meaning = "How many events have a value; without argument, how many events there are.",
       .empty = EmptyResult::kZero,
       .bind = [](const BindRequest&) -> Binding {
         return {TypeId::kInt64, std::make_shared<CountFunction>(), nullptr};
       },
       .examples = {{"count", "string", "'a', null, 'a'", "2"}, {"count", "string", "", "0"}}},
      {.name = "rate",
       .family = AggregateFamily::kCounts,
       .arguments = {anything},
       .parameters = {{.name = "per",
                       .kind = ParameterKind::kDuration,
                       .least = 1,
                       .greatest = 0x1p53,
                       .fallback = static_cast<double>(kSecond),
                       .meaning = "the time that events are counted in"}},
       .result = "float64",
       .meaning = "Events with a value in each `per`, over the declared length of the window: "
                  "count × per / length. The window must have a length.",
       .empty = EmptyResult::kZero,
       .bounded = true,
       .bind = [](const BindRequest& request) -> Binding {
         return {TypeId::kFloat64,
                 std::make_shared<RateFunction>(request.parameters.Integer("per")), nullptr};
       },
       .examples = {{"rate(per=15m)", "int64", "7, 8, 9", "0.75"}}},
      {.name = "sum",
       .family = AggregateFamily::kSums,
       .arguments = {number},
       .result = "int64; of floats float64; of decimal(p, s) decimal(38, s)",
       .meaning = "The exact sum. Of floats it is rounded once; any NaN, or both infinities, give "
                  "NaN; what is too great is an infinity. Of integers and decimals a sum that does "
                  "not fit its type is invalid.",
       .bind = BindSum<false>,
       .examples = {{"sum", "float64", "1e16, 1.0, -1e16", "1.0"},
                    {"sum", "int64", "1, null, 2", "3"},
                    {"sum", "int64", "9223372036854775807, 1", "invalid"}}},
      {.name = "mean",
       .family = AggregateFamily::kSums,
       .aliases = {"avg"},
       .arguments = {number},
       .result = "float64",
       .meaning = "The exact quotient of sum and count, rounded once. Of bools: the share that is "
                  "true.",
       .bind = BindSum<true>,
       .examples = {{"mean", "float64", "1e308, 1e308", "1e+308"},
                    {"mean", "bool", "true, false, true, true", "0.75"}}},
      {.name = "any",
       .family = AggregateFamily::kCounts,
       .arguments = {{"x", ArgumentKind::kBool}},
       .result = "bool",
       .meaning = "Is a value true?",
       .bind = BindTruth<false>,
       .examples = {{"any", "bool", "false, null, true", "true"}}},
      {.name = "all",
       .family = AggregateFamily::kCounts,
       .arguments = {{"x", ArgumentKind::kBool}},
       .result = "bool",
       .meaning = "Are all values true?",
       .bind = BindTruth<true>,
       .examples = {{"all", "bool", "false, null, true", "false"},
                    {"all", "bool", "null", "null"}}},
  };
}

}  // namespace coeval
