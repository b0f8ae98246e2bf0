// quantile and median: exact while the window holds at most `cap` values, then a DDSketch; and
// percent_rank, which is always exact.
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "aggregation/dd_sketch.h"
#include "aggregation/exact_number.h"
#include "aggregation/functions.h"
#include "aggregation/ordered_multiset.h"
#include "aggregation/sort_key.h"
#include "aggregation/typed_function.h"
#include "expression/decimal.h"

namespace coeval {

namespace {

struct QuantileOptions {
  DataType type;
  double q;
  std::int64_t cap;

  [[nodiscard]] int scale() const { return type.id() == TypeId::kDecimal128 ? type.scale() : 0; }
};

ExactTerm TermOf(std::uint64_t key, const DataType& type) {
  return IsFloat(type) ? ExactTerm(RealOf(key)) : ExactTerm(IntegerOf(key));
}

ExactTerm TermOf(UInt128 key, const DataType& /*type*/) {
  return ExactTerm(DecimalOf(key));
}

double RealOfKey(std::uint64_t key, const DataType& type) {
  return IsFloat(type) ? RealOf(key) : static_cast<double>(IntegerOf(key));
}

double RealOfKey(UInt128 key, const DataType& type) {
  return DecimalToDouble(DecimalOf(key), type.scale());
}

// Linear between the neighbours at q (n - 1), exact, rounded once; NaN is the greatest value.
template <class K>
double ExactQuantile(const OrderedMultiset<K>& values, const QuantileOptions& options) {
  // q (n - 1) = whole + part / 2^bits, exactly.
  const ExactTerm q(options.q);
  const UInt128 product =
      q.count == 0 ? 0 : UInt128{q.limbs[0]} * static_cast<std::uint64_t>(values.size() - 1);
  const auto bits = static_cast<int>(-q.exponent);  // q <= 1, so at least 52
  const UInt128 whole = bits < 128 ? product >> bits : 0;
  const UInt128 part = bits < 128 ? product - (whole << bits) : product;
  const K& low = values.At(static_cast<std::int64_t>(whole));
  if (part == 0) return RealOfKey(low, options.type);
  const K& high = values.At(static_cast<std::int64_t>(whole) + 1);
  if (low == high) return RealOfKey(low, options.type);
  if (IsFloat(options.type)) {
    const double a = RealOfKey(low, options.type);
    const double b = RealOfKey(high, options.type);
    if (a == b) return a;  // -0.0 and 0.0
    if (!std::isfinite(a) || !std::isfinite(b)) {
      FloatSum both;
      both.Add(a);
      both.Add(b);
      return both.NonFinite();
    }
  }
  ExactTerm fraction;
  fraction.limbs[0] = static_cast<std::uint64_t>(part);
  fraction.limbs[1] = static_cast<std::uint64_t>(part >> 64);
  fraction.count = fraction.limbs[1] != 0 ? 2 : 1;
  fraction.exponent = -bits;
  const Exact a(TermOf(low, options.type));
  const Exact b(TermOf(high, options.type));
  return (a + (b - a) * Exact(fraction)).ToDouble(0, TenPowers(options.scale()).divisors());
}

// Both forms write 0 and the values with their counts, or 1 and the sketch.
template <class K>
void WriteValues(const OrderedMultiset<K>& values, const DataType& type, StateWriter* out) {
  out->Count(static_cast<std::uint64_t>(values.distinct()));
  values.ForEach([&](const K& key, std::int64_t count) {
    WriteKey(key, type, out);
    out->Count(static_cast<std::uint64_t>(count));
    return true;
  });
}

template <class K>
bool ReadValues(const DataType& type, StateReader* in, OrderedMultiset<K>* values) {
  std::size_t distinct = 0;
  if (!in->Items(2, &distinct)) return false;
  for (std::size_t i = 0; i < distinct; ++i) {
    K key{};
    std::int64_t count = 0;
    std::int64_t total = 0;
    if (!ReadKey(type, in, &key) || !in->Count(&count) || count == 0) return false;
    if (i > 0 && !(values->Last() < key)) return false;
    if (__builtin_add_overflow(values->size(), count, &total)) return false;
    values->Add(key, count);
  }
  return true;
}

template <class K>
struct QuantileState {
  OrderedMultiset<K> values;
  std::optional<DdSketch> sketch;  // above the cap: of a tile instead, of a window beside
};

// kSliding: keeps all values, so that they can be taken back.
template <class K, bool kSliding>
class QuantileFunction : public TypedFunction<QuantileState<K>, kSliding> {
 public:
  using State = QuantileState<K>;

  explicit QuantileFunction(QuantileOptions options) : options_(std::move(options)) {}

 protected:
  void AddTo(State* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    ForEachKey<K>(events, first, last, Zeros::kTwo,
                  [this, state](const K& key) { Take(key, 1, state); });
  }

  void RemoveFrom(State* state, const Events& events, std::int64_t first,
                  std::int64_t last) const override {
    ForEachKey<K>(events, first, last, Zeros::kTwo, [this, state](const K& key) {
      state->values.Remove(key);
      if (!state->sketch) return;
      if (state->values.size() < options_.cap / 2) {
        state->sketch.reset();
      } else {
        state->sketch->Remove(RealOfKey(key, options_.type));
      }
    });
  }

  void MergeInto(State* state, const State& later) const override {
    if (!kSliding && later.sketch) {
      if (!state->sketch) Overflow(state);
      state->sketch->Merge(*later.sketch);
      return;
    }
    later.values.ForEach([&](const K& key, std::int64_t count) {
      Take(key, count, state);
      return true;
    });
  }

  Outcome Value(const State& state, const Question& /*question*/,
                ColumnBuilder* out) const override {
    if (Above(state)) return AppendNumber(state.sketch->Quantile(options_.q), out);
    if (state.values.empty()) return AppendNothing(out);
    return AppendNumber(ExactQuantile(state.values, options_), out);
  }

  void Write(const State& state, StateWriter* out) const override {
    out->Count(Above(state) ? 1 : 0);
    if (Above(state)) {
      state.sketch->Encode(out);
    } else {
      WriteValues(state.values, options_.type, out);
    }
  }

  bool Read(State* state, StateReader* in) const override {
    std::uint64_t form = 0;
    if (kSliding || !in->Count(&form) || form > 1) return false;
    if (form == 0) {
      return ReadValues(options_.type, in, &state->values) && state->values.size() <= options_.cap;
    }
    return state->sketch.emplace().Decode(in) && state->sketch->size() > options_.cap;
  }

  [[nodiscard]] std::size_t Held(const State& state) const override {
    return state.values.HeldBytes() + (state.sketch ? state.sketch->HeldBytes() : 0);
  }

 private:
  bool Above(const State& state) const {
    return state.sketch && (!kSliding || state.values.size() > options_.cap);
  }

  void Take(const K& key, std::int64_t count, State* state) const {
    if (kSliding || !state->sketch) state->values.Add(key, count);
    if (state->sketch) {
      state->sketch->Add(RealOfKey(key, options_.type), count);
    } else if (state->values.size() > options_.cap) {
      Overflow(state);
    }
  }

  void Overflow(State* state) const {
    state->sketch.emplace();
    state->values.ForEach([&](const K& key, std::int64_t count) {
      state->sketch->Add(RealOfKey(key, options_.type), count);
      return true;
    });
    if (!kSliding) state->values.Clear();
  }

  QuantileOptions options_;
};

// The kinds of numbers have two kinds of keys.
template <template <class> class Make, class Options>
Binding BindNumbers(const DataType& type, const Options& options) {
  return type.id() == TypeId::kDecimal128 ? Make<UInt128>::Bind(options)
                                          : Make<std::uint64_t>::Bind(options);
}

template <class K>
struct MakeQuantile {
  static Binding Bind(const QuantileOptions& options) {
    return {TypeId::kFloat64, std::make_shared<QuantileFunction<K, false>>(options),
            std::make_shared<QuantileFunction<K, true>>(options)};
  }
};

Binding BindQuantile(const BindRequest& request) {
  const QuantileOptions options = {request.types[0], request.parameters.Find("q").value_or(0.5),
                                   request.parameters.Integer("cap")};
  return BindNumbers<MakeQuantile>(options.type, options);
}

template <class K>
struct RankState {
  OrderedMultiset<K> values;
  K newest{};
};

// kSliding: the newest value is read from the question's events.
template <class K, bool kSliding>
class PercentRankFunction : public TypedFunction<RankState<K>, kSliding> {
 public:
  using State = RankState<K>;

  explicit PercentRankFunction(DataType type) : type_(std::move(type)) {}

 protected:
  void AddTo(State* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    ForEachKey<K>(events, first, last, Zeros::kOne, [state](const auto& key) {
      state->values.Add(key);
      if (!kSliding) state->newest = K(key);
    });
  }

  void RemoveFrom(State* state, const Events& events, std::int64_t first,
                  std::int64_t last) const override {
    ForEachKey<K>(events, first, last, Zeros::kOne,
                  [state](const auto& key) { state->values.Remove(key); });
  }

  void MergeInto(State* state, const State& later) const override {
    state->values.Merge(later.values);
    if (!later.values.empty()) state->newest = later.newest;
  }

  Outcome Value(const State& state, const Question& question, ColumnBuilder* out) const override {
    if (state.values.empty()) return AppendNothing(out);
    if (state.values.distinct() > kMaxStateItems) return AppendInvalid(out);
    const K newest = kSliding ? Newest(question) : state.newest;
    const std::int64_t others = state.values.size() - 1;
    if (others == 0) return AppendNumber(0.0, out);
    return AppendNumber(
        static_cast<double>(state.values.CountBelow(newest)) / static_cast<double>(others), out);
  }

  void Write(const State& state, StateWriter* out) const override {
    WriteValues(state.values, type_, out);
    if (!state.values.empty()) WriteKey(state.newest, type_, out);
  }

  bool Read(State* state, StateReader* in) const override {
    if (kSliding || !ReadValues(type_, in, &state->values)) return false;
    if (state->values.empty()) return true;
    return ReadKey(type_, in, &state->newest) && state->values.CountOf(state->newest) > 0;
  }

  [[nodiscard]] std::size_t Held(const State& state) const override {
    return state.values.HeldBytes();
  }

 private:
  static K Newest(const Question& question) {
    COEVAL_CHECK(question.events != nullptr);
    const Column& column = question.events->arguments[0];
    for (std::int64_t position = question.last; position-- > question.first;) {
      const std::int64_t row = question.events->Row(position);
      if (!column.IsNull(row)) return K(SortKeyAt<K>(column, row, Zeros::kOne));
    }
    return K{};
  }

  DataType type_;
};

Binding BindPercentRank(const BindRequest& request) {
  const DataType& type = request.types[0];
  return WithSortKey(type, [&type]<class K>() -> Binding {
    return {TypeId::kFloat64, std::make_shared<PercentRankFunction<K, false>>(type),
            std::make_shared<PercentRankFunction<K, true>>(type)};
  });
}

}  // namespace

std::vector<AggregateInfo> QuantileAggregates() {
  const ParameterInfo cap = {.name = "cap",
                             .least = 0,
                             .greatest = 100'000,
                             .fallback = 1000,
                             .meaning = "so many values give an exact quantile"};
  const std::vector<ArgumentInfo> number = {{"x", ArgumentKind::kNumber}};
  return {
      {.name = "quantile",
       .family = AggregateFamily::kOrderStatistics,
       .aliases = {"approx_percentile"},
       .arguments = number,
       .parameters = {{.name = "q",
                       .kind = ParameterKind::kFloat,
                       .least = 0,
                       .greatest = 1,
                       .meaning = "which quantile: 0 is the least value, 1 the greatest"},
                      cap},
       .result = "float64",
       .meaning = "Linear between the two values at q (n − 1), exact and rounded once, while the "
                  "window holds at most `cap` values; above it the value of a DDSketch at position "
                  "floor(q (n − 1)), within 1 % of the true one. NaN is the greatest value.",
       .bind = BindQuantile,
       .examples = {{"quantile(q=0.9)", "int64", "1, 2, 3, 4, 11", "8.200000000000001"},
                    {"quantile(q=1)", "float64", "1.0, nan", "nan"}}},
      {.name = "median",
       .family = AggregateFamily::kOrderStatistics,
       .arguments = number,
       .parameters = {cap},
       .result = "float64",
       .meaning = "quantile with q = 0.5.",
       .bind = BindQuantile,
       .examples = {{"median", "int64", "4, 1, null, 9, 2", "3.0"}}},
      {.name = "percent_rank",
       .family = AggregateFamily::kOrdered,
       .arguments = {{"x", ArgumentKind::kScalar}},
       .result = "float64",
       .meaning =
           "Where the newest value stands among all of the window: the number of values that "
           "are less, divided by n − 1, as SQL's percent_rank; 0 for a single value. −0.0 is "
           "0.0, and NaN the greatest. Invalid above 1,000,000 different values.",
       .ordered = true,
       .bind = BindPercentRank,
       .examples = {{"percent_rank", "int64", "5, 1, 9, 7, 7", "0.5"},
                    {"percent_rank", "int64", "3", "0.0"}}},
  };
}

}  // namespace coeval
