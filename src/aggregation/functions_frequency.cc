// How often each value occurs: mode, top_n_frequency, top1_ratio, histogram, entropy. One state for
// all: a multiset, and beside it, once it is asked while it slides, the values by frequency.
#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "aggregation/exact_number.h"
#include "aggregation/functions.h"
#include "aggregation/math.h"
#include "aggregation/ordered_multiset.h"
#include "aggregation/sort_key.h"
#include "aggregation/typed_function.h"

namespace coeval {

namespace {

// By count descending, then by value: the order of rule 5.6 where a result is cut.
template <class K>
struct Ranked {
  std::int64_t count = 0;
  K key{};

  friend bool operator<(const Ranked& a, const Ranked& b) {
    return a.count != b.count ? a.count > b.count : a.key < b.key;
  }
};

enum class Frequency : std::uint8_t { kMode, kTop, kRatio, kHistogram, kEntropy };

template <class K>
struct FrequencyState {
  OrderedMultiset<K> values;
  OrderedMultiset<Ranked<K>> ranks;  // of a sliding state whose result is cut
  ExactSum logs;                     // of a sliding entropy: Σ fl(c log2 c)
};

// c log2 c as entropy adds it up.
double CountLog(std::int64_t count) {
  return count < 2 ? 0.0
                   : static_cast<double>(count) * DeterministicLog2(static_cast<double>(count));
}

template <class K, bool kSliding>
class FrequencyFunction : public TypedFunction<FrequencyState<K>, kSliding> {
 public:
  using State = FrequencyState<K>;

  // cap 0: all.
  FrequencyFunction(DataType type, Frequency frequency, std::int64_t cap)
      : type_(std::move(type)), frequency_(frequency), cap_(cap) {}

 protected:
  void AddTo(State* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    ForEachKey<K>(events, first, last, Zeros::kOne, [this, state](const auto& key) {
      const std::int64_t before = state->values.Add(key);
      if (kSliding) this->Follow(key, before, before + 1, state);
    });
  }

  void RemoveFrom(State* state, const Events& events, std::int64_t first,
                  std::int64_t last) const override {
    ForEachKey<K>(events, first, last, Zeros::kOne, [this, state](const auto& key) {
      const std::int64_t left = state->values.Remove(key);
      if (kSliding) this->Follow(key, left + 1, left, state);
    });
  }

  void MergeInto(State* state, const State& later) const override {
    later.values.ForEach([&](const K& key, std::int64_t count) {
      const std::int64_t before = state->values.Add(key, count);
      if (kSliding) this->Follow(key, before, before + count, state);
      return true;
    });
  }

  Outcome Value(const State& state, const Question& /*question*/,
                ColumnBuilder* out) const override {
    const bool none = state.values.empty();
    if (state.values.distinct() > kMaxStateItems) return AppendInvalid(out);
    switch (frequency_) {
      case Frequency::kMode:
        if (none) return AppendNothing(out);
        AppendKey(First(state, 1)[0].key, out);
        break;
      case Frequency::kTop:
        for (const Ranked<K>& value : First(state, cap_)) AppendKey(value.key, &out->child(0));
        out->AppendNested();
        break;
      case Frequency::kRatio:
        if (none) return AppendNothing(out);
        return AppendNumber(static_cast<double>(First(state, 1)[0].count) /
                                static_cast<double>(state.values.size()),
                            out);
      case Frequency::kHistogram:
        AppendHistogram(state, out);
        break;
      case Frequency::kEntropy:
        return none ? AppendNothing(out) : AppendNumber(Entropy(state), out);
    }
    return Outcome::kValue;
  }

  void Write(const State& state, StateWriter* out) const override {
    out->Count(static_cast<std::uint64_t>(state.values.distinct()));
    state.values.ForEach([&](const K& key, std::int64_t count) {
      WriteKey(key, type_, out);
      out->Count(static_cast<std::uint64_t>(count));
      return true;
    });
  }

  bool Read(State* state, StateReader* in) const override {
    std::size_t distinct = 0;
    if (kSliding || !in->Items(2, &distinct)) return false;
    for (std::size_t i = 0; i < distinct; ++i) {
      K key{};
      std::int64_t count = 0;
      std::int64_t total = 0;
      if (!ReadKey(type_, in, &key) || !in->Count(&count) || count == 0) return false;
      if constexpr (std::is_same_v<K, std::uint64_t>) {
        if (IsFloat(type_) && key == SortKeyOf(-0.0, Zeros::kTwo)) return false;
      }
      if (i > 0 && !(state->values.Last() < key)) return false;
      if (__builtin_add_overflow(state->values.size(), count, &total)) return false;
      state->values.Add(key, count);
    }
    return true;
  }

  [[nodiscard]] std::size_t Held(const State& state) const override {
    return state.values.HeldBytes() + state.ranks.HeldBytes();
  }

 private:
  [[nodiscard]] bool ByRank() const {
    return frequency_ != Frequency::kEntropy && (frequency_ != Frequency::kHistogram || cap_ > 0);
  }

  // The count of a key went from `before` to `after`.
  template <class Key>
  void Follow(const Key& key, std::int64_t before, std::int64_t after, State* state) const {
    if (frequency_ == Frequency::kEntropy) {
      state->logs.Remove(CountLog(before));
      state->logs.Add(CountLog(after));
    } else if (ByRank()) {
      if (before > 0) state->ranks.Remove(Ranked<K>{before, K(key)});
      if (after > 0) state->ranks.Add(Ranked<K>{after, K(key)});
    }
  }

  // The `most` first by rank, or all of them.
  std::vector<Ranked<K>> First(const State& state, std::int64_t most) const {
    std::vector<Ranked<K>> first;
    const auto wanted = static_cast<std::size_t>(std::min(most, state.values.distinct()));
    if (kSliding) {
      state.ranks.ForEach([&](const Ranked<K>& value, std::int64_t) {
        if (first.size() < wanted) first.push_back(value);
        return first.size() < wanted;
      });
      return first;
    }
    state.values.ForEach([&](const K& key, std::int64_t count) {
      first.push_back({count, key});
      return true;
    });
    std::partial_sort(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(wanted),
                      first.end());
    first.resize(wanted);
    return first;
  }

  void AppendHistogram(const State& state, ColumnBuilder* out) const {
    const auto append = [out](const K& key, std::int64_t count) {
      AppendKey(key, &out->child(0));
      out->child(1).AppendInt(count);
      return true;
    };
    if (cap_ == 0 || state.values.distinct() <= cap_) {
      state.values.ForEach(append);
    } else {
      std::vector<Ranked<K>> kept = First(state, cap_);
      std::sort(kept.begin(), kept.end(),
                [](const Ranked<K>& a, const Ranked<K>& b) { return a.key < b.key; });
      for (const Ranked<K>& value : kept) append(value.key, value.count);
    }
    out->AppendNested();
  }

  // log2 n - (Σ c log2 c) / n, the sum exact and rounded once.
  double Entropy(const State& state) const {
    if (state.values.distinct() == 1) return 0.0;
    ExactSum made;
    if (!kSliding) {
      state.values.ForEach([&made](const K&, std::int64_t count) {
        made.Add(CountLog(count));
        return true;
      });
    }
    const auto n = static_cast<double>(state.values.size());
    const double sum = Exact(kSliding ? state.logs : made).ToDouble();
    return std::max(0.0, DeterministicLog2(n) - sum / n);
  }

  DataType type_;
  Frequency frequency_;
  std::int64_t cap_;
};

template <Frequency kFrequency>
Binding BindFrequency(const BindRequest& request) {
  const DataType& type = request.types[0];
  DataType result = TypeId::kFloat64;
  std::int64_t cap = 0;
  if (kFrequency == Frequency::kMode) result = type;
  if (kFrequency == Frequency::kTop) {
    result = DataType::List(type);
    cap = request.parameters.Integer("n");
  }
  if (kFrequency == Frequency::kHistogram) {
    result = DataType::Map(type, TypeId::kInt64);
    cap = static_cast<std::int64_t>(request.parameters.Find("cap").value_or(0));
  }
  return WithSortKey(type, [&]<class K>() -> Binding {
    return {result, std::make_shared<FrequencyFunction<K, false>>(type, kFrequency, cap),
            std::make_shared<FrequencyFunction<K, true>>(type, kFrequency, cap)};
  });
}

}  // namespace

std::vector<AggregateInfo> FrequencyAggregates() {
  const auto row = [](std::string_view name, std::vector<std::string_view> aliases,
                      std::vector<ParameterInfo> parameters, std::string_view result,
                      std::string_view meaning, EmptyResult empty,
                      Binding (*bind)(const BindRequest&), std::vector<AggregateExample> examples) {
    return AggregateInfo{.name = name,
                         .family = AggregateFamily::kFrequencies,
                         .aliases = std::move(aliases),
                         .arguments = {{"x", ArgumentKind::kScalar}},
                         .parameters = std::move(parameters),
                         .result = result,
                         .meaning = meaning,
                         .empty = empty,
                         .bind = bind,
                         .examples = std::move(examples)};
  };
  return {
      row("mode", {}, {}, "the type of x",
          "The most frequent value; of several the least. −0.0 counts as 0.0.", EmptyResult::kNull,
          BindFrequency<Frequency::kMode>, {{"mode", "string", "'b', 'a', 'b', 'a'", "'a'"}}),
      row("top_n_frequency", {"topn_frequency"},
          {{.name = "n", .least = 1, .greatest = 10'000, .meaning = "how many values"}},
          "list of the type of x",
          "The n most frequent values, by count descending, then by value ascending.",
          EmptyResult::kEmptyList, BindFrequency<Frequency::kTop>,
          {{"top_n_frequency(n=2)", "int64", "3, 5, 5, 1", "[5, 1]"}}),
      row("top1_ratio", {}, {}, "float64", "The share of the most frequent value among all values.",
          EmptyResult::kNull, BindFrequency<Frequency::kRatio>,
          {{"top1_ratio", "string", "'a', 'b', 'a', 'a'", "0.75"}}),
      row("histogram", {"value_counts"},
          {{.name = "cap",
            .least = 1,
            .greatest = 1'000'000,
            .optional = true,
            .meaning = "only so many values, by count descending, then by value ascending"}},
          "map from the type of x to int64", "How often each value occurs, in the order of values.",
          EmptyResult::kEmptyMap, BindFrequency<Frequency::kHistogram>,
          {{"histogram", "string", "'b', 'a', 'b'", "{'a': 1, 'b': 2}"},
           {"histogram(cap=1)", "int64", "2, 1, 3", "{1: 1}"}}),
      row("entropy", {}, {}, "float64",
          "Shannon entropy in bits: log2(n) − fl(Σ c log2(c)) / n over the counts c of the values; "
          "the sum is exact over rounded terms. 0 for a single value.",
          EmptyResult::kNull, BindFrequency<Frequency::kEntropy>,
          {{"entropy", "string", "'a', 'b', 'c', 'd'", "2.0"},
           {"entropy", "string", "'a', 'a'", "0.0"}}),
  };
}

}  // namespace coeval
