// Any bytes as the state of a function: they are read, and written back the same, or are refused.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "aggregation/resolve.h"
#include "column/builder.h"

namespace coeval {
namespace {

// Every function over every kind of type that it takes.
std::vector<BoundAggregate> AllBound() {
  std::vector<BoundAggregate> all;
  for (const AggregateInfo& info : AggregateFunctions()) {
    AggregateParameters parameters;
    for (const ParameterInfo& parameter : info.parameters) {
      const double few = parameter.name == "p" ? 4 : parameter.name == "q" ? 0.25 : 3;
      parameters.emplace_back(parameter.name, Value::Double(few));
    }
    for (const DataType& type :
         {DataType(TypeId::kFloat64), DataType(TypeId::kInt32), DataType(TypeId::kBool),
          DataType(TypeId::kString), DataType(TypeId::kFloat32), DataType::Decimal(9, 2),
          DataType::Vector(TypeId::kFloat32, 2), DataType::List(TypeId::kString),
          DataType::Map(TypeId::kString, TypeId::kInt64)}) {
      std::vector<DataType> types(info.arguments.size(), type);
      if (const auto bound = ResolveAggregate(info.name, types, parameters); bound.ok()) {
        all.push_back(*bound);
      }
      if (const auto by = ResolveAggregateBy(info.name, types, TypeId::kFloat64, parameters);
          by.ok()) {
        all.push_back(*by);
      }
    }
  }
  return all;
}

void Check(std::string_view data) {
  static const auto* const all = new std::vector<BoundAggregate>(AllBound());
  if (data.size() < 2) return;
  const auto choice = static_cast<std::size_t>(static_cast<unsigned char>(data[0])) * 256 +
                      static_cast<unsigned char>(data[1]);
  const BoundAggregate& bound = (*all)[choice % all->size()];
  const std::string_view bytes = data.substr(2);
  AggregateState state(*bound.function);
  if (!state.Decode(bytes).ok()) return;
  std::string again;
  state.Encode(&again);
  COEVAL_CHECK(again == bytes);
  ColumnBuilder value(bound.result);
  state.Append({.t = 1'357'034'040'000'000, .length = kDay}, &value);
  AggregateState twice(state);
  twice.Merge(state);
  twice.Append({.t = 0, .length = kDay}, &value);
  COEVAL_CHECK(value.Finish().length() == 2);
}

}  // namespace
}  // namespace coeval

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  coeval::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
