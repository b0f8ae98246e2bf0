#include "online/rocksdb/fact_buffer.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace coeval {
namespace {

// Bytes 1 to 8 of the key as a number that orders like them.
std::uint64_t PrefixOf(std::string_view key) {
  std::uint64_t prefix = 0;
  if (key.size() > 1) {
    std::memcpy(&prefix, key.data() + 1, std::min<std::size_t>(key.size() - 1, sizeof(prefix)));
  }
  return std::endian::native == std::endian::little ? __builtin_bswap64(prefix) : prefix;
}

// Offsets are 32 bits; one pair beyond the room still fits, since a column holds at most 2 GiB.
constexpr std::size_t kMostRoom = std::size_t{1} << 30;

}  // namespace

FactBuffer::FactBuffer(std::size_t bytes) : room_(std::min(bytes, kMostRoom)) {
  bytes_.reserve(room_);
}

void FactBuffer::Add(std::string_view key, std::string_view value) {
  const auto offset = static_cast<std::uint32_t>(bytes_.size());
  const Sizes sizes = {static_cast<std::uint32_t>(key.size()),
                       static_cast<std::uint32_t>(value.size())};
  char header[sizeof(Sizes)];
  std::memcpy(header, &sizes, sizeof(sizes));
  bytes_.append(header, sizeof(header));
  bytes_.append(key);
  bytes_.append(value);
  const char first = key.empty() ? '\0' : key.front();
  if (places_.empty()) first_byte_ = first;
  mixed_ = mixed_ || first != first_byte_;
  places_.push_back({PrefixOf(key), offset});
}

FactBuffer::Sizes FactBuffer::SizesAt(std::uint32_t offset) const {
  Sizes sizes = {};
  std::memcpy(&sizes, bytes_.data() + offset, sizeof(sizes));
  return sizes;
}

std::string_view FactBuffer::KeyAt(std::uint32_t offset) const {
  return std::string_view(bytes_).substr(offset + sizeof(Sizes), SizesAt(offset).key);
}

std::string_view FactBuffer::key(std::size_t i) const {
  return KeyAt(places_[i].offset);
}

std::string_view FactBuffer::value(std::size_t i) const {
  const Sizes sizes = SizesAt(places_[i].offset);
  return std::string_view(bytes_).substr(places_[i].offset + sizeof(Sizes) + sizes.key,
                                         sizes.value);
}

void FactBuffer::Sort() {
  const auto by_bytes = [this](const Place& a, const Place& b) {
    const int order = KeyAt(a.offset).compare(KeyAt(b.offset));
    return order != 0 ? order < 0 : a.offset < b.offset;
  };
  if (mixed_) {
    std::sort(places_.begin(), places_.end(), by_bytes);
    return;
  }
  std::sort(places_.begin(), places_.end(), [&](const Place& a, const Place& b) {
    return a.prefix != b.prefix ? a.prefix < b.prefix : by_bytes(a, b);
  });
}

std::size_t FactBuffer::LowerBound(std::string_view key) const {
  const auto found = std::partition_point(places_.begin(), places_.end(), [&](const Place& place) {
    return KeyAt(place.offset) < key;
  });
  return static_cast<std::size_t>(found - places_.begin());
}

}  // namespace coeval
