// LogReader: the records of one file of a log, in order, through a buffer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "io/input_file.h"
#include "log/log_file.h"
#include "log/log_record.h"

namespace coeval {

// Memory: a buffer of 1 MiB, or the largest record. Threads: one.
class LogReader {
 public:
  // Checks the header. Errors: NotFound; Corruption; FailedPrecondition (a newer format); IoError.
  static Result<LogReader> Open(const std::string& path);

  [[nodiscard]] const LogFileHeader& header() const { return header_; }

  // The next record; its payload lives until the next call. Nothing where none lies there whole,
  // with the number that is its turn: a mark, zeros, or what is torn or damaged. Errors: IoError.
  Result<std::optional<LogRecord>> Next();

  // Where Next() reads, and the number that it looks for there.
  [[nodiscard]] std::int64_t offset() const { return offset_; }

  [[nodiscard]] LogPosition next_number() const { return next_number_; }

  // Looks behind offset() for a record that proves that the one which Next() looks for was
  // acknowledged: where it lies. Errors: IoError. Cost: reads the rest of the file.
  Result<std::optional<std::int64_t>> FindProof();

  // Bytes behind offset() that are neither the mark that belongs there nor zeros, counted up to the
  // last one. Errors: IoError.
  Result<std::int64_t> CountTornBytes();

 private:
  LogReader(InputFile file, LogFileHeader header)
      : file_(std::move(file)), header_(std::move(header)), next_number_(header_.first) {}

  Result<std::string_view> Look(std::int64_t offset, std::size_t size);
  Result<std::optional<RecordHeader>> RecordAt(std::int64_t offset, std::string_view* payload);

  InputFile file_;
  LogFileHeader header_;
  std::int64_t offset_ = kLogFileHeaderSize;
  LogPosition next_number_ = 1;
  std::vector<char> buffer_;
  std::int64_t buffer_begin_ = 0;
  std::size_t buffer_size_ = 0;
};

// "the log file '...' is damaged: bytes 128 to 4095 ..." as Corruption.
Status LogDamage(const std::string& path, std::int64_t begin, std::int64_t end, LogPosition lost);

}  // namespace coeval
