#include "log/log_batch.h"

#include <chrono>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "column/builder.h"
#include "column/testing.h"
#include "log/little_endian.h"
#include "log/testing.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;

LogBatch SmallBatch() {
  LogBatch batch;
  batch.c = 1'357'034'040'000'000;
  batch.first_number = 41;
  batch.idempotency_key = "retry-7";
  batch.source = "clicks";
  batch.destination = LogDestination::kOnline;
  batch.fed = {"a1b2", "c3"};
  batch.rows = MakeBatch({{"user", "int64", "[7, 8]"},
                          {"event_timestamp", "timestamp", R"(["2013-01-01T09:00:00Z", 0])"},
                          {"page", "string", R"(["home", null])"}});
  return batch;
}

LogBatch RandomBatch(std::uint64_t seed) {
  Random random(seed);
  LogBatch batch;
  batch.c = static_cast<TimeMicros>(random());
  batch.first_number = Pick(random, 1 << 30);
  batch.idempotency_key = std::string(static_cast<std::size_t>(Pick(random, 40)), '\xff');
  batch.source = "source";
  batch.destination = static_cast<LogDestination>(Pick(random, 3));
  batch.deletes = Pick(random, 2) == 0;
  batch.fed.resize(static_cast<std::size_t>(Pick(random, 4)), "identity");
  batch.rows.num_rows = Pick(random, 20);
  for (std::int64_t n = Pick(random, 8); n > 0; --n) {
    const DataType type = RandomType(random, 2);
    batch.rows.schema.Add("column " + std::to_string(n), type);
    batch.rows.columns.push_back(RandomColumn(type, batch.rows.num_rows, random()));
  }
  return batch;
}

void ExpectSame(const LogBatch& a, const LogBatch& b) {
  EXPECT_EQ(a.c, b.c);
  EXPECT_EQ(a.first_number, b.first_number);
  EXPECT_EQ(a.idempotency_key, b.idempotency_key);
  EXPECT_EQ(a.source, b.source);
  EXPECT_EQ(a.destination, b.destination);
  EXPECT_EQ(a.deletes, b.deletes);
  EXPECT_EQ(a.fed, b.fed);
  ASSERT_EQ(a.rows.schema, b.rows.schema);
  ASSERT_EQ(a.rows.num_rows, b.rows.num_rows);
  for (std::size_t i = 0; i < a.rows.columns.size(); ++i) {
    EXPECT_TRUE(SameBits(a.rows.columns[i], b.rows.columns[i])) << i;
  }
}

TEST(LogBatchTest, GivesTheGoldenBytes) {
  EXPECT_EQ(ToHex(*EncodeLogBatch(SmallBatch())), ToHex(GoldenBytes("batch")));
  ExpectSame(*DecodeLogBatch(GoldenBytes("batch")), SmallBatch());
}

// A release that knows no deletes must not take them for facts.
TEST(LogBatchTest, DeletesAreAFormatOfTheirOwn) {
  LogBatch batch = SmallBatch();
  batch.deletes = true;
  std::string bytes = *EncodeLogBatch(batch);
  EXPECT_EQ(bytes[0], 2);
  ExpectSame(*DecodeLogBatch(bytes), batch);
  bytes[0] = 1;
  EXPECT_EQ(ToHex(bytes), ToHex(GoldenBytes("batch")));
}

TEST(LogBatchTest, BatchesReadBack) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const LogBatch batch = RandomBatch(seed);
    const auto bytes = EncodeLogBatch(batch);
    ASSERT_TRUE(bytes.ok()) << bytes.status().ToString();
    const auto read = DecodeLogBatch(*bytes);
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    ExpectSame(*read, batch);
  }
}

// Rows with a right checksum, whatever else was changed: an answer or an error, never more.
TEST(LogBatchTest, NoBytesDoHarm) {
  int read = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const std::string bytes = *EncodeLogBatch(RandomBatch(seed));
    Random random(seed);
    for (std::size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 200) {
      ASSERT_EQ(DecodeLogBatch(bytes.substr(0, size)).status().code(), StatusCode::kCorruption);
    }
    ASSERT_EQ(DecodeLogBatch(bytes + '\0').status().code(), StatusCode::kCorruption);
    for (int i = 0; i < 200; ++i) {
      std::string damaged = bytes;
      const auto at = static_cast<std::size_t>(Pick(random, std::ssize(bytes)));
      damaged[at] = static_cast<char>(random());
      damaged.shrink_to_fit();
      read += DecodeLogBatch(damaged).ok() ? 1 : 0;
    }
  }
  EXPECT_GT(read, 0);
}

std::string BatchOf(const std::string& type, const std::string& cells, std::string* row) {
  LogBatch batch;
  batch.rows = MakeBatch({{"x", type, cells}});
  const std::string bytes = *EncodeLogBatch(batch);
  // Header, empty key and source, "x", the type, the row's length.
  *row = bytes.substr(28 + 8 + 5 + 4 + type.size() + 4);
  return bytes;
}

// The row with other bytes and a checksum that fits them.
std::string WithRow(std::string bytes, std::string row) {
  row.resize(row.size() - 4);
  AppendLittleEndian(Checksum32(row), &row);
  return bytes.replace(bytes.size() - row.size(), row.size(), row);
}

TEST(LogBatchTest, WhatColumnsRequireIsChecked) {
  std::string row;
  std::string bytes = BatchOf("string", R"(["ab"])", &row);
  ASSERT_TRUE(DecodeLogBatch(WithRow(bytes, row)).ok());
  row[13] = '\xff';
  EXPECT_THAT(DecodeLogBatch(WithRow(bytes, row)).status().message(), HasSubstr("is no string"));
  bytes = BatchOf("map<string, bool>", R"([{"map": [["a", true], ["b", true]]}])", &row);
  ASSERT_TRUE(DecodeLogBatch(WithRow(bytes, row)).ok());
  row[row.find('b')] = 'a';  // twice the same key
  EXPECT_THAT(DecodeLogBatch(WithRow(bytes, row)).status().message(), HasSubstr("is no map"));
}

// Five bytes of a type and a bit a row would ask for gigabytes.
TEST(LogBatchTest, NullsDoNotAskForMemoryWithoutEnd) {
  std::string row;
  const std::string one = BatchOf("vector<float64, 1048576>", "[null]", &row);
  ASSERT_TRUE(DecodeLogBatch(one).ok());
  std::string many = one;
  for (int i = 0; i < 100; ++i) many += one.substr(one.size() - row.size() - 4);
  many[4] = 101;
  const Status status = DecodeLogBatch(many).status();
  EXPECT_THAT(status.message(), HasSubstr("row 32 cannot be one of a push"));
}

TEST(LogBatchTest, ErrorsSayWhatIsWrong) {
  LogBatch batch = SmallBatch();
  batch.first_number = std::numeric_limits<std::int64_t>::max() - 1;
  EXPECT_EQ(EncodeLogBatch(batch).status().code(), StatusCode::kInvalidArgument);
  batch.first_number = -1;
  EXPECT_EQ(EncodeLogBatch(batch).status().code(), StatusCode::kInvalidArgument);
  batch.first_number = std::numeric_limits<std::int64_t>::max() - 2;
  EXPECT_TRUE(EncodeLogBatch(batch).ok());
  const std::string page(100 << 10, 'x');
  ColumnBuilder pages(TypeId::kString);
  for (int i = 0; i < 1500; ++i) pages.AppendBytes(page);
  batch = SmallBatch();
  batch.rows = {Schema({{"page", TypeId::kString}}), {pages.Finish()}, 1500};
  EXPECT_THAT(EncodeLogBatch(batch).status().message(), HasSubstr("send smaller batches"));
  std::string newer = *EncodeLogBatch(SmallBatch());
  newer[0] = 3;
  EXPECT_EQ(DecodeLogBatch(newer).status().code(), StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace coeval
