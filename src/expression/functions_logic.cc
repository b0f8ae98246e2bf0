// and, or, not, is null, is true, case, if, coalesce, nullif.
#include "expression/forms.h"
#include "expression/functions.h"

namespace coeval {

namespace {

using Bool = std::uint8_t;

// Three-valued: kDecides is the value that settles the answer whatever stands on the right.
template <bool kDecides>
void LogicKernel(const Call& call) {
  const Vec &left = *call.args[0], &right = *call.args[1];
  Vec& out = *call.out;
  Bool* const result = out.as<Bool>();
  const Bool *const a = left.as<Bool>(), *const b = right.as<Bool>();
  out.clean = left.clean && right.clean;
  if (out.clean) {
    for (std::int64_t row = 0; row < call.rows; ++row) {
      result[row] = kDecides ? (a[row] | b[row]) != 0 : (a[row] & b[row]) != 0;
    }
    return;
  }
  for (std::int64_t row = 0; row < call.rows; ++row) {
    const RowState x = left.StateOf(row), y = right.StateOf(row);
    const bool left_decides = x == kValue && (a[row] != 0) == kDecides;
    const bool right_decides = y == kValue && (b[row] != 0) == kDecides;
    if (x == kError || left_decides) {
      out.state[row] = x;
      result[row] = kDecides;
    } else if (y == kError || right_decides) {
      out.state[row] = y;
      result[row] = kDecides;
    } else {
      out.state[row] = std::max(x, y);
      result[row] = !kDecides;
    }
  }
}

void NotKernel(const Call& call) {
  MapTotal<Bool, Bool>(call, [](Bool a) -> Bool { return a ^ 1; });
}

template <bool kWantNull>
void IsNullKernel(const Call& call) {
  const Vec& a = *call.args[0];
  Vec& out = *call.out;
  Bool* const result = out.as<Bool>();
  out.clean = true;
  for (std::int64_t row = 0; row < call.rows; ++row) {
    const RowState state = a.StateOf(row);
    result[row] = (state == kNull) == kWantNull;
    if (state == kError) {
      SetState(out, call.rows, row, kError);
    } else if (!out.clean) {
      out.state[row] = kValue;
    }
  }
}

// tag 0..3: is true, is false, is not true, is not false.
template <bool kWanted, bool kNegated>
void IsBoolKernel(const Call& call) {
  const Vec& a = *call.args[0];
  Vec& out = *call.out;
  Bool* const result = out.as<Bool>();
  out.clean = true;
  for (std::int64_t row = 0; row < call.rows; ++row) {
    const RowState state = a.StateOf(row);
    const bool is = state == kValue && (a.as<Bool>()[row] != 0) == kWanted;
    result[row] = is != kNegated;
    if (state == kError) {
      SetState(out, call.rows, row, kError);
    } else if (!out.clean) {
      out.state[row] = kValue;
    }
  }
}

template <typename T>
void Select(const Call& call) {
  const Vec &condition = *call.args[0], &then = *call.args[1], &otherwise = *call.args[2];
  Vec& out = *call.out;
  T* const result = out.as<T>();
  const Bool* const chosen = condition.as<Bool>();
  const T *const a = then.as<T>(), *const b = otherwise.as<T>();
  out.clean = condition.clean && then.clean && otherwise.clean;
  if (out.clean) {
    for (std::int64_t row = 0; row < call.rows; ++row) {
      result[row] = chosen[row] != 0 ? a[row] : b[row];
    }
    return;
  }
  for (std::int64_t row = 0; row < call.rows; ++row) {
    const RowState state = condition.StateOf(row);
    const bool taken = state == kValue && chosen[row] != 0;
    result[row] = taken ? a[row] : b[row];
    out.state[row] = state == kError ? kError : (taken ? then : otherwise).StateOf(row);
  }
}

template <typename T>
void Coalesce(const Call& call) {
  const Vec &a = *call.args[0], &b = *call.args[1];
  Vec& out = *call.out;
  T* const result = out.as<T>();
  out.clean = a.clean || b.clean;
  if (a.clean) {
    std::copy_n(a.as<T>(), call.rows, result);
    return;
  }
  for (std::int64_t row = 0; row < call.rows; ++row) {
    const bool first = a.state[row] != kNull;
    result[row] = (first ? a : b).template as<T>()[row];
    const RowState state = first ? a.state[row] : b.StateOf(row);
    if (state != kValue || !out.clean) SetState(out, call.rows, row, state);
  }
}

template <typename T>
void NullIf(const Call& call) {
  const Vec &equal = *call.args[0], &a = *call.args[1];
  Vec& out = *call.out;
  T* const result = out.as<T>();
  out.clean = true;
  for (std::int64_t row = 0; row < call.rows; ++row) {
    RowState state = a.StateOf(row);
    const RowState compared = equal.StateOf(row);
    if (compared == kError) state = kError;
    if (compared == kValue && equal.as<Bool>()[row] != 0) state = kNull;
    result[row] = a.as<T>()[row];
    if (state != kValue || !out.clean) SetState(out, call.rows, row, state);
  }
}

// The instance of a kernel for each physical kind, in the order of the enum.
#define COEVAL_BY_KIND(kernel)                                                                  \
  static constexpr Kernel kKernels[kPhysicalKinds] = {kernel<Bool>,   kernel<std::int64_t>,     \
                                                      kernel<double>, kernel<std::string_view>, \
                                                      kernel<Int128>, kernel<NestedRef>};       \
  return kKernels[static_cast<std::size_t>(kind)]

constexpr std::string_view kBoolSignature = "bool -> bool";

}  // namespace

Kernel SelectKernel(Physical kind) {
  COEVAL_BY_KIND(Select);
}

Kernel CoalesceKernel(Physical kind) {
  COEVAL_BY_KIND(Coalesce);
}

Kernel NullIfKernel(Physical kind) {
  COEVAL_BY_KIND(NullIf);
}

void AndKernel(const Call& call) {
  LogicKernel<false>(call);
}

void OrKernel(const Call& call) {
  LogicKernel<true>(call);
}

namespace {

std::vector<Function> TestsOfOne() {
  return {
      {.name = "is null",
       .family = Family::kLogic,
       .notation = Notation::kPostfix,
       .usage = "x is null",
       .meaning = "Has x no value? NaN is a value.",
       .nulls = "never null",
       .overloads = {{"any -> bool", IsNullKernel<true>}},
       .examples = {{"null is null", "true"}, {"(0.0 / 0) is null", "false"}}},
      {.name = "is not null",
       .family = Family::kLogic,
       .notation = Notation::kPostfix,
       .usage = "x is not null",
       .meaning = "Has x a value?",
       .nulls = "never null",
       .overloads = {{"any -> bool", IsNullKernel<false>}},
       .examples = {{"'' is not null", "true"}}},
      {.name = "is true",
       .family = Family::kLogic,
       .notation = Notation::kPostfix,
       .usage = "x is true",
       .meaning = "Is x true, and not null?",
       .nulls = "never null",
       .overloads = {{kBoolSignature, IsBoolKernel<true, false>}},
       .examples = {{"null is true", "false"}}},
      {.name = "is false",
       .family = Family::kLogic,
       .notation = Notation::kPostfix,
       .usage = "x is false",
       .meaning = "Is x false, and not null?",
       .nulls = "never null",
       .overloads = {{kBoolSignature, IsBoolKernel<false, false>}},
       .examples = {{"false is false", "true"}}},
      {.name = "is not true",
       .family = Family::kLogic,
       .notation = Notation::kPostfix,
       .usage = "x is not true",
       .meaning = "Is x false or null?",
       .nulls = "never null",
       .overloads = {{kBoolSignature, IsBoolKernel<true, true>}},
       .examples = {{"null is not true", "true"}}},
      {.name = "is not false",
       .family = Family::kLogic,
       .notation = Notation::kPostfix,
       .usage = "x is not false",
       .meaning = "Is x true or null?",
       .nulls = "never null",
       .overloads = {{kBoolSignature, IsBoolKernel<false, true>}},
       .examples = {{"null is not false", "true"}}},
  };
}

std::vector<Function> Choices() {
  return {
      {.name = "case",
       .family = Family::kLogic,
       .notation = Notation::kForm,
       .usage = "case [x] when a then b ... [else c] end",
       .meaning =
           "The result of the first branch whose condition is true, or which equals x. The results "
           "have one common type. Errors of branches that are not taken do not count.",
       .nulls = "a null condition is not true; without else: null",
       .examples = {{"case when 1 > 2 then 'a' else 'b' end", "'b'"},
                    {"case 3 when 1 then 'one' when 3 then 'three' end", "'three'"}}},
      {.name = "if",
       .family = Family::kLogic,
       .notation = Notation::kForm,
       .usage = "if(condition, a, b)",
       .meaning = "case when condition then a else b end.",
       .nulls = "a null condition is not true",
       .examples = {{"if(true, 1, 1 // 0)", "1"}}},
      {.name = "coalesce",
       .family = Family::kLogic,
       .notation = Notation::kForm,
       .usage = "coalesce(a, b, ...)",
       .meaning = "The first value that is not null. Also ifnull(a, b).",
       .nulls = "null if all are null",
       .aliases = {"ifnull"},
       .examples = {{"coalesce(null, 2, 3)", "2"}, {"coalesce(null, 1.5)", "1.5"}}},
      {.name = "nullif",
       .family = Family::kLogic,
       .notation = Notation::kForm,
       .usage = "nullif(a, b)",
       .meaning = "Null where a = b, else a.",
       .nulls = "null if a is null",
       .examples = {{"nullif(3, 3)", "null"}, {"nullif(3, 4)", "3"}}},
  };
}

}  // namespace

std::vector<Function> LogicFunctions() {
  std::vector<Function> functions = {
      {.name = "and",
       .family = Family::kLogic,
       .notation = Notation::kForm,
       .usage = "a and b",
       .meaning = "Three-valued. What stands after a false is not used: its errors do not count.",
       .nulls = "false if one is false; else null if one is null",
       .examples = {{"true and null", "null"},
                    {"false and null", "false"},
                    {"false and 9223372036854775807 + 1 > 0", "false"}}},
      {.name = "or",
       .family = Family::kLogic,
       .notation = Notation::kForm,
       .usage = "a or b",
       .meaning = "Three-valued. What stands after a true is not used: its errors do not count.",
       .nulls = "true if one is true; else null if one is null",
       .examples = {{"false or null", "null"}, {"null or true", "true"}}},
      {.name = "not",
       .family = Family::kLogic,
       .notation = Notation::kPrefix,
       .usage = "not a",
       .meaning = "The other truth value.",
       .overloads = {{kBoolSignature, NotKernel}},
       .examples = {{"not true", "false"}, {"not null", "null"}}},
  };
  for (Function& function : TestsOfOne()) functions.push_back(std::move(function));
  for (Function& function : Choices()) functions.push_back(std::move(function));
  return functions;
}

}  // namespace coeval
