// Segments read push by push, and merged.
#include "ingest/segment_reader.h"

#include <algorithm>
#include <fstream>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/builder.h"
#include "ingest/segment_file.h"
#include "ingest/testing.h"
#include "io/files.h"
#include "log/sealed_log.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;

class SegmentReaderTest : public ::testing::Test {
 protected:
  SegmentPlace NextPlace() {
    return {folder_.path(), writer_, SealedFileName("source", writer_, 1, ++files_)};
  }

  LogSegment Write(const std::vector<NumberedBatch>& pushes) {
    const auto segment = WriteSegment(NextPlace(), pushes, context_);
    EXPECT_TRUE(segment.ok()) << segment.status().ToString();
    return segment.ok() ? *segment : LogSegment();
  }

  Result<std::vector<NumberedBatch>> Read(const std::vector<LogSegment>& segments,
                                          LogPosition after = 0) {
    std::vector<NumberedBatch> pushes;
    const auto take = [&](NumberedBatch push) -> Status {
      pushes.push_back(std::move(push));
      return {};
    };
    COEVAL_RETURN_IF_ERROR(VisitPushes(folder_.path(), segments, {.after = after}, take, context_));
    return pushes;
  }

  void ExpectHolds(const std::vector<LogSegment>& segments,
                   const std::vector<NumberedBatch>& pushes, LogPosition after = 0) {
    const auto read = Read(segments, after);
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    ASSERT_EQ(read->size(), pushes.size());
    for (std::size_t i = 0; i < pushes.size(); ++i) ExpectSamePush((*read)[i], pushes[i]);
  }

  const TestFolder folder_;
  const Context context_ = TestClock(0).context();
  const std::string writer_ = "0123456789abcdef";
  std::uint64_t files_ = 0;
};

// Behind these, as many.
std::vector<NumberedBatch> PushesBehind(LogPosition record, std::uint64_t seed,
                                        const Schema& schema) {
  std::vector<NumberedBatch> pushes = RandomPushes(seed, schema);
  for (NumberedBatch& push : pushes) push.record += record;
  return pushes;
}

// Of one column, with so many rows each.
std::vector<NumberedBatch> LongPushes(const std::vector<std::int64_t>& rows) {
  std::vector<NumberedBatch> pushes;
  std::int64_t number = 1;
  for (const std::int64_t n : rows) {
    std::vector<std::int64_t> times(static_cast<std::size_t>(n));
    std::iota(times.begin(), times.end(), number);
    LogBatch batch;
    batch.c = number;
    batch.first_number = number;
    batch.source = "source";
    batch.rows.schema.Add("at", TypeId::kTimestamp);
    batch.rows.num_rows = n;
    batch.rows.columns = {Column::FixedWidth(TypeId::kTimestamp, n, MakeBuffer(std::move(times)))};
    pushes.push_back({std::ssize(pushes) + 1, std::move(batch)});
    number += n;
  }
  return pushes;
}

TEST_F(SegmentReaderTest, ASegmentTellsWhatItHolds) {
  const LogSegment segment = Write(LongPushes({3, 1, 2}));
  EXPECT_EQ(segment.source, "source");
  EXPECT_EQ(segment.first, 1);
  EXPECT_EQ(segment.last, 3);
  EXPECT_EQ(segment.batches, 3);
  EXPECT_EQ(segment.rows, 6);
  EXPECT_EQ(segment.first_c, 1);
  EXPECT_EQ(segment.last_c, 5);
  EXPECT_EQ(segment.last_event, 6);
  EXPECT_EQ(*DescribeSegment(folder_.path(), segment, context_), segment);
}

// A batch of the reader has 65,536 rows: pushes end before, at, within and far behind its ends.
TEST_F(SegmentReaderTest, PushesMaySpanWhatIsReadAtATime) {
  const std::vector<NumberedBatch> pushes =
      LongPushes({65'535, 1, 65'536, 1, 1, 200'000, 3, 131'072, 65'530});
  ExpectHolds({Write(pushes)}, pushes);
}

TEST_F(SegmentReaderTest, ManySegmentsAreReadInTheOrderOfRecords) {
  const std::uint64_t first = std::random_device()();
  for (std::uint64_t seed = first; seed < first + 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const Schema schema = RandomColumns(random);
    std::vector<NumberedBatch> all = PushesBehind(0, seed, schema);
    for (int more = 0; more < 3; ++more) {
      for (NumberedBatch& push : PushesBehind(all.back().record, random(), schema)) {
        all.push_back(std::move(push));
      }
    }
    std::vector<std::vector<NumberedBatch>> parts(3);
    for (const NumberedBatch& push : all) {
      parts[static_cast<std::size_t>(Pick(random, 3))].push_back(push);
    }
    std::vector<LogSegment> segments;
    for (const auto& part : parts) {
      if (!part.empty()) segments.push_back(Write(part));
    }
    std::ranges::sort(segments, {}, &LogSegment::first);
    ExpectHolds(segments, all);
    const std::size_t half = all.size() / 2;
    ExpectHolds(segments, {all.begin() + static_cast<std::ptrdiff_t>(half) + 1, all.end()},
                all[half].record);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST_F(SegmentReaderTest, ARecordThatLiesInTwoSegmentsIsDamage) {
  const std::vector<NumberedBatch> pushes = LongPushes({1, 2});
  const auto read = Read({Write(pushes), Write({pushes[1]})});
  EXPECT_EQ(read.status().code(), StatusCode::kCorruption);
  EXPECT_THAT(read.status().message(), HasSubstr("record 2"));
}

TEST_F(SegmentReaderTest, AMergedSegmentHoldsWhatItsPartsHeld) {
  const std::uint64_t first = std::random_device()();
  for (std::uint64_t seed = first; seed < first + 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const Schema schema = RandomColumns(random);
    std::vector<NumberedBatch> all;
    std::vector<LogSegment> parts;
    for (std::int64_t n = 2 + Pick(random, 4); n > 0; --n) {
      const auto pushes = PushesBehind(all.empty() ? 0 : all.back().record, random(), schema);
      parts.push_back(Write(pushes));
      all.insert(all.end(), pushes.begin(), pushes.end());
    }
    const auto merged = MergeSegments(NextPlace(), parts, context_);
    ASSERT_TRUE(merged.ok()) << merged.status().ToString();
    ExpectHolds({*merged}, all);
    LogSegment at_once = Write(all);
    at_once.file = merged->file;
    EXPECT_EQ(*merged, at_once);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST_F(SegmentReaderTest, ADamagedPartIsNotMerged) {
  const std::vector<NumberedBatch> pushes = LongPushes({10, 20});
  const std::vector<LogSegment> parts = {Write({pushes[0]}), Write({pushes[1]})};
  std::ofstream(folder_ / parts[1].file.name, std::ios::app) << "x";
  const SegmentPlace place = NextPlace();
  const auto merged = MergeSegments(place, parts, context_);
  EXPECT_EQ(merged.status().code(), StatusCode::kCorruption) << merged.status().ToString();
  EXPECT_THAT(merged.status().message(), HasSubstr(parts[1].file.name));
  EXPECT_FALSE(FileExists(folder_ / place.name));
}

}  // namespace
}  // namespace coeval
