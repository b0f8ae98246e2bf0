#include "store/backup_manifest.h"

#include <sys/stat.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/files.h"
#include "io/temp_directory.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;

class BackupManifestTest : public testing::Test {
 protected:
  [[nodiscard]] std::string folder() const { return folder_.path(); }

  static BackupManifest Sample() {
    BackupManifest manifest;
    manifest.project = "flights";
    manifest.release = "0.3.0";
    manifest.time = 1'714'564'800'000'001;
    manifest.epoch = 1'482'913;
    manifest.log_epoch = 1'482'920;
    manifest.log_last = 17;
    manifest.files = {{"registry.db", {4096, std::string(64, 'a')}},
                      {"log/segments/readings/ab/1.parquet", {0, std::string(64, 'b')}}};
    return manifest;
  }

  TempDirectory folder_ = *TempDirectory::Make();
};

TEST_F(BackupManifestTest, WhatIsWrittenIsRead) {
  EXPECT_FALSE(HasBackupManifest(folder()));
  ASSERT_TRUE(WriteBackupManifest(folder(), Sample()).ok());
  EXPECT_TRUE(HasBackupManifest(folder()));
  const auto read = ReadBackupManifest(folder());
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->project, "flights");
  EXPECT_EQ(read->release, "0.3.0");
  EXPECT_EQ(read->time, Sample().time);
  EXPECT_EQ(read->epoch, 1'482'913);
  EXPECT_EQ(read->log_epoch, 1'482'920);
  EXPECT_EQ(read->log_last, 17);
  ASSERT_EQ(read->files.size(), 2U);
  EXPECT_EQ(read->files[1].name, Sample().files[1].name);
  EXPECT_EQ(read->files[0].content, Sample().files[0].content);
  EXPECT_EQ(read->bytes(), 4096);
}

TEST_F(BackupManifestTest, WithoutItThereIsNoBackup) {
  const Status none = ReadBackupManifest(folder()).status();
  EXPECT_EQ(none.code(), StatusCode::kNotFound);
  EXPECT_THAT(none.message(), HasSubstr("holds no whole backup"));
}

TEST_F(BackupManifestTest, EveryByteThatCountsIsChecked) {
  ASSERT_TRUE(WriteBackupManifest(folder(), Sample()).ok());
  const std::string path = folder_.File("backup.json");
  const std::string text = *ReadFile(path);
  int refused = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = changed[at] == '7' ? '8' : '7';
    ASSERT_TRUE(WriteFileAtomically(path, changed).ok());
    const auto read = ReadBackupManifest(folder());
    if (!read.ok()) ++refused;
    if (read.ok()) {
      EXPECT_EQ(read->files[0].content, Sample().files[0].content) << at;
    }
  }
  EXPECT_GT(refused, 300);
  ASSERT_TRUE(WriteFileAtomically(path, text.substr(0, text.size() / 2)).ok());
  EXPECT_EQ(ReadBackupManifest(folder()).status().code(), StatusCode::kCorruption);
}

// A manifest from elsewhere writes nowhere but into the store.
TEST_F(BackupManifestTest, FilesThatAreNoPartOfABackupAreRefused) {
  for (const char* name : {"../registry.db", "/etc/passwd", "online/../../x", "log//x", "other/x",
                           "log/", "log/./x"}) {
    BackupManifest manifest = Sample();
    manifest.files[1].name = name;
    ASSERT_TRUE(WriteBackupManifest(folder(), manifest).ok());
    EXPECT_EQ(ReadBackupManifest(folder()).status().code(), StatusCode::kCorruption) << name;
  }
}

// The system would open "log/a".
TEST_F(BackupManifestTest, ANameWithANulIsRefused) {
  BackupManifest manifest = Sample();
  manifest.files[1].name = std::string("log/a\0b", 7);
  ASSERT_TRUE(WriteBackupManifest(folder(), manifest).ok());
  EXPECT_EQ(ReadBackupManifest(folder()).status().code(), StatusCode::kCorruption);
}

TEST_F(BackupManifestTest, NumbersThatNobodyWroteAreRefused) {
  constexpr std::int64_t kGreatest = std::numeric_limits<std::int64_t>::max();
  std::vector<BackupManifest> wrong(5, Sample());
  wrong[0].epoch = kGreatest - 5;
  wrong[1].epoch = -1;
  wrong[2].log_epoch = kGreatest - 5;
  wrong[3].log_epoch = -1;
  wrong[4].files[0].content.bytes = kGreatest;
  for (const BackupManifest& manifest : wrong) {
    ASSERT_TRUE(WriteBackupManifest(folder(), manifest).ok());
    const Status refused = ReadBackupManifest(folder()).status();
    EXPECT_EQ(refused.code(), StatusCode::kCorruption) << refused.ToString();
  }
}

// Opening it would wait for somebody who writes.
TEST_F(BackupManifestTest, APipeIsNoManifest) {
  ASSERT_EQ(::mkfifo(folder_.File("backup.json").c_str(), 0600), 0);
  EXPECT_EQ(ReadBackupManifest(folder()).status().code(), StatusCode::kCorruption);
}

TEST_F(BackupManifestTest, ANewerFormatNeedsItsRelease) {
  ASSERT_TRUE(WriteFileAtomically(folder_.File("backup.json"), R"({"format": 2})").ok());
  const Status newer = ReadBackupManifest(folder()).status();
  EXPECT_EQ(newer.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(newer.message(), HasSubstr("newer release"));
}

}  // namespace
}  // namespace coeval
