// What explanations say: verdicts, windows, inputs, texts and JSON, of small stories.
#include "offline/explain.h"

#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "definition/aggregated_view.h"
#include "offline/explanation_json.h"
#include "offline/explanation_text.h"
#include "offline/testing.h"
#include "offline/training_testing.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Value At(const std::string& text) {
  return Value::Int(*ParseTime(text));
}

Value Text(const std::string& text) {
  return Value::String(text);
}

// Weather of an airport: temp, and gust, which breaks ties.
class ExplainTest : public ::testing::Test {
 protected:
  ViewVersion& AddWeather(const std::vector<std::vector<Value>>& rows) {
    Schema schema({{"airport", TypeId::kString},
                   {"event_timestamp", TypeId::kTimestamp},
                   {"created", TypeId::kTimestamp},
                   {"temp", TypeId::kFloat64},
                   {"gust", TypeId::kInt64}});
    ViewVersion& view =
        project_.AddView("weather", {{"airport", TypeId::kString}},
                         {FieldOf("temp", TypeId::kFloat64), FieldOf("gust", TypeId::kInt64)},
                         RowsOf(std::move(schema), rows));
    view.source.created_field = "created";
    return view;
  }

  Result<Explanation> Ask(const std::vector<std::string>& features, const std::string& feature,
                          const std::map<std::string, Value>& entity, const std::string& t,
                          ExplainOptions options = {}) {
    const SharedFeaturePlan plan = project_.Plan(features);
    COEVAL_ASSIGN_OR_RETURN(const std::size_t output, FindOutput(*plan, feature));
    std::vector<Column> request;
    for (const PlannedColumn& column : plan->request_columns) {
      request.push_back(ColumnOf(column.type, {entity.at(column.name)}));
    }
    return Explain(*plan, output, request, *ParseTime(t), options, project_.Open(context_),
                   context_);
  }

  static std::vector<std::string> Verdicts(const Explanation& explanation) {
    std::vector<std::string> texts;
    for (const ExplainedFact& fact : explanation.facts->shown) texts.push_back(fact.verdict.why);
    return texts;
  }

  Context context_;
  MemoryProject project_;
};

TEST_F(ExplainTest, EachFactOfTheKeyGetsItsVerdict) {
  ViewVersion& view = AddWeather({
      {Text("JFK"), At("2013-01-01T01:00Z"), Value(), Value::Double(1), Value::Int(1)},
      {Text("JFK"), At("2013-01-01T08:00Z"), Value(), Value::Double(3), Value::Int(1)},
      {Text("LGA"), At("2013-01-01T09:30Z"), Value(), Value::Double(9), Value::Int(1)},
      {Text("JFK"), At("2013-01-01T09:00Z"), At("2013-01-01T09:05Z"), Value::Double(3.5),
       Value::Int(1)},
      {Text("JFK"), At("2013-01-01T09:00Z"), At("2013-01-01T09:04Z"), Value::Double(3.4),
       Value::Int(1)},
      {Text("JFK"), At("2013-01-01T09:30Z"), At("2013-01-01T12:00Z"), Value::Double(8),
       Value::Int(1)},
      {Text("JFK"), At("2013-01-01T11:00Z"), Value(), Value::Double(4), Value::Int(1)},
  });
  view.view.ttl = 6 * kHour;
  view.source.created = CreatedMeaning::kArrival;
  const auto why = Ask({"weather:temp"}, "", {{"airport", Text("JFK")}}, "2013-01-01T10:00Z");
  ASSERT_TRUE(why.ok()) << why.status().ToString();
  EXPECT_EQ(why->value.values<double>()[0], 3.5);
  EXPECT_EQ(why->status, FeatureStatus::kPresent);
  EXPECT_EQ(why->time, *ParseTime("2013-01-01T09:00Z"));
  EXPECT_EQ(why->because,
            "the fact that wins: the latest event time of 3 candidates, and of those the latest "
            "created time");
  EXPECT_EQ(Verdicts(*why),
            (std::vector<std::string>{
                "expired: older than the ttl, 6h, by 3h", "loses: its event time is earlier, by 1h",
                "loses: of the same event time, but created earlier, by 1m",
                "wins: the latest event time of 3 candidates, and of those the latest created time",
                "not yet known: known 2h after the question", "of the future, by 1h"}));
  EXPECT_EQ(why->facts->of_key, 6);
  EXPECT_EQ(why->facts->shown[3].row, 3);
  EXPECT_EQ(why->facts->read.rows, 7);
}

TEST_F(ExplainTest, TiesNameTheColumnThatDecides) {
  const Value t = At("2013-01-01T09:00Z");
  AddWeather({{Text("JFK"), t, Value(), Value::Double(3), Value::Int(1)},
              {Text("JFK"), t, Value(), Value::Double(3), Value::Int(7)},
              {Text("JFK"), t, Value(), Value::Double(3), Value::Int(7)}});
  const auto why = Ask({"weather:temp"}, "temp", {{"airport", Text("JFK")}}, "2013-01-01T10:00Z");
  ASSERT_TRUE(why.ok()) << why.status().ToString();
  EXPECT_EQ(Verdicts(*why),
            (std::vector<std::string>{
                "loses: alike in times; `gust` is 1, less than 7",
                "wins: the latest times of 3 candidates, and of those the greatest tie bytes",
                "the same as the winner in everything"}));
  EXPECT_EQ(why->facts->columns.size(), 2U);  // gust, too: it decided
}

TEST_F(ExplainTest, NoFactIsSaidInWords) {
  ViewVersion& view = AddWeather(
      {{Text("JFK"), At("2013-01-01T00:00Z"), Value(), Value::Double(3), Value::Int(1)}});
  const auto because = [this](const Value& airport, const std::string& t) {
    const auto why = Ask({"weather:temp"}, "", {{"airport", airport}}, t);
    return why.ok() ? std::string(FeatureStatusName(why->status)) + ": " + why->because
                    : why.status().ToString();
  };
  EXPECT_EQ(because(Text("SFO"), "2013-01-02"), "NOT_FOUND: no fact of the source has this key");
  EXPECT_EQ(because(Value(), "2013-01-02"),
            "NOT_FOUND: the join key 'airport' is null, and a null matches nothing");
  EXPECT_EQ(because(Text("JFK"), "2012-12-31"),
            "NOT_FOUND: no candidate: the key's only fact was not yet true, or not yet known");
  view.view.ttl = 6 * kHour;
  EXPECT_EQ(because(Text("JFK"), "2013-01-01T10:00Z"),
            "OUTSIDE_MAX_AGE: no candidate: all facts known by then are older than the ttl");
  EXPECT_EQ(because(Text("JFK"), "2013-01-01T13:00Z"),
            "NOT_FOUND: no candidate: all facts known by then are older than the ttl, and than "
            "twice the ttl");
}

TEST_F(ExplainTest, ADefaultIsSaidToBeOne) {
  ViewVersion& view = AddWeather({});
  view.view.schema[0].default_value = Value::Double(20);
  const auto why = Ask({"weather:temp"}, "", {{"airport", Text("JFK")}}, "2013-01-01T10:00Z");
  ASSERT_TRUE(why.ok());
  EXPECT_TRUE(why->is_default);
  EXPECT_EQ(why->value.values<double>()[0], 20);
  EXPECT_THAT(ExplanationText(*why), HasSubstr("temp = 20.0 (its default, in place of null)"));
}

TEST_F(ExplainTest, OfManyFactsTheNearestAreShown) {
  std::vector<std::vector<Value>> rows;
  for (int i = 0; i < 100; ++i) {
    rows.push_back({Text("JFK"), Value::Int(*ParseTime("2013-01-01") + i * kHour), Value(),
                    Value::Double(i), Value::Int(1)});
  }
  AddWeather(rows);
  const auto why = Ask({"weather:temp"}, "", {{"airport", Text("JFK")}}, "2013-01-03T02:30Z",
                       {.known = Known::kDeclared, .nearest = 2, .progress = nullptr});
  ASSERT_TRUE(why.ok());
  ASSERT_EQ(why->facts->shown.size(), 5U);
  EXPECT_EQ(why->facts->shown[0].left_out, 48);
  EXPECT_EQ(why->facts->shown[2].verdict.fate, Fate::kWins);
  EXPECT_EQ(why->facts->left_out, 47);
  EXPECT_EQ(why->facts->fates.at(Fate::kLoses), 50);
  const std::string text = ExplanationText(*why);
  EXPECT_THAT(text, HasSubstr("... 48 more facts\n"));
  EXPECT_THAT(text, HasSubstr("... 47 more facts"));
  EXPECT_THAT(text, HasSubstr("50 lose"));
}

TEST_F(ExplainTest, AnExpressionShowsItsInputsAndTheirReasons) {
  AddWeather({{Text("JFK"), At("2013-01-01T09:00Z"), Value(), Value::Double(3), Value::Int(4)}});
  project_.AddOnDemand("flight", {"weather"}, {FieldOf("minutes", TypeId::kInt64)},
                       {FieldOf("warm", TypeId::kFloat64), FieldOf("share", TypeId::kInt64)},
                       {{"warm", "temp * minutes"}, {"share", "cast(gust + 9e18 as int64)"}});
  const std::map<std::string, Value> entity{{"airport", Text("JFK")}, {"minutes", Value::Int(7)}};
  const auto why = Ask({"flight:*"}, "flight__warm", entity, "2013-01-01T10:00Z");
  ASSERT_TRUE(why.ok()) << why.status().ToString();
  EXPECT_EQ(why->value.values<double>()[0], 21);
  EXPECT_EQ(why->expression, "temp * minutes");
  ASSERT_EQ(why->inputs.size(), 2U);
  EXPECT_EQ(why->inputs[0].feature->reference, "weather@v1:temp");
  EXPECT_EQ(why->inputs[1].request_column, "minutes");
  const std::string text = ExplanationText(*why);
  EXPECT_THAT(text, HasSubstr("computed  temp * minutes\n"));
  EXPECT_THAT(text, HasSubstr("with    minutes = 7, request data `minutes`"));
  EXPECT_THAT(text, HasSubstr("\n\n  temp = 3.0\n  because   the fact that wins"));
  EXPECT_TRUE(ExplanationJson(*why).Find("inputs")->array()[0].Find("feature")->is_object());
}

TEST_F(ExplainTest, AnExpressionThatFailsSaysHow) {
  AddWeather({{Text("JFK"), At("2013-01-01T09:00Z"), Value(), Value::Double(3), Value::Int(4)}});
  project_.AddOnDemand("flight", {"weather"}, {}, {FieldOf("much", TypeId::kInt64)},
                       {{"much", "gust + 9223372036854775807"}});
  const auto why = Ask({"flight:much"}, "", {{"airport", Text("JFK")}}, "2013-01-01T10:00Z");
  ASSERT_TRUE(why.ok()) << why.status().ToString();
  EXPECT_EQ(why->status, FeatureStatus::kInvalid);
  EXPECT_THAT(why->error, HasSubstr("overflow"));
  EXPECT_THAT(why->error, Not(HasSubstr("row 0")));
}

TEST_F(ExplainTest, NamesThatAreNotThereGetTheNearest) {
  AddWeather({});
  const std::map<std::string, Value> entity{{"airport", Text("JFK")}};
  const auto error = [&](const std::string& feature) {
    return Ask({"weather:*"}, feature, entity, "2013-01-01").status().ToString();
  };
  EXPECT_THAT(error("tmep"), HasSubstr("no feature 'tmep' here, did you mean \"temp\"?; there are "
                                       "temp, gust"));
  EXPECT_THAT(error(""), HasSubstr("say which feature to explain, one of temp, gust"));
  for (const char* name : {"temp", "weather__temp", "weather:temp", "weather@v1:temp"}) {
    EXPECT_EQ(error(name), "ok") << name;
  }
}

TEST_F(ExplainTest, ARowOfATrainingSetIsCheckedAgainstIt) {
  const std::vector<std::vector<Value>> rows{
      {Text("JFK"), At("2013-01-01T09:00Z"), Value(), Value::Double(3), Value::Int(4)}};
  AddWeather(rows);
  const SharedFeaturePlan plan = project_.Plan(std::vector<std::string>{"weather:temp"});
  const Batch spine =
      RowsOf(Schema({{"airport", TypeId::kString}, {"event_timestamp", TypeId::kTimestamp}}),
             {{Text("JFK"), At("2013-01-01T10:00Z")}});
  const OpenView open = project_.Open(context_);
  const auto set = MakeTrainingSet(*plan, TableOfRows(spine), {}, open, context_);
  ASSERT_TRUE(set.ok());
  const auto explain = [&](std::int64_t row) {
    return ExplainRow(*plan, *set, row, "", {}, open, context_);
  };
  EXPECT_EQ(explain(0)->note, "");
  EXPECT_EQ(explain(0)->row, 0);
  for (const std::int64_t row : {-1, 1}) {
    EXPECT_THAT(explain(row).status().ToString(),
                HasSubstr("there is no row " + std::to_string(row) +
                          ": the spine has 1 row, counted from 0 to 0"));
  }
  Batch changed =
      RowsOf(Schema({{"airport", TypeId::kString},
                     {"event_timestamp", TypeId::kTimestamp},
                     {"created", TypeId::kTimestamp},
                     {"temp", TypeId::kFloat64},
                     {"gust", TypeId::kInt64}}),
             {{Text("JFK"), At("2013-01-01T09:00Z"), Value(), Value::Double(8), Value::Int(4)}});
  project_.SetRows("weather", std::move(changed));
  EXPECT_EQ(explain(0)->note,
            "the training set holds 3.0: the sources have changed since it was made");
}

// Payments of a customer: events with an id, which may be corrected and retracted.
class ExplainWindowTest : public ExplainTest {
 protected:
  void AddSpending(const std::vector<std::vector<Value>>& rows) {
    Schema schema({{"customer", TypeId::kString},
                   {"event_timestamp", TypeId::kTimestamp},
                   {"created", TypeId::kTimestamp},
                   {"gone", TypeId::kBool},
                   {"id", TypeId::kInt64},
                   {"amount", TypeId::kFloat64},
                   {"status", TypeId::kString}});
    std::vector<Field> columns;
    for (const ColumnSchema& column : schema.columns()) {
      columns.push_back(FieldOf(column.name, column.type));
    }
    ViewVersion& version = project_.AddView("spending", {{"customer", TypeId::kString}}, {},
                                            RowsOf(std::move(schema), rows));
    version.source.created_field = "created";
    version.source.created = CreatedMeaning::kArrival;
    version.source.delete_field = "gone";
    version.source.event_id_field = "id";
    version.source.lateness = kDay;
    Aggregation sum;
    sum.name = "spend_7d";
    sum.function = "sum";
    sum.columns = {"amount"};
    sum.window.length = 7 * kDay;
    sum.where = "status = 'ok'";
    version.view.aggregations = {sum};
    version.view.expressions = {{"much", "spend_7d > 10"}};
    version.view.inputs = *InputsOf(version.view, version.source, columns);
    version.view.schema = ResolveAggregatedView(version.view, version.source)->schema;
  }

  static std::vector<Value> Paid(const std::string& time, const std::string& created, int id,
                                 Value amount, const std::string& status = "ok",
                                 bool gone = false) {
    return {Text("ann"),    At(time),          At(created), Value::Bool(gone),
            Value::Int(id), std::move(amount), Text(status)};
  }
};

TEST_F(ExplainWindowTest, EachEventIsInTheWindowOrSaysWhyNot) {
  AddSpending({
      Paid("2013-01-01T10:00Z", "2013-01-01T10:00Z", 1, Value::Double(100)),
      Paid("2013-01-02T00:00Z", "2013-01-04T00:00Z", 2, Value::Double(200)),
      Paid("2013-01-03T00:00Z", "2013-01-03T00:00Z", 3, Value::Double(1)),
      Paid("2013-01-03T00:00Z", "2013-01-03T09:00Z", 3, Value::Double(2)),
      Paid("2013-01-04T00:00Z", "2013-01-04T00:00Z", 4, Value::Double(300)),
      Paid("2013-01-04T00:00Z", "2013-01-04T05:00Z", 4, Value::Double(300), "ok", true),
      Paid("2013-01-05T00:00Z", "2013-01-05T00:00Z", 5, Value::Double(400), "failed"),
      Paid("2013-01-06T00:00Z", "2013-01-06T00:00Z", 6, Value()),
      Paid("2013-01-08T09:00Z", "2013-01-08T09:00Z", 7, Value::Double(10)),
      Paid("2013-01-08T09:30Z", "2013-01-08T12:00Z", 8, Value::Double(500)),
      Paid("2013-01-09T00:00Z", "2013-01-09T00:00Z", 9, Value::Double(600)),
  });
  const auto why =
      Ask({"spending:*"}, "spend_7d", {{"customer", Text("ann")}}, "2013-01-08T10:00Z");
  ASSERT_TRUE(why.ok()) << why.status().ToString();
  EXPECT_EQ(why->value.values<double>()[0], 12);
  EXPECT_EQ(why->because, "sum of 2 events, and 1 in the window skipped for a null");
  EXPECT_EQ(
      Verdicts(*why),
      (std::vector<std::string>{
          "too old: just before the window",
          "too late: known 2d after its event time; the source's lateness is 1d",
          "replaced by a correction, known 2013-01-03T09:00:00Z", "in the window",
          "taken back by a retraction, known 2013-01-04T05:00:00Z", "a retraction",
          "filtered: `status = 'ok'` is false", "in the window, but skipped: `amount` is null",
          "in the window", "not yet known: known 2h after the question", "of the future, by 14h"}));
  EXPECT_EQ(why->window->events, 2);
  const std::string text = ExplanationText(*why);
  EXPECT_THAT(text, HasSubstr("function  sum(amount) over 7d, where status = 'ok'\n"));
  EXPECT_THAT(text, HasSubstr("window    after 2013-01-01T10:00:00Z, up to and including "
                              "2013-01-08T10:00:00Z\n"));
  const auto much = Ask({"spending:*"}, "much", {{"customer", Text("ann")}}, "2013-01-08T10:00Z");
  ASSERT_TRUE(much.ok());
  EXPECT_THAT(ExplanationText(*much), HasSubstr("with    spend_7d = 12.0, spending@v1:spend_7d"));
}

// The whole text, as people see it: plain, without blanks at the ends of lines.
TEST_F(ExplainWindowTest, TheTextIsPlain) {
  AddSpending({Paid("2013-01-01T09:00Z", "2013-01-01T10:00Z", 1, Value::Double(100)),
               Paid("2013-01-02T00:00Z", "2013-01-02T00:00Z", 2, Value::Double(2.5), "a\nb")});
  const auto why =
      Ask({"spending:*"}, "spend_7d", {{"customer", Text("ann")}}, "2013-01-08T10:00Z");
  ASSERT_TRUE(why.ok());
  EXPECT_EQ(ExplanationText(*why), R"(spend_7d = null
because   sum of 0 events
status    NULL_VALUE
asked     at 2013-01-08T10:00:00Z
feature   spending@v1:spend_7d, float64
key       customer 'ann'
function  sum(amount) over 7d, where status = 'ok'
window    after 2013-01-01T10:00:00Z, up to and including 2013-01-08T10:00:00Z
facts     2 facts of source `spending` with this key: 1 too old, 1 filtered

  event time            created               known from            amount  id  status  verdict                             read from
  2013-01-01T09:00:00Z  2013-01-01T10:00:00Z  2013-01-01T10:00:00Z   100.0   1  'ok'    too old: 1h before the window       0
  2013-01-02T00:00:00Z  2013-01-02T00:00:00Z  2013-01-02T00:00:00Z     2.5   2  'a\nb'  filtered: `status = 'ok'` is false  1)");
}

}  // namespace
}  // namespace coeval
