// Records: the payloads of a log with what is needed to know that they are whole, in their place,
// and whether those before them were ever acknowledged.
//
//   OFFSET  SIZE  MEANING, of a record; all numbers little-endian
//   0       8     checksum: XXH3 (64 bits) over the place and the record, see RecordChecksum
//   8       8     number of the record; of a mark, the one that it speaks of
//   16      8     synced: all records up to this number were durable when this one was written
//   24      4     length of the payload; 0 of a mark
//   28      1     type: 1 data, 2 mark
//   29      3     0
//   32      ...   payload, then zeros up to a multiple of 8
//
// Records lie behind one another, each at an offset that is a multiple of 8. Behind the newest one
// lies a mark: a record without a number of its own that the next one is written over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coeval {

// The number of a record of a log: 1, 2, ...; 0 = before the first.
using LogPosition = std::int64_t;

// No record holds more.
inline constexpr std::size_t kMaxLogPayload = std::size_t{128} << 20;

// What a replay gives.
struct LogRecord {
  LogPosition number = 0;
  std::string_view payload;
};

// Which file of which log; no two files ever have the same.
struct LogFileId {
  std::string writer;  // 16 bytes
  std::uint64_t epoch = 0;
  std::uint64_t file = 0;

  friend bool operator==(const LogFileId&, const LogFileId&) = default;
};

enum class RecordType : std::uint8_t { kData = 1, kMark = 2 };

struct RecordHeader {
  std::uint64_t checksum = 0;
  LogPosition number = 0;
  LogPosition synced = 0;
  std::uint32_t length = 0;
  RecordType type = RecordType::kData;
};

inline constexpr std::size_t kRecordHeaderSize = 32;
inline constexpr std::size_t kRecordAlignment = 8;

// Header, payload and padding.
constexpr std::int64_t RecordSize(std::size_t payload) {
  const std::size_t size = kRecordHeaderSize + payload;
  return static_cast<std::int64_t>((size + kRecordAlignment - 1) / kRecordAlignment *
                                   kRecordAlignment);
}

// Of a record at `offset` of `id`, so that one that was written elsewhere, or is left from an older
// file, is not taken for one of here: XXH3 over writer (16), epoch, file, offset (8 each), bytes 8
// to 31 of the header, and the XXH3 (8) of the payload. Padding is not covered: it must be zero.
std::uint64_t RecordChecksum(const LogFileId& id, std::int64_t offset, const RecordHeader& header,
                             std::string_view payload);

// Appends the header (32 bytes) of a record at `offset`, with its checksum. REQUIRES: header.length
// is the payload's size.
void EncodeRecordHeader(const LogFileId& id, std::int64_t offset, RecordHeader header,
                        std::string_view payload, std::string* out);

// The header as it lies there, or nothing where it cannot be one, whatever its checksum: another
// type, bytes that must be 0, synced >= number of data, ... REQUIRES: bytes.size() >= 32.
std::optional<RecordHeader> DecodeRecordHeader(std::string_view bytes);

}  // namespace coeval
