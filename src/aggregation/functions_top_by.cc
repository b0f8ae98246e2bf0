// top_k_by and bottom_k_by: the values of the events that are greatest or least in something else.
#include <algorithm>
#include <utility>
#include <vector>

#include "aggregation/functions.h"
#include "aggregation/ordered_multiset.h"
#include "aggregation/typed_function.h"
#include "aggregation/value_bytes.h"

namespace coeval {

namespace {

// Equal entries are equal in every bit.
template <bool kGreatest>
struct Entry {
  Value by;
  Value x;

  friend bool operator<(const Entry& a, const Entry& b) {
    const int order = kGreatest ? CompareValues(b.by, a.by) : CompareValues(a.by, b.by);
    return order != 0 ? order < 0 : CompareValues(a.x, b.x) < 0;
  }
};

template <bool kGreatest>
struct TopByOptions {
  DataType x;
  DataType by;
  std::int64_t k = 0;

  void Write(const Entry<kGreatest>& entry, StateWriter* out) const {
    WriteValue(entry.by, by, out);
    WriteValue(entry.x, x, out);
  }
};

template <bool kGreatest>
Entry<kGreatest> EntryAt(const Events& events, std::int64_t row) {
  return {events.arguments[1].GetValue(row), events.arguments[0].GetValue(row)};
}

template <bool kGreatest>
void AppendValue(const Entry<kGreatest>& entry, ColumnBuilder* list) {
  const Status appended = list->child(0).Append(entry.x);
  COEVAL_CHECK(appended.ok());
}

template <bool kGreatest>
class TopByFunction : public TypedFunction<std::vector<Entry<kGreatest>>, false> {
 public:
  using State = std::vector<Entry<kGreatest>>;

  explicit TopByFunction(TopByOptions<kGreatest> options) : options_(std::move(options)) {}

 protected:
  void AddTo(State* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    ForEachRow(events, first, last,
               [&](std::int64_t row) { Take(EntryAt<kGreatest>(events, row), state); });
  }

  void MergeInto(State* state, const State& later) const override {
    for (const auto& entry : later) Take(entry, state);
  }

  Outcome Value(const State& state, const Question& /*question*/,
                ColumnBuilder* out) const override {
    for (const auto& entry : state) AppendValue(entry, out);
    out->AppendNested();
    return Outcome::kValue;
  }

  void Write(const State& state, StateWriter* out) const override {
    out->Count(state.size());
    for (const auto& entry : state) options_.Write(entry, out);
  }

  bool Read(State* state, StateReader* in) const override {
    std::size_t count = 0;
    if (!in->Items(2, &count) || count > static_cast<std::size_t>(options_.k)) return false;
    for (std::size_t i = 0; i < count; ++i) {
      Entry<kGreatest> entry;
      if (!ReadValue(options_.by, in, &entry.by) || !ReadValue(options_.x, in, &entry.x)) {
        return false;
      }
      if (entry.by.is_null() || entry.x.is_null() || (i > 0 && entry < state->back())) return false;
      state->push_back(std::move(entry));
    }
    return true;
  }

  [[nodiscard]] std::size_t Held(const State& state) const override {
    std::size_t bytes = state.capacity() * sizeof(Entry<kGreatest>);
    for (const auto& entry : state) bytes += ValueBytes(entry.by) + ValueBytes(entry.x);
    return bytes;
  }

 private:
  void Take(Entry<kGreatest> entry, State* state) const {
    const bool full = state->size() == static_cast<std::size_t>(options_.k);
    if (full && !(entry < state->back())) return;
    if (full) state->pop_back();
    const auto at = std::upper_bound(state->begin(), state->end(), entry);
    state->insert(at, std::move(entry));
  }

  TopByOptions<kGreatest> options_;
};

template <bool kGreatest>
class SlidingTopByFunction : public TypedFunction<OrderedMultiset<Entry<kGreatest>>, true> {
 public:
  using State = OrderedMultiset<Entry<kGreatest>>;

  explicit SlidingTopByFunction(TopByOptions<kGreatest> options) : options_(std::move(options)) {}

 protected:
  void AddTo(State* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    ForEachRow(events, first, last,
               [&](std::int64_t row) { state->Add(EntryAt<kGreatest>(events, row)); });
  }

  void RemoveFrom(State* state, const Events& events, std::int64_t first,
                  std::int64_t last) const override {
    ForEachRow(events, first, last,
               [&](std::int64_t row) { state->Remove(EntryAt<kGreatest>(events, row)); });
  }

  void MergeInto(State* state, const State& later) const override { state->Merge(later); }

  Outcome Value(const State& state, const Question& /*question*/,
                ColumnBuilder* out) const override {
    ForEachTaken(state, [out](const Entry<kGreatest>& entry) { AppendValue(entry, out); });
    out->AppendNested();
    return Outcome::kValue;
  }

  void Write(const State& state, StateWriter* out) const override {
    out->Count(static_cast<std::uint64_t>(std::min(options_.k, state.size())));
    ForEachTaken(state, [&](const Entry<kGreatest>& entry) { options_.Write(entry, out); });
  }

  bool Read(State* /*state*/, StateReader* /*in*/) const override { return false; }

  [[nodiscard]] std::size_t Held(const State& state) const override { return state.HeldBytes(); }

 private:
  template <class F>
  void ForEachTaken(const State& state, F&& f) const {
    std::int64_t left = options_.k;
    state.ForEach([&](const Entry<kGreatest>& entry, std::int64_t count) {
      for (; count > 0 && left > 0; --count, --left) f(entry);
      return left > 0;
    });
  }

  TopByOptions<kGreatest> options_;
};

template <bool kGreatest>
Binding BindTopBy(const BindRequest& request) {
  const TopByOptions<kGreatest> options = {request.types[0], request.types[1],
                                           request.parameters.Integer("k")};
  return {DataType::List(options.x), std::make_shared<TopByFunction<kGreatest>>(options),
          std::make_shared<SlidingTopByFunction<kGreatest>>(options)};
}

}  // namespace

std::vector<AggregateInfo> TopByAggregates() {
  const std::vector<ArgumentInfo> arguments = {{"x", ArgumentKind::kAny},
                                               {"by", ArgumentKind::kScalar}};
  const std::vector<ParameterInfo> k = {
      {.name = "k", .least = 1, .greatest = 10'000, .meaning = "how many values"}};
  return {
      {.name = "top_k_by",
       .family = AggregateFamily::kOrderStatistics,
       .aliases = {"max_by_n"},
       .arguments = arguments,
       .parameters = k,
       .result = "list of the type of x",
       .meaning = "The x of the k events with the greatest `by`, the greatest first; of equal `by` "
                  "the least x first. Events in which one of both is null do not count.",
       .empty = EmptyResult::kEmptyList,
       .bind = BindTopBy<true>,
       .examples = {{"top_k_by(k=2)", "string, int64", "'a' 5, 'b' 9, 'c' 7", "['b', 'c']"}}},
      {.name = "bottom_k_by",
       .family = AggregateFamily::kOrderStatistics,
       .aliases = {"min_by_n"},
       .arguments = arguments,
       .parameters = k,
       .result = "list of the type of x",
       .meaning = "The x of the k events with the least `by`, the least first; of equal `by` the "
                  "least x first.",
       .empty = EmptyResult::kEmptyList,
       .bind = BindTopBy<false>,
       .examples = {{"bottom_k_by(k=1)", "string, int64", "'b' 5, 'a' 5, 'c' 7", "['a']"}}},
  };
}

}  // namespace coeval
