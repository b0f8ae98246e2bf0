// Numbers in bytes, least significant first, as the log's files hold them.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace coeval {

static_assert(std::endian::native == std::endian::little,
              "numbers are copied as they lie in memory");

template <typename T>
void AppendLittleEndian(T value, std::string* out) {
  static_assert(std::is_integral_v<T>);
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out->append(bytes, sizeof(T));
}

// REQUIRES: at + sizeof(T) <= bytes.size().
template <typename T>
T LittleEndianAt(std::string_view bytes, std::size_t at) {
  static_assert(std::is_integral_v<T>);
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

}  // namespace coeval
