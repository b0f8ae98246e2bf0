#include "ingest/log_segment.h"

#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/testing.h"
#include "ingest/sealed_table.h"
#include "ingest/testing.h"
#include "online/testing.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;

TEST(LogSegmentTest, PushesComeBackAsTheLogHadThem) {
  const std::uint64_t first = std::random_device()();
  for (std::uint64_t seed = first; seed < first + 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const TestFolder folder;
    const std::vector<NumberedBatch> pushes = RandomPushes(seed);
    const auto rows = RowsOfSegment(pushes);
    ASSERT_TRUE(rows.ok()) << rows.status().ToString();
    const auto file = WriteSealedTable(folder.path(), "segments/a.parquet", *rows, {}, {});
    ASSERT_TRUE(file.ok()) << file.status().ToString();
    const auto read = ReadSealedTable(folder.path(), *file, {});
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    const auto again = PushesOfSegment("source", *read);
    ASSERT_TRUE(again.ok()) << again.status().ToString();
    ASSERT_EQ(again->size(), pushes.size());
    for (std::size_t i = 0; i < pushes.size(); ++i) ExpectSamePush(pushes[i], (*again)[i]);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(LogSegmentTest, APushWithoutRowsIsRefused) {
  std::vector<NumberedBatch> pushes = RandomPushes(1);
  pushes[0].batch.rows = pushes[0].batch.rows.Slice(0, 0);
  EXPECT_EQ(RowsOfSegment(std::span(pushes).first(1)).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(LogSegmentTest, RowsThatAreNoneAreDamage) {
  const Batch whole = *RowsOfSegment(RandomPushes(7));
  Batch fewer = whole;
  fewer.schema = MakeBatch({{"coeval: record", "int64", "[]"}}).schema;
  fewer.columns.resize(1);
  EXPECT_EQ(PushesOfSegment("source", fewer).status().code(), StatusCode::kCorruption);
  Batch headless = whole.Slice(1, whole.num_rows - 1);
  headless.columns[5] = Column::Nulls(TypeId::kBytes, headless.num_rows);
  EXPECT_EQ(PushesOfSegment("source", headless).status().code(), StatusCode::kCorruption);
  Batch newer{{}, {}, whole.num_rows};
  for (std::size_t i = 0; i < 7; ++i) {
    newer.schema.Add(whole.schema[i].name, whole.schema[i].type);
    newer.columns.push_back(whole.columns[i]);
  }
  newer.schema.Add("coeval: weather", TypeId::kInt64);
  newer.columns.push_back(Column::Nulls(TypeId::kInt64, whole.num_rows));
  const Status refused = PushesOfSegment("source", newer).status();
  EXPECT_EQ(refused.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(refused.message(), HasSubstr("coeval: weather"));
}

}  // namespace
}  // namespace coeval
