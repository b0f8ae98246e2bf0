// Which segments are merged, told by their sizes alone.
#include "ingest/merge_plan.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coeval {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

LogSegment Segment(const std::string& source, LogPosition first, std::int64_t bytes) {
  LogSegment segment;
  segment.file = {.name = source + std::to_string(first), .bytes = bytes};
  segment.source = source;
  segment.columns = 1;
  segment.first = segment.last = first;
  return segment;
}

std::vector<LogSegment> OfSizes(const std::vector<std::int64_t>& sizes) {
  std::vector<LogSegment> segments;
  for (const std::int64_t bytes : sizes) {
    segments.push_back(Segment("rates", std::ssize(segments) + 1, bytes));
  }
  return segments;
}

TEST(MergePlanTest, FourNeighboursAreDueThatAreTogetherTwiceTheLargest) {
  EXPECT_THAT(NextMerge(OfSizes({1, 1, 1}), {.most_bytes = 100}), IsEmpty());
  EXPECT_THAT(NextMerge(OfSizes({1, 1, 1, 1}), {.most_bytes = 100}), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(NextMerge(OfSizes({50, 1, 1, 1, 2}), {.most_bytes = 100}), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(NextMerge(OfSizes({8, 4, 2, 1}), {.most_bytes = 100}), IsEmpty());
  EXPECT_THAT(NextMerge(OfSizes({8, 4, 2, 2}), {.most_bytes = 100}), ElementsAre(0, 1, 2, 3));
}

TEST(MergePlanTest, NoSegmentGrowsBeyondTheMost) {
  EXPECT_THAT(NextMerge(OfSizes({30, 30, 30, 30, 30}), {.most_bytes = 100}), IsEmpty());
  EXPECT_THAT(NextMerge(OfSizes({25, 25, 25, 25, 25}), {.most_bytes = 100}),
              ElementsAre(0, 1, 2, 3));
}

TEST(MergePlanTest, OnlyNeighboursOfTheSameSourceAndColumnsAreMerged) {
  std::vector<LogSegment> segments = OfSizes({1, 1, 1, 1, 1, 1, 1, 1});
  segments[1].columns = segments[5].columns = 2;
  segments[2].source = "clicks";
  const MergeRules rules = {.most_bytes = 100};
  EXPECT_THAT(NextMerge(segments, rules), ElementsAre(0, 3, 4, 6, 7));
  segments[3].columns = 0;  // not known
  EXPECT_THAT(NextMerge(segments, rules), ElementsAre(0, 4, 6, 7));
  EXPECT_THAT(NextMerge(segments, {.most_bytes = 100, .left_alone = {segments[6].file.name}}),
              IsEmpty());
}

TEST(MergePlanTest, SegmentsThatLieAcrossOneAnotherAreNotMerged) {
  std::vector<LogSegment> segments = OfSizes({1, 1, 1, 1});
  segments[1].last = 3;
  EXPECT_THAT(NextMerge(segments, {.kind = MergeKind::kAll, .most_bytes = 100}), ElementsAre(0, 1));
}

TEST(MergePlanTest, OnRequestWhateverFitsIsMerged) {
  const MergeRules rules = {.kind = MergeKind::kAll, .most_bytes = 100};
  EXPECT_THAT(NextMerge(OfSizes({90, 5, 90, 5}), rules), ElementsAre(0, 1));
  EXPECT_THAT(NextMerge(OfSizes({95, 90, 15}), rules), IsEmpty());
}

// Many small seals: each byte is written a few times, and few files stay.
TEST(MergePlanTest, RowsAreWrittenAgainLogarithmically) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const MergeRules rules = {.most_bytes = 1 << 20};
  std::vector<LogSegment> segments;
  std::vector<int> times;  // by segment: how often its oldest row was written again
  int most_times = 0;
  LogPosition record = 0;
  std::int64_t bytes = 0;
  for (int seal = 0; seal < 3000; ++seal) {
    segments.push_back(
        Segment("rates", ++record, 1000 + static_cast<std::int64_t>(random() % 3000)));
    bytes += segments.back().file.bytes;
    times.push_back(0);
    while (true) {
      const std::vector<std::size_t> run = NextMerge(segments, rules);
      if (run.empty()) break;
      LogSegment merged = segments[run.front()];
      int written = 0;
      for (const std::size_t i : run) {
        merged.last = segments[i].last;
        written = std::max(written, times[i] + 1);
        if (i != run.front()) merged.file.bytes += segments[i].file.bytes;
      }
      most_times = std::max(most_times, written);
      const auto first = static_cast<std::ptrdiff_t>(run.front());
      const auto end = static_cast<std::ptrdiff_t>(run.back()) + 1;
      segments.erase(segments.begin() + first, segments.begin() + end);
      times.erase(times.begin() + first, times.begin() + end);
      segments.insert(segments.begin() + first, merged);
      times.insert(times.begin() + first, written);
    }
  }
  EXPECT_LE(most_times, 10);  // log2(1 MiB / 1000 bytes)
  EXPECT_LE(std::ssize(segments), 4 * bytes / rules.most_bytes + 20);
  RecordProperty("segments", static_cast<int>(segments.size()));
  RecordProperty("times", most_times);
}

}  // namespace
}  // namespace coeval
