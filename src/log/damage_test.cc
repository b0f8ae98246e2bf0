// Disks that fail, writes that were cut off, bytes that rot: what was acknowledged is there or its
// loss is named, and what was refused is not.
#include <cerrno>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/fault.h"
#include "io/files.h"
#include "log/fact_log.h"
#include "log/testing.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;
using Strings = std::vector<std::string>;
using Lasts = FaultInjection::Lasts;

std::string Text(int i) {
  return "push " + std::to_string(i) + std::string(static_cast<std::size_t>(i % 7 * 20), '.');
}

// A life of a log on a disk that fails: openings, batches, trims.
class FailingLife {
 public:
  explicit FailingLife(const TempDirectory& parent)
      : folder_(parent.File("log")), crashed_(parent.File("crashed")) {
    std::filesystem::remove_all(folder_);
  }

  // Until the end or the first failure that lasts.
  void Live() {
    for (int i = 0; i < 24; ++i) {
      if (i % 9 == 0 && log_ != nullptr && !log_->broken()) log_.reset();
      if (log_ == nullptr) {
        auto log = FactLog::Open(SmallLog(folder_));
        if (!log.ok()) {
          ExpectIoError(log.status());
          continue;
        }
        log_ = std::move(*log);
      }
      if (i % 10 == 5) {
        const Status trimmed = log_->Trim(log_->last() - 4);
        if (!trimmed.ok()) ExpectIoError(trimmed);
      }
      Push(i);
    }
  }

  void Push(int i) {
    Strings batch;
    for (int k = 0; k <= i % 3; ++k) batch.push_back(Text(100 * i + k));
    const bool was_broken = log_->broken();
    const auto first = AppendAll(log_.get(), batch);
    if (first.ok()) {
      EXPECT_EQ(*first, std::ssize(acknowledged_) + 1);
      EXPECT_FALSE(log_->broken());
      acknowledged_.insert(acknowledged_.end(), batch.begin(), batch.end());
    } else {
      ExpectIoError(first.status());
      EXPECT_TRUE(log_->broken());
      if (!was_broken) refused_ = batch;  // later ones were not even begun
      CopyFolder(folder_, crashed_);      // as if it ended here
    }
  }

  // The disk is well again.
  void ExpectAllWell() {
    if (log_ != nullptr) {
      Push(1000);
      ExpectHolds(*log_, acknowledged_);
      log_.reset();
    }
    log_ = OpenLog(SmallLog(folder_));
    ASSERT_NE(log_, nullptr);
    ExpectHolds(*log_, acknowledged_);
    Push(1001);
    log_.reset();
    ExpectHolds(*OpenLog(SmallLog(folder_)), acknowledged_);
  }

  // A process that ended while the log was broken may have left refused records, none in part.
  void ExpectCrashIsWhole(const Strings& acknowledged) {
    if (!FileExists(crashed_)) return;
    const auto log = OpenLog(SmallLog(crashed_));
    ASSERT_NE(log, nullptr);
    const auto more = static_cast<std::size_t>(log->last()) - acknowledged.size();
    ASSERT_LE(more, refused_.size());
    Strings expected = acknowledged;
    expected.insert(expected.end(), refused_.begin(),
                    refused_.begin() + static_cast<std::ptrdiff_t>(more));
    ExpectHolds(*log, expected);
  }

  [[nodiscard]] const Strings& acknowledged() const { return acknowledged_; }

 private:
  static void ExpectHolds(const FactLog& log, const Strings& all) {
    ASSERT_EQ(log.last(), std::ssize(all));
    const LogPosition after = log.first() - 1;
    ASSERT_LE(after, std::max<LogPosition>(log.last() - 4, 0));
    ASSERT_EQ(PayloadsOf(log, after), Strings(all.begin() + after, all.end()));
  }

  static void ExpectIoError(const Status& status) {
    EXPECT_EQ(status.code(), StatusCode::kIoError) << status.ToString();
  }

  std::string folder_;
  std::string crashed_;
  std::unique_ptr<FactLog> log_;
  Strings acknowledged_;
  Strings refused_;
};

TEST(FailingDiskTest, WhateverFailsNothingAcknowledgedIsLostAndNothingRefusedIsFound) {
  for (const int error : {EIO, ENOSPC}) {
    for (const Lasts lasts : {Lasts::kOnce, Lasts::kForGood}) {
      for (int n = 1;; ++n) {
        SCOPED_TRACE("call " + std::to_string(n) + (lasts == Lasts::kOnce ? " once" : " for good"));
        const TempDirectory parent = *TempDirectory::Make();
        FailingLife life(parent);
        bool happened = false;
        {
          const FaultInjection fault(n, error, lasts);
          life.Live();
          happened = fault.happened();
        }
        if (lasts == Lasts::kForGood) life.ExpectCrashIsWhole(life.acknowledged());
        life.ExpectAllWell();
        if (testing::Test::HasFailure()) return;
        if (!happened) {
          EXPECT_GT(n, 150);
          break;
        }
      }
    }
  }
}

TEST(FailingDiskTest, ErrorsSayWhatTheMatterIs) {
  const TempDirectory parent = *TempDirectory::Make();
  const auto log = OpenLog(SmallLog(parent.File("log")));
  const FaultInjection fault(1, ENOSPC, Lasts::kForGood);
  EXPECT_THAT(AppendAll(log.get(), {"x"}).status().message(), HasSubstr("disk full"));
  EXPECT_TRUE(log->broken());
  EXPECT_THAT(log->Repair().message(), HasSubstr("takes nothing since an error: cannot create"));
  EXPECT_THAT(AppendAll(log.get(), {"x"}).status().message(), HasSubstr("disk full"));
}

// Two states of the newest file: all of it durable, and a batch more that was written, but whose
// sync failed. A power cut may leave any mixture of the two.
struct Cut {
  std::string path;
  Strings acknowledged;
  Strings pending;
  std::size_t end = 0;  // of what was acknowledged
  std::string before;
  std::string after;
};

Cut MakeCut(const std::string& folder, std::mt19937_64* random) {
  Cut cut;
  const auto pick = [&](std::uint64_t n) { return static_cast<int>((*random)() % n); };
  const auto log = OpenLog({.folder = folder, .file_bytes = 1 << 20, .room_bytes = 1 << 16});
  const auto text = [&] {
    return Text(pick(1000)) + std::string(static_cast<std::size_t>(pick(900)), 'x');
  };
  for (int i = pick(5); i >= 0; --i) {
    cut.acknowledged.push_back(text());
    EXPECT_TRUE(AppendAll(log.get(), {cut.acknowledged.back()}).ok());
  }
  cut.path = folder + "/" + LogFileName(1, 1);
  cut.before = *ReadFile(cut.path);
  cut.end = static_cast<std::size_t>(log->SizeBytes());
  for (int i = pick(5); i >= 0; --i) cut.pending.push_back(text());
  {
    const FaultInjection fault(2, EIO);  // the sync
    EXPECT_FALSE(AppendAll(log.get(), cut.pending).ok());
  }
  cut.after = *ReadFile(cut.path);
  EXPECT_NE(cut.before, cut.after);
  return cut;
}

std::string RandomMixture(const Cut& cut, std::mt19937_64* random) {
  constexpr std::size_t kSector = 512;
  std::string bytes = cut.before;
  for (std::size_t at = cut.end / kSector * kSector; at < bytes.size(); at += kSector) {
    const std::uint64_t choice = (*random)() % 8;
    if (choice < 4) bytes.replace(at, kSector, cut.after, at, kSector);
    if (at < cut.end) continue;  // holds acknowledged bytes, the same in both
    if (choice == 5) bytes.replace(at, kSector, kSector, '\0');
    if (choice == 6 && at < cut.end + 4 * kSector) {
      for (std::size_t i = at; i < at + kSector; ++i) bytes[i] = static_cast<char>((*random)());
    }
  }
  if ((*random)() % 4 == 0) bytes.resize(cut.end + (*random)() % (bytes.size() - cut.end));
  return bytes;
}

TEST(TornTailTest, WhatAPowerCutLeavesBehindTheLastAcknowledgedRecordIsCutOff) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::size_t found = 0;
  std::size_t pending = 0;
  for (int round = 0; round < 400; ++round) {
    const TempDirectory parent = *TempDirectory::Make();
    const std::string folder = parent.File("log");
    const Cut cut = MakeCut(folder, &random);
    std::filesystem::remove(folder + "/" + LogFileName(1, 2));  // of the repair, when it was closed
    ASSERT_TRUE(WriteFileAtomically(cut.path, RandomMixture(cut, &random)).ok());
    auto log = OpenLog(SmallLog(folder));
    ASSERT_NE(log, nullptr);
    const Strings payloads = PayloadsOf(*log);
    ASSERT_GE(payloads.size(), cut.acknowledged.size());
    Strings expected = cut.acknowledged;
    expected.insert(expected.end(), cut.pending.begin(), cut.pending.end());
    ASSERT_LE(payloads.size(), expected.size());
    expected.resize(payloads.size());
    ASSERT_EQ(payloads, expected);
    found += payloads.size() - cut.acknowledged.size();
    pending += cut.pending.size();
    // What was found is true from now on; what was cut off is gone.
    expected.emplace_back("next");
    ASSERT_TRUE(AppendAll(log.get(), {"next"}).ok());
    log.reset();
    ASSERT_EQ(PayloadsOf(*OpenLog(SmallLog(folder))), expected);
  }
  EXPECT_GT(found, 0U);
  EXPECT_LT(found, pending);
}

// Where the mark is lost with the power, the last acknowledged batch is all that can be missed.
TEST(TornTailTest, WithoutItsMarkOnlyTheNewestBatchIsNotProven) {
  const TempDirectory parent = *TempDirectory::Make();
  const std::string folder = parent.File("log");
  const std::string copy = parent.File("copy");
  std::size_t end = 0;
  {
    const auto log = OpenLog(SmallLog(folder, 1 << 20));
    for (const char* text : {"one", "two", "six"}) ASSERT_TRUE(AppendAll(log.get(), {text}).ok());
    end = static_cast<std::size_t>(log->SizeBytes());
    CopyFolder(folder, copy);
  }
  const std::string path = copy + "/" + LogFileName(1, 1);
  std::string bytes = *ReadFile(path);
  bytes.resize(end);
  for (const auto& [at, found] : {std::pair{end - 10, 2}, std::pair{end - 50, -1}}) {
    std::string damaged = bytes;
    damaged[at] ^= 1;
    ASSERT_TRUE(WriteFileAtomically(path, damaged).ok());
    const auto log = FactLog::Open(SmallLog(copy));
    EXPECT_EQ(log.ok() ? (*log)->last() : -1, found);
    std::filesystem::remove(copy + "/" + LogFileName(2, 1));
  }
}

class RottenBytesTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto log = OpenLog(SmallLog(folder_, 300));
    for (int i = 0; i < 12; ++i) {
      all_.push_back(Text(i));
      ASSERT_TRUE(AppendAll(log.get(), {all_.back()}).ok());
    }
    CopyFolder(folder_, copy_);  // as if it were killed now: with the mark
  }

  TempDirectory parent_ = *TempDirectory::Make();
  std::string folder_ = parent_.File("log");
  std::string copy_ = parent_.File("copy");
  Strings all_;
};

// Every bit of a log of several files: it is refused with the name of the file, or harmless.
TEST_F(RottenBytesTest, EveryFlippedBitIsNamedOrHarmless) {
  int refused = 0;
  int harmless = 0;
  const Strings names = LogFilesIn(copy_);
  ASSERT_GT(names.size(), 4U);
  for (const std::string& name : names) {
    const std::string path = copy_ + "/" + name;
    const std::string bytes = *ReadFile(path);
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      std::string damaged = bytes;
      damaged[bit / 8] =
          static_cast<char>(static_cast<unsigned char>(damaged[bit / 8]) ^ (1U << (bit % 8)));
      ASSERT_TRUE(WriteFileAtomically(path, damaged).ok());
      const auto log = FactLog::Open(SmallLog(copy_, 300));
      if (log.ok()) {
        ++harmless;
        ASSERT_EQ(PayloadsOf(**log), all_) << name << " bit " << bit;
        std::filesystem::remove(copy_ + "/" + LogFileName(2, 1));
      } else {
        ++refused;
        ASSERT_EQ(log.status().code(), StatusCode::kCorruption);
        ASSERT_THAT(log.status().message(), HasSubstr(name));
      }
    }
    ASSERT_TRUE(WriteFileAtomically(path, bytes).ok());
  }
  // All bits of headers and records, none of the room behind them.
  EXPECT_EQ(refused, 8 * OpenLog(SmallLog(copy_, 300))->SizeBytes() - 8 * kLogFileHeaderSize);
  EXPECT_GT(harmless, 0);
}

TEST_F(RottenBytesTest, ZeroedBlocksAndShortFilesAreNamed) {
  const Strings names = LogFilesIn(copy_);
  for (std::size_t i = 0; i + 1 < names.size(); ++i) {  // of the newest, see above
    const std::string path = copy_ + "/" + names[i];
    const std::string bytes = *ReadFile(path);
    for (std::size_t at = 0; at < 300; at += 60) {
      for (std::string damaged : {bytes, bytes.substr(0, at)}) {
        if (damaged.size() > at) damaged.replace(at, 60, 60, '\0');
        ASSERT_TRUE(WriteFileAtomically(path, damaged).ok());
        const Status status = FactLog::Open(SmallLog(copy_)).status();
        ASSERT_EQ(status.code(), StatusCode::kCorruption) << names[i] << " at " << at;
        ASSERT_THAT(status.message(), HasSubstr(names[i]));
      }
    }
    ASSERT_TRUE(WriteFileAtomically(path, bytes).ok());
  }
}

// What rots while the log is open is found by whoever reads it.
TEST_F(RottenBytesTest, AReplayChecksWhatItGives) {
  const auto log = OpenLog(SmallLog(copy_, 300));
  const std::string path = copy_ + "/" + LogFilesIn(copy_)[2];
  std::string bytes = *ReadFile(path);
  bytes[170] ^= 4;
  ASSERT_TRUE(WriteFileAtomically(path, bytes).ok());
  std::size_t count = 0;
  const Status status = log->Replay(0, [&](const LogRecord& record) {
    EXPECT_EQ(record.payload, all_[count++]);
    return Status();
  });
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  EXPECT_THAT(status.message(), HasSubstr(path + "' is damaged: bytes 128 to "));
}

}  // namespace
}  // namespace coeval
