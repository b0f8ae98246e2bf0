// How states are written and read: little-endian numbers, counts of variable length, bytes with
// their length (docs/formats/aggregate_state.md). A reader never leaves its bytes: what is cut off
// or malformed is `false`, and the state that asked is then damaged.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace coeval {

class StateWriter {
 public:
  // REQUIRES: `out` outlives the writer. Bytes are appended.
  explicit StateWriter(std::string* out) : out_(out) {}

  template <typename T>
  void Fixed(T value) {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    out_->append(bytes, sizeof(T));
  }

  // 7 bits a byte, the least first, the high bit set but in the last.
  void Count(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) *out_ += static_cast<char>((value & 0x7F) | 0x80);
    *out_ += static_cast<char>(value);
  }

  // Small numbers of either sign: 0, -1, 1, -2, ... as counts 0, 1, 2, 3, ...
  void Signed(std::int64_t value) {
    Count((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }

  void Bytes(std::string_view bytes) {
    Count(bytes.size());
    out_->append(bytes);
  }

  void Raw(std::string_view bytes) { out_->append(bytes); }

 private:
  std::string* out_;
};

class StateReader {
 public:
  // REQUIRES: `bytes` outlive the reader.
  explicit StateReader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] std::size_t left() const { return rest_.size(); }

  template <typename T>
  bool Fixed(T* value) {
    if (rest_.size() < sizeof(T)) return false;
    std::memcpy(value, rest_.data(), sizeof(T));
    rest_.remove_prefix(sizeof(T));
    return true;
  }

  // Refuses longer forms than the writer's.
  bool Count(std::uint64_t* value) {
    *value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      std::uint8_t byte = 0;
      if (!Fixed(&byte) || (shift == 63 && byte > 1) || (shift > 0 && byte == 0)) return false;
      *value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  // A count of events: at most 2^48, so that sums of counts stay within int64.
  bool Count(std::int64_t* value) {
    std::uint64_t wide = 0;
    if (!Count(&wide) || wide > (1ULL << 48)) return false;
    *value = static_cast<std::int64_t>(wide);
    return true;
  }

  // A number of items of at least `item_bytes` each that must still follow: what a damaged count
  // asks for can never be more than there is.
  bool Items(std::size_t item_bytes, std::size_t* count) {
    std::uint64_t wide = 0;
    if (!Count(&wide) || wide > rest_.size() / item_bytes) return false;
    *count = static_cast<std::size_t>(wide);
    return true;
  }

  bool Signed(std::int64_t* value) {
    std::uint64_t wide = 0;
    if (!Count(&wide)) return false;
    *value = static_cast<std::int64_t>((wide >> 1) ^ (std::uint64_t{0} - (wide & 1)));
    return true;
  }

  bool Bytes(std::string_view* bytes) {
    std::size_t size = 0;
    return Items(1, &size) && Raw(size, bytes);
  }

  bool Raw(std::size_t size, std::string_view* bytes) {
    if (rest_.size() < size) return false;
    *bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

 private:
  std::string_view rest_;
};

}  // namespace coeval
