#include "registry/registry_file.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/files.h"
#include "registry/registry_fixture.h"

namespace coeval {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class RegistryFileTest : public RegistryFixture {
 protected:
  Status OpenError(const std::string& path) {
    return Registry::Open({.path = path, .project = "p", .clock = clock_, .release = "0.1.0"})
        .status();
  }

  void Script(const std::string& sql) {
    const Result<std::unique_ptr<SqlDatabase>> database = SqlDatabase::Open(Path(), kSecond);
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE((*database)->ExecuteScript(sql).ok()) << (*database)->ExecuteScript(sql).ToString();
  }
};

TEST_F(RegistryFileTest, ANewerFormatIsRefusedWithWhatToRun) {
  registry_.reset();
  Script(
      "PRAGMA user_version = 3; UPDATE format SET format = 3, oldest_reader = 3, release = "
      "'0.9.0'");
  const Status status = OpenError(Path());
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("has format 3, written by release 0.9.0"),
                    HasSubstr("reads up to format 1: run release 0.9.0 or a later one")));
}

// A later release may keep its format readable for older ones.
TEST_F(RegistryFileTest, ANewerFormatThatOlderReleasesMayReadIsOpened) {
  Apply(SampleDefinitions());
  registry_.reset();
  Script(
      "PRAGMA user_version = 2; UPDATE format SET format = 2, oldest_reader = 1, release = "
      "'0.2.0'");
  registry_ = OpenIt();
  EXPECT_EQ(ActiveView("weather"), 1);
}

TEST_F(RegistryFileTest, WhatIsNoRegistryIsSaid) {
  const std::string text = folder_->File("text");
  ASSERT_TRUE(WriteFileAtomically(text, std::string(5000, 'x')).ok());
  EXPECT_EQ(OpenError(text).code(), StatusCode::kCorruption);
  EXPECT_THAT(OpenError(text).message(),
              AllOf(HasSubstr(text), HasSubstr("restore the file from a backup")));
  EXPECT_EQ(OpenError(folder_->path()).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(OpenError("/proc/nowhere/registry.db").code(), StatusCode::kIoError);
  registry_.reset();
  Script("PRAGMA application_id = 5");
  EXPECT_THAT(OpenError(Path()).message(), HasSubstr("is a database of another program"));
}

TEST_F(RegistryFileTest, AnEmptyFileBecomesARegistry) {
  const std::string empty = folder_->File("empty.db");
  ASSERT_TRUE(WriteFileAtomically(empty, "").ok());
  EXPECT_TRUE(OpenError(empty).ok());
}

// A page that was overwritten is found when the file is opened.
TEST_F(RegistryFileTest, DamageIsFound) {
  Apply(SampleDefinitions());
  registry_.reset();
  const std::string bytes = *ReadFile(Path());
  for (std::size_t page = 1; page * 4096 < bytes.size(); ++page) {
    std::string damaged = bytes;
    damaged.replace(page * 4096, 100, std::string(100, '\xA5'));
    ASSERT_TRUE(WriteFileAtomically(Path(), damaged).ok());
    const Status status = OpenError(Path());
    EXPECT_EQ(status.code(), StatusCode::kCorruption)
        << "page " << page << ": " << status.ToString();
  }
  ASSERT_TRUE(WriteFileAtomically(Path(), bytes.substr(0, bytes.size() / 2)).ok());
  EXPECT_EQ(OpenError(Path()).code(), StatusCode::kCorruption);
}

// SQLite checks no bytes inside a row; the identity of a version does.
TEST_F(RegistryFileTest, AChangedVersionIsFound) {
  Apply(SampleDefinitions());
  registry_.reset();
  Script("UPDATE versions SET content = replace(content, '10800000000', '10900000000')");
  registry_ = OpenIt();
  const Status status = registry_->Snapshot().status();
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  EXPECT_THAT(status.message(),
              HasSubstr("feature view 'weather' version 1 is damaged: its content does not "
                        "have its identity"));
}

TEST_F(RegistryFileTest, AWriterThatHoldsItTooLongIsSaid) {
  Result<std::unique_ptr<SqlDatabase>> holder = SqlDatabase::Open(Path(), 0);
  ASSERT_TRUE(holder.ok());
  Result<std::unique_ptr<SqlTransaction>> held =
      SqlTransaction::Begin(holder->get(), SqlTransaction::Mode::kWrite);
  ASSERT_TRUE(held.ok());
  Result<std::unique_ptr<Registry>> impatient = Registry::Open(
      {.path = Path(), .project = "p", .clock = clock_, .release = "0.1.0", .busy_timeout = 0});
  ASSERT_TRUE(impatient.ok()) << impatient.status().ToString();
  EXPECT_TRUE((*impatient)->Snapshot().ok()) << "readers do not wait";
  const Status status = (*impatient)->Apply(SampleDefinitions(), {}).status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("another process holds the registry"));
}

// A run that starts looks for its unfinished predecessors, however many runs there were.
TEST_F(RegistryFileTest, UnfinishedRunsAreFoundByAnIndex) {
  Result<std::unique_ptr<SqlDatabase>> database = SqlDatabase::Open(Path(), kSecond);
  ASSERT_TRUE(database.ok());
  std::string plan;
  ASSERT_TRUE((*database)
                  ->Query("EXPLAIN QUERY PLAN UPDATE runs SET status = 'interrupted' WHERE "
                          "project = ? AND kind = ? AND view = ? AND version = ? AND "
                          "status = 'running'",
                          {"flights", "materialize", "weather", std::int64_t{1}},
                          [&](const SqlRow& row) {
                            plan += row.Text(3);
                            return Status();
                          })
                  .ok());
  EXPECT_THAT(plan, HasSubstr("INDEX runs_unfinished (project=? AND kind=? AND view=? AND "
                              "version=?)"));
}

// A disk that is full is said so, and nothing was changed.
TEST_F(RegistryFileTest, AFullDiskChangesNothing) {
  Apply(SampleDefinitions());
  const std::string before = (*Now()->FindView("weather", 0))->identity;
  registry_.reset();
  Result<std::unique_ptr<SqlDatabase>> database = OpenRegistryFile(Path(), 1, "0.1.0", kSecond);
  ASSERT_TRUE(database.ok());
  const std::int64_t pages = *(*database)->QueryInt("PRAGMA page_count");
  ASSERT_TRUE((*database)->ExecuteScript("PRAGMA max_page_count = " + std::to_string(pages)).ok());
  Result<std::unique_ptr<SqlTransaction>> transaction =
      SqlTransaction::Begin(database->get(), SqlTransaction::Mode::kWrite);
  ASSERT_TRUE(transaction.ok());
  const Status status = (*database)->Execute(
      "INSERT INTO training_sets (project, name, created_at, created_by, release, row_count, "
      "content_hash, manifest) VALUES ('flights', '', 0, '', '', 0, '', ?)",
      {std::string(1 << 20, 'x')});
  EXPECT_EQ(status.code(), StatusCode::kIoError);
  EXPECT_THAT(status.message(), HasSubstr("make room, nothing was changed"));
  transaction->reset();
  registry_ = OpenIt();
  EXPECT_EQ((*Now()->FindView("weather", 0))->identity, before);
}

// Makes the file below, once for each format: COEVAL_GOLDEN=tests/format/registry_N.db and
// --gtest_also_run_disabled_tests.
TEST_F(RegistryFileTest, DISABLED_MakesTheGoldenFile) {
  Apply(Sample([](Definitions* all) { all->feature_views[0].version_label = "1.0"; }));
  for (const auto& [kind, name] : {std::pair(ObjectKind::kFeatureView, "weather"),
                                   std::pair(ObjectKind::kFeatureService, "departure_delay_v1")}) {
    ASSERT_TRUE(registry_->MarkServed(kind, name, 1).ok());
  }
  Apply(WithTtl(kHour));
  Apply(Sample([](Definitions* all) {
    all->feature_views[0].ttl = kHour;
    all->feature_views[1].owner = "fleet@example.org";
  }));
  coeval::Run begun;
  begun.kind = "materialize";
  begun.view = "weather";
  begun.version = 2;
  begun.who = "ann";
  const Result<std::int64_t> run = registry_->StartRun(begun);
  ASSERT_TRUE(registry_->FinishRun(*run, RunStatus::kSucceeded, {10, 9, 1}, "").ok());
  TrainingSetRecord record;
  record.content_hash = "abc";
  record.manifest = Json::MakeObject();
  ASSERT_TRUE(
      registry_->RecordTrainingSet(record, {{ObjectKind::kFeatureView, "weather", 1}}).ok());
  ASSERT_TRUE(registry_->Promote(ObjectKind::kFeatureView, "weather", 2, "ann").ok());
  registry_.reset();
  Script("VACUUM");
  ASSERT_NE(std::getenv("COEVAL_GOLDEN"), nullptr);
  ASSERT_TRUE(WriteFileAtomically(std::getenv("COEVAL_GOLDEN"), *ReadFile(Path())).ok());
}

// The registry that release 0.1 wrote must open for ever (decision 10).
TEST_F(RegistryFileTest, TheFirstReleasesFileOpens) {
  const char* source_dir = std::getenv("COEVAL_SOURCE_DIR");
  const std::string golden =
      std::string(source_dir != nullptr ? source_dir : ".") + "/tests/format/registry_1.db";
  const Result<std::string> bytes = ReadFile(golden);
  ASSERT_TRUE(bytes.ok()) << bytes.status().ToString();
  registry_.reset();
  ASSERT_TRUE(RemoveTree(folder_->File("state")).ok());
  ASSERT_TRUE(MakeDirectories(folder_->File("state")).ok());
  ASSERT_TRUE(WriteFileAtomically(Path(), *bytes).ok());
  registry_ = OpenIt();
  const CatalogueSnapshot now = Now();
  EXPECT_EQ(now->revision, 4);
  EXPECT_EQ((*now->FindView("weather", 0))->version, 2);
  EXPECT_EQ((*now->FindView("weather", 1))->label, "1.0");
  EXPECT_EQ((*now->FindView("weather", 2))->view.ttl, kHour);
  EXPECT_EQ((*now->FindView("weather", 2))->join_keys[0].name, "airport");
  EXPECT_EQ((*now->FindService("departure_delay_v1", 0))->version, 1);
  EXPECT_EQ((*now->FindService("departure_delay_v1", -1))->version, 2);
  EXPECT_EQ((*registry_->ListRuns({}))[0].counts.rows_written, 9);
  EXPECT_EQ((*registry_->ListTrainingSets(5))[0].content_hash, "abc");
  EXPECT_EQ((*registry_->History("weather", 1))[0].action, "promote");
  EXPECT_EQ(*registry_->Rollback(ObjectKind::kFeatureView, "weather", "bob"), 1);
}

}  // namespace
}  // namespace coeval
