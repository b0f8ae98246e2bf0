#include "column/tie_encoding.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "column/testing.h"

namespace coeval {
namespace {

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    char digits[3];
    static_cast<void>(std::snprintf(digits, sizeof(digits), "%02x", static_cast<unsigned char>(c)));
    hex += digits;
  }
  return hex;
}

// The golden bytes decide winners in stores that exist: they never change.
TEST(TieEncodingTest, GivesTheGoldenBytes) {
  std::ifstream file("tests/format/tie_encoding_1.txt");
  ASSERT_TRUE(file) << "run from the source folder";
  std::string line;
  std::string last_type;
  std::string last_bytes;
  int cases = 0;
  while (std::getline(file, line)) {
    if (line.starts_with('#')) continue;
    const std::size_t first = line.find('\t');
    const std::size_t second = line.find('\t', first + 1);
    const std::string type = line.substr(0, first);
    const Column column = MakeColumn(type, "[" + line.substr(first + 1, second - first - 1) + "]");
    std::string bytes;
    AppendTieBytes(column, 0, &bytes);
    EXPECT_EQ(Hex(bytes), line.substr(second + 1)) << line;
    std::string of_value;
    AppendTieBytes(column.GetValue(0), column.type(), &of_value);
    EXPECT_EQ(of_value, bytes) << line;
    if (type == last_type) {
      EXPECT_LE(last_bytes, bytes) << line;
    }
    last_type = type;
    last_bytes = bytes;
    ++cases;
  }
  EXPECT_EQ(cases, 105);
}

class TieOrderTest : public ::testing::TestWithParam<int> {};

// memcmp of the bytes orders as rule 1.5, and equal bytes mean equal bits.
TEST_P(TieOrderTest, BytesOrderAsValues) {
  const auto seed = static_cast<std::uint64_t>(GetParam());
  Random random(seed);
  const DataType type = RandomType(random, 3);
  const Column column = RandomColumn(type, 40, seed + 100);
  std::vector<std::string> bytes(40);
  for (std::int64_t row = 0; row < 40; ++row) {
    AppendTieBytes(column, row, &bytes[static_cast<std::size_t>(row)]);
    std::string of_value;
    AppendTieBytes(column.GetValue(row), type, &of_value);
    ASSERT_EQ(of_value, bytes[static_cast<std::size_t>(row)]);
  }
  for (std::int64_t a = 0; a < 40; ++a) {
    for (std::int64_t b = 0; b < 40; ++b) {
      const int order = CompareValues(column.GetValue(a), column.GetValue(b));
      const int by_bytes =
          bytes[static_cast<std::size_t>(a)].compare(bytes[static_cast<std::size_t>(b)]);
      ASSERT_EQ(order < 0, by_bytes < 0)
          << "seed " << seed << ", " << type.ToString() << ": " << ToText(column.GetValue(a), type)
          << " and " << ToText(column.GetValue(b), type);
      ASSERT_EQ(order == 0, by_bytes == 0);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, TieOrderTest, ::testing::Range(0, 200));

// Several columns: the first difference decides, whatever lengths the values before it have.
TEST(TieEncodingTest, RowsOrderColumnByColumn) {
  Random random(17);
  for (int round = 0; round < 100; ++round) {
    std::vector<Column> columns;
    for (int i = 0; i < 3; ++i) {
      columns.push_back(RandomColumn(RandomType(random, 1), 20, random()));
    }
    for (std::int64_t a = 0; a < 20; ++a) {
      for (std::int64_t b = 0; b < 20; ++b) {
        int order = 0;
        for (const Column& column : columns) {
          if (order == 0) order = CompareCells(column, a, column, b);
        }
        const int by_bytes = TieBytes(columns, a).compare(TieBytes(columns, b));
        ASSERT_EQ(order < 0, by_bytes < 0) << "round " << round;
        ASSERT_EQ(order == 0, by_bytes == 0) << "round " << round;
      }
    }
  }
}

}  // namespace
}  // namespace coeval
