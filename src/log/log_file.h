// The files of a log: their names, their headers, and what is known of each.
//
//   OFFSET  SIZE  MEANING, of a file's header; all numbers little-endian
//   0       8     "COEVLOG" and a zero byte
//   8       4     format, 1
//   12      4     oldest reader: the least format that a reader must know, 1
//   16      16    writer of the log
//   32      8     epoch of the opening that made the file
//   40      8     number of the file in its epoch, 1 and on
//   48      8     first: number of its first record; all before were durable when it was made
//   56      8     epoch and ...
//   64      8     ... number of the file that holds the record before the first; 0 = there is none
//   72      8     where the records of that file end; what lies behind is not part of the log
//   80      24    release that made the file, in text, filled up with zeros
//   104     16    0
//   120     8     checksum: XXH3 (64 bits) over all before
//   128     ...   records (log_record.h)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "log/log_record.h"

namespace coeval {

// The end of the records of one file.
struct LogFileEnd {
  std::uint64_t epoch = 0;  // 0 = no file
  std::uint64_t file = 0;
  std::int64_t offset = 0;

  friend bool operator==(const LogFileEnd&, const LogFileEnd&) = default;
};

struct LogFileHeader {
  LogFileId id;
  LogPosition first = 1;
  LogFileEnd previous;

  friend bool operator==(const LogFileHeader&, const LogFileHeader&) = default;
};

inline constexpr std::int64_t kLogFileHeaderSize = 128;

// A file of the log, and what it holds.
struct LogFile {
  LogFileHeader header;
  std::string path;
  LogPosition last = 0;                   // its newest record; header.first - 1 = it holds none
  std::int64_t end = kLogFileHeaderSize;  // where its records end

  [[nodiscard]] bool empty() const { return last < header.first; }

  // What the header of the file behind this one says of it.
  [[nodiscard]] LogFileEnd AsPrevious() const {
    return empty() ? header.previous : LogFileEnd{header.id.epoch, header.id.file, end};
  }
};

// "0000000002-0000000001.log"; sorted by bytes they are in order.
std::string LogFileName(std::uint64_t epoch, std::uint64_t file);

struct LogFileNumber {
  std::uint64_t epoch = 0;
  std::uint64_t file = 0;
};

// Nothing for names of other files.
std::optional<LogFileNumber> ParseLogFileName(std::string_view name);

std::string EncodeLogFileHeader(const LogFileHeader& header);

// Errors, naming `path`: Corruption; FailedPrecondition where a newer release is needed.
Result<LogFileHeader> DecodeLogFileHeader(std::string_view bytes, const std::string& path);

}  // namespace coeval
