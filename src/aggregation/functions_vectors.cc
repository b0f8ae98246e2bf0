// Element by element over vectors of one size: sum_vec, mean_vec, min_vec, max_vec.
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "aggregation/exact_number.h"
#include "aggregation/functions.h"
#include "aggregation/ordered_multiset.h"
#include "aggregation/sort_key.h"
#include "aggregation/typed_function.h"

namespace coeval {

namespace {

// f(element, value) for the vectors in [first, last), and g() for each vector.
template <class F, class G>
void ForEachElement(const Events& events, std::int64_t first, std::int64_t last, F&& f, G&& g) {
  const Column& column = events.arguments[0];
  const auto size = static_cast<std::size_t>(column.type().size());
  const bool narrow = column.type().child(0).id() == TypeId::kFloat32;
  ForEachRow(events, first, last, [&](std::int64_t row) {
    const auto from = static_cast<std::size_t>(column.elements(row).first);
    for (std::size_t i = 0; i < size; ++i) {
      f(i, narrow ? static_cast<double>(column.child(0).values<float>()[from + i])
                  : column.child(0).values<double>()[from + i]);
    }
    g();
  });
}

struct VectorSums {
  std::int64_t n = 0;
  std::vector<FloatSum> sums;
};

template <bool kMean>
class VectorSumFunction : public TypedFunction<VectorSums, true> {
 public:
  explicit VectorSumFunction(std::size_t size) : size_(size) {}

 protected:
  [[nodiscard]] VectorSums Empty() const override { return {0, std::vector<FloatSum>(size_)}; }

  void AddTo(VectorSums* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    ForEachElement(
        events, first, last, [&](std::size_t i, double value) { state->sums[i].Add(value); },
        [&] { ++state->n; });
  }

  void RemoveFrom(VectorSums* state, const Events& events, std::int64_t first,
                  std::int64_t last) const override {
    ForEachElement(
        events, first, last, [&](std::size_t i, double value) { state->sums[i].Remove(value); },
        [&] { --state->n; });
  }

  void MergeInto(VectorSums* state, const VectorSums& later) const override {
    state->n += later.n;
    for (std::size_t i = 0; i < size_; ++i) state->sums[i].Merge(later.sums[i]);
  }

  Outcome Value(const VectorSums& state, const Question& /*question*/,
                ColumnBuilder* out) const override {
    if (state.n == 0) return AppendNothing(out);
    const std::array<std::uint64_t, 1> count = {static_cast<std::uint64_t>(state.n)};
    for (const FloatSum& sum : state.sums) {
      out->child(0).AppendDouble(!sum.is_finite() ? sum.NonFinite()
                                 : kMean          ? Exact(sum.finite()).ToDouble(0, count)
                                                  : Exact(sum.finite()).ToDouble());
    }
    out->AppendNested();
    return Outcome::kValue;
  }

  void Write(const VectorSums& state, StateWriter* out) const override {
    out->Count(static_cast<std::uint64_t>(state.n));
    for (const FloatSum& sum : state.sums) sum.Encode(out);
  }

  bool Read(VectorSums* state, StateReader* in) const override {
    if (!in->Count(&state->n)) return false;
    for (FloatSum& sum : state->sums) {
      if (!sum.Decode(in)) return false;
    }
    return true;
  }

  [[nodiscard]] std::size_t Held(const VectorSums& state) const override {
    std::size_t bytes = state.sums.size() * sizeof(FloatSum);
    for (const FloatSum& sum : state.sums) bytes += sum.HeldBytes();
    return bytes;
  }

 private:
  std::size_t size_;
};

void AppendExtremes(const std::vector<std::uint64_t>& best, ColumnBuilder* out) {
  for (const std::uint64_t key : best) out->child(0).AppendDouble(RealOf(key));
  out->AppendNested();
}

struct VectorExtremes {
  bool present = false;
  std::vector<std::uint64_t> best;
};

void WriteExtremes(const std::vector<std::uint64_t>& best, bool present, const DataType& element,
                   StateWriter* out) {
  out->Count(present ? 1 : 0);
  if (!present) return;
  for (const std::uint64_t key : best) WriteKey(key, element, out);
}

template <bool kGreatest>
class VectorExtremeFunction : public TypedFunction<VectorExtremes, false> {
 public:
  explicit VectorExtremeFunction(DataType type) : type_(std::move(type)) {}

 protected:
  [[nodiscard]] VectorExtremes Empty() const override {
    const auto size = static_cast<std::size_t>(type_.size());
    return {false, std::vector<std::uint64_t>(size, kGreatest ? 0 : ~std::uint64_t{0})};
  }

  void AddTo(VectorExtremes* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    ForEachElement(
        events, first, last,
        [&](std::size_t i, double value) { Take(i, SortKeyOf(value, Zeros::kTwo), state); },
        [&] { state->present = true; });
  }

  void MergeInto(VectorExtremes* state, const VectorExtremes& later) const override {
    if (!later.present) return;
    for (std::size_t i = 0; i < later.best.size(); ++i) Take(i, later.best[i], state);
    state->present = true;
  }

  Outcome Value(const VectorExtremes& state, const Question& /*question*/,
                ColumnBuilder* out) const override {
    if (!state.present) return AppendNothing(out);
    AppendExtremes(state.best, out);
    return Outcome::kValue;
  }

  void Write(const VectorExtremes& state, StateWriter* out) const override {
    WriteExtremes(state.best, state.present, type_.child(0), out);
  }

  bool Read(VectorExtremes* state, StateReader* in) const override {
    std::uint64_t present = 0;
    if (!in->Count(&present) || present > 1) return false;
    state->present = present == 1;
    for (std::uint64_t& key : state->best) {
      if (state->present && !ReadKey(type_.child(0), in, &key)) return false;
    }
    return true;
  }

  [[nodiscard]] std::size_t Held(const VectorExtremes& state) const override {
    return state.best.size() * sizeof(std::uint64_t);
  }

 private:
  static void Take(std::size_t i, std::uint64_t key, VectorExtremes* state) {
    if (kGreatest ? key > state->best[i] : key < state->best[i]) state->best[i] = key;
  }

  DataType type_;
};

using VectorMultisets = std::vector<OrderedMultiset<std::uint64_t>>;

template <bool kGreatest>
class SlidingVectorExtremeFunction : public TypedFunction<VectorMultisets, true> {
 public:
  explicit SlidingVectorExtremeFunction(DataType type) : type_(std::move(type)) {}

 protected:
  [[nodiscard]] VectorMultisets Empty() const override {
    return VectorMultisets(static_cast<std::size_t>(type_.size()));
  }

  void AddTo(VectorMultisets* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    ForEachElement(
        events, first, last,
        [&](std::size_t i, double value) { (*state)[i].Add(SortKeyOf(value, Zeros::kTwo)); },
        [] {});
  }

  void RemoveFrom(VectorMultisets* state, const Events& events, std::int64_t first,
                  std::int64_t last) const override {
    ForEachElement(
        events, first, last,
        [&](std::size_t i, double value) { (*state)[i].Remove(SortKeyOf(value, Zeros::kTwo)); },
        [] {});
  }

  void MergeInto(VectorMultisets* state, const VectorMultisets& later) const override {
    for (std::size_t i = 0; i < later.size(); ++i) (*state)[i].Merge(later[i]);
  }

  Outcome Value(const VectorMultisets& state, const Question& /*question*/,
                ColumnBuilder* out) const override {
    if (state[0].empty()) return AppendNothing(out);
    AppendExtremes(Best(state), out);
    return Outcome::kValue;
  }

  void Write(const VectorMultisets& state, StateWriter* out) const override {
    const bool present = !state[0].empty();
    WriteExtremes(present ? Best(state) : std::vector<std::uint64_t>(), present, type_.child(0),
                  out);
  }

  bool Read(VectorMultisets* /*state*/, StateReader* /*in*/) const override { return false; }

  [[nodiscard]] std::size_t Held(const VectorMultisets& state) const override {
    std::size_t bytes = state.size() * sizeof(state[0]);
    for (const auto& values : state) bytes += values.HeldBytes();
    return bytes;
  }

 private:
  static std::vector<std::uint64_t> Best(const VectorMultisets& state) {
    std::vector<std::uint64_t> best;
    for (const auto& values : state) best.push_back(kGreatest ? values.Last() : values.First());
    return best;
  }

  DataType type_;
};

template <bool kMean>
Binding BindVectorSum(const BindRequest& request) {
  const int size = request.types[0].size();
  return {DataType::Vector(TypeId::kFloat64, size),
          std::make_shared<VectorSumFunction<kMean>>(static_cast<std::size_t>(size)), nullptr};
}

template <bool kGreatest>
Binding BindVectorExtreme(const BindRequest& request) {
  const DataType& type = request.types[0];
  return {type, std::make_shared<VectorExtremeFunction<kGreatest>>(type),
          std::make_shared<SlidingVectorExtremeFunction<kGreatest>>(type)};
}

}  // namespace

std::vector<AggregateInfo> VectorAggregates() {
  const auto row = [](std::string_view name, std::string_view result, std::string_view meaning,
                      Binding (*bind)(const BindRequest&), AggregateExample example) {
    return AggregateInfo{.name = name,
                         .family = AggregateFamily::kVectors,
                         .arguments = {{"x", ArgumentKind::kVector}},
                         .result = result,
                         .meaning = meaning,
                         .bind = bind,
                         .examples = {example}};
  };
  return {
      row("sum_vec", "vector<float64, n>", "The exact sum of each element, rounded once, as sum.",
          BindVectorSum<false>,
          {"sum_vec", "vector<float64, 2>", "[1.0, 2.0], [0.5, 4.0]", "[1.5, 6.0]"}),
      row("mean_vec", "vector<float64, n>", "The mean of each element, as mean.",
          BindVectorSum<true>,
          {"mean_vec", "vector<float32, 2>", "[1.0, 2.0], [0.5, 4.0]", "[0.75, 3.0]"}),
      row("min_vec", "the type of x", "The least of each element, as min.",
          BindVectorExtreme<false>,
          {"min_vec", "vector<float64, 2>", "[1.0, 2.0], [0.5, 4.0]", "[0.5, 2.0]"}),
      row("max_vec", "the type of x", "The greatest of each element, as max.",
          BindVectorExtreme<true>,
          {"max_vec", "vector<float64, 2>", "[1.0, 2.0], [0.5, 4.0]", "[1.0, 4.0]"}),
  };
}

}  // namespace coeval
