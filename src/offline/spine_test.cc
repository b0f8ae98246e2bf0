#include "offline/spine.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offline/training_testing.h"

namespace coeval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Value kNull;

Value S(const char* text) {
  return Value::String(text);
}

// A plan that needs the key `user` (int64).
SharedFeaturePlan UserPlan() {
  MemoryProject project;
  project.AddView("clicks", {{"user", TypeId::kInt64}}, {FieldOf("count", TypeId::kInt64)},
                  Batch());
  return project.Plan({"clicks:count"});
}

Status Read(const Batch& rows, const std::string& time_column = "") {
  return ReadSpine(TableOfRows(rows), *UserPlan(), time_column).status();
}

Result<std::string> TimeColumn(const Schema& schema, const std::string& named = "") {
  const ArrowTable table = TableOfRows(RowsOf(schema, {}));
  const Result<std::size_t> column = FindTimeColumn(table, named, "the spine");
  if (!column.ok()) return column.status();
  return table.names()[*column];
}

// Rule 4.2.
TEST(SpineTest, FindsItsTimeColumn) {
  const ColumnSchema a{"a", TypeId::kTimestamp};
  const ColumnSchema b{"b", TypeId::kTimestamp};
  const ColumnSchema day{"day", TypeId::kDate};
  const ColumnSchema usual{"event_timestamp", TypeId::kTimestamp};
  EXPECT_EQ(*TimeColumn(Schema({a, usual, b})), "event_timestamp");
  EXPECT_EQ(*TimeColumn(Schema({day, a})), "a");
  EXPECT_EQ(*TimeColumn(Schema({a, usual, b}), "b"), "b");
  EXPECT_EQ(TimeColumn(Schema({day, a, b})).status().message(),
            "the spine has 2 timestamp columns, and none is called 'event_timestamp': name the "
            "column of question times, one of 'a', 'b'");
  EXPECT_THAT(TimeColumn(Schema({day})).status().message(),
              HasSubstr("has no timestamp column: give it a column 'event_timestamp'"));
  EXPECT_THAT(TimeColumn(Schema({a, usual}), "event_timestmp").status().message(),
              HasSubstr("did you mean \"event_timestamp\"?"));
}

TEST(SpineTest, ReadsTimestampsDatesAndText) {
  const auto read = [](const DataType& type, const Value& value) {
    const ArrowTable table = TableOfRows(RowsOf(Schema({{"t", type}}), {{value}}));
    return ReadQuestionTimes(table, 0, "the spine");
  };
  EXPECT_THAT(*read(TypeId::kTimestamp, Value::Int(-7)), ElementsAre(-7));
  EXPECT_THAT(*read(TypeId::kDate, Value::Int(2)), ElementsAre(2 * kDay));
  EXPECT_THAT(*read(TypeId::kString, S("1970-01-01T00:00:01.0000019Z")), ElementsAre(kSecond + 1));
  EXPECT_EQ(read(TypeId::kInt64, Value::Int(5)).status().message(),
            "the spine: column 't' holds the question times, but it is int64; they must be "
            "timestamps, dates or ISO 8601 text");
}

// Rule 1.2: question times finer than a microsecond go down.
TEST(SpineTest, RoundsNanosecondsDown) {
  Batch rows = RowsOf(Schema({{"t", TypeId::kTimestamp}}), {{Value::Int(1999)}, {Value::Int(-1)}});
  ArrowSchema schema{};
  ArrowArray array{};
  ExportSchema(rows.schema, &schema);
  ExportBatch(rows, &array);
  const SharedArrowSchema owned_schema = OwnArrowSchema(&schema);
  const SharedArrowArray owned_array = OwnArrowArray(&array);
  ArrowSchema nanos = *owned_schema->children[0];
  nanos.format = "tsn:UTC";
  const Result<Column> column =
      ImportArray(nanos, *owned_array->children[0], owned_array, Rounding::kDown);
  ASSERT_TRUE(column.ok());
  EXPECT_THAT(column->values<TimeMicros>(), ElementsAre(1, -1));
}

TEST(SpineTest, NamesTheRowsWithoutATime) {
  const Schema schema({{"event_timestamp", TypeId::kString}, {"user", TypeId::kInt64}});
  std::vector<std::vector<Value>> rows;
  for (int i = 0; i < 15; ++i) rows.push_back({i == 4 ? S("soon") : kNull, Value::Int(1)});
  const std::string message = Read(RowsOf(schema, rows)).message();
  EXPECT_THAT(message,
              HasSubstr("the spine: column 'event_timestamp' has no usable time in 15 rows: "
                        "row 0 (null), row 1 (null)"));
  EXPECT_THAT(message, HasSubstr("row 4 ('soon')"));
  EXPECT_THAT(message, HasSubstr("row 9 (null), ...; every question needs a time"));
}

TEST(SpineTest, NamesMissingColumnsWithTheNearest) {
  const Status status =
      Read(RowsOf(Schema({{"event_timestamp", TypeId::kTimestamp}, {"usr", TypeId::kInt64}}), {}));
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("the spine lacks columns: 'user' for "));
  EXPECT_THAT(status.message(), HasSubstr("did you mean \"usr\"?"));
}

// Rule 2.1.
TEST(SpineTest, ConvertsKeysLosingNothing) {
  const Schema floats({{"event_timestamp", TypeId::kTimestamp}, {"user", TypeId::kFloat64}});
  const Result<Spine> spine =
      ReadSpine(TableOfRows(RowsOf(floats, {{Value::Int(0), Value::Double(5.0)},
                                            {Value::Int(0), Value::Double(CanonicalNan())}})),
                *UserPlan(), "");
  ASSERT_TRUE(spine.ok()) << spine.status().ToString();
  EXPECT_EQ(spine->request[0].values<std::int64_t>()[0], 5);
  EXPECT_TRUE(spine->request[0].IsNull(1));
  const std::string message = Read(RowsOf(floats, {{Value::Int(0), Value::Double(5.0)},
                                                   {Value::Int(0), Value::Double(5.5)}}))
                                  .message();
  EXPECT_THAT(message, HasSubstr("'user', row 1: 5.5"));
}

TEST(SpineTest, AColumnNamedLikeAFeatureIsAnErrorBeforeAnyWork) {
  const Schema schema({{"event_timestamp", TypeId::kTimestamp},
                       {"user", TypeId::kInt64},
                       {"Count", TypeId::kInt64}});
  EXPECT_THAT(Read(RowsOf(schema, {})).message(), HasSubstr("ount"));
}

}  // namespace
}  // namespace coeval
