#include "online/rocksdb/table_tail.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include <rocksdb/file_system.h>

#include "base/hash.h"

namespace coeval {
namespace {

using rocksdb::FileOptions;
using rocksdb::FSRandomAccessFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

// RocksDB's format 5 of block-based tables, with XXH3 checksums, as db.cc asks for.
constexpr std::uint64_t kMagic = 0x88e241b785f4cff7U;
constexpr char kXxh3 = 4;
constexpr std::size_t kFooterBytes = 53;        // type, two handles in 40 bytes, version, magic
constexpr std::size_t kTrailerBytes = 5;        // of a block: compression, checksum
constexpr std::uint64_t kMostBytes = 16 << 20;  // of a block here; real ones have a few hundred

struct Handle {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

template <typename T>
T LittleEndian(std::string_view bytes) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value |= static_cast<T>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return value;
}

std::optional<std::uint64_t> TakeVarint(std::string_view* bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes->empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes->front());
    bytes->remove_prefix(1);
    value |= std::uint64_t{byte & 127U} << shift;
    if (byte < 128) return value;
  }
  return {};
}

std::optional<Handle> TakeHandle(std::string_view* bytes) {
  const auto offset = TakeVarint(bytes);
  const auto size = TakeVarint(bytes);
  if (!offset || !size) return {};
  return Handle{*offset, *size};
}

// What RocksDB writes behind a block.
std::uint32_t ChecksumOf(std::string_view block, char compression) {
  constexpr std::uint32_t kPrime = 0x6b9083d9U;
  return Checksum32(block) ^ (static_cast<unsigned char>(compression) * kPrime);
}

// The value of a key in a metaindex block; nothing where it is not there, or the block is none.
std::optional<std::string> FindEntry(std::string_view block, std::string_view wanted) {
  if (block.size() < 4) return {};
  const std::uint64_t restarts =
      (std::uint64_t{LittleEndian<std::uint32_t>(block.substr(block.size() - 4))} + 1) * 4;
  if (restarts > block.size()) return {};
  std::string_view rest = block.substr(0, block.size() - restarts);
  std::string key;
  while (!rest.empty()) {
    const auto shared = TakeVarint(&rest);
    const auto own = TakeVarint(&rest);
    const auto value = TakeVarint(&rest);
    if (!shared || !own || !value || *shared > key.size() || *own > rest.size() ||
        *value > rest.size() - *own) {
      return {};
    }
    key.resize(*shared);
    key += rest.substr(0, *own);
    if (key == wanted) return std::string(rest.substr(*own, *value));
    rest.remove_prefix(*own + *value);
  }
  return {};
}

// One file that is being opened.
class Tail {
 public:
  Tail(const std::string& path, FSRandomAccessFile& file, std::uint64_t size)
      : path_(path), file_(file), size_(size) {}

  IOStatus Check() {
    if (size_ < kFooterBytes) return Damaged(0, size_, "it is too short for a sorted file");
    const std::uint64_t at = size_ - kFooterBytes;
    std::string footer;
    if (IOStatus read = Read(at, kFooterBytes, &footer); !read.ok()) return read;
    std::string_view rest = footer;
    if (LittleEndian<std::uint64_t>(rest.substr(45)) != kMagic || rest[0] != kXxh3 ||
        LittleEndian<std::uint32_t>(rest.substr(41)) != 5) {
      return Damaged(at, kFooterBytes, "it does not end as a sorted file does");
    }
    rest = rest.substr(1, 40);
    const auto metaindex = TakeHandle(&rest);
    if (!metaindex) return Damaged(at, kFooterBytes, "it does not end as a sorted file does");
    std::string block;
    if (IOStatus read = ReadBlock(*metaindex, &block); !read.ok()) return read;
    const auto entry = FindEntry(block, "rocksdb.properties");
    if (!entry) return Damaged(metaindex->offset, metaindex->size, "it names no properties");
    rest = *entry;
    const auto properties = TakeHandle(&rest);
    if (!properties) return Damaged(metaindex->offset, metaindex->size, "it names no properties");
    return ReadBlock(*properties, &block);
  }

 private:
  [[nodiscard]] IOStatus Damaged(std::uint64_t offset, std::uint64_t size,
                                 const std::string& what) const {
    return IOStatus::Corruption(what + ", bytes " + std::to_string(offset) + " to " +
                                std::to_string(offset + size) + " of " + path_);
  }

  IOStatus Read(std::uint64_t offset, std::uint64_t size, std::string* bytes) const {
    bytes->resize(size);
    rocksdb::Slice found;
    IOStatus status = file_.Read(offset, size, IOOptions(), &found, bytes->data(), /*dbg=*/nullptr);
    if (!status.ok()) return status;
    if (found.size() != size) return Damaged(offset, size, "it is cut short");
    if (found.data() != bytes->data()) std::memmove(bytes->data(), found.data(), size);
    return status;
  }

  IOStatus ReadBlock(const Handle& handle, std::string* block) const {
    const bool fits = handle.size <= kMostBytes && handle.offset <= size_ &&
                      handle.size + kTrailerBytes <= size_ - handle.offset;
    if (!fits) return Damaged(handle.offset, handle.size, "it points behind its end");
    IOStatus status = Read(handle.offset, handle.size + kTrailerBytes, block);
    if (!status.ok()) return status;
    const std::string trailer = block->substr(handle.size);
    block->resize(handle.size);
    const auto stored = LittleEndian<std::uint32_t>(std::string_view(trailer).substr(1));
    if (ChecksumOf(*block, trailer[0]) == stored) return status;
    return Damaged(handle.offset, handle.size, "block checksum mismatch");
  }

  const std::string& path_;
  FSRandomAccessFile& file_;
  const std::uint64_t size_;
};

class CheckedTables : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;

  const char* Name() const override { return "coeval.checked_tables"; }

  IOStatus NewRandomAccessFile(const std::string& path, const FileOptions& options,
                               std::unique_ptr<FSRandomAccessFile>* file,
                               IODebugContext* context) override {
    IOStatus status = FileSystemWrapper::NewRandomAccessFile(path, options, file, context);
    if (!status.ok() || !path.ends_with(".sst")) return status;
    std::uint64_t size = 0;
    status = GetFileSize(path, IOOptions(), &size, context);
    if (status.ok()) status = Tail(path, **file, size).Check();
    if (!status.ok()) file->reset();
    return status;
  }
};

}  // namespace

std::unique_ptr<rocksdb::Env> WithCheckedTables(rocksdb::Env* env) {
  return rocksdb::NewCompositeEnv(std::make_shared<CheckedTables>(env->GetFileSystem()));
}

}  // namespace coeval
