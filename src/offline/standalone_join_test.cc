#include "offline/standalone_join.h"

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

Value I(std::int64_t i) {
  return Value::Int(i);
}

Value S(const char* text) {
  return Value::String(text);
}

Value D(double d) {
  return Value::Double(d);
}

Batch Left() {
  return RowsOf(
      Schema({{"time", TypeId::kTimestamp}, {"user", TypeId::kInt32}, {"score", TypeId::kString}}),
      {{I(100), I(1), S("a")},
       {I(120), I(2), S("b")},
       {I(110), I(1), S("c")},
       {I(110), kNull, S("d")}});
}

Batch Right() {
  return RowsOf(Schema({{"time", TypeId::kTimestamp},
                        {"user", TypeId::kInt64},
                        {"score", TypeId::kFloat64},
                        {"written", TypeId::kTimestamp}}),
                {{I(110), I(1), D(0.5), I(111)},
                 {I(100), I(1), D(0.25), I(100)},
                 {I(90), I(2), D(-0.0), kNull}});
}

StandaloneJoinOptions Options() {
  StandaloneJoinOptions options;
  options.by = {"user"};
  options.columns = {"score"};
  return options;
}

Column Joined(const StandaloneJoin& join, std::size_t column) {
  return join.columns.Whole(join.left.num_rows()).value()[column];
}

Result<StandaloneJoin> JoinRows(const StandaloneJoinOptions& options, const Batch& left = Left(),
                                const Batch& right = Right()) {
  ArrowArrayStream stream = StreamOfRows(right);
  Result<StandaloneJoin> result = JoinStream(TableOfRows(left), &stream, options, Context{});
  EXPECT_EQ(stream.release, nullptr);
  return result;
}

// The joined score of each row, as text.
std::vector<std::string> Scores(const StandaloneJoinOptions& options) {
  const Result<StandaloneJoin> result = JoinRows(options);
  if (!result.ok()) return {result.status().ToString()};
  std::vector<std::string> texts;
  const Column column = Joined(*result, 0);
  for (std::int64_t row = 0; row < column.length(); ++row) {
    texts.push_back(ToText(column.GetValue(row), column.type()));
  }
  return texts;
}

std::string Error(const StandaloneJoinOptions& options) {
  return JoinRows(options).status().message();
}

TEST(StandaloneJoinTest, KeepsTheLeftAndAddsTheRight) {
  const Result<StandaloneJoin> result = JoinRows(Options());
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  const Batch table = Collect(*result->Export());
  EXPECT_THAT(table.schema.names(), ElementsAre("time", "user", "score", "score_right"));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(SameBits(table.columns[i], Left().columns[i]));
  EXPECT_THAT(Scores(Options()), ElementsAre("0.25", "-0.0", "0.5", "null"));
}

TEST(StandaloneJoinTest, TakesAllColumnsButKeysAndTimesUnlessAsked) {
  StandaloneJoinOptions options = Options();
  options.columns.reset();
  options.created = "written";
  EXPECT_EQ(JoinRows(options)->schema.names(), (std::vector<std::string>{"score_right"}));
  options.columns = {"written", "time"};
  const Result<StandaloneJoin> result = JoinRows(options);
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_THAT(result->schema.names(), ElementsAre("written", "time_right"));
  EXPECT_EQ(Joined(*result, 1).values<TimeMicros>()[2], 110);
}

TEST(StandaloneJoinTest, ToleranceIsInclusive) {
  StandaloneJoinOptions options = Options();
  options.tolerance = 30;
  EXPECT_THAT(Scores(options), ElementsAre("0.25", "-0.0", "0.5", "null"));
  options.tolerance = 29;
  EXPECT_THAT(Scores(options), ElementsAre("0.25", "null", "0.5", "null"));
  options.tolerance = 0;
  EXPECT_THAT(Error(options), HasSubstr("more than 0"));
}

TEST(StandaloneJoinTest, ExactMatchesMayBeLeftOut) {
  StandaloneJoinOptions options = Options();
  options.allow_exact_matches = false;
  EXPECT_THAT(Scores(options), ElementsAre("null", "-0.0", "0.25", "null"));
}

TEST(StandaloneJoinTest, WithArrivalARowIsKnownFromItsCreatedTimeOn) {
  StandaloneJoinOptions options = Options();
  options.created = "written";
  EXPECT_THAT(Scores(options), ElementsAre("0.25", "-0.0", "0.5", "null"));
  options.known = Known::kArrival;
  EXPECT_THAT(Scores(options), ElementsAre("0.25", "-0.0", "0.25", "null"));
}

TEST(StandaloneJoinTest, WithoutKeysAllRowsAreOfOne) {
  StandaloneJoinOptions options = Options();
  options.by.clear();
  EXPECT_THAT(Scores(options), ElementsAre("0.25", "0.5", "0.5", "0.5"));
}

TEST(StandaloneJoinTest, NamesMayDifferOnBothSides) {
  StandaloneJoinOptions options;
  options.left_on = "time";
  options.right_on = "written";
  options.left_by = {"user"};
  options.right_by = {"user"};
  options.columns = {"score"};
  // Its event times are 111 and 100; one is null.
  EXPECT_THAT(Error(options), HasSubstr("null"));
  options.right_on = "time";
  EXPECT_THAT(Scores(options), ElementsAre("0.25", "-0.0", "0.5", "null"));
}

TEST(StandaloneJoinTest, ErrorsNameWhatIsWrong) {
  StandaloneJoinOptions options = Options();
  options.columns = {"scores"};
  EXPECT_THAT(Error(options), HasSubstr("the right table has no column 'scores', did you mean"));
  options = Options();
  options.left_by = {"user"};
  EXPECT_THAT(Error(options), HasSubstr("either 'by'"));
  options = Options();
  options.by = {"usr"};
  EXPECT_THAT(Error(options), HasSubstr("the left table has no column 'usr'"));
  options = Options();
  options.columns = {"score", "score"};
  EXPECT_THAT(Error(options), HasSubstr("asked for twice"));
  options = Options();
  options.suffix = "";
  EXPECT_THAT(Error(options), HasSubstr("two columns 'score'"));
  options = Options();
  options.by = {"score"};
  EXPECT_THAT(Error(options), HasSubstr("score"));
}

TEST(StandaloneJoinTest, DatesMeetTimestampsAndTextNeverMeetsNumbers) {
  StandaloneJoinOptions options;
  options.left_by = {"day"};
  options.right_by = {"day"};
  const Batch left = RowsOf(Schema({{"t", TypeId::kTimestamp}, {"day", TypeId::kDate}}),
                            {{I(5), I(1)}, {I(5), I(2)}});
  const Batch right = RowsOf(
      Schema({{"t", TypeId::kTimestamp}, {"day", TypeId::kTimestamp}, {"v", TypeId::kInt32}}),
      {{I(1), I(kDay), I(7)}});
  StandaloneJoinOptions on = options;
  on.on = "t";
  const Result<StandaloneJoin> result = JoinRows(on, left, right);
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(Joined(*result, 0).values<std::int32_t>()[0], 7);
  EXPECT_TRUE(Joined(*result, 0).IsNull(1));
  const Batch texts =
      RowsOf(Schema({{"t", TypeId::kTimestamp}, {"day", TypeId::kString}}), {{I(5), S("1")}});
  const Result<StandaloneJoin> mixed = JoinRows(on, texts, right);
  EXPECT_FALSE(mixed.ok());
}

// One record batch of `n` facts of seven users; times count up, but for one that is null.
ArrowTable LongTable(std::int64_t n, std::int64_t null_time) {
  std::vector<std::int64_t> times;
  std::vector<std::int64_t> users;
  std::vector<double> scores;
  for (std::int64_t i = 0; i < n; ++i) {
    times.push_back(i);
    users.push_back(i * 31 % 7);
    scores.push_back(static_cast<double>(i) / 3);
  }
  std::vector<std::uint8_t> present(static_cast<std::size_t>((n + 7) / 8), 0xFF);
  if (null_time >= 0)
    present[static_cast<std::size_t>(null_time / 8)] &=
        static_cast<std::uint8_t>(~(1U << (null_time % 8)));
  Batch batch{
      Schema({{"time", TypeId::kTimestamp}, {"user", TypeId::kInt64}, {"score", TypeId::kFloat64}}),
      {Column::FixedWidth(TypeId::kTimestamp, n, MakeBuffer(std::move(times)),
                          MakeBuffer(std::move(present))),
       Column::FixedWidth(TypeId::kInt64, n, MakeBuffer(std::move(users))),
       Column::FixedWidth(TypeId::kFloat64, n, MakeBuffer(std::move(scores)))},
      n};
  return TableOfRows(batch);
}

TEST(StandaloneJoinTest, ATableThatIsHeldIsReadInPiecesByAllThreads) {
  constexpr std::int64_t kRows = 500'000;
  const ArrowTable right = LongTable(kRows, -1);
  std::vector<std::vector<Value>> rows;
  for (std::int64_t i = 0; i < 1000; ++i) rows.push_back({I(i * 499), I(i % 8), S("x")});
  const Batch left = RowsOf(
      Schema({{"time", TypeId::kTimestamp}, {"user", TypeId::kInt32}, {"score", TypeId::kString}}),
      rows);
  ArrowArrayStream stream = right.ExportWith({}, {}, 1000).value();
  const auto streamed = JoinStream(TableOfRows(left), &stream, Options(), Context{});
  ASSERT_TRUE(streamed.ok()) << streamed.status().ToString();
  Context context;
  context.threads = 3;
  const auto held = JoinTable(TableOfRows(left), right, Options(), context);
  ASSERT_TRUE(held.ok()) << held.status().ToString();
  EXPECT_TRUE(SameBits(Joined(*held, 0), Joined(*streamed, 0)));
  EXPECT_EQ(Joined(*held, 0).CountNulls(), 125);  // user 7
  EXPECT_EQ(held->counts[0].read.rows, streamed->counts[0].read.rows);
  EXPECT_EQ(held->counts[0].read.out_of_range, streamed->counts[0].read.out_of_range);
}

TEST(StandaloneJoinTest, ABadTimeInALaterPieceIsToldByItsRow) {
  const auto held =
      JoinTable(TableOfRows(Left()), LongTable(300'000, 200'123), Options(), Context{});
  EXPECT_THAT(held.status().message(), HasSubstr("row 200123 of the data frame"));
}

}  // namespace
}  // namespace coeval
