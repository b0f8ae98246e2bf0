// Lists, vectors and maps: length and elements. Their cells are references into the input columns.
#include "expression/functions.h"
#include "expression/nested.h"

namespace coeval {

namespace {

using Int = std::int64_t;

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

// The value of a key; keys are unique.
template <typename T, bool (*kEqual)(const Column&, Int, const T&)>
void MapElementKernel(const Call& call) {
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

Result<ValueType> ElementType(std::span<const ValueType> types) {
  return ValueType(types[0].data().child(0));
}

template <TypeId... kKeys>
Result<ValueType> MapValueType(std::span<const ValueType> types) {
  const TypeId key = types[0].data().child(0).id();
  if (((key == kKeys) || ...)) return ValueType(types[0].data().child(1));
  return Status::InvalidArgument("its keys are " + types[0].data().child(0).ToString());
}

}  // namespace

std::vector<Function> NestedFunctions() {
  return {
      {.name = "element",
       .family = Family::kNested,
       .notation = Notation::kForm,
       .usage = "x[i], m[key]",
       .meaning =
           "An element of a list or vector: 1 is the first, -1 the last. Of a map: the value of a "
           "key.",
       .nulls = "null if an argument is null, or if there is no such element or key",
       .overloads = {{"list, int64 -> any", ElementKernel, nullptr, nullptr, ElementType},
                     {"vector, int64 -> any", ElementKernel, nullptr, nullptr, ElementType},
                     {"map, string -> any", MapElementKernel<std::string_view, TextKey>, nullptr,
                      nullptr, MapValueType<TypeId::kString>},
                     {"map, int64 -> any", MapElementKernel<Int, IntKey>, nullptr, nullptr,
                      MapValueType<TypeId::kInt32, TypeId::kInt64>}},
       .examples = {{"scores[1]", "0.5"}, {"scores[-1]", "null"}, {"counts['b']", "2"}}},
      {.name = "length",
       .family = Family::kText,
       .usage = "",
       .meaning = "",
       .overloads = {{"list -> int64", LengthKernel},
                     {"vector -> int64", LengthKernel},
                     {"map -> int64", LengthKernel}},
       .examples = {{"length(scores)", "3"}, {"length(counts)", "2"}}},
  };
}

}  // namespace coeval
