// Products and distances of vectors: of two vectors of one size, or of two lists of one length.
//
// The order of additions is fixed, so a result has the same bits on every processor: terms are
// formed as float64 without fused steps, term i goes to lane i mod 8, in order; the lanes are added
// as ((0+4)+(2+6)) + ((1+5)+(3+7)). Eight lanes let any processor add two, four or eight at a time.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "expression/functions.h"
#include "expression/nested.h"

namespace coeval {

namespace {

using Int = std::int64_t;

constexpr Int kLanes = 8;
constexpr Int kBlock = 64;  // a multiple of kLanes

// One sum over the terms of a pair of vectors.
class LaneSum {
 public:
  void Add(Int i, double term) { lanes_[i % kLanes] += term; }

  [[nodiscard]] double Total() const {
    return ((lanes_[0] + lanes_[4]) + (lanes_[2] + lanes_[6])) +
           ((lanes_[1] + lanes_[5]) + (lanes_[3] + lanes_[7]));
  }

 private:
  double lanes_[kLanes] = {};
};

struct Elements {
  const Column* column;
  Int first, count;
};

Elements ElementsOf(const NestedRef& ref) {
  const auto [first, last] = ref.column->elements(ref.row);
  return {&ref.column->child(0), first, last - first};
}

// Runs `block(x, y, size)` over both, at most kBlock elements at a time.
template <typename F>
void ForBlocks(const Elements& a, const Elements& b, F block) {
  double x[kBlock], y[kBlock];
  for (Int start = 0; start < a.count; start += kBlock) {
    const Int size = std::min(kBlock, a.count - start);
    ReadNumbers(*a.column, a.first + start, size, x);
    ReadNumbers(*b.column, b.first + start, size, y);
    block(x, y, size);
  }
}

double Dot(const Elements& a, const Elements& b) {
  LaneSum sum;
  ForBlocks(a, b, [&](const double* x, const double* y, Int size) {
    for (Int i = 0; i < size; ++i) sum.Add(i, x[i] * y[i]);
  });
  return sum.Total();
}

double Distance(const Elements& a, const Elements& b) {
  LaneSum sum;
  ForBlocks(a, b, [&](const double* x, const double* y, Int size) {
    for (Int i = 0; i < size; ++i) sum.Add(i, (x[i] - y[i]) * (x[i] - y[i]));
  });
  return std::sqrt(sum.Total());
}

double Cosine(const Elements& a, const Elements& b) {
  LaneSum xy, xx, yy;
  ForBlocks(a, b, [&](const double* x, const double* y, Int size) {
    for (Int i = 0; i < size; ++i) {
      xy.Add(i, x[i] * y[i]);
      xx.Add(i, x[i] * x[i]);
      yy.Add(i, y[i] * y[i]);
    }
  });
  const double cosine = xy.Total() / (std::sqrt(xx.Total()) * std::sqrt(yy.Total()));
  return cosine > 1 ? 1 : cosine < -1 ? -1 : cosine;  // NaN stays
}

bool HasNulls(const Elements& elements) {
  return !NoNulls(*elements.column, elements.first, elements.first + elements.count);
}

template <double (*kOf)(const Elements&, const Elements&)>
void PairKernel(const Call& call) {
  MapRows<double, NestedRef, NestedRef>(call, [&](const NestedRef& left, const NestedRef& right,
                                                  double& result) {
    const Elements a = ElementsOf(left), b = ElementsOf(right);
    if (a.count != b.count) {
      return call.Fail([&] {
        return fmt::format("lists of {} and {} elements, which must be equal", a.count, b.count);
      });
    }
    if (HasNulls(a) || HasNulls(b)) return kNull;
    result = kOf(a, b);
    return kValue;
  });
}

void NormKernel(const Call& call) {
  MapRows<double, NestedRef>(call, [](const NestedRef& ref, double& result) {
    const Elements a = ElementsOf(ref);
    if (HasNulls(a)) return kNull;
    result = std::sqrt(Dot(a, a));
    return kValue;
  });
}

Result<ValueType> FloatOfSameSize(std::span<const ValueType> types) {
  if (types[0].data().size() == types[1].data().size()) return ValueType(TypeId::kFloat64);
  return Status::InvalidArgument("vectors of two sizes");
}

Function OfPair(std::string_view name, Kernel kernel, std::string_view usage,
                std::string_view meaning, std::vector<Example> examples) {
  return {.name = name,
          .family = Family::kNested,
          .usage = usage,
          .meaning = meaning,
          .nulls = "null if an argument or an element is null",
          .errors = "lists of two lengths",
          .overloads = {{"vector, vector -> float64", kernel, nullptr, nullptr, FloatOfSameSize},
                        {"list<numbers>, list<numbers> -> float64", kernel}},
          .examples = std::move(examples)};
}

}  // namespace

std::vector<Function> VectorFunctions() {
  return {
      OfPair("dot", PairKernel<Dot>, "dot(a, b)",
             "The sum of the products of the elements, of two vectors of one size or two lists of "
             "one length. This and the next ones compute in float64 and add in a fixed order: term "
             "i to lane i mod 8, and the lanes as ((0+4)+(2+6)) + ((1+5)+(3+7)).",
             {{"dot(place, place)", "25.0"},
              {"dot(slice(scores, 1, 2), slice(place, 1, 2))", "9.5"},
              {"dot(scores, scores)", "null"},
              {"dot(scores, slice(scores, 1, 2))", "error"}}),
      OfPair("cosine_similarity", PairKernel<Cosine>, "cosine_similarity(a, b)",
             "dot(a, b) / (l2_norm(a) * l2_norm(b)), held within -1 to 1; NaN where one is all "
             "zeros.",
             {{"cosine_similarity(place, place)", "1.0"}}),
      OfPair("l2_distance", PairKernel<Distance>, "l2_distance(a, b)",
             "The square root of the sum of the squares of the differences.",
             {{"l2_distance(place, place)", "0.0"}}),
      {.name = "l2_norm",
       .family = Family::kNested,
       .usage = "l2_norm(a)",
       .meaning = "The length of a vector: the square root of dot(a, a).",
       .nulls = "null if the argument or an element is null",
       .overloads = {{"vector -> float64", NormKernel}, {"list<numbers> -> float64", NormKernel}},
       .examples = {{"l2_norm(place)", "5.0"}}},
  };
}

}  // namespace coeval
