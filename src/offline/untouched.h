// Large memory that nobody has touched yet, so that each thread touches its own; in huge pages,
// which cost a five hundredth of the faults.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

namespace coeval {

// At least 64 bytes aligned, of no particular content. Throws std::bad_alloc, as new does.
std::shared_ptr<std::uint8_t> Untouched(std::size_t bytes);

// The same as `n` values.
template <typename T>
std::shared_ptr<T> UntouchedValues(std::size_t n) {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 64);
  const std::shared_ptr<std::uint8_t> bytes = Untouched(n * sizeof(T));
  return {bytes, reinterpret_cast<T*>(bytes.get())};
}

}  // namespace coeval
