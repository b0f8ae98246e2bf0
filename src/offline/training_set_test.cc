#include "offline/training_set.h"

#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offline/training_testing.h"

namespace coeval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr TimeMicros kDay1 = 1357034400000000;  // 2013-01-01T10:00:00Z

Value T(TimeMicros offset) {
  return Value::Int(kDay1 + offset);
}

Value S(const char* text) {
  return Value::String(text);
}

Value D(double d) {
  return Value::Double(d);
}

const Value kNull;

// weather(airport) -> temp, gust of two airports; ttl 3 h.
MemoryProject Project() {
  MemoryProject project;
  ViewVersion& weather =
      project.AddView("weather", {{"airport", TypeId::kString}},
                      {FieldOf("temp", TypeId::kFloat64), FieldOf("gust", TypeId::kFloat64)},
                      RowsOf(Schema({{"airport", TypeId::kString},
                                     {"event_timestamp", TypeId::kTimestamp},
                                     {"temp", TypeId::kFloat64},
                                     {"gust", TypeId::kFloat64}}),
                             {{S("JFK"), T(0), D(1), kNull},
                              {S("JFK"), T(kHour), D(2), kNull},
                              {S("LGA"), T(kHour), D(-0.0), kNull},
                              {kNull, T(0), D(9), kNull}}));
  weather.view.ttl = 3 * kHour;
  return project;
}

const Schema& SpineSchema() {
  static const Schema schema({{"label", TypeId::kBool},
                              {"event_timestamp", TypeId::kTimestamp},
                              {"airport", TypeId::kString}});
  return schema;
}

Batch SpineRows() {
  return RowsOf(SpineSchema(), {{Value::Bool(true), T(kHour), S("LGA")},
                                {Value::Bool(false), T(0), S("JFK")},
                                {Value::Bool(true), T(5 * kHour), S("JFK")},
                                {kNull, T(kHour), kNull},
                                {Value::Bool(false), T(0), S("JFK")},
                                {Value::Bool(false), T(-1), S("JFK")}});
}

Result<TrainingSet> Make(const MemoryProject& project, const FeaturePlan& plan, const Batch& spine,
                         const TrainingSetOptions& options = {}) {
  const Context context;
  return MakeTrainingSet(plan, TableOfRows(spine), options, project.Open(context), context);
}

TEST(TrainingSetTest, HasEveryRowOfTheSpineInOrderAndItsColumnsFirst) {
  const MemoryProject project = Project();
  const SharedFeaturePlan plan = project.Plan({"weather:temp"});
  const Result<TrainingSet> set = Make(project, *plan, SpineRows());
  ASSERT_TRUE(set.ok()) << set.status().ToString();
  const Batch table = Collect(*set->Export(2));
  EXPECT_THAT(table.schema.names(), ElementsAre("label", "event_timestamp", "airport", "temp"));
  const Batch spine = SpineRows();
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(SameBits(table.columns[i], spine.columns[i]));
  const Batch expected = RowsOf(Schema({{"temp", TypeId::kFloat64}}),
                                {{D(-0.0)}, {D(1)}, {kNull}, {kNull}, {D(1)}, {kNull}});
  EXPECT_TRUE(SameBits(table.columns[3], expected.columns[0]));
}

TEST(TrainingSetTest, SummarizesEachFeature) {
  const MemoryProject project = Project();
  const SharedFeaturePlan plan = project.Plan({"weather:temp", "weather:gust"});
  const Result<TrainingSet> set = Make(project, *plan, SpineRows());
  ASSERT_TRUE(set.ok()) << set.status().ToString();
  const FeatureSummary& temp = set->summary[0];
  EXPECT_EQ(temp.reference, "weather@v1:temp");
  EXPECT_EQ(temp.nulls, 3);
  EXPECT_EQ(temp.expired, 1);
  EXPECT_EQ(temp.not_found, 2);
  EXPECT_EQ(temp.present, 3);
  EXPECT_EQ(set->views[0].counts.read.null_keys, 1);
  EXPECT_THAT(set->warnings, ElementsAre("feature 'gust' has no value in any of 6 rows: it is null "
                                         "in the source wherever a fact was found (3 of 6 rows)"));
}

TEST(TrainingSetTest, DescribesItself) {
  const MemoryProject project = Project();
  const SharedFeaturePlan plan = project.Plan({"weather:temp", "weather:gust"});
  const Result<TrainingSet> set = Make(project, *plan, SpineRows());
  ASSERT_TRUE(set.ok()) << set.status().ToString();
  EXPECT_EQ(DescribeTrainingSet(*set),
            "6 rows from 2013-01-01T09:59:59.999999Z to 2013-01-01T15:00:00Z\n"
            "feature  type       null  expired\n"
            "temp     float64  50.0 %   16.7 %\n"
            "gust     float64   100 %   16.7 %\n"
            "warning: feature 'gust' has no value in any of 6 rows: it is null in the source "
            "wherever a fact was found (3 of 6 rows)\n");
}

TEST(TrainingSetTest, AViewThatIsNotForTrainingIsAnError) {
  MemoryProject project = Project();
  project.AddView("live", {{"airport", TypeId::kString}}, {FieldOf("now", TypeId::kInt64)}, Batch())
      .view.offline = false;
  EXPECT_THAT(Make(project, *project.Plan({"live:now"}), SpineRows()).status().message(),
              HasSubstr("'live' is declared with offline=False"));
}

TEST(TrainingSetTest, IsTheSameWithinASmallBudget) {
  const MemoryProject project = Project();
  const SharedFeaturePlan plan = project.Plan({"weather:temp"});
  Context context;
  const auto whole =
      MakeTrainingSet(*plan, TableOfRows(SpineRows()), {}, project.Open(context), context);
  ASSERT_TRUE(whole.ok());
  context.memory_budget_bytes = 100;
  std::vector<std::string> log;
  context.log = [&log](LogLevel, std::string_view message) { log.emplace_back(message); };
  const auto set =
      MakeTrainingSet(*plan, TableOfRows(SpineRows()), {}, project.Open(context), context);
  ASSERT_TRUE(set.ok()) << set.status().ToString();
  EXPECT_THAT(log, ElementsAre(HasSubstr("view 'weather' is joined in ")));
  EXPECT_EQ(set->manifest.GetString("content_hash"), whole->manifest.GetString("content_hash"));
  EXPECT_EQ(DescribeTrainingSet(*set), DescribeTrainingSet(*whole));
  EXPECT_EQ(context.memory->taken(), 0);
}

TEST(TrainingSetTest, TellsWhereItCannotSpill) {
  const MemoryProject project = Project();
  Context context;
  context.memory_budget_bytes = 100;
  context.scratch_folder = "/dev/null/scratch";
  const auto set = MakeTrainingSet(*project.Plan({"weather:temp"}), TableOfRows(SpineRows()), {},
                                   project.Open(context), context);
  EXPECT_THAT(set.status().message(), HasSubstr("/dev/null"));
}

TEST(TrainingSetTest, AliasesJoinAViewTwice) {
  MemoryProject project = Project();
  Projection from;
  from.view = "weather";
  from.version = 1;
  from.features = {"temp"};
  from.alias = "from";
  from.join_key_map = {{"airport", "origin"}};
  Projection to = from;
  to.alias = "to";
  to.join_key_map = {{"airport", "dest"}};
  project.AddService("trips", {from, to});
  FeatureRequest request;
  request.service = "trips";
  request.full_feature_names = true;
  const SharedFeaturePlan plan = project.Plan(request);
  const Batch spine = RowsOf(
      Schema({{"t", TypeId::kTimestamp}, {"origin", TypeId::kString}, {"dest", TypeId::kString}}),
      {{T(kHour), S("JFK"), S("LGA")}, {T(0), S("LGA"), S("JFK")}});
  const Result<TrainingSet> set = Make(project, *plan, spine);
  ASSERT_TRUE(set.ok()) << set.status().ToString();
  const Batch table = Collect(*set->Export());
  EXPECT_THAT(table.schema.names(), ElementsAre("t", "origin", "dest", "from__temp", "to__temp"));
  EXPECT_EQ(table.columns[3].values<double>()[0], 2.0);
  EXPECT_EQ(table.columns[4].values<double>()[0], 0.0);
  EXPECT_TRUE(table.columns[3].IsNull(1));
  EXPECT_EQ(table.columns[4].values<double>()[1], 1.0);
}

TEST(TrainingSetTest, ComputesOnDemandFeaturesFromRequestData) {
  MemoryProject project = Project();
  project.AddOnDemand("warmth", {"weather"}, {FieldOf("wanted", TypeId::kFloat64)},
                      {FieldOf("missing", TypeId::kFloat64)}, {{"missing", "wanted - temp"}});
  const SharedFeaturePlan plan = project.Plan({"warmth:missing"});
  // Integers of the spine become the float64 that is declared.
  const Batch spine = RowsOf(Schema({{"event_timestamp", TypeId::kTimestamp},
                                     {"airport", TypeId::kString},
                                     {"wanted", TypeId::kInt64}}),
                             {{T(kHour), S("JFK"), Value::Int(20)}, {T(0), S("LGA"), kNull}});
  const Result<TrainingSet> set = Make(project, *plan, spine);
  ASSERT_TRUE(set.ok()) << set.status().ToString();
  EXPECT_EQ(set->features->Whole(0).value().values<double>()[0], 18.0);
  EXPECT_TRUE(set->features->Whole(0).value().IsNull(1));
}

// Rule 6.2.
TEST(TrainingSetTest, FailsOnInvalidValuesOrGivesWhatServingGives) {
  MemoryProject project = Project();
  project.AddOnDemand("sum", {"weather"}, {FieldOf("big", TypeId::kInt64)},
                      {FieldOf("more", TypeId::kInt64)}, {{"more", "big + 1"}});
  const SharedFeaturePlan plan = project.Plan({"sum:more"});
  std::vector<std::vector<Value>> rows;
  for (int i = 0; i < 15; ++i) rows.push_back({T(0), Value::Int(i == 3 ? 3 : kMaxTime)});
  const Batch spine =
      RowsOf(Schema({{"event_timestamp", TypeId::kTimestamp}, {"big", TypeId::kInt64}}), rows);
  const Status failed = Make(project, *plan, spine).status();
  EXPECT_EQ(failed.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(failed.message(), HasSubstr("14 values are invalid:\n  sum:more, row 0: "));
  EXPECT_THAT(failed.message(), HasSubstr("row 10: "));
  EXPECT_THAT(failed.message(), ::testing::Not(HasSubstr("row 11: ")));
  TrainingSetOptions options;
  options.on_invalid = OnInvalid::kNull;
  const Result<TrainingSet> set = Make(project, *plan, spine, options);
  ASSERT_TRUE(set.ok());
  EXPECT_EQ(set->summary[0].invalid, 14);
  EXPECT_EQ(set->features->Whole(0).value().values<std::int64_t>()[3], 4);
}

TEST(TrainingSetTest, RecordsWhatMadeIt) {
  const MemoryProject project = Project();
  const SharedFeaturePlan plan = project.Plan({"weather:temp"});
  TrainingSetOptions options;
  options.release = "9.9";
  const Result<TrainingSet> set = Make(project, *plan, SpineRows(), options);
  ASSERT_TRUE(set.ok()) << set.status().ToString();
  const Json& manifest = set->manifest;
  EXPECT_EQ(manifest.GetString("release"), "9.9");
  EXPECT_EQ(manifest.GetInt("rows"), 6);
  const Json& view = manifest.Find("views")->array().at(0);
  EXPECT_EQ(view.GetString("identity"), "identity of weather");
  EXPECT_EQ(view.GetInt("version"), 1);
  EXPECT_EQ(view.GetString("ttl"), "3h");
  EXPECT_EQ(view.GetInt("expired"), 1);
  EXPECT_EQ(manifest.Find("spine")->GetString("first_time"), "2013-01-01T09:59:59.999999Z");
  EXPECT_EQ(manifest.Find("spine")->GetString("last_time"), "2013-01-01T15:00:00Z");
  EXPECT_EQ(manifest.Find("options")->GetString("known"), "declared");
  EXPECT_EQ(manifest.GetString("content_hash").size(), 64U);
}

TEST(TrainingSetTest, TheSameInputsHaveTheSameHash) {
  MemoryProject project = Project();
  const SharedFeaturePlan plan = project.Plan({"weather:temp"});
  const auto hash = [&](const Batch& spine) {
    return Make(project, *plan, spine)->manifest.GetString("content_hash");
  };
  const std::string first = hash(SpineRows());
  EXPECT_EQ(hash(SpineRows()), first);
  // A label counts, and so does a value.
  Batch other = SpineRows();
  other.columns[0] = other.columns[0].Take(std::vector<std::int64_t>{1, 0, 2, 3, 4, 5});
  EXPECT_NE(hash(other), first);
  project.SetRows("weather", RowsOf(Schema({{"airport", TypeId::kString},
                                            {"event_timestamp", TypeId::kTimestamp},
                                            {"temp", TypeId::kFloat64},
                                            {"gust", TypeId::kFloat64}}),
                                    {{S("JFK"), T(0), D(1.5), kNull}}));
  EXPECT_NE(hash(SpineRows()), first);
}

// Rule 3.2: how many values were written after the fact.
TEST(TrainingSetTest, CountsValuesThatWereWrittenAfterT) {
  MemoryProject project = Project();
  ViewVersion& backfilled = project.AddView(
      "backfilled", {{"airport", TypeId::kString}}, {FieldOf("runways", TypeId::kInt64)},
      RowsOf(Schema({{"airport", TypeId::kString},
                     {"event_timestamp", TypeId::kTimestamp},
                     {"written", TypeId::kTimestamp},
                     {"runways", TypeId::kInt64}}),
             {{S("JFK"), T(0), T(kDay), Value::Int(4)}, {S("LGA"), T(0), T(0), Value::Int(2)}}));
  backfilled.source.created_field = "written";
  const SharedFeaturePlan plan = project.Plan({"backfilled:runways"});
  const Result<TrainingSet> set = Make(project, *plan, SpineRows());
  ASSERT_TRUE(set.ok()) << set.status().ToString();
  const Json& view = set->manifest.Find("views")->array().at(0);
  EXPECT_EQ(view.GetInt("facts_written_after_t"), 3);
  EXPECT_EQ(view.Find("values_written_after_t")->GetInt("runways"), 3);
  TrainingSetOptions options;
  options.known = Known::kArrival;
  const Result<TrainingSet> known = Make(project, *plan, SpineRows(), options);
  EXPECT_EQ(known->summary[0].present, 1);
}

// -- why a feature is null everywhere -------------------------------------------------------------

std::string WarningOf(const MemoryProject& project, const Batch& spine) {
  const SharedFeaturePlan plan = project.Plan({"weather:temp"});
  const Result<TrainingSet> set = Make(project, *plan, spine);
  if (!set.ok()) return set.status().ToString();
  return set->warnings.size() == 1 ? set->warnings[0] : "not one warning";
}

TEST(TrainingSetTest, SaysThatNoKeyMatches) {
  EXPECT_EQ(WarningOf(Project(), RowsOf(SpineSchema(), {{kNull, T(kHour), S("jfk")}})),
            "feature 'temp' has no value in any of 1 rows: no key matches: the spine has airport "
            "'jfk', source 'weather' has airport 'JFK'");
}

TEST(TrainingSetTest, SaysThatAllFactsAreLater) {
  EXPECT_EQ(WarningOf(Project(), RowsOf(SpineSchema(), {{kNull, T(-kHour), S("JFK")}})),
            "feature 'temp' has no value in any of 1 rows: all facts of these keys are later than "
            "the spine: the first is visible at 2013-01-01T10:00:00Z, the last question is of "
            "2013-01-01T09:00:00Z");
}

TEST(TrainingSetTest, SaysThatAllHadExpired) {
  EXPECT_EQ(WarningOf(Project(), RowsOf(SpineSchema(), {{kNull, T(9 * kDay), S("JFK")}})),
            "feature 'temp' has no value in any of 1 rows: every fact was older than the ttl, 3h "
            "(up to twice the ttl it counts as expired, then as not "
            "found): "
            "the newest fact is of 2013-01-01T11:00:00Z, the questions are of 2013-01-10T10:00:00Z "
            "to 2013-01-10T10:00:00Z");
}

TEST(TrainingSetTest, SaysThatTheSourceIsEmpty) {
  MemoryProject project = Project();
  project.SetRows("weather", RowsOf(Schema({{"airport", TypeId::kString},
                                            {"event_timestamp", TypeId::kTimestamp},
                                            {"temp", TypeId::kFloat64},
                                            {"gust", TypeId::kFloat64}}),
                                    {}));
  EXPECT_EQ(WarningOf(project, SpineRows()),
            "feature 'temp' has no value in any of 6 rows: source 'weather' has no rows");
}

TEST(TrainingSetTest, SaysThatTheSpinesKeysAreNull) {
  EXPECT_EQ(WarningOf(Project(), RowsOf(SpineSchema(), {{kNull, T(kHour), kNull}})),
            "feature 'temp' has no value in any of 1 rows: a join key is null in every row");
}

TEST(TrainingSetTest, AnEmptySpineGivesNoRowsAndNoWarning) {
  const MemoryProject project = Project();
  const SharedFeaturePlan plan = project.Plan({"weather:temp"});
  const Result<TrainingSet> set = Make(project, *plan, RowsOf(SpineSchema(), {}));
  ASSERT_TRUE(set.ok()) << set.status().ToString();
  EXPECT_EQ(set->num_rows(), 0);
  EXPECT_TRUE(set->warnings.empty());
  EXPECT_THAT(Collect(*set->Export()).schema.names(),
              ElementsAre("label", "event_timestamp", "airport", "temp"));
}

// -- no spine (rule 4.5) --------------------------------------------------------------------------

Result<TrainingSet> MakeFrom(const MemoryProject& project, const FeaturePlan& plan, TimeRange range,
                             const TrainingSetOptions& options = {}) {
  const Context context;
  return MakeTrainingSet(plan, range, options, project.Open(context), context);
}

TEST(TrainingSetTest, WithoutASpineEveryMomentOfAKeyIsARow) {
  MemoryProject project = Project();
  ViewVersion& delays =
      project.AddView("delays", {{"origin", TypeId::kString}}, {FieldOf("delay", TypeId::kInt64)},
                      RowsOf(Schema({{"origin", TypeId::kString},
                                     {"event_timestamp", TypeId::kTimestamp},
                                     {"delay", TypeId::kInt64}}),
                             {{S("LGA"), T(0), Value::Int(7)}, {S("JFK"), T(0), Value::Int(8)}}));
  delays.source.data_delay = kHour;
  Projection weather;
  weather.view = "weather";
  weather.version = 1;
  weather.features = {"temp"};
  weather.join_key_map = {{"airport", "origin"}};
  Projection delay;
  delay.view = "delays";
  delay.version = 1;
  project.AddService("both", {weather, delay});
  FeatureRequest request;
  request.service = "both";
  const SharedFeaturePlan plan = project.Plan(request);
  const Result<TrainingSet> set = MakeFrom(project, *plan, {kDay1, kDay1 + kHour});
  ASSERT_TRUE(set.ok()) << set.status().ToString();
  const Batch table = Collect(*set->Export());
  const Batch expected = RowsOf(Schema({{"origin", TypeId::kString},
                                        {"event_timestamp", TypeId::kTimestamp},
                                        {"temp", TypeId::kFloat64},
                                        {"delay", TypeId::kInt64}}),
                                {{S("JFK"), T(0), D(1), kNull},
                                 {S("JFK"), T(kHour), D(2), Value::Int(8)},
                                 {S("LGA"), T(kHour), D(-0.0), Value::Int(7)}});
  EXPECT_EQ(table.schema.names(), expected.schema.names());
  for (std::size_t i = 0; i < expected.columns.size(); ++i) {
    EXPECT_TRUE(SameBits(table.columns[i], expected.columns[i])) << i;
  }
  EXPECT_EQ(set->manifest.Find("spine")->Find("made_from_facts")->GetString("end"),
            "2013-01-01T11:00:00Z");
}

TEST(TrainingSetTest, WithoutASpineWhatCannotBeAskedIsAnError) {
  MemoryProject project = Project();
  project.AddView("planes", {{"tailnum", TypeId::kString}}, {FieldOf("built", TypeId::kInt64)},
                  Batch());
  project.AddOnDemand("warmth", {"weather"}, {FieldOf("wanted", TypeId::kFloat64)},
                      {FieldOf("missing", TypeId::kFloat64)}, {{"missing", "wanted - temp"}});
  const auto error = [&](const std::vector<std::string>& features, TimeRange range) {
    return MakeFrom(project, *project.Plan(features), range).status().message();
  };
  EXPECT_THAT(error({"weather:temp", "planes:built"}, {0, 1}),
              HasSubstr("'weather' has airport, 'planes' has tailnum"));
  EXPECT_THAT(error({"warmth:missing"}, {0, 1}), HasSubstr("request data 'wanted'"));
  EXPECT_THAT(error({"weather:temp"}, {1, 0}), HasSubstr("begins at 1970-01-01T00:00:00.000001Z"));
}

}  // namespace
}  // namespace coeval
