// Facts of Parquet files in pieces: what is read of them, and what of a few rows.
#include "source/row_group_facts.h"

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source/fact_reader.h"
#include "source/testing.h"

namespace coeval {
namespace {

using ::coeval::testing::At;
using ::coeval::testing::Cells;
using ::coeval::testing::Show;
using ::coeval::testing::Table;
using ::coeval::testing::TemporaryFolder;
using ::coeval::testing::TestContext;
using ::coeval::testing::WriteFile;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kNull = std::nullopt;
using Rows = std::vector<std::int64_t>;

Source Weather() {
  Source source;
  source.name = "weather";
  source.timestamp_field = "at";
  return source;
}

FactRequest Request() {
  FactRequest request;
  request.view = "weather";
  request.keys = {{"city", TypeId::kString}};
  request.features = {{"temp", TypeId::kFloat64}, {"sky", TypeId::kString}};
  return request;
}

// One row a day, in the city 'ams': temp 0, 1, 2, ...
Table Days(int n) {
  Cells<std::string> cities(static_cast<std::size_t>(n), "ams");
  Cells<TimeMicros> times;
  Cells<double> temps;
  Cells<std::string> skies;
  for (int i = 0; i < n; ++i) {
    times.emplace_back(At("2013-01-01") + i * kDay);
    temps.emplace_back(i);
    skies.emplace_back("sky " + std::to_string(i));
  }
  return Table()
      .Strings("city", cities)
      .Times("at", times)
      .Doubles("temp", temps)
      .Strings("sky", skies);
}

class RowGroupFactsTest : public ::testing::Test {
 protected:
  std::string Write(const Table& table, std::int64_t group_rows,
                    const std::string& name = "a.parquet") {
    std::string path = folder_.File(name);
    const Status status = WriteFile(table, path, {.row_group_rows = group_rows});
    EXPECT_TRUE(status.ok()) << status.ToString();
    return path;
  }

  std::unique_ptr<FactReader> Open(const std::string& path, const FactRequest& request = Request(),
                                   const Source& source = Weather()) {
    auto reader = FactReader::Open(source, path, request, TestContext());
    EXPECT_TRUE(reader.ok()) << reader.status().ToString();
    return *std::move(reader);
  }

  TemporaryFolder folder_;
};

TEST_F(RowGroupFactsTest, APieceIsARowGroupOfAFile) {
  Write(Days(7), 3, "a.parquet");
  Write(Days(2), 3, "b.parquet");
  const auto reader = Open(folder_.path());
  FactPieces* pieces = reader->pieces();
  ASSERT_NE(pieces, nullptr);
  ASSERT_EQ(pieces->size(), 4U);
  EXPECT_EQ(pieces->rows(0), 3);
  EXPECT_EQ(pieces->rows(2), 1);
  EXPECT_EQ(pieces->rows(3), 2);
  Rows rows;
  const auto counts = pieces->ReadKeys(1, [&](const FactBatch& facts) {
    EXPECT_TRUE(facts.features.empty());
    for (std::int64_t i = 0; i < facts.num_rows; ++i) rows.push_back(facts.row_number(i));
  });
  ASSERT_TRUE(counts.ok());
  EXPECT_EQ(counts->facts, 3);
  EXPECT_EQ(rows, (Rows{0, 1, 2}));
  const auto values = pieces->ReadValues(1, Rows{0, 2}, kAllFeatures);
  ASSERT_TRUE(values.ok()) << values.status().ToString();
  EXPECT_EQ(Show((*values)[0]), "3.0 5.0");
  EXPECT_EQ(Show((*values)[1]), "'sky 3' 'sky 5'");
}

TEST_F(RowGroupFactsTest, StatsTellWhereValuesWereRead) {
  const auto reader = Open(Write(Days(10), 2));
  FactPieces* pieces = reader->pieces();
  for (std::size_t piece = 0; piece < pieces->size(); ++piece) {
    ASSERT_TRUE(pieces->ReadKeys(piece, [](const FactBatch&) {}).ok());
  }
  const ScanStats keys = reader->stats();
  EXPECT_EQ(keys.row_groups, 5);
  EXPECT_EQ(keys.row_groups_read, 5);
  EXPECT_EQ(keys.row_groups_with_values, 0);
  EXPECT_EQ(keys.files_read, 1);
  EXPECT_EQ(keys.rows_read, 10);
  ASSERT_TRUE(pieces->ReadValues(3, Rows{1}, kAllFeatures).ok());
  const ScanStats values = reader->stats();
  EXPECT_EQ(values.row_groups_with_values, 1);
  EXPECT_GT(values.bytes_read, keys.bytes_read);
}

TEST_F(RowGroupFactsTest, RowsThatAreNoFactsAreCountedOverInTheNumbers) {
  const auto reader = Open(Write(
      Table()
          .Strings("city", {"ams", kNull, "ams", "ams"})
          .Times("at", {At("2013-01-01"), At("2013-01-01"), At("2013-01-02"), At("2013-01-03")})
          .Doubles("temp", {1.0, 2.0, 3.0, 4.0})
          .Strings("sky", {"a", "b", "c", "d"}),
      100));
  Rows rows;
  ASSERT_TRUE(reader->pieces()
                  ->ReadKeys(0,
                             [&](const FactBatch& facts) {
                               for (std::int64_t i = 0; i < facts.num_rows; ++i)
                                 rows.push_back(facts.row_number(i));
                             })
                  .ok());
  EXPECT_EQ(rows, (Rows{0, 2, 3}));
}

// Bad times are told of the whole source, in its order, whichever piece was read first.
TEST_F(RowGroupFactsTest, BadTimesAreToldInTheOrderOfTheSource) {
  Cells<TimeMicros> times(9, At("2013-01-01"));
  times[1] = times[4] = times[8] = kNull;
  const std::string path = Write(Table()
                                     .Strings("city", Cells<std::string>(9, "ams"))
                                     .Times("at", times)
                                     .Doubles("temp", Cells<double>(9, 1.0))
                                     .Strings("sky", Cells<std::string>(9, "x")),
                                 3);
  const auto reader = Open(path);
  for (const std::size_t piece : {2U, 0U, 1U}) {
    ASSERT_TRUE(reader->pieces()->ReadKeys(piece, [](const FactBatch&) {}).ok());
  }
  const std::string error = reader->pieces()->Finish().ToString();
  const auto one = error.find("row 1 of " + path);
  const auto four = error.find("row 4 of " + path);
  const auto eight = error.find("row 8 of " + path);
  EXPECT_NE(eight, std::string::npos) << error;
  EXPECT_LT(one, four);
  EXPECT_LT(four, eight);
}

TEST_F(RowGroupFactsTest, AValueThatDoesNotConvertNamesItsRowInTheFile) {
  const std::string path = Write(Table()
                                     .Strings("city", Cells<std::string>(6, "ams"))
                                     .Times("at", Cells<TimeMicros>(6, At("2013-01-01")))
                                     .Doubles("temp", {1.0, 2.0, 3.0, 4.0, 5.5, 6.0})
                                     .Strings("sky", Cells<std::string>(6, "x")),
                                 3);
  FactRequest request = Request();
  request.features = {{"temp", TypeId::kInt64}};
  const auto reader = Open(path, request);
  EXPECT_TRUE(reader->pieces()->ReadValues(1, Rows{0, 2}, kAllFeatures).ok());
  const auto values = reader->pieces()->ReadValues(1, Rows{0, 1}, kAllFeatures);
  ASSERT_FALSE(values.ok());
  EXPECT_THAT(values.status().message(),
              AllOf(HasSubstr("row 4 of " + path), HasSubstr("column `temp`")));
}

TEST_F(RowGroupFactsTest, AFileThatWasReplacedIsAnError) {
  const std::string path = Write(Days(4), 2);
  const auto reader = Open(path);
  Write(Days(5), 2);
  const auto counts = reader->pieces()->ReadKeys(0, [](const FactBatch&) {});
  ASSERT_FALSE(counts.ok());
  EXPECT_EQ(counts.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(counts.status().message(), HasSubstr("changed while it was read"));
}

TEST_F(RowGroupFactsTest, FeaturesOfFoldersAreReadWithoutTheFile) {
  Write(Table()
            .Strings("city", {"ams", "ber"})
            .Times("at", {At("2013-01-01"), At("2013-01-02")})
            .Doubles("temp", {1.0, 2.0}),
        100, "year=2013/a.parquet");
  Source source = Weather();
  source.hive_partitions = true;
  FactRequest request = Request();
  request.features = {{"year", TypeId::kInt64}};
  const auto reader = Open(folder_.path(), request, source);
  const auto values = reader->pieces()->ReadValues(0, Rows{0, 1}, kAllFeatures);
  ASSERT_TRUE(values.ok()) << values.status().ToString();
  EXPECT_EQ(Show((*values)[0]), "2013 2013");
}

TEST_F(RowGroupFactsTest, OtherFormatsHaveNoPieces) {
  const std::string path = folder_.Text("a.csv",
                                        "city,at,temp,sky\n"
                                        "ams,2013-01-01T00:00:00Z,1.5,x\n");
  Source source = Weather();
  source.format = FileFormat::kCsv;
  EXPECT_EQ(Open(path, Request(), source)->pieces(), nullptr);
}

// Picking rows gives what reading all and then taking them gives, whatever the types, nulls and
// distances; more rows than a window of the reader, and a dictionary that gives way to plain pages.
TEST_F(RowGroupFactsTest, PickedRowsAreThoseOfTheWholeRead) {
  constexpr int kRows = 30'000;
  std::random_device device;
  const auto seed = device();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  Cells<std::int64_t> ints;
  Cells<double> doubles;
  Cells<double> full;
  Cells<TimeMicros> times;
  Cells<TimeMicros> events(kRows, At("2013-01-01"));
  Cells<std::string> texts;
  Cells<bool> flags;
  for (int i = 0; i < kRows; ++i) {
    const bool null = random() % 7 == 0 || (i > 9000 && i < 14'000);
    full.emplace_back(static_cast<double>(random() >> 11));
    ints.push_back(null ? Cells<std::int64_t>::value_type() : static_cast<std::int64_t>(random()));
    doubles.push_back(null ? Cells<double>::value_type() : static_cast<double>(random() % 50));
    times.push_back(null ? Cells<TimeMicros>::value_type()
                         : At("2013-01-01") + static_cast<TimeMicros>(random() % 1000));
    texts.push_back(null ? Cells<std::string>::value_type() : std::to_string(random() % 1000));
    flags.push_back(null ? Cells<bool>::value_type() : random() % 2 == 0);
  }
  const std::string path = Write(Table()
                                     .Strings("city", Cells<std::string>(kRows, "ams"))
                                     .Times("at", events)
                                     .Ints("i", ints)
                                     .Doubles("d", doubles)
                                     .Doubles("f", full)
                                     .Times("t", times)
                                     .Strings("s", texts)
                                     .Bools("b", flags),
                                 kRows / 2);
  FactRequest request = Request();
  request.features = {{"s", TypeId::kString},    {"i", TypeId::kInt64}, {"d", TypeId::kFloat64},
                      {"t", TypeId::kTimestamp}, {"b", TypeId::kBool},  {"f", TypeId::kFloat64}};
  const auto all = ::coeval::testing::ReadAll(*Open(path, request));
  ASSERT_TRUE(all.ok()) << all.status().ToString();
  const auto reader = Open(path, request);
  for (const std::uint64_t distance : {1U, 3U, 100U, 5000U}) {
    for (const std::size_t piece : {0U, 1U}) {
      Rows rows;
      Rows of_all;
      for (auto row = static_cast<std::int64_t>(random() % distance); row < kRows / 2;
           row += 1 + static_cast<std::int64_t>(random() % distance)) {
        rows.push_back(row);
        of_all.push_back(row + static_cast<std::int64_t>(piece) * kRows / 2);
      }
      if (rows.empty()) continue;
      const auto values = reader->pieces()->ReadValues(piece, rows, kAllFeatures);
      ASSERT_TRUE(values.ok()) << values.status().ToString();
      for (std::size_t i = 0; i < request.features.size(); ++i) {
        EXPECT_TRUE(SameBits((*values)[i], all->features[i].Take(of_all)))
            << request.features[i].name << ", every " << distance;
      }
    }
  }
}

}  // namespace
}  // namespace coeval
