// count_distinct: exact while the window holds at most `cap` distinct values, then HyperLogLog.
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "aggregation/functions.h"
#include "aggregation/hyperloglog.h"
#include "aggregation/ordered_multiset.h"
#include "aggregation/sort_key.h"
#include "aggregation/typed_function.h"

namespace coeval {

namespace {

struct DistinctOptions {
  DataType type;
  std::int64_t cap;
  int p;
};

// What both forms write: 0 and the values in order, or 1 and the registers.
template <class K>
void WriteValues(const OrderedMultiset<K>& values, const DataType& type, StateWriter* out) {
  out->Count(0);
  out->Count(static_cast<std::uint64_t>(values.distinct()));
  values.ForEach([&](const K& key, std::int64_t) {
    WriteKey(key, type, out);
    return true;
  });
}

void WriteRegisters(const std::vector<std::uint8_t>& ranks, StateWriter* out) {
  out->Count(1);
  out->Raw({reinterpret_cast<const char*>(ranks.data()), ranks.size()});
}

template <class K>
struct DistinctState {
  OrderedMultiset<K> values;  // each once
  Registers registers;        // above the cap, instead
};

template <class K>
class DistinctFunction : public TypedFunction<DistinctState<K>, false> {
 public:
  using State = DistinctState<K>;

  explicit DistinctFunction(DistinctOptions options) : options_(std::move(options)) {}

 protected:
  void AddTo(State* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    ForEachKey<K>(events, first, last, Zeros::kOne,
                  [this, state](const auto& key) { this->Take(key, state); });
  }

  void MergeInto(State* state, const State& later) const override {
    if (later.registers.exists()) {
      Overflow(state);
      state->registers.Merge(later.registers);
      return;
    }
    later.values.ForEach([&](const K& key, std::int64_t) {
      Take(key, state);
      return true;
    });
  }

  Outcome Value(const State& state, const Question& /*question*/,
                ColumnBuilder* out) const override {
    out->AppendInt(state.registers.exists()
                       ? EstimateDistinct(state.registers.Histogram(), options_.p)
                       : state.values.distinct());
    return Outcome::kValue;
  }

  void Write(const State& state, StateWriter* out) const override {
    if (state.registers.exists()) {
      WriteRegisters(state.registers.ranks(), out);
    } else {
      WriteValues(state.values, options_.type, out);
    }
  }

  bool Read(State* state, StateReader* in) const override {
    std::uint64_t form = 0;
    if (!in->Count(&form) || form > 1) return false;
    if (form == 1) return ReadRegisters(state, in);
    std::size_t count = 0;
    if (!in->Items(1, &count) || count > static_cast<std::size_t>(options_.cap)) return false;
    for (std::size_t i = 0; i < count; ++i) {
      K key{};
      if (!ReadKey(options_.type, in, &key)) return false;
      if constexpr (std::is_same_v<K, std::uint64_t>) {
        if (IsFloat(options_.type) && key == SortKeyOf(-0.0, Zeros::kTwo)) return false;
      }
      if (i > 0 && !(state->values.Last() < key)) return false;
      state->values.Add(key);
    }
    return true;
  }

  [[nodiscard]] std::size_t Held(const State& state) const override {
    return state.values.HeldBytes() + state.registers.ranks().capacity();
  }

 private:
  template <class Key>
  void Take(const Key& key, State* state) const {
    if (state->registers.exists()) {
      state->registers.Add(HashKey(key), options_.p);
      return;
    }
    if (state->values.CountOf(key) > 0) return;
    state->values.Add(key);
    if (state->values.distinct() > options_.cap) Overflow(state);
  }

  void Overflow(State* state) const {
    if (state->registers.exists()) return;
    state->registers = Registers(options_.p);
    state->values.ForEach([&](const K& key, std::int64_t) {
      state->registers.Add(HashKey(key), options_.p);
      return true;
    });
    state->values.Clear();
  }

  bool ReadRegisters(State* state, StateReader* in) const {
    std::string_view ranks;
    if (!in->Raw(std::size_t{1} << options_.p, &ranks)) return false;
    state->registers = Registers(options_.p);
    for (std::size_t i = 0; i < ranks.size(); ++i) {
      const auto rank = static_cast<std::uint8_t>(ranks[i]);
      if (rank > 65 - options_.p) return false;
      state->registers.ranks()[i] = rank;
    }
    return state->registers.Histogram()[0] < (std::int32_t{1} << options_.p);
  }

  DistinctOptions options_;
};

template <class K>
struct SlidingDistinct {
  OrderedMultiset<K> values;
  std::optional<CountedRegisters> registers;  // from the first time above the cap
};

template <class K>
class SlidingDistinctFunction : public TypedFunction<SlidingDistinct<K>, true> {
 public:
  using State = SlidingDistinct<K>;

  explicit SlidingDistinctFunction(DistinctOptions options) : options_(std::move(options)) {}

 protected:
  void AddTo(State* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    ForEachKey<K>(events, first, last, Zeros::kOne, [this, state](const auto& key) {
      if (state->values.Add(key) > 0) return;
      if (state->registers) {
        state->registers->Add(HashKey(key));
      } else if (state->values.distinct() > options_.cap) {
        Count(state);
      }
    });
  }

  void RemoveFrom(State* state, const Events& events, std::int64_t first,
                  std::int64_t last) const override {
    ForEachKey<K>(events, first, last, Zeros::kOne, [this, state](const auto& key) {
      if (state->values.Remove(key) > 0 || !state->registers) return;
      // Far below the cap the registers go; they are made again when they are needed.
      if (state->values.distinct() < options_.cap / 2) {
        state->registers.reset();
      } else {
        state->registers->Remove(HashKey(key));
      }
    });
  }

  void MergeInto(State* state, const State& later) const override {
    state->values.Merge(later.values);
    state->registers.reset();
    if (state->values.distinct() > options_.cap) Count(state);
  }

  Outcome Value(const State& state, const Question& /*question*/,
                ColumnBuilder* out) const override {
    out->AppendInt(state.values.distinct() > options_.cap
                       ? EstimateDistinct(state.registers->histogram(), options_.p)
                       : state.values.distinct());
    return Outcome::kValue;
  }

  void Write(const State& state, StateWriter* out) const override {
    if (state.values.distinct() > options_.cap) {
      WriteRegisters(state.registers->ranks(), out);
    } else {
      WriteValues(state.values, options_.type, out);
    }
  }

  bool Read(State* /*state*/, StateReader* /*in*/) const override { return false; }

  [[nodiscard]] std::size_t Held(const State& state) const override {
    return state.values.HeldBytes() + (state.registers ? state.registers->HeldBytes() : 0);
  }

 private:
  void Count(State* state) const {
    state->registers.emplace(options_.p);
    state->values.ForEach([&](const K& key, std::int64_t) {
      state->registers->Add(HashKey(key));
      return true;
    });
  }

  DistinctOptions options_;
};

Binding BindDistinct(const BindRequest& request) {
  const DistinctOptions options = {request.types[0], request.parameters.Integer("cap"),
                                   static_cast<int>(request.parameters.Integer("p"))};
  return WithSortKey(options.type, [&options]<class K>() -> Binding {
    return {TypeId::kInt64, std::make_shared<DistinctFunction<K>>(options),
            std::make_shared<SlidingDistinctFunction<K>>(options)};
  });
}

}  // namespace

std::vector<AggregateInfo> DistinctAggregates() {
  return {
      {.name = "count_distinct",
       .family = AggregateFamily::kCounts,
       .aliases = {"nunique", "approx_count_distinct"},
       .arguments = {{"x", ArgumentKind::kScalar}},
       .parameters = {{.name = "cap",
                       .least = 0,
                       .greatest = 100'000,
                       .fallback = 1000,
                       .meaning = "so many distinct values are counted exactly"},
                      {.name = "p",
                       .least = 4,
                       .greatest = 18,
                       .fallback = 14,
                       .meaning = "above the cap HyperLogLog has 2^p registers; its standard error "
                                  "is 1.04 / √2^p"}},
       .result = "int64",
       .meaning = "How many different values: exact up to `cap`, above it a HyperLogLog estimated "
                  "from its registers alone. NaN is one value, and −0.0 is 0.0.",
       .empty = EmptyResult::kZero,
       .bind = BindDistinct,
       .examples = {{"count_distinct", "string", "'a', 'b', null, 'a'", "2"},
                    {"count_distinct", "float64", "0.0, -0.0, nan, nan", "2"}}},
  };
}

}  // namespace coeval
