// Training sets and joins over files, by the Arrow plugin.
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offline/standalone_join.h"
#include "offline/training_set.h"
#include "offline/training_testing.h"
#include "source/writer.h"

namespace coeval {
namespace {

using ::testing::ElementsAre;

constexpr TimeMicros kStart = 1357034400000000;  // 2013-01-01T10:00:00Z

Value S(const std::string& text) {
  return Value::String(text);
}

const Schema& WeatherSchema() {
  static const Schema schema({{"airport", TypeId::kString},
                              {"event_timestamp", TypeId::kTimestamp},
                              {"temp", TypeId::kFloat64}});
  return schema;
}

class TrainingSetFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "coeval_training_set_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    // Two files of 100 hours each.
    for (int file = 0; file < 2; ++file) {
      std::vector<std::vector<Value>> rows;
      for (int hour = 0; hour < 100; ++hour) {
        rows.push_back({S(hour % 2 == 0 ? "JFK" : "LGA"),
                        Value::Int(kStart + (100 * file + hour) * kHour),
                        Value::Double(100 * file + hour)});
      }
      Write(folder_ / ("part" + std::to_string(file) + ".parquet"), RowsOf(WeatherSchema(), rows));
    }
  }

  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write(const std::filesystem::path& path, const Batch& rows) const {
    ArrowArrayStream stream = StreamOfRows(rows);
    WriteOptions options;
    options.row_group_rows = 20;
    const Result<WrittenFile> written = WriteTable(&stream, path, options, context_);
    ASSERT_TRUE(written.ok()) << written.status().ToString();
  }

  [[nodiscard]] OpenView Open() const {
    return [this](const ViewVersion& view, FactRequest request) {
      return FactReader::Open(view.source, folder_, std::move(request), context_);
    };
  }

  Context context_;
  std::filesystem::path folder_;
};

TEST_F(TrainingSetFileTest, ReadsWhatItNeedsAndRecordsTheFiles) {
  MemoryProject project;
  project
      .AddView("weather", {{"airport", TypeId::kString}}, {FieldOf("temp", TypeId::kFloat64)},
               Batch())
      .view.ttl = 5 * kHour;
  const SharedFeaturePlan plan = project.Plan({"weather:temp"});
  const Batch spine = RowsOf(
      Schema({{"event_timestamp", TypeId::kTimestamp}, {"airport", TypeId::kString}}),
      {{Value::Int(kStart + 150 * kHour), S("LGA")}, {Value::Int(kStart + 150 * kHour), S("JFK")}});
  const Result<TrainingSet> set = MakeTrainingSet(*plan, TableOfRows(spine), {}, Open(), context_);
  ASSERT_TRUE(set.ok()) << set.status().ToString();
  EXPECT_THAT(set->features->Whole(0).value().values<double>(), ElementsAre(149.0, 150.0));
  // 140 to 150 h lie in the third row group of the second file.
  EXPECT_EQ(set->views[0].scan.files_read, 1);
  EXPECT_EQ(set->views[0].scan.row_groups_read, 1);
  EXPECT_EQ(set->views[0].scan.row_groups_with_values, 1);
  EXPECT_EQ(set->views[0].scan.row_groups, 10);
  const Json& source = *set->manifest.Find("views")->array().at(0).Find("source");
  ASSERT_EQ(source.Find("files")->array().size(), 2U);
  EXPECT_EQ(source.Find("files")->array()[0].GetString("name"), "part0.parquet");
  EXPECT_GT(source.Find("files")->array()[0].GetInt("size"), 0);
  EXPECT_EQ(source.GetInt("row_groups_read"), 1);
}

// Twenty airports of ten hours each in row groups of two airports. The answers are those of the
// same rows in an order in which every row group holds every airport.
TEST_F(TrainingSetFileTest, RowGroupsOfOtherKeysAreNotRead) {
  std::filesystem::remove(folder_ / "part0.parquet");
  std::filesystem::remove(folder_ / "part1.parquet");
  std::vector<std::vector<Value>> clustered(200);
  std::vector<std::vector<Value>> mixed(200);
  for (std::size_t airport = 0; airport < 20; ++airport) {
    for (std::size_t hour = 0; hour < 10; ++hour) {
      const std::size_t i = airport * 10 + hour;
      clustered[i] = {S("airport-" + std::to_string(10 + airport)),
                      Value::Int(kStart + static_cast<TimeMicros>(hour) * kHour),
                      Value::Double(static_cast<double>(i))};
      mixed[hour * 20 + airport] = clustered[i];
    }
  }
  const Batch spine =
      RowsOf(Schema({{"event_timestamp", TypeId::kTimestamp}, {"airport", TypeId::kString}}),
             {{Value::Int(kStart + 3 * kHour), S("airport-27")},
              {Value::Int(kStart + 30 * kHour), S("airport-12")},
              {Value::Int(kStart + 30 * kHour), Value()},
              {Value::Int(kStart + 30 * kHour), S("airport-2")},
              {Value::Int(kStart - 1), S("airport-13")}});
  MemoryProject project;
  project.AddView("weather", {{"airport", TypeId::kString}}, {FieldOf("temp", TypeId::kFloat64)},
                  Batch());
  const SharedFeaturePlan plan = project.Plan({"weather:temp"});
  std::vector<TrainingSet> sets;
  for (const auto& rows : {clustered, mixed}) {
    Write(folder_ / "part.parquet", RowsOf(WeatherSchema(), rows));
    Result<TrainingSet> set = MakeTrainingSet(*plan, TableOfRows(spine), {}, Open(), context_);
    ASSERT_TRUE(set.ok()) << set.status().ToString();
    sets.push_back(std::move(set).value());
  }
  // Of airports 12, 13 and 27; airport-2 would lie between 19 and 20, which are in two row groups.
  EXPECT_EQ(sets[0].views[0].scan.row_groups_read, 2);
  EXPECT_EQ(sets[1].views[0].scan.row_groups_read, 10);
  EXPECT_EQ(sets[0].views[0].scan.row_groups, 10);
  EXPECT_TRUE(SameBits(sets[0].features->Whole(0).value(), sets[1].features->Whole(0).value()));
  EXPECT_EQ(sets[0].features->Whole(0).value().values<double>()[0], 173.0);
}

TEST_F(TrainingSetFileTest, IsWrittenWithItsManifest) {
  MemoryProject project;
  project.AddView("weather", {{"airport", TypeId::kString}}, {FieldOf("temp", TypeId::kFloat64)},
                  Batch());
  const SharedFeaturePlan plan = project.Plan({"weather:temp"});
  const Batch spine =
      RowsOf(Schema({{"event_timestamp", TypeId::kTimestamp}, {"airport", TypeId::kString}}),
             {{Value::Int(kStart), S("LGA")}, {Value::Int(kStart), S("JFK")}});
  const Result<TrainingSet> set = MakeTrainingSet(*plan, TableOfRows(spine), {}, Open(), context_);
  ASSERT_TRUE(set.ok()) << set.status().ToString();
  const std::string path = folder_ / "set.out.parquet";
  const Result<WrittenFile> written = WriteTrainingSet(*set, path, context_);
  ASSERT_TRUE(written.ok()) << written.status().ToString();
  EXPECT_EQ(written->rows, 2);
  Result<ArrowArrayStream> stream = ReadTable(path, {}, context_);
  ASSERT_TRUE(stream.ok());
  const Batch again = Collect(*stream);
  EXPECT_THAT(again.schema.names(), ElementsAre("event_timestamp", "airport", "temp"));
  EXPECT_TRUE(SameBits(again.columns[2], set->features->Whole(0).value()));
  EXPECT_FALSE(WriteTrainingSet(*set, folder_ / "set.xls", context_).ok());
}

TEST_F(TrainingSetFileTest, AMissingSourceNamesTheView) {
  MemoryProject project;
  project.AddView("weather", {{"airport", TypeId::kString}}, {FieldOf("temp", TypeId::kFloat64)},
                  Batch());
  const SharedFeaturePlan plan = project.Plan({"weather:temp"});
  const Batch spine =
      RowsOf(Schema({{"event_timestamp", TypeId::kTimestamp}, {"airport", TypeId::kString}}), {});
  const OpenView open = [this](const ViewVersion& view, FactRequest request) {
    return FactReader::Open(view.source, folder_ / "nowhere.parquet", std::move(request), context_);
  };
  const Status status = MakeTrainingSet(*plan, TableOfRows(spine), {}, open, context_).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("view 'weather'"));
  EXPECT_THAT(status.message(), ::testing::HasSubstr("nowhere.parquet"));
}

TEST_F(TrainingSetFileTest, TwoTablesJoinFromAFile) {
  const Batch left = RowsOf(Schema({{"t", TypeId::kTimestamp}, {"airport", TypeId::kString}}),
                            {{Value::Int(kStart + 30 * kHour), S("JFK")},
                             {Value::Int(kStart + 30 * kHour), S("LGA")},
                             {Value::Int(kStart - 1), S("JFK")}});
  Source right;
  right.name = "weather";
  StandaloneJoinOptions options;
  options.by = {"airport"};
  const Result<StandaloneJoin> joined =
      JoinFile(TableOfRows(left), right, folder_ / "part0.parquet", options, context_);
  ASSERT_TRUE(joined.ok()) << joined.status().ToString();
  EXPECT_THAT(joined->schema.names(), ElementsAre("temp"));
  const Column temp = joined->columns.Whole(3).value()[0];
  EXPECT_EQ(temp.values<double>()[0], 30.0);
  EXPECT_EQ(temp.values<double>()[1], 29.0);
  EXPECT_TRUE(temp.IsNull(2));
}

}  // namespace
}  // namespace coeval
