// Facts offered to one slot by several threads at once.
#include "offline/placed_winners.h"

#include <cstdint>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "column/column.h"

namespace coeval {
namespace {

constexpr std::size_t kWorkers = 4;
constexpr std::int64_t kRows = 20'000;

// Facts of key 0 with event times 0, 1, ..., most, again and again.
FactBatch Facts(TimeMicros most) {
  std::vector<std::int64_t> keys(kRows, 0);
  std::vector<TimeMicros> times;
  for (std::int64_t i = 0; i < kRows; ++i) times.push_back(i % (most + 1));
  FactBatch batch;
  batch.num_rows = kRows;
  batch.keys = {Column::FixedWidth(TypeId::kInt64, kRows, MakeBuffer(std::move(keys)))};
  batch.event_time = Column::FixedWidth(TypeId::kTimestamp, kRows, MakeBuffer(std::move(times)));
  batch.created_time = Column::Nulls(TypeId::kNull, kRows);
  batch.sequence = Column::Nulls(TypeId::kNull, kRows);
  batch.deleted = Column::Nulls(TypeId::kNull, kRows);
  return batch;
}

TEST(PlacedWinnersTest, ThreadsAgreeOnTheGreatestAndFindAllItsEquals) {
  std::vector<std::int64_t> keys = {0, 0};
  const std::vector<TimeMicros> times = {500, 5000};
  const Column column = Column::FixedWidth(TypeId::kInt64, 2, MakeBuffer(std::move(keys)));
  const Result<QuestionIndex> questions = QuestionIndex::Build({{column}}, times);
  ASSERT_TRUE(questions.ok());
  const AsOfRule rule;
  constexpr TimeMicros kMost = 999;
  const FactBatch facts = Facts(kMost);
  PlacedWinners winners(*questions, rule, kWorkers);
  std::vector<std::thread> threads;
  for (std::uint32_t worker = 0; worker < kWorkers; ++worker) {
    threads.emplace_back([&, worker] { winners.Add(worker, worker, facts); });
  }
  for (std::thread& thread : threads) thread.join();

  const std::vector<SlotId> slots = {0, 1, 1};
  for (const SlotId slot : {0U, 1U}) {
    EXPECT_EQ(winners.heads().Get(slot).times.event_time, times[slot] == 500 ? 500 : kMost);
  }
  const std::vector<TiedFact> ties = winners.Ties(slots);
  std::set<std::pair<SlotId, FactPlace>> different;
  for (const TiedFact& tie : ties) different.insert({tie.slot, tie.place});
  EXPECT_EQ(different.size(), ties.size());
  // Each worker offers kRows / (kMost + 1) facts of each time.
  EXPECT_EQ(ties.size(), 2 * kWorkers * kRows / (kMost + 1));
  EXPECT_EQ(winners.candidates(), static_cast<std::int64_t>(kWorkers) * kRows);
}

}  // namespace
}  // namespace coeval
