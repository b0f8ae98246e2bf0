#include "log/sealed_log.h"

#include <cerrno>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/fault.h"
#include "io/files.h"
#include "io/temp_directory.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;

constexpr const char* kWriter = "0123456789abcdef";

// As format 1 told it, which did not say all.
SealedLog TwoSeals() {
  SealedLog sealed;
  sealed.writer = kWriter;
  LogSegment rates;
  rates.file = {SealedFileName("rates_push", kWriter, 3, 1), 4100, 0x0123456789abcdef};
  rates.source = "rates_push";
  rates.first = 1;
  rates.last = 9;
  rates.batches = 8;
  rates.rows = 1000;
  rates.first_c = 1'357'034'040'000'000;
  rates.last_c = 1'357'034'050'000'000;
  LogSegment clicks = rates;
  clicks.file.name = SealedFileName("clicks", kWriter, 3, 2);
  clicks.source = "clicks";
  clicks.first = clicks.last = 4;
  clicks.batches = 1;
  const SealedFile keys = {SealedFileName("", kWriter, 3, 1), 77, 1};
  sealed.Add({9, 1042, rates.last_c, {rates, clicks}, keys});
  rates.file = {SealedFileName("rates_push", kWriter, 4, 1), 99, 0xffffffffffffffff};
  rates.first = rates.last = 10;
  rates.first_c = rates.last_c += 1;
  sealed.Add({10, 2042, rates.last_c, {rates}, {}});
  return sealed;
}

// With what this release tells of segments that it seals; one is of an older one.
SealedLog Whole() {
  SealedLog sealed = TwoSeals();
  sealed.segments[0].columns = 0xfedcba9876543210;
  sealed.segments[0].last_event = 1'357'034'030'000'000;
  sealed.segments[2].columns = 0xfedcba9876543210;
  sealed.segments[2].last_event = -1;
  sealed.segments[2].batches = 1;
  return sealed;
}

std::string Golden(int format) {
  std::ifstream file("tests/format/sealed_log_" + std::to_string(format) + ".json");
  EXPECT_TRUE(file) << "run from the source folder";
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(SealedLogTest, GivesTheGoldenManifest) {
  EXPECT_EQ(EncodeSealedLog(Whole(), "0.1.0") + "\n", Golden(2));
  const auto read = DecodeSealedLog(Golden(2));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, Whole());
}

TEST(SealedLogTest, ReadsTheFormatBefore) {
  const auto read = DecodeSealedLog(Golden(1));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, TwoSeals());
}

TEST(SealedLogTest, AManifestOfANewerFormatIsRefused) {
  std::string newer = Golden(2);
  newer.replace(newer.find("\"oldest_reader\": 2"), 18, "\"oldest_reader\": 3");
  EXPECT_EQ(DecodeSealedLog(newer).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(DecodeSealedLog(newer).status().message(), HasSubstr("newer release"));
}

// Every bit of it: found, or of no meaning (the format of an equally old reader, a space).
TEST(SealedLogTest, NoFlippedBitPasses) {
  for (const int format : {1, 2}) {
    const std::string whole = Golden(format);
    int found = 0;
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
        const auto read = DecodeSealedLog(damaged);
        if (read.ok()) {
          EXPECT_EQ(*read, format == 1 ? TwoSeals() : Whole()) << "byte " << at << ", bit " << bit;
        } else {
          ++found;
        }
      }
    }
    EXPECT_GT(found, 8000);
  }
}

TEST(SealedLogTest, ARecordInNoSegmentIsDamage) {
  SealedLog gap = Whole();
  gap.segments.erase(gap.segments.begin() + 1);
  EXPECT_EQ(DecodeSealedLog(EncodeSealedLog(gap, "0.1.0")).status().code(),
            StatusCode::kCorruption);
  SealedLog turned = Whole();
  std::swap(turned.segments[0], turned.segments[1]);
  EXPECT_EQ(DecodeSealedLog(EncodeSealedLog(turned, "0.1.0")).status().code(),
            StatusCode::kCorruption);
}

TEST(SealedLogTest, AMergedSegmentTakesThePlaceOfItsParts) {
  SealedLog sealed = Whole();
  const std::vector<LogSegment> parts = {sealed.segments[0], sealed.segments[2]};
  LogSegment merged = parts[0];
  merged.file.name = SealedFileName("rates_push", kWriter, 4, 2);
  merged.last = 10;
  merged.batches = 9;
  sealed.Replace(parts, merged);
  EXPECT_EQ(sealed.segments, (std::vector<LogSegment>{merged, Whole().segments[1]}));
  const auto read = DecodeSealedLog(EncodeSealedLog(sealed, "0.1.0"));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, sealed);
}

TEST(SealedLogTest, WhatWasDroppedIsRemembered) {
  SealedLog sealed = Whole();
  sealed.segments[1].last_event = 5;
  const LogSegment clicks = sealed.segments[1];
  const std::vector<LogSegment> rates = {sealed.segments[0], sealed.segments[2]};
  sealed.Drop(rates);
  EXPECT_EQ(sealed.segments, std::vector<LogSegment>{clicks});
  const DroppedPushes expected = {"rates_push", 9, 2000, rates[1].last_c, *rates[0].last_event,
                                  sealed.last_c};
  ASSERT_NE(sealed.FindDropped("rates_push"), nullptr);
  EXPECT_EQ(*sealed.FindDropped("rates_push"), expected);
  EXPECT_EQ(sealed.FindDropped("clicks"), nullptr);
  auto read = DecodeSealedLog(EncodeSealedLog(sealed, "0.1.0"));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, sealed);
  sealed.Drop({&clicks, 1});
  ASSERT_EQ(sealed.dropped.size(), 2U);
  EXPECT_EQ(sealed.dropped[0].source, "clicks");
  read = DecodeSealedLog(EncodeSealedLog(sealed, "0.1.0"));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, sealed);
  sealed.dropped.pop_back();  // some pushes are neither there nor dropped
  EXPECT_EQ(DecodeSealedLog(EncodeSealedLog(sealed, "0.1.0")).status().code(),
            StatusCode::kCorruption);
}

TEST(SealedLogTest, WhatIsWrittenIsTheOldOneOrTheNewOne) {
  const TempDirectory folder = *TempDirectory::Make();
  EXPECT_EQ(*ReadSealedLog(folder.path()), SealedLog());
  SealedLog first = Whole();
  first.segments[0].rows = 1;
  ASSERT_TRUE(WriteSealedLog(folder.path(), first).ok());
  int failed = 0;
  for (int nth = 1;; ++nth) {
    const FaultInjection fault(nth, ENOSPC);
    const Status status = WriteSealedLog(folder.path(), Whole());
    if (!fault.happened()) {
      EXPECT_TRUE(status.ok());
      break;
    }
    EXPECT_FALSE(status.ok());
    ++failed;
    const auto read = ReadSealedLog(folder.path());
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    EXPECT_TRUE(*read == first || *read == Whole());
  }
  EXPECT_GT(failed, 3);
  EXPECT_EQ(*ReadSealedLog(folder.path()), Whole());
}

TEST(SealedLogTest, FilesAreWhatTheyWereOrDamaged) {
  const TempDirectory folder = *TempDirectory::Make();
  const std::string name = SealedFileName("rates_push", kWriter, 1, 1);
  EXPECT_EQ(name,
            "segments/rates_push/30313233343536373839616263646566/0000000001-0000000001.parquet");
  ASSERT_TRUE(PrepareSealedFile(folder.path(), name).ok());
  ASSERT_TRUE(WriteFileAtomically(folder.File(name), "rows").ok());
  const auto file = FinishSealedFile(folder.path(), name);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ(file->bytes, 4);
  EXPECT_TRUE(CheckSealedFile(folder.path(), *file).ok());
  ASSERT_TRUE(WriteFileAtomically(folder.File(name), "r0ws").ok());
  const Status damaged = CheckSealedFile(folder.path(), *file);
  EXPECT_EQ(damaged.code(), StatusCode::kCorruption);
  EXPECT_THAT(damaged.message(), HasSubstr(name));
}

TEST(SealedLogTest, OnlyWhatTheManifestNamesStays) {
  const TempDirectory folder = *TempDirectory::Make();
  const SealedLog sealed = Whole();
  const std::string named = sealed.segments[0].file.name;
  const std::string keys = sealed.keys[0].file.name;
  const std::string left = SealedFileName("clicks", kWriter, 9, 1);
  for (const std::string& name : {named, keys, left}) {
    ASSERT_TRUE(PrepareSealedFile(folder.path(), name).ok());
    ASSERT_TRUE(WriteFileAtomically(folder.File(name), "x").ok());
  }
  ASSERT_TRUE(WriteFileAtomically(folder.File("sealed.json"), "x").ok());
  RemoveSealLeftovers(folder.path(), sealed);
  EXPECT_TRUE(FileExists(folder.File(named)));
  EXPECT_TRUE(FileExists(folder.File(keys)));
  EXPECT_TRUE(FileExists(folder.File("sealed.json")));
  EXPECT_FALSE(FileExists(folder.File(left)));
}

}  // namespace
}  // namespace coeval
