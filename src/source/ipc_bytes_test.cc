// Rows in a message come out as they went in, and bytes that anybody may have made harm nobody.
#include "source/ipc_bytes.h"

#include <array>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/testing.h"
#include "source/testing.h"

namespace coeval {
namespace {

using ::coeval::testing::TestContext;

Result<std::string> Encoded(const Batch& batch, const std::string& note) {
  ArrowArrayStream stream{};
  ExportStream(StreamOf(batch.schema, {batch}), &stream);
  return EncodeIpc(&stream, note, TestContext());
}

Batch RandomBatch(Random& random) {
  Batch batch;
  batch.num_rows = Pick(random, 20);
  for (std::int64_t i = Pick(random, 6); i > 0; --i) {
    const DataType type = RandomType(random, 2);
    batch.schema.Add("c" + std::to_string(i), type);
    batch.columns.push_back(RandomColumn(type, batch.num_rows, random()));
  }
  return batch;
}

TEST(IpcBytesTest, RowsAndNoteComeOutAsTheyWentIn) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (int i = 0; i < 200; ++i) {
    const Batch batch = RandomBatch(random);
    const std::string note = "{\"n\": " + std::to_string(i) + ", \"text\": \"\xC3\xA4\"}";
    const auto bytes = Encoded(batch, note);
    ASSERT_TRUE(bytes.ok()) << bytes.status().ToString();
    const auto table = DecodeIpc(*bytes, TestContext());
    ASSERT_TRUE(table.ok()) << table.status().ToString();
    EXPECT_EQ(table->note, note);
    ASSERT_EQ(table->rows.names(), batch.schema.names());
    for (std::size_t c = 0; c < batch.columns.size(); ++c) {
      const auto column = table->rows.ReadColumn(c, Rounding::kExact);
      ASSERT_TRUE(column.ok()) << column.status().ToString();
      EXPECT_EQ(column->type().ToString(), batch.schema[c].type.ToString());
      EXPECT_EQ(ColumnToText(*column), ColumnToText(batch.columns[c]));
    }
  }
}

TEST(IpcBytesTest, RowsWithoutColumnsAreCounted) {
  const auto bytes = Encoded(Batch{{}, {}, 3}, "");
  ASSERT_TRUE(bytes.ok()) << bytes.status().ToString();
  const auto table = DecodeIpc(*bytes, TestContext());
  ASSERT_TRUE(table.ok()) << table.status().ToString();
  EXPECT_EQ(table->rows.num_rows(), 3);
  EXPECT_EQ(table->note, "");
}

TEST(IpcBytesTest, WhatIsNoStreamIsAnError) {
  for (const char* bytes : {"", "x", "ARROW1\0\0", "{\"rows\": []}", "\xff\xff\xff\xff\x10"}) {
    EXPECT_EQ(DecodeIpc(bytes, TestContext()).status().code(), StatusCode::kInvalidArgument)
        << bytes;
  }
}

// Cut short, and with bytes that are wrong: an error, or rows of which every value can be read.
TEST(IpcBytesTest, DamagedBytesHarmNobody) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    const auto whole = Encoded(RandomBatch(random), "{}");
    ASSERT_TRUE(whole.ok()) << whole.status().ToString();
    std::string bytes = *whole;
    const auto size = static_cast<std::int64_t>(bytes.size());
    if (Pick(random, 4) == 0) {
      bytes.resize(static_cast<std::size_t>(Pick(random, size)));
    } else {
      for (std::int64_t n = Pick(random, 4) + 1; n > 0; --n) {
        bytes[static_cast<std::size_t>(Pick(random, size))] = static_cast<char>(Pick(random, 256));
      }
    }
    const auto table = DecodeIpc(bytes, TestContext());
    if (!table.ok()) {
      ++refused;
      continue;
    }
    for (std::size_t c = 0; c < table->rows.num_columns(); ++c) {
      const auto column = table->rows.ReadColumn(c, Rounding::kExact);
      if (column.ok()) {
        EXPECT_FALSE(ColumnToText(*column).empty());
      }
    }
  }
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace coeval
