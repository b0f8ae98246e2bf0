// min, max, top_k and bottom_k: compact states that only grow, and multisets that can take back.
#include <algorithm>
#include <utility>
#include <vector>

#include "aggregation/functions.h"
#include "aggregation/ordered_multiset.h"
#include "aggregation/sort_key.h"
#include "aggregation/typed_function.h"

namespace coeval {

namespace {

// Is a before b: less, or greater?
template <bool kGreatest, class A, class B>
bool Before(const A& a, const B& b) {
  return kGreatest ? b < a : a < b;
}

template <class K>
struct ExtremeState {
  bool present = false;
  K best{};
};

// The least or the greatest, nothing else.
template <class K, bool kGreatest>
class ExtremeFunction : public TypedFunction<ExtremeState<K>, false> {
 public:
  using State = ExtremeState<K>;

  explicit ExtremeFunction(DataType type) : type_(std::move(type)) {}

 protected:
  void AddTo(State* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    ForEachKey<K>(events, first, last, Zeros::kTwo, [state](const auto& key) { Take(key, state); });
  }

  void MergeInto(State* state, const State& later) const override {
    if (later.present) Take(later.best, state);
  }

  Outcome Value(const State& state, const Question& /*question*/,
                ColumnBuilder* out) const override {
    if (!state.present) return AppendNothing(out);
    AppendKey(state.best, out);
    return Outcome::kValue;
  }

  void Write(const State& state, StateWriter* out) const override {
    out->Count(state.present ? 1 : 0);
    if (state.present) WriteKey(state.best, type_, out);
  }

  bool Read(State* state, StateReader* in) const override {
    std::uint64_t count = 0;
    if (!in->Count(&count) || count > 1) return false;
    state->present = count == 1;
    return !state->present || ReadKey(type_, in, &state->best);
  }

  [[nodiscard]] std::size_t Held(const State& state) const override { return KeyBytes(state.best); }

 private:
  template <class Key>
  static void Take(const Key& key, State* state) {
    if (state->present && !Before<kGreatest>(key, state->best)) return;
    state->best = K(key);
    state->present = true;
  }

  DataType type_;
};

// The k first in order, each as often as it is there.
template <class K, bool kGreatest>
class TopFunction : public TypedFunction<std::vector<K>, false> {
 public:
  using State = std::vector<K>;

  TopFunction(DataType type, std::int64_t k)
      : type_(std::move(type)), k_(static_cast<std::size_t>(k)) {}

 protected:
  void AddTo(State* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    ForEachKey<K>(events, first, last, Zeros::kTwo,
                  [this, state](const auto& key) { this->Take(key, state); });
  }

  void MergeInto(State* state, const State& later) const override {
    State both;
    both.reserve(std::min(k_, state->size() + later.size()));
    auto a = state->begin();
    auto b = later.begin();
    while (both.size() < k_ && (a != state->end() || b != later.end())) {
      const bool own = b == later.end() || (a != state->end() && !Before<kGreatest>(*b, *a));
      both.push_back(own ? *a++ : *b++);
    }
    *state = std::move(both);
  }

  Outcome Value(const State& state, const Question& /*question*/,
                ColumnBuilder* out) const override {
    for (const K& key : state) AppendKey(key, &out->child(0));
    out->AppendNested();
    return Outcome::kValue;
  }

  void Write(const State& state, StateWriter* out) const override {
    out->Count(state.size());
    for (const K& key : state) WriteKey(key, type_, out);
  }

  bool Read(State* state, StateReader* in) const override {
    std::size_t count = 0;
    if (!in->Items(1, &count) || count > k_) return false;
    for (std::size_t i = 0; i < count; ++i) {
      K key{};
      if (!ReadKey(type_, in, &key)) return false;
      if (i > 0 && Before<kGreatest>(key, state->back())) return false;
      state->push_back(std::move(key));
    }
    return true;
  }

  [[nodiscard]] std::size_t Held(const State& state) const override {
    std::size_t bytes = state.capacity() * sizeof(K);
    for (const K& key : state) bytes += KeyBytes(key);
    return bytes;
  }

 private:
  template <class Key>
  void Take(const Key& key, State* state) const {
    if (state->size() == k_ && !Before<kGreatest>(key, state->back())) return;
    const auto at =
        std::upper_bound(state->begin(), state->end(), key,
                         [](const auto& a, const auto& b) { return Before<kGreatest>(a, b); });
    state->insert(at, K(key));
    if (state->size() > k_) state->pop_back();
  }

  DataType type_;
  std::size_t k_;
};

// Both, over a multiset of all values.
template <class K, bool kGreatest>
class SlidingTopFunction : public TypedFunction<OrderedMultiset<K>, true> {
 public:
  using State = OrderedMultiset<K>;

  // k = 0: min or max, a value and not a list.
  SlidingTopFunction(DataType type, std::int64_t k) : type_(std::move(type)), k_(k) {}

 protected:
  void AddTo(State* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    ForEachKey<K>(events, first, last, Zeros::kTwo, [state](const auto& key) { state->Add(key); });
  }

  void RemoveFrom(State* state, const Events& events, std::int64_t first,
                  std::int64_t last) const override {
    ForEachKey<K>(events, first, last, Zeros::kTwo,
                  [state](const auto& key) { state->Remove(key); });
  }

  void MergeInto(State* state, const State& later) const override { state->Merge(later); }

  Outcome Value(const State& state, const Question& /*question*/,
                ColumnBuilder* out) const override {
    if (k_ == 0) {
      if (state.empty()) return AppendNothing(out);
      AppendKey(kGreatest ? state.Last() : state.First(), out);
      return Outcome::kValue;
    }
    ForEachTaken(state, [out](const K& key) { AppendKey(key, &out->child(0)); });
    out->AppendNested();
    return Outcome::kValue;
  }

  void Write(const State& state, StateWriter* out) const override {
    out->Count(static_cast<std::uint64_t>(std::min(k_ == 0 ? 1 : k_, state.size())));
    ForEachTaken(state, [this, out](const K& key) { WriteKey(key, type_, out); });
  }

  // The multiset is not in the bytes: a sliding state is made from events.
  bool Read(State* /*state*/, StateReader* /*in*/) const override { return false; }

  [[nodiscard]] std::size_t Held(const State& state) const override { return state.HeldBytes(); }

 private:
  template <class F>
  void ForEachTaken(const State& state, F&& f) const {
    std::int64_t left = k_ == 0 ? 1 : k_;
    const auto take = [&](const K& key, std::int64_t count) {
      for (; count > 0 && left > 0; --count, --left) f(key);
      return left > 0;
    };
    kGreatest ? state.ForEachDown(take) : state.ForEach(take);
  }

  DataType type_;
  std::int64_t k_;
};

template <bool kGreatest>
Binding BindExtreme(const BindRequest& request) {
  const DataType& type = request.types[0];
  return WithSortKey(type, [&type]<class K>() -> Binding {
    return {type, std::make_shared<ExtremeFunction<K, kGreatest>>(type),
            std::make_shared<SlidingTopFunction<K, kGreatest>>(type, 0)};
  });
}

template <bool kGreatest>
Binding BindTop(const BindRequest& request) {
  const DataType& type = request.types[0];
  const std::int64_t k = request.parameters.Integer("k");
  return WithSortKey(type, [&type, k]<class K>() -> Binding {
    return {DataType::List(type), std::make_shared<TopFunction<K, kGreatest>>(type, k),
            std::make_shared<SlidingTopFunction<K, kGreatest>>(type, k)};
  });
}

}  // namespace

std::vector<AggregateInfo> ExtremeAggregates() {
  const std::vector<ArgumentInfo> scalar = {{"x", ArgumentKind::kScalar}};
  const std::vector<ParameterInfo> k = {
      {.name = "k", .least = 1, .greatest = 10'000, .meaning = "how many values"}};
  return {
      {.name = "min",
       .family = AggregateFamily::kOrderStatistics,
       .arguments = scalar,
       .result = "the type of x",
       .meaning =
           "The least value: −0.0 is less than 0.0, and NaN comes last, so it is NaN only if "
           "all values are.",
       .bind = BindExtreme<false>,
       .examples = {{"min", "float64", "0.0, -0.0, nan", "-0.0"},
                    {"min", "string", "'b', 'B', null", "'B'"}}},
      {.name = "max",
       .family = AggregateFamily::kOrderStatistics,
       .arguments = scalar,
       .result = "the type of x",
       .meaning = "The greatest value; NaN if any value is.",
       .bind = BindExtreme<true>,
       .examples = {{"max", "int64", "3, 9, null, 4", "9"}, {"max", "float64", "1.5, nan", "nan"}}},
      {.name = "top_k",
       .family = AggregateFamily::kOrderStatistics,
       .arguments = scalar,
       .parameters = k,
       .result = "list of the type of x",
       .meaning =
           "The k greatest values, the greatest first, duplicates kept; NaN is the greatest.",
       .empty = EmptyResult::kEmptyList,
       .bind = BindTop<true>,
       .examples = {{"top_k(k=2)", "int64", "3, 9, 1, 9", "[9, 9]"}}},
      {.name = "bottom_k",
       .family = AggregateFamily::kOrderStatistics,
       .arguments = scalar,
       .parameters = k,
       .result = "list of the type of x",
       .meaning = "The k least values, the least first, duplicates kept.",
       .empty = EmptyResult::kEmptyList,
       .bind = BindTop<false>,
       .examples = {{"bottom_k(k=2)", "string", "'c', 'a', 'b'", "['a', 'b']"},
                    {"bottom_k(k=2)", "string", "", "[]"}}},
  };
}

}  // namespace coeval
