#include "io/slot_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "base/hash.h"
#include "io/files.h"
#include "io/system_call.h"
#include "io/system_error.h"

namespace coeval {
namespace {

constexpr std::size_t kSlotSize = 4096;
constexpr std::size_t kHeaderSize = 16;

void PutNumber(std::uint64_t value, std::size_t bytes, char* out) {
  for (std::size_t i = 0; i < bytes; ++i) out[i] = static_cast<char>((value >> (8 * i)) & 0xff);
}

std::uint64_t GetNumber(const char* bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value |= std::uint64_t{static_cast<std::uint8_t>(bytes[i])} << (8 * i);
  }
  return value;
}

std::uint32_t ChecksumOf(const char* slot, std::size_t size) {
  std::string covered(slot, 12);
  covered.append(slot + kHeaderSize, size);
  return Checksum32(covered);
}

struct Slot {
  std::uint64_t number = 0;
  std::string record;
};

// Nothing where it was cut short or damaged; number 0 where it was never written.
std::optional<Slot> ReadSlot(std::string_view file, std::size_t index) {
  if (file.size() < (index + 1) * kSlotSize) return std::nullopt;
  const char* const bytes = file.data() + index * kSlotSize;
  Slot slot;
  slot.number = GetNumber(bytes, 8);
  const std::uint64_t size = GetNumber(bytes + 8, 4);
  if (slot.number == 0) return slot;
  if (size > SlotFile::kMaxRecord) return std::nullopt;
  if (GetNumber(bytes + 12, 4) != ChecksumOf(bytes, size)) return std::nullopt;
  slot.record.assign(bytes + kHeaderSize, size);
  return slot;
}

}  // namespace

Result<SlotFile> SlotFile::Open(std::string path) {
  SlotFile file(std::move(path));
  if (!FileExists(file.path_)) {
    COEVAL_RETURN_IF_ERROR(WriteFileAtomically(file.path_, std::string(2 * kSlotSize, '\0')));
  }
  COEVAL_RETURN_IF_ERROR(file.ReadSlots());
  return file;
}

Status SlotFile::ReadSlots() {
  COEVAL_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path_));
  bool readable = false;
  for (const std::size_t index : {std::size_t{0}, std::size_t{1}}) {
    const std::optional<Slot> slot = ReadSlot(bytes, index);
    if (!slot) continue;  // torn by a crash; the other one stands
    readable = true;
    if (slot->number <= number_) continue;
    number_ = slot->number;
    newest_ = index;
    record_ = slot->record;
  }
  if (readable) return {};
  return Status::Corruption("'" + path_ + "' is not what was written to it");
}

SlotFile::SlotFile(SlotFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      number_(other.number_),
      newest_(other.newest_),
      record_(std::move(other.record_)) {}

SlotFile& SlotFile::operator=(SlotFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(number_, other.number_);
  std::swap(newest_, other.newest_);
  std::swap(record_, other.record_);
  return *this;
}

SlotFile::~SlotFile() {
  if (fd_ >= 0) static_cast<void>(::close(fd_));  // what matters was synced
}

Status SlotFile::OpenDescriptor() {
  if (fd_ >= 0) return {};
  fd_ = Try([&] { return ::open(path_.c_str(), O_WRONLY | O_CLOEXEC); });
  return fd_ >= 0 ? Status() : SystemError(errno, "open", path_);
}

Status SlotFile::Write(std::string_view record) {
  if (record.size() > kMaxRecord) {
    return Status::InvalidArgument("a record of " + std::to_string(record.size()) +
                                   " bytes does not fit into '" + path_ + "'");
  }
  COEVAL_RETURN_IF_ERROR(OpenDescriptor());
  std::array<char, kSlotSize> slot{};
  // The number is spent even if this fails: what became of it on disk is not known.
  const std::uint64_t number = ++number_;
  PutNumber(number, 8, slot.data());
  PutNumber(record.size(), 4, slot.data() + 8);
  std::memcpy(slot.data() + kHeaderSize, record.data(), record.size());
  PutNumber(ChecksumOf(slot.data(), record.size()), 4, slot.data() + 12);
  // Never over the newest record, also when the write before failed.
  const std::size_t index = 1 - newest_;
  COEVAL_RETURN_IF_ERROR(WriteSlot({slot.data(), slot.size()}, index));
  newest_ = index;
  record_ = record;
  // Twice, so that a bit that flips in one of them takes nothing away. It is durable without.
  static_cast<void>(WriteSlot({slot.data(), slot.size()}, 1 - index));
  return {};
}

Status SlotFile::WriteSlot(std::string_view slot, std::size_t index) {
  const ssize_t written = Try([&] {
    return ::pwrite(fd_, slot.data(), slot.size(), static_cast<off_t>(index * kSlotSize));
  });
  const bool whole = written == static_cast<ssize_t>(slot.size());
  if (whole && Try([&] { return ::fdatasync(fd_); }) == 0) return {};
  const Status status = SystemError(written >= 0 && !whole ? EIO : errno, "write", path_);
  static_cast<void>(::close(std::exchange(fd_, -1)));  // after a failed sync a descriptor lies
  return status;
}

}  // namespace coeval
