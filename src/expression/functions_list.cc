// Lists and vectors: length (of maps too), element, slice, contains, sum, mean. Their cells are
// references into columns; nothing is copied but what slice gives.
#include <limits>

#include <fmt/format.h>

#include "column/builder.h"
#include "expression/comparison.h"
#include "expression/functions.h"
#include "expression/nested.h"

namespace coeval {

namespace {

using Int = std::int64_t;
using Bool = std::uint8_t;

void LengthKernel(const Call& call) {
  MapRows<Int, NestedRef>(call, [](const NestedRef& ref, Int& result) {
    const Column::Extent extent = ref.column->elements(ref.row);
    result = extent.last - extent.first;
    return kValue;
  });
}

// x[i] counts from 1; negative from the end.
void ElementKernel(const Call& call) {
  CombineStates(call);
  Vec& out = *call.out;
  const NestedRef* const refs = call.arg<NestedRef>(0);
  const Int* const positions = call.arg<Int>(1);
  for (Int row = 0; row < call.rows; ++row) {
    if (out.StateOf(row) != kValue) continue;
    const auto [first, last] = refs[row].column->elements(refs[row].row);
    const Int count = last - first, position = positions[row];
    const bool inside = position > 0 ? position <= count : position < 0 && position >= -count;
    RowState state = kNull;
    if (inside) {
      const Int at = position > 0 ? first + position - 1 : last + position;
      state = ReadCell(refs[row].column->child(0), at, out, row);
    }
    if (state != kValue) SetState(out, call.rows, row, state);
  }
}

// Elements `from` to `to` of [first, last), counted as x[i] counts; what lies outside is left out.
Column::Extent Cut(Column::Extent all, Int from, Int to) {
  const Int count = all.last - all.first;
  if (from < 0) from = from < -count ? 1 : count + from + 1;
  if (to < 0) to = to < -count ? 0 : count + to + 1;
  from = std::max<Int>(from, 1);
  to = std::min(to, count);
  if (to < from) return {all.first, all.first};
  return {all.first + from - 1, all.first + to};
}

void SliceKernel(const Call& call) {
  CombineStates(call);
  Vec& out = *call.out;
  const NestedRef* const refs = call.arg<NestedRef>(0);
  const Int *const from = call.arg<Int>(1), *const to = call.arg<Int>(2);
  ColumnBuilder builder(call.prepared_as<ValueType>().data());
  for (Int row = 0; row < call.rows; ++row) {
    if (out.StateOf(row) != kValue) {
      builder.AppendNull();
      continue;
    }
    const Column& column = *refs[row].column;
    const auto [first, last] = Cut(column.elements(refs[row].row), from[row], to[row]);
    for (Int at = first; at < last; ++at) builder.child(0).AppendFrom(column.child(0), at);
    builder.AppendNested();
  }
  const Column* const made = call.columns->Keep(builder.Finish());
  for (Int row = 0; row < call.rows; ++row) out.as<NestedRef>()[row] = {made, row};
}

// -- contains -----------------------------------------------------------------------------------

// kEqual tells whether element `at` of a child column is the value; nulls are never asked.
template <typename T, bool (*kEqual)(const Column&, Int, const T&)>
void ContainsKernel(const Call& call) {
  MapRows<Bool, NestedRef, T>(call, [](const NestedRef& ref, const T& sought, Bool& result) {
    const Column& elements = ref.column->child(0);
    const auto [first, last] = ref.column->elements(ref.row);
    result = 0;
    for (Int at = first; at < last && result == 0; ++at) {
      result = !elements.IsNull(at) && kEqual(elements, at, sought);
    }
    return kValue;
  });
}

bool SameText(const Column& elements, Int at, const std::string_view& sought) {
  return elements.bytes(at) == sought;
}

bool SameBool(const Column& elements, Int at, const Bool& sought) {
  return elements.values<Bool>()[static_cast<std::size_t>(at)] == sought;
}

bool SameInt(const Column& elements, Int at, const Int& sought) {
  const auto i = static_cast<std::size_t>(at);
  return elements.type().width() == 4 ? elements.values<std::int32_t>()[i] == sought
                                      : elements.values<Int>()[i] == sought;
}

bool SameFloat(const Column& elements, Int at, const double& sought) {
  double element = 0;
  ReadNumbers(elements, at, 1, &element);
  return Equal{}(element, sought);
}

// -- sums ---------------------------------------------------------------------------------------

struct IntSum {
  Int128 sum = 0;
  Int count = 0;
};

IntSum SumOfInts(const NestedRef& ref) {
  const Column& elements = ref.column->child(0);
  const auto [first, last] = ref.column->elements(ref.row);
  IntSum total;
  for (Int at = first; at < last; ++at) {
    if (elements.IsNull(at)) continue;
    const auto i = static_cast<std::size_t>(at);
    total.sum += elements.type().width() == 4 ? elements.values<std::int32_t>()[i]
                                              : elements.values<Int>()[i];
    ++total.count;
  }
  return total;
}

struct FloatSum {
  double sum = 0;
  Int count = 0;
};

// From the first to the last, one after the other: so it has the same bits everywhere.
FloatSum SumOfFloats(const NestedRef& ref) {
  constexpr Int kBlock = 64;
  double numbers[kBlock];
  const Column& elements = ref.column->child(0);
  const auto [first, last] = ref.column->elements(ref.row);
  FloatSum total;
  for (Int start = first; start < last; start += kBlock) {
    const Int size = std::min(kBlock, last - start);
    ReadNumbers(elements, start, size, numbers);
    for (Int i = 0; i < size; ++i) {
      if (elements.IsNull(start + i)) continue;
      total.sum += numbers[i];
      ++total.count;
    }
  }
  return total;
}

void SumInts(const Call& call) {
  MapRows<Int, NestedRef>(call, [&](const NestedRef& ref, Int& result) {
    const IntSum total = SumOfInts(ref);
    if (total.count == 0) return kNull;
    result = static_cast<Int>(total.sum);
    if (result == total.sum) return kValue;
    return call.Fail([] { return std::string("integer overflow in sum"); });
  });
}

void SumFloats(const Call& call) {
  MapRows<double, NestedRef>(call, [](const NestedRef& ref, double& result) {
    const FloatSum total = SumOfFloats(ref);
    result = total.sum;
    return total.count == 0 ? kNull : kValue;
  });
}

void MeanOfInts(const Call& call) {
  MapRows<double, NestedRef>(call, [](const NestedRef& ref, double& result) {
    const IntSum total = SumOfInts(ref);
    result = static_cast<double>(total.sum) / static_cast<double>(total.count);
    return total.count == 0 ? kNull : kValue;
  });
}

void MeanOfFloats(const Call& call) {
  MapRows<double, NestedRef>(call, [](const NestedRef& ref, double& result) {
    const FloatSum total = SumOfFloats(ref);
    result = total.sum / static_cast<double>(total.count);
    return total.count == 0 ? kNull : kValue;
  });
}

// -- types --------------------------------------------------------------------------------------

Result<ValueType> ElementType(std::span<const ValueType> types) {
  return ValueType(types[0].data().child(0));
}

Result<ValueType> ListOfElements(std::span<const ValueType> types) {
  return ValueType(DataType::List(types[0].data().child(0)));
}

Result<std::shared_ptr<const void>> PrepareResult(const PrepareContext& context) {
  return std::shared_ptr<const void>(std::make_shared<const ValueType>(*context.result));
}

constexpr std::string_view kNoElements = "null if the list is null or has no elements but nulls";

}  // namespace

std::vector<Function> ListFunctions() {
  return {
      {.name = "element",
       .family = Family::kNested,
       .notation = Notation::kForm,
       .usage = "x[i], m[key]",
       .meaning =
           "An element of a list or vector: 1 is the first, -1 the last. Of a map: the value of a "
           "key. Also get(x, i), get(m, key).",
       .nulls = "null if an argument is null, or if there is no such element or key",
       .aliases = {"get"},
       .overloads = {{"list, int64 -> any", ElementKernel, nullptr, nullptr, ElementType},
                     {"vector, int64 -> any", ElementKernel, nullptr, nullptr, ElementType}},
       .examples = {{"scores[1]", "0.5"}, {"scores[-1]", "null"}, {"get(scores, 9)", "null"}}},
      {.name = "length",
       .family = Family::kText,
       .usage = "",
       .meaning = "",
       .overloads = {{"list -> int64", LengthKernel},
                     {"vector -> int64", LengthKernel},
                     {"map -> int64", LengthKernel}},
       .examples = {{"length(scores)", "3"}, {"length(counts)", "2"}}},
      {.name = "slice",
       .family = Family::kNested,
       .usage = "slice(x, from, to)",
       .meaning = "The elements from one position to another, both included, counted as x[i] "
                  "counts; positions outside are left out.",
       .overloads = {{"list, int64, int64 -> list", SliceKernel, nullptr, PrepareResult,
                      ListOfElements},
                     {"vector, int64, int64 -> list", SliceKernel, nullptr, PrepareResult,
                      ListOfElements}},
       .examples = {{"slice(scores, 1, 2)", "[0.5, 2.0]"},
                    {"slice(scores, -2, -1)", "[2.0, null]"},
                    {"slice(scores, 3, 2)", "[]"}}},
      {.name = "contains",
       .family = Family::kText,
       .usage = "",
       .meaning = "",
       .overloads = {{"list<string>, string -> bool", ContainsKernel<std::string_view, SameText>},
                     {"list<bytes>, bytes -> bool", ContainsKernel<std::string_view, SameText>},
                     {"list<bool>, bool -> bool", ContainsKernel<Bool, SameBool>},
                     {"list<ints>, int64 -> bool", ContainsKernel<Int, SameInt>},
                     {"list<numbers>, float64 -> bool", ContainsKernel<double, SameFloat>},
                     {"vector, float64 -> bool", ContainsKernel<double, SameFloat>},
                     {"list<timestamp>, timestamp -> bool", ContainsKernel<Int, SameInt>},
                     {"list<date>, date -> bool", ContainsKernel<Int, SameInt>}},
       .examples = {{"contains(scores, 2)", "true"}, {"contains(scores, 7.5)", "false"}}},
      {.name = "sum",
       .family = Family::kNested,
       .usage = "sum(x)",
       .meaning = "The sum of the elements, nulls left out. Floats are added as float64 from the "
                  "first to the last, one after the other.",
       .nulls = kNoElements,
       .errors = "integer overflow",
       .overloads = {{"list<ints> -> int64", SumInts},
                     {"list<floats> -> float64", SumFloats},
                     {"vector -> float64", SumFloats}},
       .examples = {{"sum(scores)", "2.5"}, {"sum(slice(scores, 3, 3))", "null"}}},
      {.name = "mean",
       .family = Family::kNested,
       .usage = "mean(x)",
       .meaning = "The mean of the elements, nulls left out: the sum, which for integers is exact, "
                  "divided by their number as float64.",
       .nulls = kNoElements,
       .overloads = {{"list<ints> -> float64", MeanOfInts},
                     {"list<floats> -> float64", MeanOfFloats},
                     {"vector -> float64", MeanOfFloats}},
       .examples = {{"mean(scores)", "1.25"}}},
  };
}

}  // namespace coeval
