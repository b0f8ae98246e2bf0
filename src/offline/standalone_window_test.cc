#include "offline/standalone_window.h"

#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offline/training_testing.h"

namespace coeval {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Value kNull;

Value I(std::int64_t i) {
  return Value::Int(i);
}

Value S(const char* text) {
  return Value::String(text);
}

Batch Left() {
  return RowsOf(Schema({{"time", TypeId::kTimestamp}, {"user", TypeId::kInt32}}),
                {{I(21 * kMinute), I(1)}, {I(6 * kMinute), I(1)}, {I(6 * kMinute), kNull}});
}

Batch Events() {
  return RowsOf(Schema({{"time", TypeId::kTimestamp},
                        {"user", TypeId::kInt64},
                        {"amount", TypeId::kInt64},
                        {"kind", TypeId::kString},
                        {"written", TypeId::kTimestamp},
                        {"id", TypeId::kInt64}}),
                {{I(20 * kMinute), I(1), I(4), S("a"), I(20 * kMinute), I(3)},
                 {I(0), I(1), I(3), S("a"), I(0), I(1)},
                 {I(5 * kMinute), I(1), I(2), S("b"), I(10 * kMinute), I(2)},
                 {I(5 * kMinute), I(1), I(20), S("b"), I(11 * kMinute), I(2)}});
}

StandaloneWindowOptions Options(const std::vector<std::string>& aggregates) {
  StandaloneWindowOptions options;
  options.by = {"user"};
  for (const std::string& text : aggregates) {
    const Result<AggregationText> parsed = ParseAggregationText(text);
    EXPECT_TRUE(parsed.ok()) << parsed.status().message();
    if (parsed.ok()) options.aggregates.push_back(*parsed);
  }
  return options;
}

Result<StandaloneWindow> Windows(const StandaloneWindowOptions& options, const Batch& left = Left(),
                                 const Batch& events = Events()) {
  ArrowArrayStream stream = StreamOfRows(events);
  Result<StandaloneWindow> result = WindowStream(TableOfRows(left), &stream, options, Context{});
  EXPECT_EQ(stream.release, nullptr);
  return result;
}

// The first aggregate of each row, as text.
std::vector<std::string> Values(const StandaloneWindowOptions& options) {
  const Result<StandaloneWindow> result = Windows(options);
  if (!result.ok()) return {result.status().message()};
  std::vector<std::string> texts;
  const Column column = result->features->Whole(0).value();
  for (std::int64_t row = 0; row < column.length(); ++row) {
    texts.push_back(ToText(column.GetValue(row), column.type()));
  }
  return texts;
}

std::string Error(const std::string& aggregate) {
  return Windows(Options({aggregate})).status().message();
}

TEST(StandaloneWindowTest, KeepsTheLeftAndAddsTheAggregates) {
  const Result<StandaloneWindow> result =
      Windows(Options({"sum(amount) over 15m as spend", "count() over all time as n"}));
  ASSERT_TRUE(result.ok()) << result.status().message();
  const Batch table = Collect(*result->Export());
  EXPECT_THAT(table.schema.names(), ElementsAre("time", "user", "spend", "n"));
  for (std::size_t i = 0; i < 2; ++i) EXPECT_TRUE(SameBits(table.columns[i], Left().columns[i]));
  EXPECT_EQ(result->events, 4);
}

TEST(StandaloneWindowTest, AWindowHoldsWhatLiesBetweenItsEnds) {
  EXPECT_THAT(Values(Options({"sum(amount) over 15m as x"})), ElementsAre("4", "25", "null"));
  EXPECT_THAT(Values(Options({"sum(amount) over 16m as x"})), ElementsAre("4", "25", "null"));
  StandaloneWindowOptions both = Options({"sum(amount) over 16m as x"});
  both.closed = Closed::kBoth;
  EXPECT_THAT(Values(both), ElementsAre("26", "25", "null"));
  EXPECT_THAT(Values(Options({"count() over last 2 as x"})), ElementsAre("2", "2", "0"));
  EXPECT_THAT(Values(Options({"sum(amount) over 15m offset 15m as x"})),
              ElementsAre("25", "null", "null"));
}

TEST(StandaloneWindowTest, WhereAndByAndParameters) {
  EXPECT_THAT(Values(Options({"sum(amount) where kind = 'a' as x"})),
              ElementsAre("7", "3", "null"));
  EXPECT_THAT(Values(Options({"count() over 1h by kind as x"})),
              ElementsAre("{'a': 2, 'b': 2}", "{'a': 1, 'b': 2}", "{}"));
  EXPECT_THAT(Values(Options({"quantile(amount, 0.5) over 1h as x"})),
              ElementsAre("3.5", "3.0", "null"));
  // The key and the time are columns like others.
  EXPECT_THAT(Values(Options({"count_distinct(user) where time > timestamp '1970-01-01' as x"})),
              ElementsAre("1", "1", "0"));
}

// Of one identity the row written last counts; under `arrival` once it is known.
TEST(StandaloneWindowTest, CreatedTimesAndIdentities) {
  StandaloneWindowOptions options = Options({"sum(amount) over 1h as x"});
  options.created = "written";
  EXPECT_THAT(Values(options), ElementsAre("29", "25", "null"));
  options.event_id = "id";
  EXPECT_THAT(Values(options), ElementsAre("27", "23", "null"));
  options.known = Known::kArrival;
  EXPECT_THAT(Values(options), ElementsAre("27", "3", "null"));
}

TEST(StandaloneWindowTest, MistakesPointAtTheCharacter) {
  EXPECT_EQ(Error("sum(amont) over 7d as x"),
            "aggregate 'x': line 1, column 5: the right table has no column 'amont', did you mean "
            "\"amount\"?\n  sum(amont) over 7d as x\n      ^");
  EXPECT_EQ(
      Error("sum(kind) over 7d as x"),
      "aggregate 'x': line 1, column 1: sum: argument x must be a number or bool, it is string\n"
      "  sum(kind) over 7d as x\n  ^");
  EXPECT_THAT(Error("count() over 7d where knd = 'a' as x"),
              AllOf(HasSubstr("aggregate 'x': line 1, column 23: "),
                    HasSubstr("\n  count() over 7d where knd = 'a' as x\n"),
                    HasSubstr("\n                        ^")));
  EXPECT_THAT(Error("count() over 7d where amount as x"), HasSubstr("column 23: "));
  EXPECT_THAT(Error("count() over 7d where time > now() as x"), HasSubstr("now()"));
  EXPECT_THAT(Error("count() over 7d by lower(amount) as x"), HasSubstr("column 20: "));
  EXPECT_THAT(Error("rate(amount) over all time as x"), HasSubstr("not all history"));
  EXPECT_THAT(Error("quantile(amount, q=2) as x"), HasSubstr("column 1: "));
  EXPECT_THAT(Error("count() as time"), HasSubstr("has a column of that name"));
  EXPECT_THAT(Error("count()"), HasSubstr("column 1: "));
  const StandaloneWindowOptions twice = Options({"count() as x", "sum(amount) as x"});
  EXPECT_THAT(Windows(twice).status().message(), HasSubstr("two aggregations have this name"));
  StandaloneWindowOptions none = Options({});
  EXPECT_THAT(Windows(none).status().message(), HasSubstr("no aggregate is given"));
  none = Options({"count() as x"});
  none.event_id = "ident";
  EXPECT_THAT(Windows(none).status().message(), HasSubstr("no column 'ident'"));
}

TEST(StandaloneWindowTest, ValuesThatDoNotExist) {
  const Batch events = RowsOf(
      Schema({{"time", TypeId::kTimestamp}, {"user", TypeId::kInt64}, {"amount", TypeId::kInt64}}),
      {{I(0), I(1), I(INT64_MAX)}, {I(1), I(1), I(1)}});
  StandaloneWindowOptions options = Options({"sum(amount) as x"});
  EXPECT_THAT(Windows(options, Left(), events).status().message(),
              AllOf(HasSubstr("2 values are invalid"), HasSubstr("aggregate:x, row 0")));
  options.on_invalid = OnInvalid::kNull;
  const Result<StandaloneWindow> nulls = Windows(options, Left(), events);
  ASSERT_TRUE(nulls.ok()) << nulls.status().message();
  EXPECT_EQ(nulls->invalid, 2);
  EXPECT_EQ(nulls->features->Whole(0)->CountNulls(), 3);
}

struct Row {
  std::int64_t time;
  std::int64_t key;
  std::int64_t amount;
};

std::vector<Row> RandomRows(std::mt19937_64* random, std::size_t n) {
  std::vector<Row> rows(n);
  for (Row& row : rows) {
    row = {static_cast<std::int64_t>((*random)() % 40), static_cast<std::int64_t>((*random)() % 4),
           static_cast<std::int64_t>((*random)() % 100)};
  }
  return rows;
}

Batch TableOf(const std::vector<Row>& rows) {
  std::vector<std::vector<Value>> cells;
  for (const Row& row : rows) cells.push_back({I(row.time), I(row.key), I(row.amount)});
  return RowsOf(
      Schema({{"time", TypeId::kTimestamp}, {"user", TypeId::kInt64}, {"amount", TypeId::kInt64}}),
      cells);
}

bool Holds(Closed closed, std::int64_t from, std::int64_t time, std::int64_t to) {
  const bool left = closed == Closed::kLeft || closed == Closed::kBoth;
  const bool right = closed == Closed::kRight || closed == Closed::kBoth;
  return (left ? from <= time : from < time) && (right ? time <= to : time < to);
}

// Every way to close a window, with ties, unsorted, against the definition of a sum.
TEST(StandaloneWindowTest, RandomWindowsAgreeWithThePlainSum) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    const std::vector<Row> left = RandomRows(&random, 20);
    const std::vector<Row> events = RandomRows(&random, 60);
    const auto length = static_cast<std::int64_t>(1 + random() % 20);
    StandaloneWindowOptions options =
        Options({"sum(amount) over " + std::to_string(length) + "us as s"});
    options.closed = static_cast<Closed>(round % 4);
    Batch spine = TableOf(left);
    const Result<StandaloneWindow> result = Windows(options, spine, TableOf(events));
    ASSERT_TRUE(result.ok()) << result.status().message();
    for (std::size_t i = 0; i < left.size(); ++i) {
      std::optional<std::int64_t> sum;
      for (const Row& event : events) {
        if (event.key != left[i].key) continue;
        if (!Holds(options.closed, left[i].time - length, event.time, left[i].time)) continue;
        sum = sum.value_or(0) + event.amount;
      }
      const Value got = result->features->Whole(0)->GetValue(static_cast<std::int64_t>(i));
      ASSERT_TRUE(SameBits(got, sum.has_value() ? Value::Int(*sum) : Value())) << "row " << i;
    }
  }
}

}  // namespace
}  // namespace coeval
