// PerRow: a value for each row that several features may share: those of one view have the same
// times, and mostly the same statuses.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace coeval {

// Cheap to copy; a range. Immutable, threads: any.
template <typename T>
class PerRow {
 public:
  using value_type = T;
  using const_iterator = typename std::vector<T>::const_iterator;

  PerRow() : PerRow(std::vector<T>()) {}

  explicit PerRow(std::vector<T> values)
      : values_(std::make_shared<const std::vector<T>>(std::move(values))) {}

  [[nodiscard]] std::size_t size() const { return values_->size(); }

  [[nodiscard]] const T* data() const { return values_->data(); }

  [[nodiscard]] const_iterator begin() const { return values_->begin(); }

  [[nodiscard]] const_iterator end() const { return values_->end(); }

  const T& operator[](std::size_t row) const { return (*values_)[row]; }

  // One memory, and so one content?
  [[nodiscard]] bool Shares(const PerRow& other) const { return values_ == other.values_; }

  friend bool operator==(const PerRow& a, const PerRow& b) { return *a.values_ == *b.values_; }

 private:
  std::shared_ptr<const std::vector<T>> values_;  // never null
};

}  // namespace coeval
