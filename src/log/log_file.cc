#include "log/log_file.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/hash.h"
#include "log/little_endian.h"

namespace coeval {
namespace {

constexpr std::string_view kMagic("COEVLOG\0", 8);
constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kReleaseAt = 80;
constexpr std::size_t kReleaseSize = 24;
constexpr std::size_t kChecksumAt = 120;
constexpr std::size_t kDigits = 10;

std::string Digits(std::uint64_t number) {
  const std::string text = std::to_string(number);
  COEVAL_CHECK(text.size() <= kDigits);
  return std::string(kDigits - text.size(), '0') + text;
}

std::optional<std::uint64_t> ParseDigits(std::string_view text) {
  std::uint64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return number == 0 ? std::nullopt : std::optional(number);
}

}  // namespace

std::string LogFileName(std::uint64_t epoch, std::uint64_t file) {
  return Digits(epoch) + "-" + Digits(file) + ".log";
}

std::optional<LogFileNumber> ParseLogFileName(std::string_view name) {
  if (name.size() != 2 * kDigits + 5 || name[kDigits] != '-' || !name.ends_with(".log")) {
    return std::nullopt;
  }
  const auto epoch = ParseDigits(name.substr(0, kDigits));
  const auto file = ParseDigits(name.substr(kDigits + 1, kDigits));
  if (!epoch || !file) return std::nullopt;
  return LogFileNumber{*epoch, *file};
}

std::string EncodeLogFileHeader(const LogFileHeader& header) {
  std::string bytes(kMagic);
  AppendLittleEndian(kFormat, &bytes);
  AppendLittleEndian(kFormat, &bytes);
  bytes += header.id.writer;
  AppendLittleEndian(header.id.epoch, &bytes);
  AppendLittleEndian(header.id.file, &bytes);
  AppendLittleEndian(header.first, &bytes);
  AppendLittleEndian(header.previous.epoch, &bytes);
  AppendLittleEndian(header.previous.file, &bytes);
  AppendLittleEndian(header.previous.offset, &bytes);
  bytes += std::string_view(COEVAL_VERSION).substr(0, kReleaseSize);
  bytes.resize(kChecksumAt, '\0');
  AppendLittleEndian(Hash64(bytes), &bytes);
  return bytes;
}

Result<LogFileHeader> DecodeLogFileHeader(std::string_view bytes, const std::string& path) {
  if (bytes.size() < kLogFileHeaderSize || !bytes.starts_with(kMagic) ||
      LittleEndianAt<std::uint64_t>(bytes, kChecksumAt) != Hash64(bytes.substr(0, kChecksumAt))) {
    return Status::Corruption("the header of the log file '" + path + "' (bytes 0 to 127) is " +
                              "damaged: bring the file back from a backup");
  }
  const auto oldest_reader = LittleEndianAt<std::uint32_t>(bytes, 12);
  if (oldest_reader > kFormat) {
    std::string release(bytes.substr(kReleaseAt, kReleaseSize));
    release.resize(std::min(release.size(), release.find('\0')));
    return Status::FailedPrecondition("the log file '" + path + "' was written by Coeval " +
                                      release + " and needs a release that reads its format " +
                                      std::to_string(oldest_reader) + "; this is " +
                                      COEVAL_VERSION + ": run that release");
  }
  LogFileHeader header;
  header.id.writer = bytes.substr(16, 16);
  header.id.epoch = LittleEndianAt<std::uint64_t>(bytes, 32);
  header.id.file = LittleEndianAt<std::uint64_t>(bytes, 40);
  header.first = LittleEndianAt<std::int64_t>(bytes, 48);
  header.previous.epoch = LittleEndianAt<std::uint64_t>(bytes, 56);
  header.previous.file = LittleEndianAt<std::uint64_t>(bytes, 64);
  header.previous.offset = LittleEndianAt<std::int64_t>(bytes, 72);
  if (header.first < 1 || header.previous.offset < 0) {
    return Status::Corruption("the header of the log file '" + path + "' says what cannot be");
  }
  return header;
}

}  // namespace coeval
