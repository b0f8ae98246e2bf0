// = <> < <= > >=, is distinct from, between, in, greatest, least.
#include <algorithm>
#include <initializer_list>
#include <string>

#include "expression/comparison.h"
#include "expression/decimal.h"
#include "expression/forms.h"
#include "expression/functions.h"

namespace coeval {

namespace {

using Bool = std::uint8_t;

template <typename T, typename Compare>
void CompareKernel(const Call& call) {
  MapTotal<Bool, T, T>(call, [](const T& a, const T& b) -> Bool { return Compare{}(a, b); });
}

// The bytes behind a text at a null row may be gone, so only rows with values are looked at.
template <typename Compare>
void CompareText(const Call& call) {
  MapRows<Bool, std::string_view, std::string_view>(
      call, [](std::string_view a, std::string_view b, Bool& result) {
        result = Compare{}(a, b);
        return kValue;
      });
}

template <typename Compare>
Kernel PickCompare(Physical kind) {
  switch (kind) {
    case Physical::kBool:
      return CompareKernel<Bool, Compare>;
    case Physical::kInt:
      return CompareKernel<std::int64_t, Compare>;
    case Physical::kFloat:
      return CompareKernel<double, Compare>;
    case Physical::kText:
      return CompareText<Compare>;
    case Physical::kDecimal:
      return CompareKernel<Int128, Compare>;
    case Physical::kNested:
      break;
  }
  return nullptr;
}

struct Scales {
  int a, b;
};

Result<std::shared_ptr<const void>> PrepareScales(const PrepareContext& context) {
  return std::shared_ptr<const void>(std::make_shared<Scales>(
      Scales{context.types[0].data().scale(), context.types[1].data().scale()}));
}

template <typename Compare>
void CompareDecimals(const Call& call) {
  const auto& scales = call.prepared_as<Scales>();
  MapTotal<Bool, Int128, Int128>(call, [&](Int128 a, Int128 b) -> Bool {
    return Compare{}(CompareDecimal(a, scales.a, b, scales.b), 0);
  });
}

// Nulls are values here: null is distinct from 1 and not from null.
template <typename T, bool kDistinct>
void DistinctKernel(const Call& call) {
  const Vec &a = *call.args[0], &b = *call.args[1];
  Vec& out = *call.out;
  out.clean = true;
  Bool* const result = out.as<Bool>();
  for (std::int64_t row = 0; row < call.rows; ++row) {
    const RowState left = a.StateOf(row), right = b.StateOf(row);
    if (left == kError || right == kError) {
      SetState(out, call.rows, row, kError);
      continue;
    }
    bool same = left == right;
    if (same && left == kValue) same = Equal{}(a.as<T>()[row], b.as<T>()[row]);
    result[row] = same != kDistinct;
    if (!out.clean) out.state[row] = kValue;
  }
}

template <bool kDistinct>
Kernel PickDistinct(Physical kind) {
  switch (kind) {
    case Physical::kBool:
      return DistinctKernel<Bool, kDistinct>;
    case Physical::kInt:
      return DistinctKernel<std::int64_t, kDistinct>;
    case Physical::kFloat:
      return DistinctKernel<double, kDistinct>;
    case Physical::kText:
      return DistinctKernel<std::string_view, kDistinct>;
    case Physical::kDecimal:
      return DistinctKernel<Int128, kDistinct>;
    case Physical::kNested:
      break;
  }
  return nullptr;
}

// The greatest (or least) of the arguments that are not null.
template <typename T, bool kGreatest>
void ExtremeKernel(const Call& call) {
  Vec& out = *call.out;
  out.clean = true;
  T* const result = out.as<T>();
  for (std::int64_t row = 0; row < call.rows; ++row) {
    RowState state = kNull;
    for (std::size_t i = 0; i < call.num_args; ++i) {
      const RowState next = call.args[i]->StateOf(row);
      if (next == kNull) continue;
      if (next == kError) {
        state = kError;
        break;
      }
      const T& value = call.args[i]->as<T>()[row];
      const bool better = state == kNull || (kGreatest ? RankedLess{}(result[row], value)
                                                       : RankedLess{}(value, result[row]));
      if (better) result[row] = value;
      state = kValue;
    }
    if (state != kValue || !out.clean) SetState(out, call.rows, row, state);
  }
}

template <bool kGreatest>
Kernel PickExtreme(Physical kind) {
  switch (kind) {
    case Physical::kBool:
      return ExtremeKernel<Bool, kGreatest>;
    case Physical::kInt:
      return ExtremeKernel<std::int64_t, kGreatest>;
    case Physical::kFloat:
      return ExtremeKernel<double, kGreatest>;
    case Physical::kText:
      return ExtremeKernel<std::string_view, kGreatest>;
    case Physical::kDecimal:
      return ExtremeKernel<Int128, kGreatest>;
    case Physical::kNested:
      break;
  }
  return nullptr;
}

// Sorted constants, found by halving.
template <typename T>
struct Members {
  std::vector<T> sorted;
  bool has_null = false;
};

template <typename T, typename Held>
void InMembers(const Call& call) {
  const auto& members = call.prepared_as<Members<Held>>();
  MapRows<Bool, T>(call, [&](const T& value, Bool& result) {
    const auto found = std::lower_bound(
        members.sorted.begin(), members.sorted.end(), value,
        [](const Held& member, const T& sought) { return Less{}(T(member), sought); });
    result = found != members.sorted.end() && Equal{}(T(*found), value);
    return result == 0 && members.has_null ? kNull : kValue;
  });
}

template <typename T, typename Read>
std::shared_ptr<const void> MakeMembers(const std::vector<Value>& values, bool has_null,
                                        Read read) {
  auto members = std::make_shared<Members<T>>();
  members->has_null = has_null;
  for (const Value& value : values) members->sorted.push_back(read(value));
  std::sort(members->sorted.begin(), members->sorted.end(), Less{});
  return members;
}

template <typename Compare>
Function Comparison(std::string_view name, std::string_view meaning,
                    std::initializer_list<Example> examples) {
  return {
      .name = name,
      .family = Family::kComparison,
      .notation = Notation::kInfix,
      .usage = name,
      .meaning = meaning,
      .overloads = {{"T, T -> bool", nullptr, PickCompare<Compare>},
                    {"decimal, decimal -> bool", CompareDecimals<Compare>, nullptr, PrepareScales}},
      .examples = examples};
}

}  // namespace

Kernel InKernel(Physical kind) {
  switch (kind) {
    case Physical::kBool:
      return InMembers<Bool, Bool>;
    case Physical::kInt:
      return InMembers<std::int64_t, std::int64_t>;
    case Physical::kFloat:
      return InMembers<double, double>;
    case Physical::kText:
      return InMembers<std::string_view, std::string>;
    case Physical::kDecimal:
      return InMembers<Int128, Int128>;
    case Physical::kNested:
      break;
  }
  return nullptr;
}

std::shared_ptr<const void> PrepareIn(Physical kind, const std::vector<Value>& values,
                                      bool has_null) {
  switch (kind) {
    case Physical::kBool:
      return MakeMembers<Bool>(values, has_null, [](const Value& v) -> Bool { return v.AsBool(); });
    case Physical::kInt:
      return MakeMembers<std::int64_t>(values, has_null, [](const Value& v) { return v.AsInt(); });
    case Physical::kFloat:
      return MakeMembers<double>(values, has_null, [](const Value& v) { return v.AsDouble(); });
    case Physical::kText:
      return MakeMembers<std::string>(values, has_null,
                                      [](const Value& v) { return v.AsString(); });
    case Physical::kDecimal:
      return MakeMembers<Int128>(values, has_null, [](const Value& v) { return v.AsDecimal(); });
    case Physical::kNested:
      break;
  }
  return nullptr;
}

std::vector<Function> ComparisonFunctions() {
  return {
      Comparison<Equal>(
          "=",
          "Equal. Floats: -0.0 = 0.0, and NaN = NaN. Strings are compared by their UTF-8 "
          "bytes; a string constant beside a timestamp or a date is read as one. An "
          "integer beside a float is compared as float64. Also `==`.",
          {{"1 = 1.0", "true"},
           {"null = 1", "null"},
           {"(0.0 / 0) = (0.0 / 0)", "true"},
           {"timestamp '2013-01-01' = '2013-01-01T00:00:00Z'", "true"}}),
      Comparison<NotEqual>("<>", "Not equal. Also `!=`.", {{"'a' <> 'b'", "true"}}),
      Comparison<Less>("<",
                       "Less. NaN is greater than every other number; false is less than true.",
                       {{"1 < 2", "true"}, {"1 < (0.0 / 0)", "true"}, {"'B' < 'a'", "true"}}),
      Comparison<LessOrEqual>("<=", "Less or equal.", {{"2 <= 1", "false"}}),
      Comparison<Greater>(">", "Greater.", {{"2 > 1", "true"}}),
      Comparison<GreaterOrEqual>(">=", "Greater or equal.", {{"1 >= 1", "true"}}),
      {.name = "is distinct from",
       .family = Family::kComparison,
       .notation = Notation::kInfix,
       .usage = "a is distinct from b",
       .meaning = "Not equal, where null is a value like others.",
       .nulls = "never null",
       .overloads = {{"T, T -> bool", nullptr, PickDistinct<true>}},
       .examples = {{"null is distinct from 1", "true"}, {"null is distinct from null", "false"}}},
      {.name = "is not distinct from",
       .family = Family::kComparison,
       .notation = Notation::kInfix,
       .usage = "a is not distinct from b",
       .meaning = "Equal, where null is a value like others.",
       .nulls = "never null",
       .overloads = {{"T, T -> bool", nullptr, PickDistinct<false>}},
       .examples = {{"null is not distinct from null", "true"}}},
      {.name = "between",
       .family = Family::kComparison,
       .notation = Notation::kForm,
       .usage = "x [not] between low and high",
       .meaning = "low <= x and x <= high, with x computed once.",
       .nulls = "as `and`: false where one bound already says so",
       .examples = {{"5 between 1 and 10", "true"}, {"5 between 6 and null", "false"}}},
      {.name = "in",
       .family = Family::kComparison,
       .notation = Notation::kForm,
       .usage = "x [not] in (a, b, ...)",
       .meaning = "Is x equal to one of the values? Any number of constants costs one search.",
       .nulls = "null if x is null, or if x is none of them and one of them is null",
       .examples = {{"'JFK' in ('EWR', 'JFK', 'LGA')", "true"}, {"1 not in (2, null)", "null"}}},
      {.name = "greatest",
       .family = Family::kComparison,
       .usage = "greatest(a, b, ...)",
       .meaning = "The greatest of the values; NaN is greater than every other number.",
       .nulls = "nulls are left out; null if all are null",
       .overloads = {{"T, T... -> T", nullptr, PickExtreme<true>}},
       .examples = {{"greatest(1, 3, 2)", "3"}, {"greatest(null, 2.5, 1)", "2.5"}}},
      {.name = "least",
       .family = Family::kComparison,
       .usage = "least(a, b, ...)",
       .meaning = "The least of the values.",
       .nulls = "nulls are left out; null if all are null",
       .overloads = {{"T, T... -> T", nullptr, PickExtreme<false>}},
       .examples = {{"least(1, 3, 2)", "1"}, {"least('b', 'a')", "'a'"}}},
  };
}

}  // namespace coeval
