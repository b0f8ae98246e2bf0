#include "column/row_encoding.h"

#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "column/testing.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;

struct Row {
  std::vector<DataType> types;
  std::vector<Column> columns;
  std::int64_t row = 0;
  std::string bytes;
};

Row RandomRow(std::uint64_t seed) {
  Random random(seed);
  Row row;
  const std::int64_t rows = 1 + Pick(random, 5);
  for (std::int64_t n = Pick(random, 12); n > 0; --n) {
    row.types.push_back(RandomType(random, 2));
    row.columns.push_back(RandomColumn(row.types.back(), rows, random()));
  }
  row.row = Pick(random, rows);
  EncodeRow(row.columns, row.row, &row.bytes);
  return row;
}

TEST(RowEncodingTest, RowsReadBack) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const Row row = RandomRow(seed);
    const auto view = RowView::Parse(row.bytes, row.types);
    ASSERT_TRUE(view.ok()) << "seed " << seed << ": " << view.status().ToString();
    EXPECT_FALSE(view->tombstone());
    const std::vector<Value> values = *view->Values();
    for (std::size_t i = row.types.size(); i-- > 0;) {  // in any order
      const Value expected = row.columns[i].GetValue(row.row);
      ASSERT_TRUE(SameBits(values[i], expected)) << "seed " << seed;
      ColumnBuilder builder(row.types[i]);
      builder.AppendNull();
      ASSERT_TRUE(view->AppendTo(i, &builder).ok());
      const Column column = builder.Finish();
      ASSERT_EQ(column.length(), 2);
      ASSERT_TRUE(SameBits(column.GetValue(1), expected)) << "seed " << seed;
    }
  }
}

// No byte can change, be lost or be added unseen.
TEST(RowEncodingTest, EveryDamageIsSeen) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const Row row = RandomRow(seed);
    for (std::size_t at = 0; at < row.bytes.size(); ++at) {
      for (const int flip : {1, 0x80, 0xFF}) {
        std::string damaged = row.bytes;
        damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ flip);
        ASSERT_EQ(RowView::Parse(damaged, row.types).status().code(), StatusCode::kCorruption)
            << "seed " << seed << " byte " << at;
      }
      ASSERT_FALSE(RowView::Parse(row.bytes.substr(0, at), row.types).ok());
    }
    ASSERT_FALSE(RowView::Parse(row.bytes + '\0', row.types).ok());
  }
}

// With a right checksum too (another program wrote it) nothing outside of the row is read.
TEST(RowEncodingTest, DamageUnderARightChecksumIsNoHarm) {
  int taken = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const Row row = RandomRow(seed);
    const std::string body = row.bytes.substr(0, row.bytes.size() - 4);
    for (std::size_t at = 0; at < body.size(); ++at) {
      std::string damaged = body;
      damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ (1 + seed % 255));
      const std::uint32_t checksum = Checksum32(damaged);
      damaged.append(reinterpret_cast<const char*>(&checksum), sizeof(checksum));
      damaged.shrink_to_fit();  // so that a sanitizer sees the end
      const auto view = RowView::Parse(damaged, row.types);
      if (!view.ok()) {
        ASSERT_EQ(view.status().code(), StatusCode::kCorruption);
      } else {
        taken += view->Values().ok() ? 1 : 0;
      }
    }
  }
  EXPECT_GT(taken, 0);
}

TEST(RowEncodingTest, ADeleteHasNoValues) {
  std::string bytes = "before";
  EncodeTombstone(&bytes);
  const std::vector<DataType> types = {TypeId::kInt64, TypeId::kString};
  const RowView view = *RowView::Parse(std::string_view(bytes).substr(6), types);
  EXPECT_TRUE(view.tombstone());
  EXPECT_TRUE((*view.Values())[1].is_null());
  ColumnBuilder builder(TypeId::kString);
  ASSERT_TRUE(view.AppendTo(1, &builder).ok());
  EXPECT_EQ(ColumnToText(builder.Finish()), "[null]");
}

// A null of a vector is one bit in the row.
TEST(RowEncodingTest, SaysWhatItsNullsTakeInColumns) {
  const std::vector<Column> columns = {
      MakeColumn("vector<float32, 1000>", "[null]"), MakeColumn("int64", "[null]"),
      MakeColumn("list<decimal(38, 0)>", R"([[null, null, "1"]])"), MakeColumn("string", "[null]"),
      MakeColumn("float64", "[1.5]")};
  std::vector<DataType> types;
  for (const Column& column : columns) types.push_back(column.type());
  std::string bytes;
  EncodeRow(columns, 0, &bytes);
  EXPECT_EQ(RowView::Parse(bytes, types)->null_bytes(), 4000 + 8 + 2 * 16 + 4);
}

TEST(RowEncodingTest, ErrorsSayWhatIsWrong) {
  const std::vector<Column> columns = {MakeColumn("int64", "[7]")};
  const std::vector<DataType> types = {TypeId::kInt64};
  std::string bytes;
  EncodeRow(columns, 0, &bytes);
  const std::vector<DataType> two = {TypeId::kInt64, TypeId::kInt64};
  const std::vector<DataType> other = {TypeId::kInt32};
  EXPECT_THAT(RowView::Parse(bytes, two).status().message(), HasSubstr("1 columns, not 2"));
  EXPECT_THAT(RowView::Parse(bytes, other).status().message(), HasSubstr("bytes follow"));
  EXPECT_THAT(RowView::Parse("", types).status().message(), HasSubstr("too short"));
  const RowView view = *RowView::Parse(bytes, types);
  ColumnBuilder wrong(TypeId::kString);
  EXPECT_EQ(view.AppendTo(0, &wrong).code(), StatusCode::kInternal);
}

std::string FromHex(std::string_view hex) {
  return MakeColumn("bytes", R"([{"b": ")" + std::string(hex) + "\"}]").GetValue(0).AsString();
}

TEST(RowEncodingTest, GivesTheGoldenBytes) {
  std::ifstream file("tests/format/row_encoding_1.txt");
  ASSERT_TRUE(file) << "run from the source folder";
  std::string line;
  int cases = 0;
  while (std::getline(file, line)) {
    if (line.starts_with('#')) continue;
    const std::size_t first = line.find('\t');
    const std::size_t second = line.find('\t', first + 1);
    std::string bytes;
    if (line.starts_with("tombstone")) {
      EncodeTombstone(&bytes);
    } else {
      std::vector<Column> columns;
      const Json types = *ParseJson(line.substr(0, first));
      const Json values = *ParseJson(line.substr(first + 1, second - first - 1));
      for (std::size_t i = 0; i < types.array().size(); ++i) {
        columns.push_back(
            MakeColumn(types.array()[i].AsString(), "[" + values.array()[i].Write() + "]"));
      }
      EncodeRow(columns, 0, &bytes);
    }
    EXPECT_EQ(bytes, FromHex(line.substr(second + 1))) << line;
    ++cases;
  }
  EXPECT_EQ(cases, 8);
}

}  // namespace
}  // namespace coeval
