// Functions that pick values by their place in the order of rule 5.3: first, last, lag, the first
// and last n, also of distinct values, collect.
//
// A state holds the values that some later question may still need, oldest first. Over a range of
// ordered events no state is needed: the picked positions are read from the ends.
#include <algorithm>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "aggregation/functions.h"
#include "aggregation/typed_function.h"
#include "aggregation/value_bytes.h"

namespace coeval {

namespace {

struct Picked {
  std::deque<Value> values;
  bool too_many = false;  // of collect without cap: more than kMaxStateItems; the values are gone
};

enum class Place : std::uint8_t { kFirst, kLast, kAll };

// `n` values from one end, or all. A single value (first, last, lag) is the one at the far end.
struct PickOptions {
  DataType type;
  Place place;
  std::int64_t n;
  bool single;

  // Does the answer still need a value, of `held`?
  [[nodiscard]] bool Full(std::int64_t held) const { return place != Place::kAll && held >= n; }
};

class PickFunction : public TypedFunction<Picked, false> {
 public:
  explicit PickFunction(PickOptions options) : options_(std::move(options)) {}

  Outcome AppendRange(const Events& events, std::int64_t first, std::int64_t last,
                      const Question& /*question*/, ColumnBuilder* out) const override {
    std::vector<std::int64_t> rows;
    if (options_.place == Place::kLast) {
      for (std::int64_t p = last; p-- > first && !options_.Full(Size(rows));) {
        if (events.Counts(events.Row(p))) rows.push_back(events.Row(p));
      }
      if (!options_.single) std::reverse(rows.begin(), rows.end());
    } else {
      for (std::int64_t p = first; p < last && !options_.Full(Size(rows)); ++p) {
        if (events.Counts(events.Row(p))) rows.push_back(events.Row(p));
      }
    }
    if (Size(rows) > kMaxStateItems) return AppendInvalid(out);
    if (options_.single) {
      if (Size(rows) < options_.n) return AppendNothing(out);
      out->AppendFrom(events.arguments[0], rows.back());
      return Outcome::kValue;
    }
    for (const std::int64_t row : rows) out->child(0).AppendFrom(events.arguments[0], row);
    out->AppendNested();
    return Outcome::kValue;
  }

 protected:
  void AddTo(Picked* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    // Of the newest n, only the last n of the range can be.
    if (options_.place == Place::kLast) {
      std::int64_t found = 0;
      for (std::int64_t p = last; p-- > first;) {
        if (!events.Counts(events.Row(p)) || ++found < options_.n) continue;
        first = p;
        break;
      }
    }
    ForEachRow(events, first, last, [&](std::int64_t row) {
      if (options_.place == Place::kFirst && options_.Full(Size(state->values))) return;
      Take(events.arguments[0].GetValue(row), state);
    });
  }

  void MergeInto(Picked* state, const Picked& later) const override {
    if (later.too_many) {
      state->too_many = true;
      state->values.clear();
    }
    for (const auto& value : later.values) Take(value, state);
  }

  Outcome Value(const Picked& state, const Question& /*question*/,
                ColumnBuilder* out) const override {
    if (state.too_many) return AppendInvalid(out);
    const auto append = [](const coeval::Value& value, ColumnBuilder* to) {
      const Status appended = to->Append(value);
      COEVAL_CHECK(appended.ok());
    };
    if (options_.single) {
      if (Size(state.values) < options_.n) return AppendNothing(out);
      append(options_.place == Place::kFirst ? state.values.back() : state.values.front(), out);
      return Outcome::kValue;
    }
    for (const auto& value : state.values) append(value, &out->child(0));
    out->AppendNested();
    return Outcome::kValue;
  }

  void Write(const Picked& state, StateWriter* out) const override {
    out->Count(state.too_many ? 1 : 0);
    out->Count(state.values.size());
    for (const auto& value : state.values) WriteValue(value, options_.type, out);
  }

  bool Read(Picked* state, StateReader* in) const override {
    std::uint64_t too_many = 0;
    std::size_t count = 0;
    if (!in->Count(&too_many) || too_many > 1 || !in->Items(1, &count)) return false;
    state->too_many = too_many == 1;
    const auto most = options_.place == Place::kAll ? kMaxStateItems : options_.n;
    if (static_cast<std::int64_t>(count) > most) return false;
    if (state->too_many && (count > 0 || options_.place != Place::kAll)) return false;
    for (std::size_t i = 0; i < count; ++i) {
      coeval::Value value;
      if (!ReadValue(options_.type, in, &value) || value.is_null()) return false;
      state->values.push_back(std::move(value));
    }
    return true;
  }

  [[nodiscard]] std::size_t Held(const Picked& state) const override {
    std::size_t bytes = state.values.size() * sizeof(coeval::Value);
    for (const auto& value : state.values) bytes += ValueBytes(value);
    return bytes;
  }

 private:
  template <class Run>
  static std::int64_t Size(const Run& run) {
    return static_cast<std::int64_t>(run.size());
  }

  void Take(coeval::Value value, Picked* state) const {
    if (state->too_many) return;
    if (options_.Full(Size(state->values))) {
      if (options_.place == Place::kFirst) return;
      state->values.pop_front();
    }
    state->values.push_back(std::move(value));
    if (options_.place == Place::kAll && Size(state->values) > kMaxStateItems) {
      state->too_many = true;
      state->values.clear();
    }
  }

  PickOptions options_;
};

// -0.0 as 0.0, also inside lists (rule 1.5).
Value OneZero(Value value) {
  if (value.is_double() && value.AsDouble() == 0.0) return Value::Double(0.0);
  if (!value.is_list()) return value;
  Value::List elements;
  for (const Value& element : value.AsList()) elements.push_back(OneZero(element));
  return Value::MakeList(std::move(elements));
}

// The n distinct values that came first, or that came last; oldest first.
class DistinctPickFunction : public TypedFunction<std::deque<Value>, false> {
 public:
  DistinctPickFunction(DataType type, std::int64_t n, bool newest)
      : type_(std::move(type)), n_(static_cast<std::size_t>(n)), newest_(newest) {}

  Outcome AppendRange(const Events& events, std::int64_t first, std::int64_t last,
                      const Question& question, ColumnBuilder* out) const override {
    // From the end that counts, so that a long window is read only as far as needed.
    std::deque<coeval::Value> picked;
    for (std::int64_t i = 0; i < last - first && picked.size() < n_; ++i) {
      const std::int64_t row = events.Row(newest_ ? last - 1 - i : first + i);
      if (!events.Counts(row)) continue;
      coeval::Value value = OneZero(events.arguments[0].GetValue(row));
      if (Find(picked, value) != picked.end()) continue;
      newest_ ? picked.push_front(std::move(value)) : picked.push_back(std::move(value));
    }
    return Value(picked, question, out);
  }

 protected:
  using State = std::deque<coeval::Value>;

  void AddTo(State* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    ForEachRow(events, first, last, [&](std::int64_t row) {
      if (!newest_ && state->size() == n_) return;
      Take(OneZero(events.arguments[0].GetValue(row)), state);
    });
  }

  void MergeInto(State* state, const State& later) const override {
    for (const auto& value : later) Take(value, state);
  }

  Outcome Value(const State& state, const Question& /*question*/,
                ColumnBuilder* out) const override {
    for (const auto& value : state) {
      const Status appended = out->child(0).Append(value);
      COEVAL_CHECK(appended.ok());
    }
    out->AppendNested();
    return Outcome::kValue;
  }

  void Write(const State& state, StateWriter* out) const override {
    out->Count(state.size());
    for (const auto& value : state) WriteValue(value, type_, out);
  }

  bool Read(State* state, StateReader* in) const override {
    std::size_t count = 0;
    if (!in->Items(1, &count) || count > n_) return false;
    for (std::size_t i = 0; i < count; ++i) {
      coeval::Value value;
      if (!ReadValue(type_, in, &value) || value.is_null()) return false;
      if (!SameBits(value, OneZero(value)) || Find(*state, value) != state->end()) return false;
      state->push_back(std::move(value));
    }
    return true;
  }

  [[nodiscard]] std::size_t Held(const State& state) const override {
    std::size_t bytes = state.size() * sizeof(coeval::Value);
    for (const auto& value : state) bytes += ValueBytes(value);
    return bytes;
  }

 private:
  static State::const_iterator Find(const State& state, const coeval::Value& value) {
    return std::find_if(state.begin(), state.end(),
                        [&](const auto& held) { return CompareValues(held, value) == 0; });
  }

  void Take(coeval::Value value, State* state) const {
    const auto found = Find(*state, value);
    if (newest_) {
      if (found != state->end()) {
        state->erase(found);
      } else if (state->size() == n_) {
        state->pop_front();
      }
      state->push_back(std::move(value));
    } else if (found == state->end() && state->size() < n_) {
      state->push_back(std::move(value));
    }
  }

  DataType type_;
  std::size_t n_;
  bool newest_;
};

std::int64_t CountOf(const BindRequest& request) {
  return request.parameters.Integer("n");
}

Binding Single(const DataType& type, Place place, std::int64_t n) {
  return {type, std::make_shared<PickFunction>(PickOptions{type, place, n, true}), nullptr};
}

Binding Several(const DataType& type, Place place, std::int64_t n) {
  return {DataType::List(type), std::make_shared<PickFunction>(PickOptions{type, place, n, false}),
          nullptr};
}

template <bool kNewest>
Binding BindDistinctPick(const BindRequest& request) {
  const DataType& type = request.types[0];
  return {DataType::List(type),
          std::make_shared<DistinctPickFunction>(type, CountOf(request), kNewest), nullptr};
}

}  // namespace

std::vector<AggregateInfo> OrderedAggregates() {
  const auto row = [](std::string_view name, std::vector<ParameterInfo> parameters,
                      std::string_view meaning, bool list, Binding (*bind)(const BindRequest&),
                      std::vector<AggregateExample> examples) {
    return AggregateInfo{.name = name,
                         .family = AggregateFamily::kOrdered,
                         .arguments = {{"x", ArgumentKind::kAny}},
                         .parameters = std::move(parameters),
                         .result = list ? "list of the type of x" : "the type of x",
                         .meaning = meaning,
                         .empty = list ? EmptyResult::kEmptyList : EmptyResult::kNull,
                         .ordered = true,
                         .bind = bind,
                         .examples = std::move(examples)};
  };
  const ParameterInfo n = {.name = "n", .least = 1, .greatest = 10'000, .meaning = "how many"};
  const ParameterInfo few = {.name = "n", .least = 1, .greatest = 1000, .meaning = "how many"};
  const ParameterInfo back = {.name = "n",
                              .least = 0,
                              .greatest = 10'000,
                              .fallback = 1,
                              .meaning = "how many values back"};
  const ParameterInfo cap = {.name = "cap",
                             .least = 1,
                             .greatest = 1'000'000,
                             .optional = true,
                             .meaning = "only the newest so many"};
  return {
      row("first", {}, "The oldest value.", false,
          [](const BindRequest& request) { return Single(request.types[0], Place::kFirst, 1); },
          {{"first", "int64", "null, 7, 8", "7"}}),
      row("last", {}, "The newest value.", false,
          [](const BindRequest& request) { return Single(request.types[0], Place::kLast, 1); },
          {{"last", "int64", "7, 8, null", "8"}}),
      row("lag", {back}, "The n-th value before the newest; lag(n=0) is last.", false,
          [](const BindRequest& request) {
            return Single(request.types[0], Place::kLast, CountOf(request) + 1);
          },
          {{"lag", "int64", "7, 8, 9", "8"}, {"lag(n=3)", "int64", "7, 8, 9", "null"}}),
      row("first_n", {n}, "The n oldest values, oldest first.", true,
          [](const BindRequest& request) {
            return Several(request.types[0], Place::kFirst, CountOf(request));
          },
          {{"first_n(n=2)", "string", "'a', 'b', 'c'", "['a', 'b']"}}),
      row("last_n", {n}, "The n newest values, oldest first.", true,
          [](const BindRequest& request) {
            return Several(request.types[0], Place::kLast, CountOf(request));
          },
          {{"last_n(n=2)", "string", "'a', 'b', 'c'", "['b', 'c']"}}),
      row("first_distinct_n", {few},
          "The n different values that came first, by their first occurrence, oldest first. −0.0 "
          "is "
          "0.0.",
          true, BindDistinctPick<false>,
          {{"first_distinct_n(n=2)", "string", "'a', 'a', 'b', 'c'", "['a', 'b']"}}),
      row("last_distinct_n", {few},
          "The n different values that came last, by their last occurrence, oldest first. −0.0 is "
          "0.0.",
          true, BindDistinctPick<true>,
          {{"last_distinct_n(n=2)", "string", "'a', 'b', 'a', 'c', 'a'", "['c', 'a']"}}),
      row("collect", {cap}, "All values, oldest first; invalid above 1,000,000 of them.", true,
          [](const BindRequest& request) {
            const auto most = request.parameters.Find("cap");
            return Several(request.types[0], most ? Place::kLast : Place::kAll,
                           static_cast<std::int64_t>(most.value_or(0)));
          },
          {{"collect", "int64", "3, null, 1", "[3, 1]"},
           {"collect(cap=1)", "int64", "3, null, 1", "[1]"}}),
  };
}

}  // namespace coeval
