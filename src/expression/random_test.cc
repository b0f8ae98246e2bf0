// Random expressions over random batches: a row gives the same bits alone, in a batch, and in a
// batch cut elsewhere (rule 6.1), and its canonical text means the same.
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "column/builder.h"
#include "expression/expression.h"
#include "expression/functions.h"
#include "expression/time_argument.h"

namespace coeval {
namespace {

constexpr std::int64_t kRows = 2100;

class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) { MakeInputs(); }

  const Batch& inputs() const { return inputs_; }

  std::string Expression() { return Make(static_cast<int>(Below(5)) + 1); }

  std::size_t Below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }

 private:
  bool Chance(double p) { return std::uniform_real_distribution<double>()(random_) < p; }

  template <typename T>
  const T& Pick(const std::vector<T>& from) {
    return from[Below(from.size())];
  }

  double RandomDouble() {
    static const std::vector<double> kEdges = {0.0,
                                               -0.0,
                                               1.0,
                                               -1.0,
                                               0.5,
                                               2.5,
                                               1e308,
                                               -1e308,
                                               5e-324,
                                               1e22,
                                               9007199254740993.0,
                                               std::numeric_limits<double>::infinity(),
                                               -std::numeric_limits<double>::infinity(),
                                               CanonicalNan()};
    return Chance(0.3) ? Pick(kEdges) : std::normal_distribution<double>(0, 100)(random_);
  }

  std::int64_t RandomInt() {
    static const std::vector<std::int64_t> kEdges = {0,
                                                     1,
                                                     -1,
                                                     2,
                                                     7,
                                                     std::numeric_limits<std::int64_t>::max(),
                                                     std::numeric_limits<std::int64_t>::min(),
                                                     std::int64_t{1} << 53};
    return Chance(0.3) ? Pick(kEdges)
                       : std::uniform_int_distribution<std::int64_t>(-1000, 1000)(random_);
  }

  std::string RandomText() {
    static const std::vector<std::string> kPieces = {"a", "B", "ü", "😀",  "-",
                                                     " ", "1", "%", "JFK", ""};
    std::string text;
    for (std::size_t i = Below(5); i > 0; --i) text += Pick(kPieces);
    return text;
  }

  // Sometimes damaged.
  std::string RandomJson(int depth) {
    static const std::vector<std::string> kScalars = {"7",    "-1.5e3", "\"a\"", "\"\\u00fc\"",
                                                      "null", "true",   "\"\"",  "nul"};
    if (depth == 0 || Chance(0.2)) return Pick(kScalars);
    std::string text = "{\"a\": [";
    for (std::size_t n = Below(3); n > 0; --n) text += RandomJson(depth - 1) + ", ";
    return text + RandomJson(depth - 1) + "], \"b\": " + RandomJson(depth - 1) + " }";
  }

  Value RandomValue(const DataType& type) {
    const std::int64_t i = RandomInt();
    switch (type.id()) {
      case TypeId::kBool:
        return Value::Bool(Chance(0.5));
      case TypeId::kInt32:
        return Value::Int(static_cast<std::int32_t>(i));
      case TypeId::kInt64:
        return Value::Int(i);
      case TypeId::kFloat32: {
        const double d = RandomDouble();
        return Value::Double(
            std::abs(d) > 1e38 && std::isfinite(d) ? 1.0 : double{static_cast<float>(d)});
      }
      case TypeId::kFloat64:
        return Value::Double(RandomDouble());
      case TypeId::kString:
      case TypeId::kBytes:
        return Value::String(RandomText());
      case TypeId::kTimestamp:
        return Value::Int(Chance(0.1) ? i : 1380585600000000 + i % 100'000 * 3'600'000'000);
      case TypeId::kDate:
        return Value::Int(static_cast<std::int32_t>(i % 1'000'000));
      case TypeId::kDecimal128:
        return Value::Decimal(i % 100'000);
      case TypeId::kList: {
        Value::List elements;
        for (std::size_t n = Below(4); n > 0; --n) {
          elements.push_back(Chance(0.2) ? Value() : RandomValue(type.child(0)));
        }
        return Value::MakeList(std::move(elements));
      }
      case TypeId::kVector: {
        Value::List elements;
        for (int n = type.size(); n > 0; --n) elements.push_back(RandomValue(type.child(0)));
        return Value::MakeList(std::move(elements));
      }
      case TypeId::kMap: {
        Value::Map entries;
        for (std::size_t n = Below(4); n > 0; --n) {
          const Value key = type.child(0).id() == TypeId::kString
                                ? Value::String(std::string(n, 'k'))
                                : Value::Int(static_cast<std::int64_t>(n));
          entries.emplace_back(key, Chance(0.2) ? Value() : RandomValue(type.child(1)));
        }
        return Value::MakeMap(std::move(entries));
      }
      default:
        return {};
    }
  }

  void MakeInputs() {
    const std::vector<std::pair<std::string, DataType>> kInputs = {
        {"i", TypeId::kInt64},
        {"n", TypeId::kInt32},
        {"f", TypeId::kFloat64},
        {"g", TypeId::kFloat32},
        {"s", TypeId::kString},
        {"r", TypeId::kString},
        {"b", TypeId::kBool},
        {"c", TypeId::kBool},
        {"t", TypeId::kTimestamp},
        {"u", TypeId::kTimestamp},
        {"d", TypeId::kDate},
        {"x", DataType::Decimal(5, 2)},
        {"l", DataType::List(TypeId::kFloat64)},
        {"li", DataType::List(TypeId::kInt64)},
        {"ls", DataType::List(TypeId::kString)},
        {"v", DataType::Vector(TypeId::kFloat32, 9)},
        {"w", DataType::Vector(TypeId::kFloat32, 9)},
        {"m", DataType::Map(TypeId::kString, TypeId::kFloat64)},
        {"k", DataType::Map(TypeId::kInt32, TypeId::kString)},
        {"j", TypeId::kString},
        {"y", TypeId::kBytes}};
    inputs_.num_rows = kRows;
    for (const auto& [name, type] : kInputs) {
      ColumnBuilder builder(type);
      const double nulls = Chance(0.3) ? 0 : 0.2;
      for (std::int64_t row = 0; row < kRows; ++row) {
        if (Chance(nulls)) {
          builder.AppendNull();
        } else {
          const Status appended =
              builder.Append(name == "j" ? Value::String(RandomJson(2)) : RandomValue(type));
          COEVAL_CHECK(appended.ok());
        }
      }
      inputs_.schema.Add(name, type);
      inputs_.columns.push_back(builder.Finish());
    }
  }

  std::string Literal() {
    static const std::vector<std::string> kLiterals = {"0",
                                                       "1",
                                                       "-3",
                                                       "9223372036854775807",
                                                       "0.5",
                                                       "-0.0",
                                                       "1e300",
                                                       "'a'",
                                                       "'JFK-1'",
                                                       "''",
                                                       "'%a_'",
                                                       "null",
                                                       "true",
                                                       "false",
                                                       "timestamp '2013-03-10T07:00:00Z'",
                                                       "date '2012-02-29'",
                                                       "interval '90 minutes'",
                                                       "2",
                                                       "10"};
    return Pick(kLiterals);
  }

  // Mostly ill-typed: what does not compile is thrown away by the caller.
  std::string Make(int depth) {
    if (depth == 0 || Chance(0.1)) return Chance(0.7) ? Pick(inputs_.schema.names()) : Literal();
    const auto sub = [&] { return Make(depth - 1); };
    switch (Below(12)) {
      case 0:
        return "case when " + sub() + " then " + sub() + " else " + sub() + " end";
      case 1:
        return "coalesce(" + sub() + ", " + sub() + ")";
      case 2:
        return "(" + sub() + (Chance(0.5) ? " and " : " or ") + sub() + ")";
      case 3:
        return "nullif(" + sub() + ", " + sub() + ")";
      case 4:
        return "(" + sub() + " in (" + sub() + ", " + Literal() + ", " + Literal() + "))";
      case 5:
        return "(" + sub() + " between " + sub() + " and " + sub() + ")";
      case 6: {
        static const std::vector<std::string> kTypes = {"int32",   "int64",     "float32",
                                                        "float64", "string",    "bool",
                                                        "date",    "timestamp", "decimal(7, 3)"};
        return (Chance(0.5) ? "cast(" : "try_cast(") + sub() + " as " + Pick(kTypes) + ")";
      }
      case 7:
        return "case " + sub() + " when " + sub() + " then " + sub() + " when " + Literal() +
               " then " + sub() + " end";
      default:
        return Call(depth);
    }
  }

  std::string Call(int depth) {
    const Function& function = Functions()[Below(Functions().size())];
    if (function.overloads.empty()) return Make(depth - 1);
    return CallOf(function, Below(function.overloads.size()), depth);
  }

 public:
  std::string CallOf(const Function& function, std::size_t overload, int depth) {
    const Signature& signature = SignaturesOf(function)[overload];
    const std::string name(function.name);
    std::vector<std::string> args;
    const std::size_t count = signature.parameters.size() + (signature.repeats ? Below(4) : 0);
    for (std::size_t i = 0; i < count; ++i) {
      const Parameter& parameter = signature.at(i);
      args.push_back(parameter.constant ? Constant(name, i) : Argument(parameter, depth));
    }
    if (name == "json_extract" && Chance(0.8)) args[0] = "j";
    // The zones, mostly good ones.
    if (function.family == Family::kTime && args.size() > 1 && Chance(0.8) &&
        signature.parameters.back().type.Is(TypeId::kString)) {
      args.back() = Chance(0.8) ? "'America/New_York'" : "'Australia/Lord_Howe'";
    }
    switch (function.notation) {
      case Notation::kInfix:
        return args.size() == 2 ? "(" + args[0] + " " + name + " " + args[1] + ")" : args[0];
      case Notation::kPrefix:
        return name == "negate" ? "(-(" + args[0] + "))" : "(not " + args[0] + ")";
      case Notation::kPostfix:
        return "(" + args[0] + " " + name + ")";
      default:
        break;
    }
    if (name == "element" && Chance(0.5)) return args[0] + "[" + args[1] + "]";
    std::string call = name + "(";
    for (std::size_t i = 0; i < args.size(); ++i) call += (i > 0 ? ", " : "") + args[i];
    return call + ")";
  }

 private:
  std::string Constant(const std::string& function, std::size_t i) {
    if (function == "json_extract") {
      return Pick(std::vector<std::string>{"'$'", "'$.a'", "'$.a[0]'", "'$.b.a[1]'", "'$[0]'"});
    }
    if (function == "bucketize") return std::to_string(static_cast<std::int64_t>(i) * 10 - 25);
    return Pick(std::vector<std::string>{"'hour'", "'month'", "'day'", "'quarter'"});
  }

  static bool Fits(const DataType& type, const Parameter& parameter) {
    const bool any_elements = parameter.elements == Parameter::Elements::kAny;
    switch (parameter.kind) {
      case Parameter::Kind::kType:
        return ImplicitCost(type, parameter.type).has_value();
      case Parameter::Kind::kDecimal:
        return type.id() == TypeId::kDecimal128;
      case Parameter::Kind::kList:
        return type.id() == TypeId::kList && (any_elements || type.child(0).is_number());
      case Parameter::Kind::kVector:
        return type.id() == TypeId::kVector;
      case Parameter::Kind::kMap:
        return type.id() == TypeId::kMap;
      default:
        return true;
    }
  }

  // An input of the type half of the time, so that enough compiles.
  std::string Argument(const Parameter& parameter, int depth) {
    if (Chance(0.5)) return Make(depth - 1);
    if (parameter.type.is_interval()) return Chance(0.5) ? "interval '90 minutes'" : "(t - u)";
    std::vector<std::string> fitting;
    for (const ColumnSchema& column : inputs_.schema.columns()) {
      if (Fits(column.type, parameter)) fitting.push_back(column.name);
    }
    return fitting.empty() ? Make(depth - 1) : Pick(fitting);
  }

  std::mt19937 random_;
  Batch inputs_;
};

std::vector<Column> SliceAll(const Batch& batch, std::int64_t first, std::int64_t count) {
  std::vector<Column> columns;
  for (const Column& column : batch.columns) columns.push_back(column.Slice(first, count));
  return columns;
}

bool InvalidAt(const Evaluation& evaluation, std::int64_t row) {
  return !evaluation.invalid.empty() && evaluation.invalid[static_cast<std::size_t>(row)] != 0;
}

// Rows [first, first + count) of `whole` are those of `part`, bit for bit, null and invalid alike.
::testing::AssertionResult SameRows(const Evaluation& whole, std::int64_t first, std::int64_t count,
                                    const Evaluation& part) {
  const bool all_valid = whole.invalid_count == 0 && part.invalid_count == 0;
  if (all_valid && SameBits(whole.values.Slice(first, count), part.values)) {
    return ::testing::AssertionSuccess();
  }
  for (std::int64_t row = 0; row < count; ++row) {
    if (!SameBits(whole.values.GetValue(first + row), part.values.GetValue(row)) ||
        InvalidAt(whole, first + row) != InvalidAt(part, row)) {
      return ::testing::AssertionFailure()
             << "row " << first + row << ": "
             << ToText(whole.values.GetValue(first + row), whole.values.type()) << " against "
             << ToText(part.values.GetValue(row), part.values.type());
    }
  }
  return ::testing::AssertionSuccess();
}

constexpr std::array<TimeMicros, 1> kNow = {1380585600000000};

// The whole batch, against a part of it, against rows alone, against its canonical text.
void CheckEveryWay(Maker& maker, const Expression& expression, const std::string& text,
                   const Evaluation& whole) {
  const auto first = static_cast<std::int64_t>(maker.Below(1500));
  const std::int64_t count = 600;
  const Evaluation part = expression.Evaluate(SliceAll(maker.inputs(), first, count), count, kNow);
  ASSERT_TRUE(SameRows(whole, first, count, part)) << text;
  for (int i = 0; i < 40; ++i) {
    const auto row = static_cast<std::int64_t>(maker.Below(kRows));
    const Evaluation alone = expression.Evaluate(SliceAll(maker.inputs(), row, 1), 1, kNow);
    ASSERT_TRUE(SameRows(whole, row, 1, alone)) << text;
  }

  const std::string canonical = expression.Canonical();
  const Result<Expression> again =
      Expression::Compile(canonical, maker.inputs().schema, expression.type());
  ASSERT_TRUE(again.ok()) << text << "\n" << canonical << "\n" << again.status().ToString();
  ASSERT_EQ(again.value().Canonical(), canonical) << text;
  ASSERT_EQ(again.value().type(), expression.type()) << text;
  const Evaluation same = again.value().Evaluate(maker.inputs().columns, kRows, kNow);
  ASSERT_TRUE(SameRows(whole, 0, kRows, same)) << text << "\n" << canonical;
}

unsigned Seed() {
  const char* const asked = std::getenv("COEVAL_RANDOM_SEED");
  return asked != nullptr ? static_cast<unsigned>(std::strtoul(asked, nullptr, 10))
                          : std::random_device{}();
}

TEST(RandomTest, OneRowAndManyGiveTheSameBits) {
  const unsigned seed = Seed();
  RecordProperty("seed", std::to_string(seed));
  SCOPED_TRACE("COEVAL_RANDOM_SEED=" + std::to_string(seed));
  Maker maker(seed);
  const char* const cases = std::getenv("COEVAL_RANDOM_CASES");
  const int wanted = cases != nullptr ? std::atoi(cases) : 800;
  int compiled = 0, with_errors = 0;
  std::map<TypeId, int> types;
  for (int attempt = 0; attempt < 200 * wanted && compiled < wanted; ++attempt) {
    const std::string text = maker.Expression();
    const Result<Expression> expression =
        Expression::Compile(text, maker.inputs().schema, std::nullopt);
    if (!expression.ok()) continue;
    ++compiled;
    ++types[expression.value().type().id()];
    const Evaluation whole = expression.value().Evaluate(maker.inputs().columns, kRows, kNow);
    with_errors += whole.invalid_count > 0 ? 1 : 0;
    CheckEveryWay(maker, expression.value(), text, whole);
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(compiled, wanted);
  EXPECT_GT(with_errors, wanted / 100);
  EXPECT_GE(types.size(), 8U);
}

// So that no function is left out by chance.
TEST(RandomTest, EveryOverloadGivesTheSameBitsForOneRowAndMany) {
  const unsigned seed = Seed();
  SCOPED_TRACE("COEVAL_RANDOM_SEED=" + std::to_string(seed));
  Maker maker(seed);
  for (const Function& function : Functions()) {
    for (std::size_t i = 0; i < function.overloads.size(); ++i) {
      if (function.overloads[i].prepare == &RefuseDateZone) continue;  // never compiles
      int compiled = 0;
      for (int attempt = 0; attempt < 2000 && compiled < 2; ++attempt) {
        std::string text = maker.CallOf(function, i, 1);
        if (SignaturesOf(function)[i].result.type.is_interval()) text = "epoch(" + text + ")";
        const Result<Expression> expression =
            Expression::Compile(text, maker.inputs().schema, std::nullopt);
        if (!expression.ok()) continue;
        ++compiled;
        CheckEveryWay(maker, expression.value(), text,
                      expression.value().Evaluate(maker.inputs().columns, kRows, kNow));
        if (HasFatalFailure()) return;
      }
      EXPECT_EQ(compiled, 2) << function.name << " " << function.overloads[i].signature;
    }
  }
}

}  // namespace
}  // namespace coeval
