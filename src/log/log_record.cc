#include "log/log_record.h"

#include <limits>

#include "base/hash.h"
#include "base/status.h"
#include "log/little_endian.h"

namespace coeval {
namespace {

// All of the header but the checksum.
void AppendRest(const RecordHeader& header, std::string* out) {
  AppendLittleEndian(header.number, out);
  AppendLittleEndian(header.synced, out);
  AppendLittleEndian(header.length, out);
  AppendLittleEndian(static_cast<std::uint8_t>(header.type), out);
  out->append(3, '\0');
}

}  // namespace

std::uint64_t RecordChecksum(const LogFileId& id, std::int64_t offset, const RecordHeader& header,
                             std::string_view payload) {
  std::string covered;
  covered.reserve(80);
  covered += id.writer;
  AppendLittleEndian(id.epoch, &covered);
  AppendLittleEndian(id.file, &covered);
  AppendLittleEndian(offset, &covered);
  AppendRest(header, &covered);
  AppendLittleEndian(Hash64(payload), &covered);
  return Hash64(covered);
}

void EncodeRecordHeader(const LogFileId& id, std::int64_t offset, RecordHeader header,
                        std::string_view payload, std::string* out) {
  COEVAL_CHECK(header.length == payload.size());
  AppendLittleEndian(RecordChecksum(id, offset, header, payload), out);
  AppendRest(header, out);
}

std::optional<RecordHeader> DecodeRecordHeader(std::string_view bytes) {
  RecordHeader header;
  header.checksum = LittleEndianAt<std::uint64_t>(bytes, 0);
  header.number = LittleEndianAt<std::int64_t>(bytes, 8);
  header.synced = LittleEndianAt<std::int64_t>(bytes, 16);
  header.length = LittleEndianAt<std::uint32_t>(bytes, 24);
  const auto type = LittleEndianAt<std::uint8_t>(bytes, 28);
  if (bytes.substr(29, 3) != std::string_view("\0\0\0", 3)) return std::nullopt;
  if (header.synced < 0 || header.number < 0) return std::nullopt;
  header.type = static_cast<RecordType>(type);
  switch (header.type) {
    case RecordType::kData:
      if (header.number > header.synced) return header;
      return std::nullopt;
    case RecordType::kMark:
      if (header.number == header.synced && header.length == 0) return header;
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace coeval
