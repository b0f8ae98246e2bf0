// Maps: the value of a key, keys, values.
#include "column/builder.h"
#include "expression/functions.h"
#include "expression/nested.h"

namespace coeval {

namespace {

using Int = std::int64_t;

// The value of a key; keys are unique.
template <typename T, bool (*kEqual)(const Column&, Int, const T&)>
void ElementKernel(const Call& call) {
  CombineStates(call);
  Vec& out = *call.out;
  const NestedRef* const refs = call.arg<NestedRef>(0);
  const T* const keys = call.arg<T>(1);
  for (Int row = 0; row < call.rows; ++row) {
    if (out.StateOf(row) != kValue) continue;
    const auto [first, last] = refs[row].column->elements(refs[row].row);
    RowState state = kNull;
    for (Int at = first; at < last; ++at) {
      if (!kEqual(refs[row].column->child(0), at, keys[row])) continue;
      state = ReadCell(refs[row].column->child(1), at, out, row);
      break;
    }
    if (state != kValue) SetState(out, call.rows, row, state);
  }
}

bool TextKey(const Column& keys, Int at, const std::string_view& sought) {
  return keys.bytes(at) == sought;
}

bool IntKey(const Column& keys, Int at, const Int& sought) {
  const auto i = static_cast<std::size_t>(at);
  return keys.type().width() == 4 ? keys.values<std::int32_t>()[i] == sought
                                  : keys.values<Int>()[i] == sought;
}

// kSide: 0 the keys, 1 the values, as a list.
template <std::size_t kSide>
void SideKernel(const Call& call) {
  CombineStates(call);
  Vec& out = *call.out;
  const NestedRef* const refs = call.arg<NestedRef>(0);
  ColumnBuilder builder(call.prepared_as<ValueType>().data());
  for (Int row = 0; row < call.rows; ++row) {
    if (out.StateOf(row) != kValue) {
      builder.AppendNull();
      continue;
    }
    const Column& column = *refs[row].column;
    const auto [first, last] = column.elements(refs[row].row);
    for (Int at = first; at < last; ++at) builder.child(0).AppendFrom(column.child(kSide), at);
    builder.AppendNested();
  }
  const Column* const made = call.columns->Keep(builder.Finish());
  for (Int row = 0; row < call.rows; ++row) out.as<NestedRef>()[row] = {made, row};
}

template <TypeId... kKeys>
Result<ValueType> ValueOfMap(std::span<const ValueType> types) {
  const TypeId key = types[0].data().child(0).id();
  if (((key == kKeys) || ...)) return ValueType(types[0].data().child(1));
  return Status::InvalidArgument("its keys are " + types[0].data().child(0).ToString());
}

template <std::size_t kSide>
Result<ValueType> ListOfSide(std::span<const ValueType> types) {
  return ValueType(DataType::List(types[0].data().child(kSide)));
}

Result<std::shared_ptr<const void>> PrepareResult(const PrepareContext& context) {
  return std::shared_ptr<const void>(std::make_shared<const ValueType>(*context.result));
}

}  // namespace

std::vector<Function> MapFunctions() {
  return {
      {.name = "element",
       .family = Family::kNested,
       .usage = "",
       .meaning = "",
       .overloads = {{"map, string -> any", ElementKernel<std::string_view, TextKey>, nullptr,
                      nullptr, ValueOfMap<TypeId::kString>},
                     {"map, int64 -> any", ElementKernel<Int, IntKey>, nullptr, nullptr,
                      ValueOfMap<TypeId::kInt32, TypeId::kInt64>}},
       .examples = {{"counts['b']", "2"}, {"get(counts, 'c')", "null"}}},
      {.name = "keys",
       .family = Family::kNested,
       .usage = "keys(m)",
       .meaning = "The keys of a map as a list, in their order.",
       .overloads = {{"map -> list", SideKernel<0>, nullptr, PrepareResult, ListOfSide<0>}},
       .examples = {{"keys(counts)", "['a', 'b']"}, {"contains(keys(counts), 'c')", "false"}}},
      {.name = "values",
       .family = Family::kNested,
       .usage = "values(m)",
       .meaning = "The values of a map as a list, in the order of their keys.",
       .overloads = {{"map -> list", SideKernel<1>, nullptr, PrepareResult, ListOfSide<1>}},
       .examples = {{"values(counts)", "[1, 2]"}, {"sum(values(counts))", "3"}}},
  };
}

}  // namespace coeval
