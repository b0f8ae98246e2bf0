// The end of RocksDB's manifest, as a power cut may leave it: what was cut off was never
// acknowledged and is dropped, what was committed is missed.
#include "online/rocksdb/manifest_tail.h"

#include <filesystem>
#include <memory>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include "io/files.h"
#include "online/rocksdb/open.h"
#include "online/testing.h"

namespace coeval {
namespace {

using testing::HasSubstr;

constexpr TimeMicros kNow = 1'357'041'600'000'000;

class ManifestTailTest : public testing::Test {
 protected:
  // The files of a store after load 2, and its manifest after each of two loads; nothing is
  // compacted meanwhile.
  void SetUp() override {
    auto store = OpenRocksDbStore(folder_ / "online", "flights", clock_.context());
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    rocksdb::Env::Default()->SetBackgroundThreads(0, rocksdb::Env::LOW);
    for (std::int64_t n = 1; n <= 2; ++n) {
      ASSERT_TRUE(
          LoadFacts(**store, view_, {{.key = 0, .event_time = kNow - kHour + n, .n = n}}).ok());
      std::filesystem::copy_file(folder_ / "online/COMMITTED",
                                 folder_ / ("committed" + std::to_string(n)));
      (n == 1 ? before_ : after_) = *ReadFile(ManifestOf(folder_ / "online"));
    }
    ASSERT_TRUE(after_.starts_with(before_));
    ASSERT_GT(after_.size(), before_.size() + 100);
  }

  static std::string ManifestOf(const std::string& store) {
    const std::string current = *ReadFile(store + "/db/CURRENT");
    return store + "/db/" + current.substr(0, current.size() - 1);
  }

  // The value of key 0 in a store with this manifest, which knows of load `committed`; 0: of none.
  Result<std::int64_t> Open(const std::string& manifest, std::int64_t committed) {
    const std::string store = folder_ / "torn";
    std::filesystem::remove_all(store);
    std::filesystem::copy(folder_ / "online", store, std::filesystem::copy_options::recursive);
    if (committed > 0) {
      std::filesystem::copy_file(folder_ / ("committed" + std::to_string(committed)),
                                 store + "/COMMITTED",
                                 std::filesystem::copy_options::overwrite_existing);
    }
    if (committed == 0) std::filesystem::remove(store + "/COMMITTED");
    COEVAL_RETURN_IF_ERROR(WriteFileAtomically(ManifestOf(store), manifest));
    COEVAL_ASSIGN_OR_RETURN(const auto opened,
                            OpenRocksDbStore(store, "flights", clock_.context()));
    COEVAL_ASSIGN_OR_RETURN(const auto snapshot, opened->Now());
    COEVAL_ASSIGN_OR_RETURN(const auto answers, AskStore(*snapshot, view_, 1, snapshot->time()));
    COEVAL_ASSIGN_OR_RETURN(const VerifyReport report, opened->Verify(clock_.context()));
    EXPECT_EQ(report.problem_count, 0);
    return answers[0].match == Match::kFound ? answers[0].values[0].AsInt() : 0;
  }

  TestFolder folder_;
  TestClock clock_{kNow};
  ViewVersion view_ = TestView(TestSource());
  std::string before_;
  std::string after_;
};

TEST_F(ManifestTailTest, KnowsWhereTheRecordsOfRocksDbEnd) {
  EXPECT_EQ(WholeManifestBytes(before_), std::ssize(before_));
  EXPECT_EQ(WholeManifestBytes(after_), std::ssize(after_));
  for (std::size_t size = before_.size(); size < after_.size(); ++size) {
    const std::int64_t whole = WholeManifestBytes(after_.substr(0, size));
    EXPECT_GE(whole, std::ssize(before_));
    EXPECT_LE(whole, static_cast<std::int64_t>(size));
  }
  std::string damaged = before_;
  damaged[10] ^= 1;
  EXPECT_EQ(WholeManifestBytes(damaged), 0);
}

// At any byte: the rest is missing, or zeros, or only a piece of it is zeros.
TEST_F(ManifestTailTest, ATornTailIsCutOff) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::size_t tail = after_.size() - before_.size();
  for (int round = 0; round < 60; ++round) {
    const std::size_t at = before_.size() + random() % tail;
    std::string manifest = after_;
    if (round % 3 == 0) manifest.resize(at);
    if (round % 3 == 1) manifest.replace(at, manifest.size(), after_.size() - at, '\0');
    if (round % 3 == 2) {
      const std::size_t lost = std::min<std::size_t>(1 + random() % 60, after_.size() - at);
      manifest.replace(at, lost, lost, '\0');
    }
    SCOPED_TRACE("round " + std::to_string(round) + " at byte " + std::to_string(at));
    const Result<std::int64_t> value = Open(manifest, 1);
    ASSERT_TRUE(value.ok()) << value.status().ToString();
    EXPECT_EQ(*value, manifest == after_ ? 2 : 1);
  }
}

TEST_F(ManifestTailTest, WhatWasCommittedIsMissed) {
  const std::string name = std::filesystem::path(ManifestOf(folder_ / "online")).filename();
  for (std::size_t at = before_.size(); at < after_.size(); at += 37) {
    std::string damaged = after_;
    damaged[at] ^= 4;
    for (const std::string& manifest : {damaged, after_.substr(0, at)}) {
      const Status status = Open(manifest, 2).status();
      EXPECT_EQ(status.code(), StatusCode::kCorruption) << status.ToString();
      EXPECT_THAT(status.message(), HasSubstr(name));
      EXPECT_THAT(status.message(), HasSubstr("are not what was committed"));
    }
  }
}

// Where nothing is written down, only what looks as if it had never been written is cut off.
TEST_F(ManifestTailTest, AStoreOfAnEarlierReleaseIsNotCutWhereItIsDamaged) {
  EXPECT_EQ(*Open(after_.substr(0, before_.size() + 20), 0), 1);
  std::string damaged = after_;
  damaged[before_.size() + 9] ^= 4;
  EXPECT_EQ(Open(damaged, 0).status().code(), StatusCode::kCorruption);
}

// A cut while RocksDB begins another manifest: CURRENT names it, and it is not there.
TEST_F(ManifestTailTest, WhereAManifestWasJustBegunTheOneBeforeItCounts) {
  const std::string store = folder_ / "online";
  ASSERT_TRUE(WriteFileAtomically(store + "/db/CURRENT", "MANIFEST-000999\n").ok());
  const auto opened = OpenRocksDbStore(store, "flights", clock_.context());
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  const auto snapshot = *(*opened)->Now();
  const auto answers = *AskStore(*snapshot, view_, 1, snapshot->time());
  EXPECT_EQ(answers[0].values[0].AsInt(), 2);
}

TEST_F(ManifestTailTest, ADatabaseThatWasBeingMadeIsMadeAnew) {
  const std::string store = folder_ / "new";
  ASSERT_TRUE(MakeDirectories(store + "/db").ok());
  ASSERT_TRUE(WriteFileAtomically(store + "/db/000004.log", "").ok());
  EXPECT_TRUE(OpenRocksDbStore(store, "flights", clock_.context()).ok());
  std::filesystem::remove_all(store);
  ASSERT_TRUE(MakeDirectories(store + "/db").ok());
  ASSERT_TRUE(WriteFileAtomically(store + "/db/CURRENT", "MANIFEST-000001\n").ok());
  EXPECT_TRUE(OpenRocksDbStore(store, "flights", clock_.context()).ok());
}

TEST_F(ManifestTailTest, WithoutCurrentTheManifestThatWasCommittedToCounts) {
  const std::string store = folder_ / "online";
  std::filesystem::remove(store + "/db/CURRENT");
  {
    const auto opened = OpenRocksDbStore(store, "flights", clock_.context());
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    const auto snapshot = *(*opened)->Now();
    const auto answers = *AskStore(*snapshot, view_, 1, snapshot->time());
    EXPECT_EQ(answers[0].values[0].AsInt(), 2);
  }
  std::filesystem::remove(ManifestOf(store));
  std::filesystem::remove(store + "/db/CURRENT");
  const Status status = OpenRocksDbStore(store, "flights", clock_.context()).status();
  EXPECT_EQ(status.code(), StatusCode::kCorruption) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr("CURRENT"));
}

TEST_F(ManifestTailTest, WithoutWhatWasCommittedNothingIsOpenedAndNothingRemoved) {
  const std::string store = folder_ / "online";
  const std::string current = *ReadFile(store + "/db/CURRENT");
  std::filesystem::remove(ManifestOf(store));
  EXPECT_FALSE(OpenRocksDbStore(store, "flights", clock_.context()).ok());
  EXPECT_EQ(*ReadFile(store + "/db/CURRENT"), current);
  std::filesystem::remove(store + "/COMMITTED");
  EXPECT_FALSE(OpenRocksDbStore(store, "flights", clock_.context()).ok());
  EXPECT_EQ(*ReadFile(store + "/db/CURRENT"), current);
}

}  // namespace
}  // namespace coeval
