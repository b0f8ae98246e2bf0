// For tests of backups: a folder for them, and what is asked of a store before and after.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/testing.h"
#include "io/files.h"
#include "io/temp_directory.h"
#include "serve/owner/testing.h"
#include "store/backup.h"

namespace coeval {

class BackupTest : public testing::Test {
 protected:
  [[nodiscard]] std::string Folder(const std::string& name) const { return folder_.File(name); }

  static void Push(FeatureStore& store, std::uint64_t seed, std::int64_t rows = 5) {
    const auto pushed = store.Push("readings", SharedRepository::Rows(seed, rows), {});
    ASSERT_TRUE(pushed.ok()) << pushed.status().ToString();
  }

  static std::string Ask(FeatureStore& store) {
    return SharedRepository::TextOf(SharedRepository::Ask(store), store);
  }

  static Result<TrainingSet> Train(FeatureStore& store, const FixedClock& clock) {
    FeatureRequest request;
    request.features = {"reading:*", "recent:*", "place:height"};
    return store.GetHistoricalFeatures(request, *clock.Now() - kDay, *clock.Now(), {});
  }

  // What training says of all that was ever pushed.
  static std::string HashOfTraining(FeatureStore& store, const FixedClock& clock) {
    const auto set = Train(store, clock);
    EXPECT_TRUE(set.ok()) << set.status().ToString();
    return set.ok() ? set->manifest.GetString("content_hash") : "";
  }

  void Backup(FeatureStore& store, const std::string& name) {
    const auto done = store.Backup(Folder(name));
    ASSERT_TRUE(done.ok()) << done.status().ToString();
    EXPECT_EQ(done->GetString("backup"), Folder(name));
    const auto sound = VerifyBackup(Folder(name), context_);
    ASSERT_TRUE(sound.ok()) << sound.status().ToString();
    EXPECT_THAT(sound->Find("problems")->array(), ::testing::SizeIs(0)) << sound->Write();
  }

  Result<Json> Restore(const SharedRepository& repository, const std::string& name,
                       bool replace = false) {
    StoreOptions options;
    options.repository = repository.folder();
    return RestoreBackup(options, Folder(name), {.replace = replace}, context_);
  }

  // Three rows, of which two have no event time.
  static ArrowTable RowsWithoutATime(FeatureStore& store) {
    const auto schema = store.PushedColumns("readings");
    COEVAL_CHECK(schema.ok());
    Batch batch{*schema, {}, 3};
    for (const ColumnSchema& field : schema->columns()) {
      batch.columns.push_back(field.name == "at"
                                  ? MakeColumn("timestamp", "[null, 1714564800000000, null]")
                                  : RandomColumn(field.type, 3, 1));
    }
    ArrowArrayStream stream{};
    ExportStream(StreamOf(*schema, {std::move(batch)}), &stream);
    auto table = ArrowTable::Read(&stream);
    COEVAL_CHECK(table.ok());
    return *std::move(table);
  }

  // Settings beside those that the repository needs.
  static void Configure(const SharedRepository& repository, const std::string& settings) {
    ASSERT_TRUE(WriteFileAtomically(repository.folder() + "/coeval.yaml",
                                    "project: shared\nlocations: {data: data}\n" + settings)
                    .ok());
  }

  static void Lose(const SharedRepository& repository) {
    ASSERT_TRUE(RemoveTree(repository.folder() + "/.coeval").ok());
  }

  TempDirectory folder_ = *TempDirectory::Make("coeval-backup");
  Context context_;
};

}  // namespace coeval
