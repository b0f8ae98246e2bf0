#include "log/log_record.h"

#include <string>

#include <gtest/gtest.h>

#include "log/log_file.h"
#include "log/testing.h"

namespace coeval {
namespace {

const LogFileId kId{"0123456789abcdef", 2, 3};

std::string Encode(const LogFileId& id, std::int64_t offset, RecordHeader header,
                   std::string_view payload) {
  std::string bytes;
  header.length = static_cast<std::uint32_t>(payload.size());
  EncodeRecordHeader(id, offset, header, payload, &bytes);
  return bytes;
}

constexpr RecordHeader kData{
    .checksum = 0, .number = 9, .synced = 7, .length = 0, .type = RecordType::kData};

TEST(LogRecordTest, GivesTheGoldenBytes) {
  const std::string record = Encode(kId, 128, kData, "payload");
  EXPECT_EQ(ToHex(record + "payload" + '\0'), ToHex(GoldenBytes("record")));
  const RecordHeader mark{
      .checksum = 0, .number = 9, .synced = 9, .length = 0, .type = RecordType::kMark};
  EXPECT_EQ(ToHex(Encode(kId, 168, mark, "")), ToHex(GoldenBytes("mark")));
}

TEST(LogRecordTest, HeadersReadBack) {
  const std::string bytes = Encode(kId, 128, kData, "payload");
  const RecordHeader header = *DecodeRecordHeader(bytes);
  EXPECT_EQ(header.number, 9);
  EXPECT_EQ(header.synced, 7);
  EXPECT_EQ(header.length, 7U);
  EXPECT_EQ(header.type, RecordType::kData);
  EXPECT_EQ(header.checksum, RecordChecksum(kId, 128, header, "payload"));
}

// A record that was written elsewhere is not one here.
TEST(LogRecordTest, TheChecksumKnowsThePlace) {
  const RecordHeader header = *DecodeRecordHeader(Encode(kId, 128, kData, "payload"));
  LogFileId writer = kId;
  writer.writer[0] = 'x';
  for (const LogFileId& other :
       {writer, LogFileId{kId.writer, 3, 3}, LogFileId{kId.writer, 2, 4}}) {
    EXPECT_NE(header.checksum, RecordChecksum(other, 128, header, "payload"));
  }
  EXPECT_NE(header.checksum, RecordChecksum(kId, 136, header, "payload"));
  EXPECT_NE(header.checksum, RecordChecksum(kId, 128, header, "payloae"));
}

TEST(LogRecordTest, WhatCannotBeAHeaderIsNone) {
  EXPECT_FALSE(DecodeRecordHeader(std::string(32, '\0')));
  const std::string bytes = Encode(kId, 128, kData, "payload");
  for (const int at : {15, 16, 23, 28, 29, 31}) {  // negative, synced itself, unknown
    std::string other = bytes;
    other[static_cast<std::size_t>(at)] ^= static_cast<char>(0x88);
    EXPECT_FALSE(DecodeRecordHeader(other)) << at;
  }
}

TEST(LogFileTest, HeadersGiveTheGoldenBytesAndReadBack) {
  const LogFileHeader header{.id = kId, .first = 8, .previous = {2, 2, 4096}};
  std::string golden = GoldenBytes("header");
  const std::string bytes = EncodeLogFileHeader(header);
  ASSERT_EQ(golden.size(), bytes.size()) << ToHex(bytes);
  EXPECT_EQ(ToHex(bytes.substr(0, 80)), ToHex(golden.substr(0, 80)));  // then the release
  EXPECT_EQ(*DecodeLogFileHeader(bytes, "x"), header);
  EXPECT_EQ(*DecodeLogFileHeader(golden, "x"), header);
  for (std::size_t at = 0; at < golden.size(); ++at) {
    std::string damaged = golden;
    damaged[at] ^= 1;
    EXPECT_EQ(DecodeLogFileHeader(damaged, "x").status().code(), StatusCode::kCorruption) << at;
    EXPECT_FALSE(DecodeLogFileHeader(golden.substr(0, at), "x").ok());
  }
}

TEST(LogFileTest, NamesSortAndReadBack) {
  EXPECT_EQ(LogFileName(2, 1), "0000000002-0000000001.log");
  EXPECT_LT(LogFileName(9, 11), LogFileName(10, 1));
  EXPECT_EQ(ParseLogFileName(LogFileName(10, 12))->epoch, 10U);
  EXPECT_EQ(ParseLogFileName(LogFileName(10, 12))->file, 12U);
  for (const char* other :
       {"", "2-1.log", "0000000002-0000000001.log.tmp", "notes.log", "0000000002-000000000x.log",
        "0000000002_0000000001.log", "0000000000-0000000001.log", "0000000001-0000000000.log"}) {
    EXPECT_FALSE(ParseLogFileName(other)) << other;
  }
}

}  // namespace
}  // namespace coeval
