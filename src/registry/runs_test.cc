#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/registry_fixture.h"

namespace coeval {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

class RunsTest : public RegistryFixture {
 protected:
  std::int64_t Start(const std::string& kind, const std::string& view, int version = 1) {
    coeval::Run run;
    run.kind = kind;
    run.view = view;
    run.version = version;
    run.interval_start = 5;
    run.who = "ann";
    const Result<std::int64_t> id = registry_->StartRun(run);
    EXPECT_TRUE(id.ok()) << id.status().ToString();
    return id.ok() ? *id : 0;
  }

  std::vector<coeval::Run> Runs(const RunFilter& filter = {}) {
    return *registry_->ListRuns(filter);
  }
};

TEST_F(RunsTest, ARunFromBeginningToEnd) {
  const std::int64_t id = Start("materialize", "weather", 2);
  EXPECT_EQ(Runs()[0].status, RunStatus::kRunning);
  clock_->Set(2'000'000);
  ASSERT_TRUE(registry_->ProgressRun(id, {10, 9, 1}).ok());
  EXPECT_EQ(Runs()[0].counts.rows_read, 10);
  clock_->Set(3'000'000);
  ASSERT_TRUE(registry_->FinishRun(id, RunStatus::kSucceeded, {20, 18, 2}, "").ok());
  const coeval::Run run = Runs()[0];
  EXPECT_EQ(run.id, id);
  EXPECT_EQ(run.version, 2);
  EXPECT_EQ(run.interval_start, 5);
  EXPECT_FALSE(run.interval_end.has_value());
  EXPECT_EQ(run.counts.rows_written, 18);
  EXPECT_EQ(run.counts.rows_refused, 2);
  EXPECT_EQ(run.status, RunStatus::kSucceeded);
  EXPECT_EQ(run.release, "0.1.0");
  EXPECT_EQ(run.started_at, 1'000'000);
  EXPECT_EQ(run.finished_at, 3'000'000);
  EXPECT_THAT(run.ToJson().Write(), HasSubstr(R"("interval_start":"1970-01-01T00:00:00.000005Z")"));
}

TEST_F(RunsTest, AFailedRunKeepsItsError) {
  const std::int64_t id = Start("materialize", "weather");
  ASSERT_TRUE(registry_->FinishRun(id, RunStatus::kFailed, {}, "row 7: no time").ok());
  EXPECT_EQ(Runs()[0].error, "row 7: no time");
  EXPECT_FALSE(registry_->FinishRun(id + 1, RunStatus::kFailed, {}, "").ok());
  EXPECT_TRUE(registry_->ProgressRun(id, {99, 0, 0}).ok());
  EXPECT_EQ(Runs()[0].counts.rows_read, 0) << "what has ended has no progress";
}

// A process that was killed says nothing; the next one does.
TEST_F(RunsTest, ARunThatWasCutOffIsInterrupted) {
  Start("materialize", "weather");
  Start("materialize", "planes");
  Start("materialize", "weather");
  EXPECT_EQ(Runs()[0].status, RunStatus::kRunning);
  EXPECT_EQ(Runs()[1].status, RunStatus::kRunning) << "another view";
  EXPECT_EQ(Runs()[2].status, RunStatus::kInterrupted);
  EXPECT_EQ(*registry_->InterruptRuns("materialize"), 2);
  EXPECT_EQ(Runs()[1].status, RunStatus::kInterrupted);
}

TEST_F(RunsTest, RunsAreFiltered) {
  Start("materialize", "weather");
  Start("training_set", "delays");
  EXPECT_EQ(Runs().size(), 2U);
  EXPECT_EQ(Runs({.view = "weather", .kind = ""}).size(), 1U);
  EXPECT_EQ(Runs({.view = "", .kind = "training_set"})[0].view, "delays");
  EXPECT_EQ(Runs({.view = "", .kind = "", .limit = 1}).size(), 1U);
}

TEST_F(RunsTest, TrainingSetsHaveManifestAndLineage) {
  TrainingSetRecord record;
  record.name = "delays";
  record.created_by = "ann";
  record.row_count = 336776;
  record.content_hash = "abc";
  record.manifest = *ParseJson(R"({"views": {"weather": 1}})");
  const std::int64_t id =
      *registry_->RecordTrainingSet(record, {{ObjectKind::kFeatureView, "weather", 1}});
  const TrainingSetRecord found = *registry_->FindTrainingSet(id);
  EXPECT_EQ(found.row_count, 336776);
  EXPECT_EQ(found.manifest.Write(), R"({"views":{"weather":1}})");
  EXPECT_EQ(found.created_at, 1'000'000);
  EXPECT_EQ(registry_->ListTrainingSets(10)->size(), 1U);
  EXPECT_THAT(*registry_->Lineage(),
              ElementsAre(LineageEdge{"feature_view", "weather", 1, "training_set",
                                      std::to_string(id), 0}));
  EXPECT_EQ(registry_->FindTrainingSet(99).status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace coeval
