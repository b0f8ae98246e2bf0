#include "expression/documentation.h"

#include <fmt/format.h>

#include "column/builder.h"
#include "expression/functions.h"
#include "expression/lexer.h"
#include "expression/parser.h"

namespace coeval {

namespace {

constexpr std::string_view kIntroduction = R"(# Expressions

<!-- Written by `coeval_expression_docs` from the table of functions; change the table, not this page. -->

An expression computes one value from a row's inputs: an on-demand feature from stored features and request
values, or the `where` of an aggregation.

```sql
case when dep_delay is null then 'cancelled'
     when dep_delay / 60 > 1 then 'late'
     else 'on time' end
```

The same compiled code evaluates one row for a request and a million rows for a training set, so both get the
same bits. Mathematics, time zones and Unicode tables are built in, at fixed versions, and do not change with
the processor or the machine's files.

## Writing

| what | how |
|---|---|
| numbers | `42`, `-9223372036854775808`, `1.5`, `2e-3` |
| text | `'it''s'` |
| truth, nothing | `true`, `false`, `null` |
| times | `timestamp '2013-01-01T09:54:00Z'` (without zone: UTC), `date '2013-01-01'` |
| durations | `interval '2 hours'`, `interval '1 day 12 hours'`, `interval 90 minutes` |
| inputs | `dep_delay`, `weather.temp`, `"odd name"`; they are spelled exactly as declared |
| comments | `-- to the end of the line` |

Words and functions may be written in any case. From loosest to tightest: `or`; `and`; `not`; comparisons, `is`,
`in`, `between`, `like`; `||`; `+ -`; `* / // %`; unary `-`; `::` and `[ ]`. Comparisons do not chain.

## Types

Inputs are bool, int32, int64, float32, float64, string, bytes, timestamp, date, decimal, lists, vectors and maps.
Arithmetic on integers is int64, on floats float64; a result declared float32 is rounded once, at the end. An
int32 may stand for an int64, an integer for a float64 or a decimal, a decimal for a float64, a date for the
timestamp of its 00:00 UTC, and a string constant for a timestamp or date. Everything else takes a `cast`.
An interval is an exact number of microseconds; it cannot be the result of an expression: use `hours(x)`,
`days(x)` or `epoch(x)`.

## Nulls, NaN and errors

Null means that there is no value; NaN is a value. Comparisons say `-0.0 = 0.0` and `NaN = NaN`, and NaN is greater
than every other number.

An error (an integer that overflows, a cast that does not fit) belongs to the row whose value is used. What is not
used raises nothing: branches of `case` that are not taken, what stands after the first value of `coalesce`, after
a false in `and`, after a true in `or`. A request answers null with status INVALID for such a row; a training set
fails and shows the first rows, or takes null with `on_error="null"`.
)";

constexpr std::string_view kHashes = R"(
A hash is a published algorithm over the bytes of one value, and never changes; another one would get another name.
The bytes are those of Apache Iceberg's bucket transform:

| type | bytes |
|---|---|
| bool (0 or 1), int32, int64, date (days), timestamp and interval (microseconds) | int64 in two's complement, lowest byte first: 8 bytes |
| float32, float64 | float64, lowest byte first: 8 bytes; -0.0 as 0.0, NaN as the one NaN |
| string, bytes | its bytes (UTF-8) |
| decimal | its digits without the point as a whole number in two's complement, highest byte first, the fewest bytes that hold it |

So an integer hashes alike as int32 and int64, but not as a float, and a decimal by the digits that its type writes.
)";

constexpr std::string_view kJson = R"(
Documents are strings. A document is read by RFC 8259, whole, whatever the path asks for: what is malformed anywhere,
or nested more than 1,024 deep, is an error of its row. Of members with the same name the first counts.

A path is `$`, the document itself, and then steps: `.name` for a member, `."any name"` where it holds other characters
than letters, digits, `_` and `-`, and `[0]` for an element, counted from 0. There are no wildcards.
)";

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string Usage(const Function& function) {
  if (function.notation == Notation::kInfix && function.usage == function.name) {
    return fmt::format("a {} b", function.name);
  }
  return std::string(function.usage);
}

void AppendFunction(const Function& function, std::string* page) {
  *page +=
      fmt::format("\n### {}\n\n`{}`\n\n{}\n", function.name, Usage(function), function.meaning);
  std::string rows;
  if (function.nulls != kNullIfAnyNull) rows += fmt::format("\n- Nulls: {}.", function.nulls);
  if (!function.errors.empty()) rows += fmt::format("\n- Errors: {}.", function.errors);
  if (!function.overloads.empty()) {
    rows += "\n- Types: ";
    for (std::size_t i = 0; i < function.overloads.size(); ++i) {
      rows += fmt::format("{}`{}`", i > 0 ? "; " : "", function.overloads[i].signature);
    }
    rows += ".";
  }
  if (!rows.empty()) *page += rows + "\n";
  *page += "\n| example | result |\n|---|---|\n";
  for (const Example& example : function.examples) {
    *page += fmt::format(
        "| `{}` | {} |\n", Escaped(example.expression),
        example.result == "error" ? "an error" : fmt::format("`{}`", Escaped(example.result)));
  }
}

}  // namespace

std::string ExpressionDocumentation() {
  std::string page(kIntroduction);
  page += fmt::format(
      "\n## Limits\n\nAn expression has at most {} bytes, {} nested brackets and {} operators in a "
      "chain. A text "
      "that it makes\nhas at most 1 MiB; a longer one is an error of its row.\n",
      kMaxExpressionBytes, kMaxNesting, kMaxTreeHeight);
  page +=
      "\n## Functions\n\nUnless a function says otherwise, it is null where one of its arguments "
      "is. In types, "
      "`T` is one type for\nall its places, the least one that all arguments can become; `...` "
      "repeats; "
      "`const` asks for a constant.\n";
  for (int i = 0; i < kFamilies; ++i) {
    const auto family = static_cast<Family>(i);
    page += fmt::format("\n## {}\n", FamilyTitle(family));
    if (family == Family::kNested) {
      page +=
          "\nIn the examples `scores` is the list `[0.5, 2.0, null]`, `place` the vector `[3.0, "
          "4.0]` "
          "and `counts` the map\n`{'a': 1, 'b': 2}`; `length` and `contains` are among the "
          "functions "
          "of text. `list<ints>` is a list of int32 or int64,\n`list<floats>` one of float32 or "
          "float64, `list<numbers>` one of any of these.\n";
    }
    if (family == Family::kHash) page += kHashes;
    if (family == Family::kJson) page += kJson;
    for (const Function& function : Functions()) {
      if (function.family == family) AppendFunction(function, &page);
    }
  }
  return page;
}

Batch ExampleInputs() {
  const DataType list = DataType::List(TypeId::kFloat64);
  const DataType map = DataType::Map(TypeId::kString, TypeId::kInt64);
  const DataType vector = DataType::Vector(TypeId::kFloat32, 2);
  ColumnBuilder scores(list), counts(map), place(vector);
  const Status listed =
      scores.Append(Value::MakeList({Value::Double(0.5), Value::Double(2.0), Value()}));
  const Status mapped = counts.Append(
      Value::MakeMap({{Value::String("a"), Value::Int(1)}, {Value::String("b"), Value::Int(2)}}));
  const Status placed = place.Append(Value::MakeList({Value::Double(3), Value::Double(4)}));
  COEVAL_CHECK(listed.ok() && mapped.ok() && placed.ok());
  Batch batch;
  batch.schema.Add("scores", list);
  batch.schema.Add("counts", map);
  batch.schema.Add("place", vector);
  batch.columns = {scores.Finish(), counts.Finish(), place.Finish()};
  batch.num_rows = 1;
  return batch;
}

}  // namespace coeval
