// Any bytes as an expression: they compile or give an error, and what compiles evaluates, has a
// canonical text that compiles to itself, and gives the same alone and in a batch.
#include "expression/expression.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "column/builder.h"

namespace coeval {
namespace {

struct Inputs {
  Schema schema;
  std::vector<Column> columns;  // three rows: ordinary, null, extreme
};

void AddInput(Inputs* inputs, const std::string& name, const DataType& type, const Value& ordinary,
              const Value& extreme) {
  ColumnBuilder builder(type);
  const bool good =
      builder.Append(ordinary).ok() && builder.Append(Value()).ok() && builder.Append(extreme).ok();
  COEVAL_CHECK(good);
  inputs->schema.Add(name, type);
  inputs->columns.push_back(builder.Finish());
}

Inputs MakeInputs() {
  Inputs inputs;
  const Value least = Value::Int(INT64_MIN);
  AddInput(&inputs, "i", TypeId::kInt64, Value::Int(7), least);
  AddInput(&inputs, "n", TypeId::kInt32, Value::Int(-3), Value::Int(INT32_MAX));
  AddInput(&inputs, "f", TypeId::kFloat64, Value::Double(0.5), Value::Double(CanonicalNan()));
  AddInput(&inputs, "s", TypeId::kString, Value::String("Zürich"), Value::String(""));
  AddInput(&inputs, "b", TypeId::kBool, Value::Bool(true), Value::Bool(false));
  AddInput(&inputs, "t", TypeId::kTimestamp, Value::Int(1357034040000000), least);
  AddInput(&inputs, "d", TypeId::kDate, Value::Int(15706), Value::Int(INT32_MIN));
  AddInput(&inputs, "x", DataType::Decimal(10, 2), Value::Decimal(125),
           Value::Decimal(-9999999999));
  AddInput(&inputs, "l", DataType::List(TypeId::kFloat64), Value::MakeList({Value::Double(1)}),
           Value::MakeList({}));
  AddInput(&inputs, "v", DataType::Vector(TypeId::kFloat32, 2),
           Value::MakeList({Value::Double(3), Value::Double(4)}),
           Value::MakeList({Value::Double(CanonicalNan()), Value::Double(-0.0)}));
  AddInput(&inputs, "m", DataType::Map(TypeId::kString, TypeId::kInt64),
           Value::MakeMap({{Value::String("a"), Value::Int(1)}, {Value::String("b"), Value()}}),
           Value::MakeMap({}));
  AddInput(&inputs, "j", TypeId::kString,
           Value::String(R"({"a": [1, {"b": "\u00fc"}], "c": null})"), Value::String("[[{"));
  return inputs;
}

void Check(std::string_view text) {
  static const Inputs* const inputs = new Inputs(MakeInputs());
  const Result<Expression> expression = Expression::Compile(text, inputs->schema, std::nullopt);
  if (!expression.ok()) {
    COEVAL_CHECK(!expression.status().message().empty());
    return;
  }
  const std::array<TimeMicros, 1> now = {1380585600000000};
  const Evaluation all = expression.value().Evaluate(inputs->columns, 3, now);
  for (std::int64_t row = 0; row < 3; ++row) {
    std::vector<Column> one;
    for (const Column& column : inputs->columns) one.push_back(column.Slice(row, 1));
    const Evaluation alone = expression.value().Evaluate(one, 1, now);
    COEVAL_CHECK(SameBits(alone.values.GetValue(0), all.values.GetValue(row)));
  }
  const std::string canonical = expression.value().Canonical();
  const Result<Expression> again = Expression::Compile(canonical, inputs->schema, std::nullopt);
  // Only its length may refuse it: brackets make it longer than the text.
  if (canonical.size() > 4 * text.size() + 1000) return;
  if (!again.ok()) return;
  COEVAL_CHECK(again.value().Canonical() == canonical);
}

}  // namespace
}  // namespace coeval

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  coeval::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
