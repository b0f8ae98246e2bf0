#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offline/grid_spine.h"
#include "offline/time_grid.h"
#include "offline/training_set.h"
#include "offline/training_testing.h"

namespace coeval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(TimeGridTest, HoldsBothEndsWhereTheyLieOnIt) {
  EXPECT_EQ((TimeGrid{10, 40, 10}.num_instants()), 4);
  EXPECT_EQ((TimeGrid{10, 39, 10}.num_instants()), 3);
  EXPECT_EQ((TimeGrid{10, 10, 10}.num_instants()), 1);
  EXPECT_EQ((TimeGrid{-15, 15, 10}.At(3)), 15);
  const TimeGrid all{kMinTime, kMaxTime, kMaxTime / 2};
  ASSERT_TRUE(all.Check().ok());
  EXPECT_GT(all.At(all.num_instants() - 1), kMaxTime / 2);
}

TEST(TimeGridTest, SaysWhatIsWrong) {
  EXPECT_THAT((TimeGrid{0, 10, 0}.Check().message()), HasSubstr("must be positive"));
  EXPECT_THAT((TimeGrid{0, 10, -1}.Check().message()), HasSubstr("must be positive"));
  EXPECT_THAT((TimeGrid{1, 0, 1}.Check().message()), HasSubstr("after its end"));
  EXPECT_THAT((TimeGrid{0, kMaxGridInstants, 1}.Check().message()), HasSubstr("longer `every`"));
  EXPECT_THAT((TimeGrid{kMinTime, kMaxTime, 1}.Check().message()), HasSubstr("longer `every`"));
  EXPECT_TRUE((TimeGrid{0, kMaxGridInstants - 1, 1}.Check().ok()));
}

struct Row {
  std::int64_t key;
  TimeMicros at;
  bool gone;
};

Result<TrainingSet> Backfill(const std::vector<Row>& rows, const TimeGrid& grid, bool deletes) {
  std::vector<std::vector<Value>> values;
  values.reserve(rows.size());
  for (const Row& row : rows) {
    values.push_back(
        {Value::Int(row.key), Value::Int(row.at), Value::Bool(row.gone), Value::Int(row.at)});
  }
  MemoryProject project;
  ViewVersion& view = project.AddView("v", {{"k", TypeId::kInt64}}, {FieldOf("f", TypeId::kInt64)},
                                      RowsOf(Schema({{"k", TypeId::kInt64},
                                                     {"event_timestamp", TypeId::kTimestamp},
                                                     {"gone", TypeId::kBool},
                                                     {"f", TypeId::kInt64}}),
                                             values));
  view.source.allow_1970 = true;
  view.source.max_future = kMaxTime;
  if (deletes) view.source.delete_field = "gone";
  const Context context;
  return MakeTrainingSet(*project.Plan({"v:f"}), grid, {}, project.Open(context), context);
}

TEST(BackfillTest, SaysInTheManifestHowItWasMade) {
  const Result<TrainingSet> set = Backfill({{1, 5, false}}, {0, 20, 10}, false);
  ASSERT_TRUE(set.ok()) << set.status().ToString();
  const Json* grid = set->manifest.Find("spine")->Find("made_on_grid");
  ASSERT_NE(grid, nullptr);
  EXPECT_EQ(grid->GetString("start"), "1970-01-01T00:00:00Z");
  EXPECT_EQ(grid->GetString("every"), "10us");
  EXPECT_EQ(set->num_rows(), 2);
}

TEST(BackfillTest, OfNoFactsIsEmpty) {
  for (const bool deletes : {false, true}) {
    const Result<TrainingSet> set = Backfill({}, {0, 20, 10}, deletes);
    ASSERT_TRUE(set.ok()) << set.status().ToString();
    EXPECT_EQ(set->num_rows(), 0);
    EXPECT_THAT(Collect(*set->Export()).schema.names(), ElementsAre("k", "event_timestamp", "f"));
  }
}

// Against a plain map: the newest fact of each key at each instant, and whether it is a delete.
TEST(BackfillTest, HasARowForEachInstantAndKeyThatHasAFact) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const auto below = [&random](std::int64_t n) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
  };
  std::int64_t rows_seen = 0;
  for (int turn = 0; turn < 50; ++turn) {
    const bool deletes = below(2) == 0;
    std::vector<Row> rows;
    for (std::int64_t i = below(40); i > 0; --i) {
      rows.push_back({below(4), below(50), deletes && below(3) == 0});
    }
    TimeGrid grid{below(50) - 5, 0, 1 + below(9)};
    grid.end = grid.start + below(60);
    const Result<TrainingSet> set = Backfill(rows, grid, deletes);
    ASSERT_TRUE(set.ok()) << set.status().ToString();
    std::vector<std::vector<Value>> wanted;
    for (TimeMicros t = grid.start; t <= grid.end; t += grid.every) {
      std::map<std::int64_t, std::pair<TimeMicros, bool>> newest;  // a delete wins at a tie
      for (const Row& row : rows) {
        if (row.at > t) continue;
        const auto found = newest.try_emplace(row.key, row.at, row.gone).first;
        found->second = std::max(found->second, std::pair{row.at, row.gone});
      }
      for (const auto& [key, fact] : newest) {
        if (fact.second) continue;
        wanted.push_back({Value::Int(key), Value::Int(t), Value::Int(fact.first)});
      }
    }
    const Batch expected = RowsOf(Schema({{"k", TypeId::kInt64},
                                          {"event_timestamp", TypeId::kTimestamp},
                                          {"f", TypeId::kInt64}}),
                                  wanted);
    const Batch found = Collect(*set->Export());
    ASSERT_EQ(found.num_rows, expected.num_rows);
    for (std::size_t i = 0; i < expected.columns.size(); ++i) {
      ASSERT_TRUE(SameBits(found.columns[i], expected.columns[i])) << i;
    }
    rows_seen += found.num_rows;
  }
  EXPECT_GT(rows_seen, 100);
}

}  // namespace
}  // namespace coeval
