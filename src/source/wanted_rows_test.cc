// Which row groups and files a reader leaves out because of the keys that are wanted.
#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "column/key.h"
#include "source/fact_plan.h"
#include "source/testing.h"
#include "source/wanted_keys.h"

namespace coeval {
namespace {

using ::coeval::testing::At;
using ::coeval::testing::Cells;
using ::coeval::testing::ReadAll;
using ::coeval::testing::ReadFacts;
using ::coeval::testing::Show;
using ::coeval::testing::Table;
using ::coeval::testing::TemporaryFolder;
using ::coeval::testing::TestContext;
using ::coeval::testing::WriteFile;

std::shared_ptr<const WantedKeys> Wanted(const std::vector<Column>& keys) {
  return std::make_shared<const WantedKeys>(keys);
}

Column Ints(const Cells<std::int64_t>& cells) {
  return Table().Ints("v", cells).batch().columns[0];
}

Column Strings(const Cells<std::string>& cells) {
  return Table().Strings("v", cells).batch().columns[0];
}

// Facts of users 0, 10, 20, ... 390 in ten row groups of four users each, ten facts a user.
class WantedRowsTest : public ::testing::Test {
 protected:
  WantedRowsTest() {
    source_.name = "s";
    source_.timestamp_field = "at";
    request_.keys = {{"user", TypeId::kInt64}};
    request_.features = {{"v", TypeId::kInt64}};
  }

  Table Users() {
    Cells<std::int64_t> user;
    Cells<TimeMicros> at;
    Cells<std::int64_t> value;
    for (int i = 0; i < 400; ++i) {
      user.emplace_back(i / 10 * 10);
      at.emplace_back(At("2013-01-01") + i % 10 * kDay);
      value.emplace_back(i);
    }
    return Table().Ints("user", user).Times("at", at).Ints("v", value);
  }

  std::string Write(const Table& table) {
    const std::string path = folder_.File("a.parquet");
    EXPECT_TRUE(WriteFile(table, path, {.row_group_rows = 40, .metadata = {}}).ok());
    return path;
  }

  ScanStats StatsOf(const std::string& path) {
    const auto reader = FactReader::Open(source_, path, request_, TestContext());
    EXPECT_TRUE(reader.ok()) << reader.status().ToString();
    EXPECT_TRUE(ReadAll(**reader).ok());
    return (*reader)->stats();
  }

  TemporaryFolder folder_;
  Source source_;
  FactRequest request_;
};

TEST_F(WantedRowsTest, RowGroupsWithoutAWantedKeyAreNotRead) {
  const std::string path = Write(Users());
  EXPECT_EQ(StatsOf(path).row_groups_read, 10);
  request_.wanted = Wanted({Ints({120, 130, 390})});
  const ScanStats stats = StatsOf(path);
  EXPECT_EQ(stats.row_groups, 10);
  EXPECT_EQ(stats.row_groups_read, 2);
  EXPECT_EQ(stats.rows_read, 80);
  request_.wanted = Wanted({Ints({35, 1000, std::nullopt})});
  EXPECT_EQ(StatsOf(path).row_groups_read, 0);
  EXPECT_EQ(StatsOf(path).files_read, 0);
}

TEST_F(WantedRowsTest, RenamedKeysAreFoundInTheirColumns) {
  const std::string path = Write(Users());
  source_.field_mapping = {{"user", "customer"}};
  request_.keys = {{"customer", TypeId::kInt64}};
  request_.wanted = Wanted({Ints({0})});
  EXPECT_EQ(StatsOf(path).row_groups_read, 1);
}

TEST_F(WantedRowsTest, ARowGroupThatMayHoldABadTimeIsRead) {
  Cells<std::int64_t> user;
  Cells<TimeMicros> at;
  for (int i = 0; i < 400; ++i) {
    user.emplace_back(i / 10 * 10);
    at.emplace_back(At("2013-01-01"));
  }
  at[100] = std::nullopt;      // user 100, row group 2
  at[200] = At("2050-01-01");  // user 200, row group 5
  const std::string path = Write(Table().Ints("user", user).Times("at", at).Ints("v", user));
  request_.wanted = Wanted({Ints({390})});
  const auto facts = ReadFacts(source_, path, request_);
  ASSERT_FALSE(facts.ok());
  EXPECT_NE(facts.status().message().find("row 100 of"), std::string::npos);
  EXPECT_NE(facts.status().message().find("row 200 of"), std::string::npos);
  source_.on_bad_time = OnBadTime::kSkip;
  EXPECT_EQ(StatsOf(path).row_groups_read, 3);
}

TEST_F(WantedRowsTest, TheNewestTimeIsThatOfTheWholeSource) {
  Cells<std::int64_t> user;
  Cells<TimeMicros> at;
  for (int i = 0; i < 80; ++i) {
    user.emplace_back(i / 40);
    at.emplace_back(At(i < 40 ? "1971-01-01" : "2013-01-01"));
  }
  at[0] = std::nullopt;  // whose row group is read whatever is wanted
  const std::string path = Write(Table().Ints("user", user).Times("at", at).Ints("v", user));
  source_.on_bad_time = OnBadTime::kSkip;
  request_.wanted = Wanted({Ints({0})});
  EXPECT_TRUE(ReadFacts(source_, path, request_).ok()) << "not all of it lies before 1973";
  EXPECT_EQ(StatsOf(path).row_groups_read, 1);
}

TEST_F(WantedRowsTest, FilesOfOtherFoldersAreNotOpened) {
  for (const char* city : {"ams", "ewr", "jfk"}) {
    const std::string name = std::string("wind/city=") + city + "/a.parquet";
    ASSERT_TRUE(WriteFile(Users(), folder_.File(name)).ok());
  }
  source_.hive_partitions = true;
  request_.keys = {{"city", TypeId::kString}};
  request_.wanted = Wanted({Strings({"jfk", "lhr"})});
  const ScanStats stats = StatsOf(folder_.path() + "/wind");
  EXPECT_EQ(stats.files, 3);
  EXPECT_EQ(stats.files_read, 1);
}

TEST_F(WantedRowsTest, TimelessSourcesHaveNoBadTimes) {
  const std::string path = Write(Users());
  source_.timestamp_field = "";
  source_.timeless = true;
  request_.wanted = Wanted({Ints({0})});
  EXPECT_EQ(StatsOf(path).row_groups_read, 1);
}

TEST_F(WantedRowsTest, TypesWithoutTheOrderOfTheKeyTellNothing) {
  Cells<double> user;
  Cells<TimeMicros> at;
  for (int i = 0; i < 80; ++i) {
    user.emplace_back(i);
    at.emplace_back(At("2013-01-01"));
  }
  const std::string path = Write(Table().Doubles("user", user).Times("at", at).Doubles("v", user));
  request_.wanted = Wanted({Ints({0})});
  EXPECT_EQ(StatsOf(path).row_groups_read, 2);
}

// -- random sources: whatever is left out, the facts of wanted keys are those of reading all ------

enum class Stored : std::uint8_t { kInt64, kInt32, kString, kTime, kDate, kDouble };

struct RandomSource {
  std::mt19937 random;

  bool OneIn(unsigned n) { return random() % n == 0; }

  static DataType Declared(Stored stored) {
    switch (stored) {
      case Stored::kString:
        return TypeId::kString;
      case Stored::kTime:
      case Stored::kDate:
        return TypeId::kTimestamp;
      case Stored::kInt32:
      case Stored::kInt64:
      case Stored::kDouble:
        break;
    }
    return TypeId::kInt64;
  }

  // Values as they are stored, or as they are declared.
  static Column Make(const Cells<std::int64_t>& ids, Stored stored, bool declared) {
    const DataType to = Declared(stored);
    ColumnBuilder builder(declared                    ? to
                          : stored == Stored::kInt32  ? DataType(TypeId::kInt32)
                          : stored == Stored::kDate   ? DataType(TypeId::kDate)
                          : stored == Stored::kDouble ? DataType(TypeId::kFloat64)
                                                      : to);
    for (const auto& id : ids) {
      Value value;
      if (id) {
        value = Value::Int(*id);
        if (stored == Stored::kString) value = Value::String("user-" + std::to_string(*id));
        if (stored == Stored::kTime) value = Value::Int(*id * kHour);
        if (stored == Stored::kDate && declared) value = Value::Int(*id * kDay);
        if (stored == Stored::kDouble && !declared) value = Value::Double(static_cast<double>(*id));
      }
      EXPECT_TRUE(builder.Append(value).ok());
    }
    return builder.Finish();
  }

  // Keys in clusters, more or less.
  Cells<std::int64_t> Ids(int count, int users) {
    const bool scattered = OneIn(4);
    Cells<std::int64_t> ids;
    for (int i = 0; i < count; ++i) {
      const auto id = static_cast<std::int64_t>(i) * users / count - users / 3;
      ids.emplace_back(scattered || OneIn(60)
                           ? static_cast<std::int64_t>(random() % static_cast<unsigned>(users))
                           : id);
      if (OneIn(50)) ids.back() = std::nullopt;
    }
    return ids;
  }

  Cells<std::int64_t> Some(const Cells<std::int64_t>& ids) {
    Cells<std::int64_t> some;
    const auto start = random() % ids.size();
    const bool neighbours = OneIn(2);
    const auto count = static_cast<unsigned>(random() % 12);
    for (unsigned i = 0; i < count; ++i) {
      some.push_back(ids[(neighbours ? start + i : random()) % ids.size()]);
      if (OneIn(5) && some.back()) *some.back() += 7;
    }
    return some;
  }
};

std::set<std::string> Encoded(const std::vector<Column>& keys) {
  const KeyColumn encoded = KeyColumn::Encode(keys, keys[0].length());
  std::set<std::string> all;
  for (std::int64_t row = 0; row < encoded.length(); ++row) {
    if (!encoded.IsNull(row)) all.emplace(encoded.bytes(row));
  }
  return all;
}

// The values of those facts that have a wanted key, in the order of the source.
std::string ValuesOf(const FactBatch& facts, const std::set<std::string>& wanted) {
  if (facts.num_rows == 0) return "";
  const KeyColumn keys = KeyColumn::Encode(facts.keys, facts.num_rows);
  std::string values;
  for (std::int64_t row = 0; row < facts.num_rows; ++row) {
    if (!wanted.contains(std::string(keys.bytes(row)))) continue;
    values += Show(facts.features[0].Slice(row, 1)) + " ";
  }
  return values;
}

TEST(WantedRowsRandomTest, LeavingOutChangesNoAnswer) {
  const TemporaryFolder folder;
  const std::string path = folder.File("a.parquet");
  const std::uint32_t seed = 23;
  RandomSource make{std::mt19937(seed)};
  int left_out = 0;
  for (int round = 0; round < 150; ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round));
    const auto stored = static_cast<Stored>(make.random() % 6);
    const Cells<std::int64_t> ids = make.Ids(200, 1 + static_cast<int>(make.random() % 300));
    const Cells<std::int64_t> second = make.Ids(200, 1 + static_cast<int>(make.random() % 5));
    Cells<TimeMicros> at;
    Cells<std::int64_t> value;
    for (int i = 0; i < 200; ++i) {
      at.emplace_back(At("2013-01-01") + static_cast<TimeMicros>(make.random() % 100) * kDay);
      if (make.OneIn(1000)) at.back() = std::nullopt;
      if (make.OneIn(1000)) at.back() = At("2044-01-01");
      value.emplace_back(i);
    }
    const bool two = make.OneIn(3);
    Table table;
    table.Add("a", RandomSource::Make(ids, stored, false)).Ints("b", second);
    table.Times("at", at).Ints("v", value);
    ASSERT_TRUE(WriteFile(table, path, {.row_group_rows = 20, .metadata = {}}).ok());

    Source source;
    source.name = "s";
    source.timestamp_field = "at";
    source.on_bad_time = make.OneIn(2) ? OnBadTime::kSkip : OnBadTime::kError;
    FactRequest request;
    request.keys = {{"a", RandomSource::Declared(stored)}};
    if (two) request.keys.push_back({"b", TypeId::kInt64});
    request.features = {{"v", TypeId::kInt64}};
    if (make.OneIn(3)) request.range.event_min = At("2013-02-01");
    const auto whole = ReadFacts(source, path, request);
    const Cells<std::int64_t> some = make.Some(ids);
    std::vector<Column> keys{RandomSource::Make(some, stored, true)};
    if (two) {
      Cells<std::int64_t> other;
      for (std::size_t i = 0; i < some.size(); ++i) other.push_back(second[make.random() % 200]);
      keys.push_back(Ints(other));
    }
    request.wanted = Wanted(keys);
    const auto found = ReadFacts(source, path, request);
    ASSERT_EQ(found.status().ToString(), whole.status().ToString());
    const auto reader = FactReader::Open(source, path, request, TestContext());
    ASSERT_TRUE(reader.ok());
    if (ReadAll(**reader).ok() && (*reader)->stats().row_groups_read < 8) ++left_out;
    if (!found.ok()) continue;
    const std::set<std::string> wanted = Encoded(keys);
    EXPECT_EQ(ValuesOf(*found, wanted), ValuesOf(*whole, wanted));
  }
  EXPECT_GT(left_out, 50);
}

}  // namespace
}  // namespace coeval
