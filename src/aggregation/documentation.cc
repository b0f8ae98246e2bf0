#include "aggregation/documentation.h"

#include <fmt/format.h>

#include "aggregation/functions.h"
#include "base/time.h"

namespace coeval {

namespace {

constexpr std::string_view kIntroduction = R"(# Aggregations

<!-- Written by `coeval_aggregation_docs` from the table of functions; change the table, not this page. -->

An aggregation computes one value from the events of a key that lie in a window at the time t of the question.

- **The same bits everywhere.** A result is a function of the set of events (of ordered functions: of their
  order by event time, created time, sequence and content). It does not depend on the order of arrival, on how
  events were put together, on threads or machines. An event that is taken back leaves no trace.
- **Exact.** Sums are exact and rounded once. Variance, correlation and the like are formed from exact sums of exact
  products by the formula that is written here; each numerator is rounded once, which `fl(...)` says.
- **Nulls** are skipped: a function sees the events of which all its arguments have a value. **NaN** is a value.
- **Where nothing is left**, counts are 0, lists and maps are empty, and all others are null.
- **Invalid** is a value that does not exist, such as an integer sum that does not fit: null with status INVALID
  online, an error of the row in a training set.
- **Order** of values: `-0.0 < 0.0`, NaN last, strings by their UTF-8 bytes. In counts of distinct values, in modes and in
  groups, `-0.0` is `0.0`.
- **`where`** keeps the events for which an expression is true; **`by`** gives a map with a value for each group, in the
  order of groups. Null is a group of its own, but no key of a map: such a map is invalid; `coalesce(...)` in `by` gives
  it a name.

A number is a bool, int32, int64, float32, float64 or decimal; a float32 is widened.

## Windows

| | |
|---|---|
| `length` w | an exact duration (7d is 168 h); none: all history |
| `offset` d | the newer end is t − d, the older end t − d − w |
| `closed` | `right` (the default): older end < event time <= newer end; `left`: <= and <; `both`; `neither` |
| `slide_interval` h, `zone` | moves the older end up to the next wall time of the zone that is a multiple of h since the epoch; none: exact |
| `last` n | the newest n events of those inside |
)";

std::string_view EmptyText(EmptyResult empty) {
  switch (empty) {
    case EmptyResult::kNull:
      return "null";
    case EmptyResult::kZero:
      return "0";
    case EmptyResult::kEmptyList:
      return "an empty list";
    case EmptyResult::kEmptyMap:
      return "an empty map";
  }
  return "";
}

std::string_view KindWord(ArgumentKind kind) {
  switch (kind) {
    case ArgumentKind::kAny:
      return "any type";
    case ArgumentKind::kScalar:
      return "any type but lists, vectors and maps";
    case ArgumentKind::kNumber:
      return "a number";
    case ArgumentKind::kBool:
      return "bool";
    case ArgumentKind::kVector:
      return "vector<float32, n> or vector<float64, n>";
  }
  return "";
}

std::string Number(const ParameterInfo& parameter, double value) {
  if (parameter.kind == ParameterKind::kDuration) {
    return value >= 0x1p53 ? "285 years" : FormatDuration(static_cast<DurationMicros>(value));
  }
  return fmt::format("{}", value);
}

std::string Usage(const AggregateInfo& info) {
  std::string usage(info.name);
  usage += '(';
  std::string_view before;
  for (const ArgumentInfo& argument : info.arguments) {
    const std::string shown = fmt::format("{}{}", before, argument.name);
    usage += argument.optional ? "[" + shown + "]" : shown;
    before = ", ";
  }
  for (const ParameterInfo& parameter : info.parameters) {
    usage += fmt::format("{}{}", before, parameter.name);
    if (parameter.fallback) usage += "=" + Number(parameter, *parameter.fallback);
    before = ", ";
  }
  return usage + ')';
}

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

void AppendParameter(const ParameterInfo& parameter, std::string* page) {
  *page += fmt::format("- `{}`: {}; {} to {}", parameter.name, parameter.meaning,
                       Number(parameter, parameter.least), Number(parameter, parameter.greatest));
  if (parameter.fallback)
    *page += fmt::format(", {} by default", Number(parameter, *parameter.fallback));
  if (parameter.optional) *page += ", none by default";
  *page += ".\n";
}

void AppendFunction(const AggregateInfo& info, std::string* page) {
  *page += fmt::format("\n### {}\n\n`{}`\n\n{}\n\n", info.name, Usage(info), info.meaning);
  for (const ArgumentInfo& argument : info.arguments) {
    *page += fmt::format("- `{}`: {}{}.\n", argument.name, KindWord(argument.kind),
                         argument.optional ? "; may be left out" : "");
  }
  for (const ParameterInfo& parameter : info.parameters) AppendParameter(parameter, page);
  *page +=
      fmt::format("- Result: {}; of an empty window {}.\n", info.result, EmptyText(info.empty));
  if (!info.aliases.empty()) {
    *page += "- Also called";
    for (std::size_t i = 0; i < info.aliases.size(); ++i) {
      *page += fmt::format("{} `{}`", i > 0 ? "," : "", info.aliases[i]);
    }
    *page += ".\n";
  }
  *page += "\n| function | events, oldest first | result |\n|---|---|---|\n";
  for (const AggregateExample& example : info.examples) {
    const std::string shown = example.result == "invalid"
                                  ? std::string("invalid")
                                  : fmt::format("`{}`", Escaped(example.result));
    *page += fmt::format(
        "| `{}` of {} | {} | {} |\n", Escaped(example.call), Escaped(example.type),
        example.events.empty() ? "none" : fmt::format("`{}`", Escaped(example.events)), shown);
  }
}

}  // namespace

std::string AggregationDocumentation() {
  std::string page(kIntroduction);
  page +=
      "\n## Functions\n\nIn the examples, events are one minute apart, and the question is asked "
      "at "
      "the time of the newest, over a\nwindow of an hour.\n";
  for (int i = 0; i < kAggregateFamilies; ++i) {
    const auto family = static_cast<AggregateFamily>(i);
    page += fmt::format("\n## {}\n", FamilyTitle(family));
    for (const AggregateInfo& info : AggregateFunctions()) {
      if (info.family == family) AppendFunction(info, &page);
    }
  }
  return page;
}

}  // namespace coeval
