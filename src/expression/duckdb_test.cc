// DuckDB as an oracle, where its meaning and ours agree. What differs on purpose is left out:
// `length` and case of exotic characters, the bits of exp and sin, errors, regexp_extract without a
// match, upper('ß').
#include <array>
#include <cmath>
#include <cstring>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "column/builder.h"
#include "expression/expression.h"
#include "expression/literal.h"
#include "expression/testing.h"

namespace coeval {
namespace {

constexpr int kRows = 300;

// One text for both; where DuckDB says it otherwise, after "=>".
constexpr const char* kQuestions[] = {
    "a + b",
    "a - b",
    "a * b",
    "a / b",
    "a // b",
    "a % b",
    "-a",
    "f + g",
    "f - g",
    "f * g",
    "f / g",
    "a + f",
    "a = b",
    "a <> b",
    "a < f",
    "f <= g",
    "f > g",
    "f = g",
    "f is distinct from g",
    "a is not distinct from b",
    "a between b and 10",
    "a not between -5 and b",
    "a in (1, 2, 3, -4)",
    "a not in (1, null)",
    "f in (0.0, 1.5)",
    "s in ('JFK', 'x')",
    "p and q",
    "p or q",
    "not p",
    "p is null",
    "p and a > 0 or q",
    "p is true => coalesce(p, false)",
    "case when a > 0 then f when a < 0 then g else 0.5 end",
    "case a when 1 then 'one' when 2 then s end",
    "coalesce(a, b, 0)",
    "nullif(a, b)",
    "if(p, a, b)",
    "greatest(a, b)",
    "least(f, nullif(g, 0))",
    "greatest(f, 0.25)",
    "abs(a)",
    "abs(f)",
    "sign(a) => sign(a)::bigint",
    "floor(f)",
    "ceil(f)",
    "trunc(f)",
    "round(f)",
    "round(f, 2)",
    "round(f, -1)",
    "sqrt(abs(f))",
    "is_nan(f) => isnan(f)",
    "is_inf(f) => isinf(f)",
    "is_finite(f) => isfinite(f)",
    "f % 7",
    "cast(f as string) is null => f is null",
    "cast(a as float64) => a::double",
    "cast(a as string) => a::varchar",
    "cast(cast(a as string) as int64) => a",
    "cast(p as int64) => p::bigint",
    "cast(a as bool) => a::boolean",
    "try_cast(s as int64) => try_cast(s as bigint)",
    "cast(clip(f, -1000, 1000) as float32)::float64 => "
    "case when f is not null then greatest(least(f, 1000), -1000)::float::double end",
    "s || r",
    "concat(s, r)",
    "lower(s)",
    "upper(s)",
    "trim(s)",
    "ltrim(s)",
    "rtrim(s)",
    "trim(s, 'xJ ')",
    "length(s)",
    "substr(s, 2)",
    "substr(s, 2, 2)",
    "substr(s, -2)",
    "replace(s, 'x', '--')",
    "split_part(s, '-', 1)",
    "split_part(s, '-', 2)",
    "split_part(s, '-', -1)",
    "starts_with(s, 'J')",
    "ends_with(s, 'x')",
    "contains(s, '-')",
    "s like '%x%'",
    "s like '_F%'",
    "s ilike 'j%'",
    "s like '%!_%' escape '!'",
    "s not like 'J%'",
    "regexp_matches(s, '[0-9]+')",
    "coalesce(regexp_extract(s, '[A-Z]+'), '')",
    "lpad(s, 5, 'ab')",
    "rpad(s, 3, '.')",
    "s < r",
    "s >= r",
    "year(t)",
    "quarter(t)",
    "month(t)",
    "day(t)",
    "hour(t)",
    "minute(t)",
    "second(t)",
    "isodow(t)",
    "dow(t) => dayofweek(t)",
    "doy(t) => dayofyear(t)",
    "isoweek(t) => week(t)",
    "isoyear(t)",
    "is_weekend(t) => isodow(t) >= 6",
    "date_trunc('year', t)",
    "date_trunc('quarter', t)",
    "date_trunc('month', t)",
    "date_trunc('week', t)",
    "date_trunc('day', t)",
    "date_trunc('hour', t)",
    "date_trunc('minute', t)",
    "date_diff('day', t, u)",
    "date_diff('hour', t, u)",
    "date_diff('month', t, u)",
    "date_diff('year', t, u)",
    "date_diff('quarter', t, u)",
    "date_diff('second', t, u)",
    "t + interval '90 minutes'",
    "t - interval '3 days'",
    "epoch(t) => epoch_us(t) / 1000000",
    "epoch(t - u) => (epoch_us(t) - epoch_us(u)) / 1000000",
    "add_months(t, a % 100) => t + to_months((a % 100)::int)",
    "t < u",
    "greatest(t, u)",
    "hour(t, 'America/New_York') => hour(timezone('America/New_York', timezone('UTC', t)))",
    "day(t, 'Asia/Kolkata') => day(timezone('Asia/Kolkata', timezone('UTC', t)))",
    "cast(x as float64) => x::double",
    "x + y",
    "x - y",
    "x * y",
    "x > y",
    "x = 1",
    "-x",
    "bucketize(a, -10, 0, 100) => (a >= -10)::bigint + (a >= 0)::bigint + (a >= 100)::bigint",
    "bucketize(f, -0.5, 0.25) => (f >= -0.5)::bigint + (f >= 0.25)::bigint",
    "z_score(f, g, 2.5) => (f - g) / 2.5",
    // DuckDB counts bytes.
    "case when regexp_matches(s || r, '^[ -~]*$') then levenshtein(s, r) end",
    "length(k) => len(k)",
    "k[a % 4]",
    "slice(k, 1, 2) => list_slice(k, 1, 2)",
    "slice(k, a % 6, b % 6) => list_slice(k, a % 6, b % 6)",
    "contains(k, 2) => list_contains(k, 2)",
    "contains(h, f) => list_contains(h, f)",
    "sum(k) => list_sum(k)::bigint",
    "mean(k) => list_avg(k)",
    "sum(h) => list_sum(h)",
    "mean(h) => list_avg(h)",
    "m['a']",
    "length(m) => cardinality(m)::bigint",
    "keys(m) => map_keys(m)",
    "values(m) => map_values(m)",
    "dot(v, w) => array_inner_product(v, w)",
    "l2_norm(v) => sqrt(array_inner_product(v, v))",
    "l2_distance(v, w) => array_distance(v, w)",
    "json_extract(j, '$') => j ->> '$'",
    "json_extract(j, '$.a') => j ->> '$.a'",
    "json_extract(j, '$.a[1]') => j ->> '$.a[1]'",
    "json_extract(j, '$.a[1].\"x y\"') => j ->> '$.a[1].\"x y\"'",
    "json_extract(j, '$.b.c') => j ->> '$.b.c'",
    "json_valid(j)",
    "json_valid(s)",
};

struct Question {
  std::string ours, theirs;
};

std::vector<Question> Questions() {
  std::vector<Question> questions;
  for (const std::string text : kQuestions) {
    const std::size_t arrow = text.find(" => ");
    questions.push_back(
        {text.substr(0, arrow), arrow == std::string::npos ? text : text.substr(arrow + 4)});
  }
  return questions;
}

struct Table {
  Batch ours;
  std::string theirs;  // rows of a VALUES list
};

class TableMaker {
 public:
  explicit TableMaker(unsigned seed) : random_(seed) {}

  Table Make() {
    const std::vector<std::pair<std::string, DataType>> columns = {
        {"a", TypeId::kInt64},
        {"b", TypeId::kInt64},
        {"f", TypeId::kFloat64},
        {"g", TypeId::kFloat64},
        {"s", TypeId::kString},
        {"r", TypeId::kString},
        {"p", TypeId::kBool},
        {"q", TypeId::kBool},
        {"t", TypeId::kTimestamp},
        {"u", TypeId::kTimestamp},
        {"x", DataType::Decimal(6, 2)},
        {"y", DataType::Decimal(5, 3)},
        {"k", DataType::List(TypeId::kInt64)},
        {"h", DataType::List(TypeId::kFloat64)},
        {"m", DataType::Map(TypeId::kString, TypeId::kInt64)},
        {"v", DataType::Vector(TypeId::kFloat64, 5)},
        {"w", DataType::Vector(TypeId::kFloat64, 5)},
        {"j", TypeId::kString}};
    std::vector<ColumnBuilder> builders;
    for (const auto& [name, type] : columns) builders.emplace_back(type);
    Table table;
    for (int row = 0; row < kRows; ++row) {
      table.theirs += row > 0 ? ",\n(" : "(";
      for (std::size_t i = 0; i < columns.size(); ++i) {
        table.theirs += (i > 0 ? ", " : "") + (columns[i].first == "j"
                                                   ? AppendJson(&builders[i])
                                                   : AppendCell(columns[i].second, &builders[i]));
      }
      table.theirs += ")";
    }
    table.ours.num_rows = kRows;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      table.ours.schema.Add(columns[i].first, columns[i].second);
      table.ours.columns.push_back(builders[i].Finish());
    }
    return table;
  }

 private:
  std::int64_t Int(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }

  std::string AppendJson(ColumnBuilder* builder) {
    static const char* const kTexts[] = {
        R"({"a": [1, {"x y": "ü\t-"}], "b": {"c": null, "d": 1.5}})",
        R"({"b": {"c": [ true , "q\n" ]}, "a": "text"})",
        R"([1, 2])",
        R"("bare")",
        R"( { } )",
        R"({"a": [[], {"x y": {"z": -7}}, 3], "a": 4, "b": 12345678901234567})"};
    const std::string text = kTexts[Int(0, 5)];
    builder->AppendBytes(text);
    std::string escaped = text;
    for (std::size_t at = 0; (at = escaped.find('\\', at)) != std::string::npos; at += 2) {
      escaped.insert(at, "\\");
    }
    return "'" + escaped + "'";
  }

  // Elements of a list, vector or map, closed by AppendNested.
  std::string AppendElements(const DataType& type, ColumnBuilder* builder) {
    const bool map = type.id() == TypeId::kMap;
    const std::int64_t count = type.id() == TypeId::kVector ? type.size() : Int(0, 4);
    std::string text = map ? "map {" : "[";
    for (std::int64_t i = 0; i < count; ++i) {
      if (i > 0) text += ", ";
      if (map) {
        const std::string key(1, static_cast<char>('a' + i));
        builder->child(0).AppendBytes(key);
        text += "'" + key + "': ";
      }
      if (type.id() == TypeId::kVector) {  // so that sums of squares are exact in any order
        const double value = static_cast<double>(Int(-4000, 4000)) / 8;
        builder->child(0).AppendDouble(value);
        text += "'" + FloatText(value, false) + "'::double";
      } else {
        text += AppendCell(type.child(map ? 1 : 0), &builder->child(map ? 1 : 0));
      }
    }
    builder->AppendNested();
    const std::string element = type.child(0).id() == TypeId::kInt64 ? "bigint" : "double";
    if (map) return text + "}::map(varchar, bigint)";
    return text + "]::" + element +
           (type.id() == TypeId::kVector ? "[" + std::to_string(type.size()) + "]" : "[]");
  }

  // Appends a random cell and gives it as DuckDB reads it.
  std::string AppendCell(const DataType& type, ColumnBuilder* builder) {
    if (Int(0, 9) == 0) {
      builder->AppendNull();
      return "null";
    }
    switch (type.id()) {
      case TypeId::kInt64: {
        const std::int64_t value = Int(0, 4) == 0 ? Int(-3, 3) : Int(-1000000, 1000000);
        builder->AppendInt(value);
        return std::to_string(value) + "::bigint";
      }
      case TypeId::kFloat64: {
        static const double kEdges[] = {0.0,    -0.0,     1.5,       0.25,          1e300,
                                        -1e300, HUGE_VAL, -HUGE_VAL, CanonicalNan()};
        const double value =
            Int(0, 3) == 0 ? kEdges[Int(0, 8)] : static_cast<double>(Int(-1000000, 1000000)) / 997;
        builder->AppendDouble(value);
        return "'" + FloatText(value, false) + "'::double";
      }
      case TypeId::kString: {
        static const char* const kTexts[] = {"JFK", "x",   "",     " JFxx ", "a-x-c", "-",
                                             "12",  "äöx", "J_F-", "-7",     "x-",    "Zürich"};
        const std::string text = kTexts[Int(0, 11)];
        builder->AppendBytes(text);
        return "'" + text + "'";
      }
      case TypeId::kBool: {
        const bool value = Int(0, 1) == 1;
        builder->AppendBool(value);
        return value ? "true" : "false";
      }
      case TypeId::kTimestamp: {
        const TimeMicros value = Int(-2'000'000'000, 4'000'000'000) * kSecond + Int(0, 999'999);
        builder->AppendInt(value);
        return "make_timestamp(" + std::to_string(value) + "::bigint)";
      }
      case TypeId::kList:
      case TypeId::kVector:
      case TypeId::kMap:
        return AppendElements(type, builder);
      default: {
        const std::int64_t unscaled = Int(-99999, 99999);
        builder->AppendDecimal(unscaled);
        return "'" + DecimalText(unscaled, type.scale()) + "'::decimal(" +
               std::to_string(type.precision()) + ", " + std::to_string(type.scale()) + ")";
      }
    }
  }

  std::mt19937 random_;
};

// Numbers by their bits, NaN as one, texts in hex, times in µs.
std::string Shown(const Value& value, const DataType& type) {
  if (value.is_null()) return "null";
  if (value.is_bool()) return value.AsBool() ? "true" : "false";
  if (value.is_int()) return std::to_string(value.AsInt());
  if (value.is_decimal()) return "d" + DecimalText(value.AsDecimal(), type.scale());
  if (value.is_double()) {
    const double d = value.AsDouble();
    std::int64_t bits = 0;
    std::memcpy(&bits, &d, sizeof(bits));
    return d != d ? "nan" : "f" + std::to_string(bits);
  }
  if (value.is_list()) {
    std::string elements = "[";
    for (const Value& element : value.AsList()) elements += Shown(element, type.child(0)) + ",";
    return elements + "]";
  }
  std::string hex = "x";
  for (const char c : value.AsString()) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

TEST(DuckdbTest, AgreesWhereTheMeaningsAgree) {
  const unsigned seed = std::random_device{}();
  const Table table = TableMaker(seed).Make();
  const std::vector<Question> questions = Questions();
  std::string program = R"(
import struct, duckdb, datetime, decimal
def shown(v):
    if v is None: return "null"
    if isinstance(v, bool): return "true" if v else "false"
    if isinstance(v, int): return str(v)
    if isinstance(v, float): return "nan" if v != v else "f" + str(struct.unpack("<q", struct.pack("<d", v))[0])
    if isinstance(v, decimal.Decimal): return "d" + format(v, "f")
    if isinstance(v, (list, tuple)): return "[" + "".join(shown(e) + "," for e in v) + "]"
    if isinstance(v, datetime.datetime):
        return str((v - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1))
    return "x" + v.encode().hex()
db = duckdb.connect()
db.execute("set timezone = 'UTC'")
db.execute("set error_on_division_by_zero = false")
def ask(i, question):
    try:
        for row in db.execute("select " + question + " from rows").fetchall(): print(i, shown(row[0]))
    except Exception as error:
        print(i, str(error).replace(" ", "_").replace("\n", "_"))
)";
  std::string values = table.theirs;
  for (std::size_t at = 0; (at = values.find('\'', at)) != std::string::npos; at += 2) {
    values.replace(at, 1, "\\'");
  }
  program += "db.execute('''create table rows as select * from (values " + values +
             ") as v(a, b, f, g, s, r, p, q, t, u, x, y, k, h, m, v, w, j)''')\n";
  for (std::size_t i = 0; i < questions.size(); ++i) {
    program += "ask(" + std::to_string(i) + ", \"\"\"" + questions[i].theirs + "\"\"\")\n";
  }
  std::istringstream lines(RunPython(program));
  std::map<std::size_t, std::vector<std::string>> answers;
  std::size_t question = 0;
  std::string answer;
  while (lines >> question >> answer) answers[question].push_back(answer);

  const std::array<TimeMicros, 1> now = {0};
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const Result<Expression> expression =
        Expression::Compile(questions[i].ours, table.ours.schema, std::nullopt);
    ASSERT_TRUE(expression.ok()) << expression.status().ToString();
    const Evaluation evaluation = expression.value().Evaluate(table.ours.columns, kRows, now);
    EXPECT_EQ(evaluation.invalid_count, 0) << questions[i].ours;
    if (answers[i].size() != static_cast<std::size_t>(kRows)) {
      ADD_FAILURE() << questions[i].theirs << ": " << (answers[i].empty() ? "" : answers[i].back());
      continue;
    }
    for (int row = 0; row < kRows; ++row) {
      const std::string ours = Shown(evaluation.values.GetValue(row), expression.value().type());
      const std::string& theirs = answers[i][static_cast<std::size_t>(row)];
      if (ours == theirs) continue;
      std::string inputs;
      for (std::size_t c = 0; c < table.ours.columns.size(); ++c) {
        inputs += " " + table.ours.schema[c].name + "=" +
                  ToText(table.ours.columns[c].GetValue(row), table.ours.schema[c].type);
      }
      ADD_FAILURE() << questions[i].ours << ": ours " << ours << ", DuckDB's " << theirs << " for"
                    << inputs << ", seed " << seed;
      break;
    }
  }
}

}  // namespace
}  // namespace coeval
