#include "aggregation/testing.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "column/builder.h"

namespace coeval {

namespace {

std::uint64_t Below(std::mt19937_64& random, std::uint64_t n) {
  return random() % n;
}

std::int64_t RandomInteger(std::mt19937_64& random, std::int64_t least, std::int64_t greatest) {
  switch (Below(random, 20)) {
    case 0:
      return least;
    case 1:
      return greatest;
    case 2:
      // Without sign, where the sum wraps as it should.
      return static_cast<std::int64_t>(
          static_cast<std::uint64_t>(least) +
          Below(random, static_cast<std::uint64_t>(greatest) - static_cast<std::uint64_t>(least)));
    default:
      return static_cast<std::int64_t>(Below(random, 9)) - 4;
  }
}

double RandomReal(std::mt19937_64& random) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  switch (Below(random, 40)) {
    case 0:
      return CanonicalNan();
    case 1:
      return Below(random, 2) == 0 ? kInfinity : -kInfinity;
    case 2:
      return Below(random, 2) == 0 ? 0.0 : -0.0;
    case 3:
      return std::numeric_limits<double>::denorm_min() * static_cast<double>(Below(random, 5));
    case 4:
      return Below(random, 2) == 0 ? 1e308 : -1e308;
    case 5:
      return std::ldexp(static_cast<double>(Below(random, 1000)) - 500,
                        static_cast<int>(Below(random, 400)) - 200);
    default:
      return static_cast<double>(static_cast<std::int64_t>(Below(random, 4001)) - 2000) /
             (Below(random, 2) == 0 ? 4 : 100);
  }
}

std::string RandomText(std::mt19937_64& random) {
  if (Below(random, 20) == 0) return std::string(40 + Below(random, 30), 'x');
  static const std::vector<std::string> kTexts = {"", "a", "b", "ab", "B", "\xC3\xBC", "a\n"};
  return kTexts[Below(random, kTexts.size())];
}

}  // namespace

Value RandomValue(std::mt19937_64& random, const DataType& type) {
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr auto kGreatest = std::numeric_limits<std::int64_t>::max();
  if (Below(random, 12) == 0) return {};
  switch (type.id()) {
    case TypeId::kNull:
      return {};
    case TypeId::kBool:
      return Value::Bool(Below(random, 2) == 0);
    case TypeId::kInt32:
    case TypeId::kDate:
      return Value::Int(RandomInteger(random, std::numeric_limits<std::int32_t>::min(),
                                      std::numeric_limits<std::int32_t>::max()));
    case TypeId::kInt64:
    case TypeId::kTimestamp:
      return Value::Int(RandomInteger(random, kLeast, kGreatest));
    case TypeId::kFloat32:
      return Value::Double(
          static_cast<double>(static_cast<float>(std::clamp(RandomReal(random), -3e38, 3e38))));
    case TypeId::kFloat64:
      return Value::Double(RandomReal(random));
    case TypeId::kString:
    case TypeId::kBytes:
      return Value::String(RandomText(random));
    case TypeId::kDecimal128:
      return Value::Decimal(Below(random, 20) == 0
                                ? Int128{999'999'999'999}
                                : Int128{RandomInteger(random, -99'999, 99'999)});
    case TypeId::kList: {
      Value::List elements(Below(random, 3));
      for (Value& element : elements) element = RandomValue(random, type.child(0));
      return Value::MakeList(std::move(elements));
    }
    case TypeId::kVector: {
      Value::List elements(static_cast<std::size_t>(type.size()));
      for (Value& element : elements) {
        while (element.is_null()) element = RandomValue(random, type.child(0));
      }
      return Value::MakeList(std::move(elements));
    }
    case TypeId::kMap: {
      Value::Map entries;
      for (int i = 0; i < static_cast<int>(Below(random, 3)); ++i) {
        entries.emplace_back(Value::String(fmt::format("k{}", i)),
                             RandomValue(random, type.child(1)));
      }
      return Value::MakeMap(std::move(entries));
    }
  }
  return {};
}

TestEvents RandomEvents(std::mt19937_64& random, std::span<const DataType> types, std::int64_t n) {
  TestEvents events;
  std::vector<ColumnBuilder> builders;
  for (const DataType& type : types) builders.emplace_back(type);
  TimeMicros time = 1'357'034'040'000'000 - static_cast<TimeMicros>(Below(random, 1'000'000'000));
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::size_t c = 0; c < types.size(); ++c) {
      const Status appended = builders[c].Append(RandomValue(random, types[c]));
      COEVAL_CHECK(appended.ok());
    }
    events.times.push_back(time);
    time += static_cast<TimeMicros>(Below(random, 3)) * 30 * kSecond;  // ties on purpose
  }
  for (ColumnBuilder& builder : builders) events.arguments.push_back(builder.Finish());
  return events;
}

std::string Answer::Text(const DataType& type) const {
  return outcome == Outcome::kInvalid ? "invalid" : ToText(value, type);
}

namespace {

Answer Finished(Outcome outcome, ColumnBuilder* builder) {
  const Column column = builder->Finish();
  COEVAL_CHECK(column.length() == 1);
  return {outcome, column.GetValue(0)};
}

}  // namespace

Answer Ask(const BoundAggregate& bound, const AggregateState& state, const Question& question) {
  ColumnBuilder builder(bound.result);
  const Outcome outcome = state.Append(question, &builder);
  return Finished(outcome, &builder);
}

Answer AskRange(const BoundAggregate& bound, const Events& events, std::int64_t first,
                std::int64_t last, const Question& question) {
  ColumnBuilder builder(bound.result);
  const Outcome outcome = bound.function->AppendRange(events, first, last, question, &builder);
  return Finished(outcome, &builder);
}

bool SameAnswer(const Answer& a, const Answer& b) {
  return a.outcome == b.outcome && SameBits(a.value, b.value);
}

std::string EncodedState(const AggregateState& state) {
  std::string bytes;
  state.Encode(&bytes);
  return bytes;
}

namespace {

DataType RandomType(std::mt19937_64& random, ArgumentKind kind) {
  static const std::vector<DataType> kNumbers = {TypeId::kFloat64, TypeId::kInt64,
                                                 TypeId::kInt32,   TypeId::kFloat32,
                                                 TypeId::kBool,    DataType::Decimal(12, 2)};
  static const std::vector<DataType> kScalars = {
      TypeId::kFloat64, TypeId::kInt64,          TypeId::kString,    TypeId::kInt32,
      TypeId::kBytes,   TypeId::kBool,           TypeId::kTimestamp, TypeId::kDate,
      TypeId::kFloat32, DataType::Decimal(12, 2)};
  static const std::vector<DataType> kNested = {DataType::List(TypeId::kFloat64),
                                                DataType::Vector(TypeId::kFloat32, 3),
                                                DataType::Map(TypeId::kString, TypeId::kInt64)};
  switch (kind) {
    case ArgumentKind::kNumber:
      return kNumbers[Below(random, kNumbers.size())];
    case ArgumentKind::kBool:
      return TypeId::kBool;
    case ArgumentKind::kVector:
      return DataType::Vector(Below(random, 2) == 0 ? TypeId::kFloat64 : TypeId::kFloat32, 3);
    case ArgumentKind::kAny:
      if (Below(random, 5) == 0) return kNested[Below(random, kNested.size())];
      [[fallthrough]];
    case ArgumentKind::kScalar:
      return kScalars[Below(random, kScalars.size())];
  }
  return TypeId::kInt64;
}

Value RandomParameter(std::mt19937_64& random, const ParameterInfo& parameter) {
  const std::string_view name = parameter.name;
  if (name == "p") return Value::Int(static_cast<std::int64_t>(4 + Below(random, 11)));
  if (name == "q") {
    static const std::vector<double> kQuantiles = {0, 0.1, 0.25, 0.5, 0.9, 1, 1e-300, 0x1.fffffp-1};
    return Value::Double(kQuantiles[Below(random, kQuantiles.size())]);
  }
  if (parameter.kind == ParameterKind::kDuration) {
    return Value::Int(static_cast<std::int64_t>(1 + Below(random, 100)) * 7 * kSecond + 11);
  }
  return Value::Int(
      static_cast<std::int64_t>(static_cast<std::uint64_t>(parameter.least) + Below(random, 12)));
}

}  // namespace

TestCall RandomCall(std::mt19937_64& random, const AggregateInfo& info) {
  TestCall call;
  call.name = std::string(info.name);
  for (const ArgumentInfo& argument : info.arguments) {
    if (argument.optional && Below(random, 3) == 0) break;
    call.types.push_back(RandomType(random, argument.kind));
  }
  for (const ParameterInfo& parameter : info.parameters) {
    const bool needed = !parameter.fallback && !parameter.optional;
    if (needed || Below(random, 2) == 0) {
      call.parameters.emplace_back(parameter.name, RandomParameter(random, parameter));
    }
  }
  return call;
}

namespace {

Json PlainReal(double x) {
  Json plain;
  plain.Set("f", std::isnan(x)   ? std::string("nan")
                 : std::isinf(x) ? std::string(x > 0 ? "inf" : "-inf")
                                 : fmt::format("{:a}", x));
  return plain;
}

}  // namespace

Json PlainValue(const Value& value, const DataType& type) {
  if (value.is_null()) return {};
  switch (type.id()) {
    case TypeId::kBool:
      return value.AsBool();
    case TypeId::kFloat32:
    case TypeId::kFloat64:
      return PlainReal(value.AsDouble());
    case TypeId::kString:
      return value.AsString();
    case TypeId::kBytes: {
      std::string hex;
      for (const char c : value.AsString()) {
        hex += fmt::format("{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
      }
      return Json().Set("b", hex);
    }
    case TypeId::kList:
    case TypeId::kVector: {
      Json list = Json::MakeArray();
      for (const Value& element : value.AsList()) list.Append(PlainValue(element, type.child(0)));
      return list;
    }
    case TypeId::kMap: {
      Json entries = Json::MakeArray();
      for (const auto& [key, item] : value.AsMap()) {
        entries.Append(Json::MakeArray()
                           .Append(PlainValue(key, type.child(0)))
                           .Append(PlainValue(item, type.child(1))));
      }
      return Json().Set("map", entries);
    }
    case TypeId::kDecimal128:
      return static_cast<std::int64_t>(value.AsDecimal());
    default:
      return value.AsInt();
  }
}

Json PlainRows(const TestEvents& events) {
  Json rows = Json::MakeArray();
  for (std::int64_t row = 0; row < events.size(); ++row) {
    Json arguments = Json::MakeArray();
    for (const Column& column : events.arguments) {
      arguments.Append(PlainValue(column.GetValue(row), column.type()));
    }
    rows.Append(
        Json::MakeArray().Append(arguments).Append(events.times[static_cast<std::size_t>(row)]));
  }
  return rows;
}

}  // namespace coeval
