#include "source/fact_reader.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/arrow_bridge.h"
#include "source/testing.h"

namespace coeval {
namespace {

using ::coeval::testing::At;
using ::coeval::testing::Show;
using ::coeval::testing::Table;
using ::coeval::testing::TemporaryFolder;
using ::coeval::testing::TestContext;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kNull = std::nullopt;

Source Weather() {
  Source source;
  source.name = "weather";
  source.timestamp_field = "at";
  return source;
}

FactRequest TempByCity() {
  FactRequest request;
  request.view = "weather";
  request.keys = {{"city", TypeId::kString}};
  request.features = {{"temp", TypeId::kFloat64}};
  return request;
}

Table Days(int n) {
  ::coeval::testing::Cells<std::string> cities;
  ::coeval::testing::Cells<TimeMicros> times;
  ::coeval::testing::Cells<double> temps;
  for (int i = 0; i < n; ++i) {
    cities.emplace_back("ams");
    times.emplace_back(At("2013-01-01") + i * kDay);
    temps.emplace_back(i);
  }
  return Table().Strings("city", cities).Times("at", times).Doubles("temp", temps);
}

class FactReaderTest : public ::testing::Test {
 protected:
  std::string Write(const Table& table, const std::string& name = "a.parquet",
                    WriteOptions options = {}) {
    std::string path = folder_.File(name);
    const Status status = ::coeval::testing::WriteFile(table, path, std::move(options));
    EXPECT_TRUE(status.ok()) << status.ToString();
    return path;
  }

  Result<FactBatch> Read(const Source& source, const FactRequest& request,
                         const std::string& path) {
    counts_ = {};
    return ::coeval::testing::ReadFacts(source, path, request, &counts_);
  }

  std::string ErrorOf(const Source& source, const FactRequest& request, const std::string& path) {
    const auto result = Read(source, request, path);
    return result.ok() ? "none" : result.status().ToString();
  }

  TemporaryFolder folder_;
  FactCounts counts_;
};

TEST_F(FactReaderTest, GivesKeysTimesAndFeatures) {
  Source source = Weather();
  source.created_field = "written";
  source.sequence_field = "n";
  source.delete_field = "gone";
  const auto path = Write(Table()
                              .Strings("city", {"ams", "ber"})
                              .Times("at", {At("2013-01-01"), At("2013-01-02")})
                              .Times("written", {At("2013-02-01"), kNull})
                              .Ints("n", {7, kNull})
                              .Bools("gone", {true, kNull})
                              .Doubles("temp", {3.5, kNull}));
  const auto facts = Read(source, TempByCity(), path);
  ASSERT_TRUE(facts.ok()) << facts.status().ToString();
  EXPECT_EQ(Show(facts->keys[0]), "'ams' 'ber'");
  EXPECT_EQ(facts->times(0).event_time, At("2013-01-01"));
  EXPECT_EQ(facts->times(0).created_time, At("2013-02-01"));
  EXPECT_FALSE(facts->times(1).has_created);
  EXPECT_EQ(facts->sequence_of(0).number, 7);
  EXPECT_FALSE(facts->sequence_of(1).present);
  EXPECT_TRUE(facts->is_delete(0));
  EXPECT_FALSE(facts->is_delete(1));
  EXPECT_EQ(Show(facts->features[0]), "3.5 null");
}

// Rule 4.7 and 2.2: ignored and counted, whatever else is wrong with the row.
TEST_F(FactReaderTest, NullKeysAreIgnoredAndCounted) {
  const auto path = Write(Table()
                              .Strings("city", {"ams", kNull, kNull})
                              .Times("at", {At("2013-01-01"), At("2013-01-01"), kNull})
                              .Doubles("temp", {1.0, 2.0, 3.0}));
  const auto facts = Read(Weather(), TempByCity(), path);
  ASSERT_TRUE(facts.ok()) << facts.status().ToString();
  EXPECT_EQ(Show(facts->features[0]), "1.0");
  EXPECT_EQ(counts_.rows, 3);
  EXPECT_EQ(counts_.facts, 1);
  EXPECT_EQ(counts_.null_keys, 2);
}

TEST_F(FactReaderTest, NullTimesAreAnErrorThatNamesTheFirstTenRows) {
  Table table = Days(40);
  ::coeval::testing::Cells<TimeMicros> times(40, At("2013-01-01"));
  for (int i = 5; i < 35; i += 2) times[static_cast<std::size_t>(i)] = kNull;
  const auto path = Write(Table()
                              .Add("city", table.batch().columns[0])
                              .Times("at", times)
                              .Add("temp", table.batch().columns[2]));
  const std::string error = ErrorOf(Weather(), TempByCity(), path);
  EXPECT_THAT(error, AllOf(HasSubstr("15 rows of source `weather` with a bad time, the first 10"),
                           HasSubstr("row 5 of " + path + ": `at` is null"), HasSubstr("row 23 of"),
                           Not(HasSubstr("row 25 of")), HasSubstr("on_bad_time=\"skip\"")));
}

TEST_F(FactReaderTest, BadTimesAreSkippedAndCountedWhereAskedFor) {
  Source source = Weather();
  source.on_bad_time = OnBadTime::kSkip;
  const auto path =
      Write(Table()
                .Strings("city", {"ams", "ams", "ams"})
                .Times("at", {At("2013-01-01"), kNull, At("2031-01-01")})  // the clock says 2014
                .Doubles("temp", {1.0, 2.0, 3.0}));
  const auto facts = Read(source, TempByCity(), path);
  ASSERT_TRUE(facts.ok()) << facts.status().ToString();
  EXPECT_EQ(Show(facts->features[0]), "1.0");
  EXPECT_EQ(counts_.bad_times, 1);
  EXPECT_EQ(counts_.too_far_ahead, 1);
}

// Rule 3.5: measured from the created time, and only where that is null from the clock.
TEST_F(FactReaderTest, MaxFutureIsMeasuredFromTheCreatedTime) {
  Source source = Weather();
  source.created_field = "written";
  source.max_future = 10 * kDay;
  const auto table = [](TimeMicros event, std::optional<TimeMicros> written) {
    return Table()
        .Strings("city", {"ams"})
        .Times("at", {event})
        .Times("written", {written})
        .Doubles("temp", {1.0});
  };
  const TimeMicros event = At("2013-06-11");
  EXPECT_TRUE(Read(source, TempByCity(), Write(table(event, At("2013-06-01")))).ok());
  EXPECT_THAT(ErrorOf(source, TempByCity(), Write(table(event + 1, At("2013-06-01")))),
              AllOf(HasSubstr("more than max_future (10d) after its created time"),
                    HasSubstr("2013-06-11T00:00:00.000001Z")));
  EXPECT_TRUE(Read(source, TempByCity(), Write(table(event + 1, kNull))).ok());
  EXPECT_THAT(ErrorOf(source, TempByCity(), Write(table(At("2014-01-12"), kNull))),
              HasSubstr("after the clock 2014-01-01"));
}

TEST_F(FactReaderTest, MillisecondsTakenForMicrosecondsAreFound) {
  const auto path = Write(Table()
                              .Strings("city", {"ams"})
                              .Times("at", {At("2013-07-01") / 1000})
                              .Doubles("temp", {1.0}));
  EXPECT_THAT(ErrorOf(Weather(), TempByCity(), path),
              AllOf(HasSubstr("all event times of source `weather` (column `at`) lie before 1973"),
                    HasSubstr("read as milliseconds it would be 2013-07-01T00:00:00Z"),
                    HasSubstr("allow_1970")));
  Source allowed = Weather();
  allowed.allow_1970 = true;
  EXPECT_TRUE(Read(allowed, TempByCity(), path).ok());
}

TEST_F(FactReaderTest, MicrosecondsTakenForMillisecondsAreFound) {
  const auto path = Write(Table()
                              .Strings("city", {"ams"})
                              .Times("at", {At("2013-07-01") * 1000})
                              .Doubles("temp", {1.0}));
  EXPECT_THAT(ErrorOf(Weather(), TempByCity(), path),
              AllOf(HasSubstr("max_future"),
                    HasSubstr("read as nanoseconds it would be 2013-07-01T00:00:00Z")));
}

TEST_F(FactReaderTest, IntegersAreNoTimes) {
  const auto path =
      Write(Table().Strings("city", {"ams"}).Ints("at", {1356998400}).Doubles("temp", {1.0}));
  EXPECT_THAT(
      ErrorOf(Weather(), TempByCity(), path),
      AllOf(HasSubstr("column `at`"), HasSubstr("is int64"),
            HasSubstr("seconds, milliseconds, microseconds or nanoseconds"), HasSubstr(path)));
}

// Rule 1.3: true since for ever.
TEST_F(FactReaderTest, TimelessFactsHaveTheSmallestTime) {
  Source source = Weather();
  source.timestamp_field = "";
  source.timeless = true;
  FactRequest request = TempByCity();
  request.range = {.event_min = At("2013-01-01"), .event_max = At("2013-01-02"), .created_min = {}};
  const auto facts =
      Read(source, request, Write(Table().Strings("city", {"ams"}).Doubles("temp", {1.0})));
  ASSERT_TRUE(facts.ok()) << facts.status().ToString();
  EXPECT_EQ(facts->times(0).event_time, kMinTime);
}

TEST_F(FactReaderTest, TheRangeIsInclusiveAndExact) {
  FactRequest request = TempByCity();
  request.range.event_min = At("2013-01-03");
  request.range.event_max = At("2013-01-05");
  const auto facts = Read(Weather(), request, Write(Days(10)));
  ASSERT_TRUE(facts.ok()) << facts.status().ToString();
  EXPECT_EQ(Show(facts->features[0]), "2.0 3.0 4.0");
  EXPECT_EQ(counts_.out_of_range, 7);
}

// Rule 7.7: late rows, by their created time.
TEST_F(FactReaderTest, OldFactsWrittenLateAreInRange) {
  Source source = Weather();
  source.created_field = "written";
  const auto path = Write(Table()
                              .Strings("city", {"ams", "ams", "ams"})
                              .Times("at", {At("2013-01-01"), At("2013-01-01"), At("2013-03-01")})
                              .Times("written", {At("2013-01-01"), At("2013-02-01"), kNull})
                              .Doubles("temp", {1.0, 2.0, 3.0}));
  FactRequest request = TempByCity();
  request.range = {
      .event_min = At("2013-02-15"), .event_max = kMaxTime, .created_min = At("2013-02-01")};
  const auto facts = Read(source, request, path);
  ASSERT_TRUE(facts.ok()) << facts.status().ToString();
  EXPECT_EQ(Show(facts->features[0]), "2.0 3.0");
}

TEST_F(FactReaderTest, FieldMappingRenamesKeysAndFeatures) {
  Source source = Weather();
  source.field_mapping = {{"town", "city"}, {"degrees", "temp"}};
  const auto path = Write(
      Table().Strings("town", {"ams"}).Times("at", {At("2013-01-01")}).Doubles("degrees", {1.0}));
  const auto facts = Read(source, TempByCity(), path);
  ASSERT_TRUE(facts.ok()) << facts.status().ToString();
  EXPECT_EQ(Show(facts->features[0]), "1.0");
  FactRequest by_old_name = TempByCity();
  by_old_name.features = {{"degrees", TypeId::kFloat64}};
  EXPECT_THAT(ErrorOf(source, by_old_name, path),
              HasSubstr("renamed to `temp` by the source's field_mapping"));
}

TEST_F(FactReaderTest, MissingColumnsAreNamedWithTheNearest) {
  const auto path = Write(Days(1));
  FactRequest request = TempByCity();
  request.features = {{"tmep", TypeId::kFloat64}};
  EXPECT_THAT(ErrorOf(Weather(), request, path),
              AllOf(HasSubstr("not found"), HasSubstr("view `weather`, source `weather`"),
                    HasSubstr("no column `tmep` for feature `tmep`, did you mean \"temp\"?"),
                    HasSubstr("city, at, temp")));
}

TEST_F(FactReaderTest, ColumnsMissingInOneFileOfManyNameBoth) {
  const auto first = Write(Days(1), "1.parquet");
  const auto second =
      Write(Table().Strings("city", {"ams"}).Times("at", {At("2013-01-01")}), "2.parquet");
  EXPECT_THAT(ErrorOf(Weather(), TempByCity(), folder_.path()),
              AllOf(HasSubstr(first), HasSubstr(second), HasSubstr("no column `temp`")));
}

TEST_F(FactReaderTest, ValuesThatDoNotFitNameFileRowAndColumn) {
  const auto path = Write(Table()
                              .Strings("city", {"ams", "ams"})
                              .Times("at", {At("2013-01-01"), At("2013-01-01")})
                              .Doubles("temp", {1.0, 1.5}));
  FactRequest request = TempByCity();
  request.features = {{"temp", TypeId::kInt64}};
  EXPECT_THAT(
      ErrorOf(Weather(), request, path),
      HasSubstr("row 1 of " + path + ", column `temp`: 1.5 does not fit int64 without loss"));
  request.features = {{"temp", TypeId::kString}};
  EXPECT_THAT(ErrorOf(Weather(), request, path),
              HasSubstr("column `temp`, for feature `temp`: float64 cannot become string"));
  request = TempByCity();
  request.keys = {{"temp", TypeId::kInt64}};
  EXPECT_THAT(ErrorOf(Weather(), request, path), HasSubstr("row 1 of " + path));
}

// The row is that of the file, not of what was read of it.
TEST_F(FactReaderTest, RowsAreCountedInTheWholeFile) {
  Table days = Days(1000);
  ::coeval::testing::Cells<double> temps(1000, 1.0);
  temps[777] = 0.5;
  const auto path = Write(Table()
                              .Add("city", days.batch().columns[0])
                              .Add("at", days.batch().columns[1])
                              .Doubles("temp", temps),
                          "a.parquet", {.row_group_rows = 100});
  Source source = Weather();
  source.max_future = 10'000 * kDay;
  FactRequest request = TempByCity();
  request.features = {{"temp", TypeId::kInt64}};
  request.batch_rows = 30;
  request.range.event_min = At("2013-01-01") + 700 * kDay;
  EXPECT_THAT(ErrorOf(source, request, path), HasSubstr("row 777 of "));
}

// File, row group and row, whatever was left out before it.
TEST_F(FactReaderTest, TellsWhereAFactLies) {
  Write(Days(10), "a.parquet", {.row_group_rows = 4});
  Table days = Days(40);
  ::coeval::testing::Cells<std::string> cities(40, "ams");
  cities[22] = kNull;
  Write(Table()
            .Strings("city", cities)
            .Add("at", days.batch().columns[1])
            .Add("temp", days.batch().columns[2]),
        "b.parquet", {.row_group_rows = 10});
  FactRequest request = TempByCity();
  request.batch_rows = 7;
  request.range.event_min = At("2013-01-01") + 15 * kDay;
  const auto reader = FactReader::Open(Weather(), folder_.path(), request, TestContext());
  ASSERT_TRUE(reader.ok()) << reader.status().ToString();
  std::int64_t seen = 0;
  for (auto batch = (*reader)->Next(); batch.ok() && batch->has_value();
       batch = (*reader)->Next()) {
    const FactBatch& facts = **batch;
    EXPECT_EQ((*reader)->manifest().files[facts.file].name, "b.parquet");
    for (std::int64_t i = 0; i < facts.num_rows; ++i, ++seen) {
      const auto temp = static_cast<std::int64_t>(
          facts.features[0].values<double>()[static_cast<std::size_t>(i)]);
      const RowPlace place = (*reader)->PlaceOf(facts.file, facts.row_number(i));
      EXPECT_EQ(place.row, temp);
      EXPECT_EQ(place.row_group, temp / 10);
    }
  }
  EXPECT_EQ(seen, 24);
}

TEST_F(FactReaderTest, ReadsWhatMattersOnly) {
  const auto path = Write(Days(300), "a.parquet", {.row_group_rows = 100});
  FactRequest request = TempByCity();
  request.range.event_max = At("2013-01-01") + 99 * kDay;
  const auto reader = FactReader::Open(Weather(), path, request, TestContext());
  ASSERT_TRUE(reader.ok()) << reader.status().ToString();
  EXPECT_EQ((*reader)->expected_rows(), 100);
  ASSERT_TRUE(::coeval::testing::ReadAll(**reader).ok());
  EXPECT_EQ((*reader)->stats().row_groups, 3);
  EXPECT_EQ((*reader)->stats().row_groups_read, 1);
  EXPECT_EQ((*reader)->stats().rows_read, 100);
  EXPECT_EQ((*reader)->manifest().files.size(), 1U);
}

// A null time beyond the range is found all the same: its row group is read.
TEST_F(FactReaderTest, PruningHidesNoBadTime) {
  Table days = Days(200);
  ::coeval::testing::Cells<TimeMicros> times;
  for (int i = 0; i < 200; ++i) times.emplace_back(At("2013-01-01") + i * kHour);
  times[150] = kNull;
  const auto path = Write(Table()
                              .Add("city", days.batch().columns[0])
                              .Times("at", times)
                              .Add("temp", days.batch().columns[2]),
                          "a.parquet", {.row_group_rows = 100});
  FactRequest request = TempByCity();
  request.range.event_max = At("2013-01-01");
  EXPECT_THAT(ErrorOf(Weather(), request, path), HasSubstr("row 150 of"));
}

TEST_F(FactReaderTest, SourcesOfManyFilesAreReadInOrderOfNames) {
  Write(Days(2), "b.parquet");
  Write(Table().Strings("city", {"first"}).Times("at", {At("2013-01-01")}).Doubles("temp", {9.0}),
        "a.parquet");
  Write(Days(1), "_hidden.parquet");
  const auto facts = Read(Weather(), TempByCity(), folder_.path());
  ASSERT_TRUE(facts.ok()) << facts.status().ToString();
  EXPECT_EQ(Show(facts->features[0]), "9.0 0.0 1.0");
}

TEST_F(FactReaderTest, HivePartitionsAreColumns) {
  const Table table = Table().Doubles("temp", {1.0}).Strings("city", {"not this, the folder wins"});
  Write(table, "day=2013-01-02/city=new%20york/a.parquet");
  Write(table, "day=2013-01-01/city=ams/a.parquet");
  Write(table, "day=2013-01-01/city=__HIVE_DEFAULT_PARTITION__/a.parquet");
  Source source = Weather();
  source.timestamp_field = "day";
  source.hive_partitions = true;
  auto facts = Read(source, TempByCity(), folder_.path());
  ASSERT_TRUE(facts.ok()) << facts.status().ToString();
  EXPECT_EQ(Show(facts->keys[0]), "'ams' 'new york'");
  EXPECT_EQ(facts->times(1).event_time, At("2013-01-02"));
  EXPECT_EQ(counts_.null_keys, 1);
  FactRequest second_day = TempByCity();
  second_day.range.event_min = At("2013-01-02");
  facts = Read(source, second_day, folder_.path());
  ASSERT_TRUE(facts.ok()) << facts.status().ToString();
  EXPECT_EQ(counts_.rows, 1) << "other days' files are not read";
}

TEST_F(FactReaderTest, AViewWithoutEntitiesHasNoKeys) {
  FactRequest request = TempByCity();
  request.keys = {};
  const auto facts = Read(Weather(), request, Write(Days(3)));
  ASSERT_TRUE(facts.ok()) << facts.status().ToString();
  EXPECT_TRUE(facts->keys.empty());
  EXPECT_EQ(facts->num_rows, 3);
}

TEST_F(FactReaderTest, DataFramesFollowTheSameRules) {
  const Table table = Table()
                          .Doubles("other", {0.0, 0.0, 0.0})
                          .Doubles("temp", {1.0, 2.0, 3.0})
                          .Times("at", {At("2013-01-01"), At("2013-01-02"), At("2013-01-03")})
                          .Strings("city", {"ams", kNull, "ber"});
  ArrowArrayStream stream = table.Stream(2);
  const auto reader = FactReader::FromStream(Weather(), &stream, TempByCity(), TestContext());
  ASSERT_TRUE(reader.ok()) << reader.status().ToString();
  FactCounts counts;
  const auto facts = ::coeval::testing::ReadAll(**reader, &counts);
  ASSERT_TRUE(facts.ok()) << facts.status().ToString();
  EXPECT_EQ(Show(facts->features[0]), "1.0 3.0");
  EXPECT_EQ(counts.null_keys, 1);
}

TEST_F(FactReaderTest, CancelStopsTheScan) {
  const auto path = Write(Days(10));
  Context context = TestContext();
  const auto reader = FactReader::Open(Weather(), path, TempByCity(), context);
  ASSERT_TRUE(reader.ok());
  context.cancel->Cancel();
  const auto batch = (*reader)->Next();
  ASSERT_FALSE(batch.ok());
  EXPECT_EQ(batch.status().code(), StatusCode::kCancelled);
}

TEST_F(FactReaderTest, AnEmptySourceHasNoFacts) {
  const auto facts = Read(Weather(), TempByCity(),
                          Write(Table().Strings("city", {}).Times("at", {}).Doubles("temp", {})));
  ASSERT_TRUE(facts.ok()) << facts.status().ToString();
  EXPECT_EQ(facts->num_rows, 0);
}

TEST_F(FactReaderTest, AMissingFileNamesThePatternAndTheFolder) {
  Write(Days(1), "wether.parquet");
  EXPECT_THAT(ErrorOf(Weather(), TempByCity(), folder_.path() + "/weather*.parquet"),
              AllOf(HasSubstr("not found"), HasSubstr("nothing matches " + folder_.path()),
                    HasSubstr("which holds wether.parquet")));
  EXPECT_THAT(ErrorOf(Weather(), TempByCity(), folder_.path() + "/data/x/a.parquet"),
              HasSubstr("there is no folder " + folder_.path() + "/data"));
}

}  // namespace
}  // namespace coeval
