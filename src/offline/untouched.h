// Large memory that nobody has touched yet, so that each thread touches its own; in huge pages,
// which cost a five hundredth of the faults. Some of what is given back lies ready for the next who
// asks: joins follow one another, and memory that the system clears anew was a third of their time.
// The system may take what lies ready when it needs it (MADV_FREE).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

namespace coeval {

// At least 64 bytes aligned, of no particular content. At most 512 MiB lie ready. Threads: any.
// Throws std::bad_alloc, as new does.
std::shared_ptr<std::uint8_t> Untouched(std::size_t bytes);

// The same as `n` values.
template <typename T>
std::shared_ptr<T> UntouchedValues(std::size_t n) {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 64);
  const std::shared_ptr<std::uint8_t> bytes = Untouched(n * sizeof(T));
  return {bytes, reinterpret_cast<T*>(bytes.get())};
}

// That many of them, of no particular content at first. Moved, not copied.
template <typename T>
class UntouchedArray {
 public:
  UntouchedArray() = default;

  explicit UntouchedArray(std::size_t n) : values_(UntouchedValues<T>(n)), size_(n) {}

  UntouchedArray(UntouchedArray&& other) noexcept
      : values_(std::move(other.values_)), size_(std::exchange(other.size_, 0)) {}

  UntouchedArray& operator=(UntouchedArray&& other) noexcept {
    values_ = std::move(other.values_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  UntouchedArray(const UntouchedArray&) = delete;
  UntouchedArray& operator=(const UntouchedArray&) = delete;
  ~UntouchedArray() = default;

  [[nodiscard]] T* data() { return values_.get(); }

  [[nodiscard]] std::size_t size() const { return size_; }

  [[nodiscard]] std::span<const T> values() const { return {values_.get(), size_}; }

  // REQUIRES: i < size().
  T& operator[](std::size_t i) { return values_.get()[i]; }

  const T& operator[](std::size_t i) const { return values_.get()[i]; }

 private:
  std::shared_ptr<T> values_;
  std::size_t size_ = 0;
};

}  // namespace coeval
