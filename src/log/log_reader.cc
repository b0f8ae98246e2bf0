#include "log/log_reader.h"

#include <algorithm>
#include <utility>

namespace coeval {
namespace {

constexpr std::size_t kBufferSize = 1 << 20;
constexpr auto kStep = static_cast<std::int64_t>(kRecordAlignment);
constexpr auto kHeader = static_cast<std::int64_t>(kRecordHeaderSize);

bool AllZero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

}  // namespace

Result<LogReader> LogReader::Open(const std::string& path) {
  COEVAL_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
  std::string bytes(kLogFileHeaderSize, '\0');
  COEVAL_ASSIGN_OR_RETURN(const std::size_t size, file.Read(0, bytes));
  bytes.resize(size);
  COEVAL_ASSIGN_OR_RETURN(LogFileHeader header, DecodeLogFileHeader(bytes, path));
  return LogReader(std::move(file), std::move(header));
}

// `size` bytes at `offset`, or what the file has of them.
Result<std::string_view> LogReader::Look(std::int64_t offset, std::size_t size) {
  const auto end = offset + static_cast<std::int64_t>(size);
  if (offset < buffer_begin_ || end > buffer_begin_ + static_cast<std::int64_t>(buffer_size_)) {
    if (buffer_.size() < std::max(size, kBufferSize)) buffer_.resize(std::max(size, kBufferSize));
    buffer_size_ = 0;
    COEVAL_ASSIGN_OR_RETURN(buffer_size_, file_.Read(offset, buffer_));
    buffer_begin_ = offset;
  }
  const std::string_view all(buffer_.data(), buffer_size_);
  return all.substr(static_cast<std::size_t>(offset - buffer_begin_), size);
}

// A whole record at `offset`, data or mark, of a number that may come. Only such a one is looked at
// closely: values in a damaged payload often look like a header otherwise.
Result<std::optional<RecordHeader>> LogReader::RecordAt(std::int64_t offset,
                                                        std::string_view* payload) {
  COEVAL_ASSIGN_OR_RETURN(const std::string_view head, Look(offset, kRecordHeaderSize));
  if (head.size() < kRecordHeaderSize) return std::optional<RecordHeader>();
  const std::optional<RecordHeader> header = DecodeRecordHeader(head);
  const bool may_come = header && header->number >= next_number_ - 1 &&
                        header->number - next_number_ <= file_.size() / kHeader;
  // The length is believed only as far as the file goes.
  if (!may_come || offset + RecordSize(header->length) > file_.size()) {
    return std::optional<RecordHeader>();
  }
  const auto size = static_cast<std::size_t>(RecordSize(header->length));
  COEVAL_ASSIGN_OR_RETURN(const std::string_view record, Look(offset, size));
  if (record.size() < size) return std::optional<RecordHeader>();
  *payload = record.substr(kRecordHeaderSize, header->length);
  const bool whole = AllZero(record.substr(kRecordHeaderSize + header->length)) &&
                     RecordChecksum(header_.id, offset, *header, *payload) == header->checksum;
  return whole ? header : std::optional<RecordHeader>();
}

Result<std::optional<LogRecord>> LogReader::Next() {
  std::string_view payload;
  COEVAL_ASSIGN_OR_RETURN(const auto header, RecordAt(offset_, &payload));
  if (!header || header->type != RecordType::kData || header->number != next_number_) {
    return std::optional<LogRecord>();
  }
  offset_ += RecordSize(payload.size());
  return std::optional<LogRecord>(LogRecord{next_number_++, payload});
}

Result<std::optional<std::int64_t>> LogReader::FindProof() {
  for (std::int64_t at = offset_; at + kHeader <= file_.size();) {
    // Most of the rest is the room taken ahead: skipped before anything is computed.
    COEVAL_ASSIGN_OR_RETURN(const std::string_view word, Look(at, kRecordAlignment));
    std::optional<RecordHeader> header;
    std::string_view payload;
    if (!AllZero(word)) {
      COEVAL_ASSIGN_OR_RETURN(header, RecordAt(at, &payload));
    }
    if (header && header->synced >= next_number_) return std::optional<std::int64_t>(at);
    at += header ? RecordSize(payload.size()) : kStep;
  }
  return std::optional<std::int64_t>();
}

Result<std::int64_t> LogReader::CountTornBytes() {
  std::string_view payload;
  COEVAL_ASSIGN_OR_RETURN(const auto header, RecordAt(offset_, &payload));
  const bool marked =
      header && header->type == RecordType::kMark && header->number == next_number_ - 1;
  const std::int64_t begin = offset_ + (marked ? kHeader : 0);
  std::int64_t end = begin;
  for (std::int64_t at = begin; at < file_.size();) {
    COEVAL_ASSIGN_OR_RETURN(const std::string_view bytes, Look(at, kBufferSize));
    if (bytes.empty()) break;
    const std::size_t last = bytes.find_last_not_of('\0');
    if (last != std::string_view::npos) end = at + static_cast<std::int64_t>(last) + 1;
    at += std::ssize(bytes);
  }
  return end - begin;
}

Status LogDamage(const std::string& path, std::int64_t begin, std::int64_t end, LogPosition lost) {
  return Status::Corruption("the log file '" + path + "' is damaged: bytes " +
                            std::to_string(begin) + " to " + std::to_string(end - 1) +
                            " are not what was written and acknowledged, from record " +
                            std::to_string(lost) + " on: bring the file back from a backup");
}

}  // namespace coeval
