// ArrowReader: one foreign array, read into a Column. Inside column/ only; arrow_bridge.h is the
// door.
//
// A foreign array tells no sizes, so what can be checked is checked before it is used: buffers and
// children that must be there, offsets that must not run backwards, indices within their
// dictionary, text that must be UTF-8. Buffers need not be aligned.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "column/arrow_c.h"
#include "column/arrow_format.h"
#include "column/column.h"

namespace coeval {

// What an import does with times that do not fit or are too fine.
struct TimePolicy {
  Rounding rounding = Rounding::kExact;
  std::int64_t* impossible =
      nullptr;  // null: an impossible time is an error; else null and counted
};

// One use, one thread. REQUIRES: field and array outlive it; keep_alive owns the array's memory.
class ArrowReader {
 public:
  ArrowReader(const ArrowSchema& field, const ArrowArray& array,
              std::shared_ptr<const void> keep_alive, TimePolicy policy)
      : field_(field), array_(array), keep_alive_(std::move(keep_alive)), policy_(policy) {}

  // Rows [first, first + count) after the array's own offset. Errors: InvalidArgument with the row.
  Result<Column> Read(std::int64_t first, std::int64_t count);

 private:
  template <typename T>
  [[nodiscard]] T Load(int buffer, std::int64_t i) const {
    T value{};
    std::memcpy(&value,
                static_cast<const char*>(array_.buffers[buffer]) + i * std::int64_t{sizeof(T)},
                sizeof(T));
    return value;
  }

  template <typename T>
  [[nodiscard]] T ValueAt(std::int64_t row) const {
    return Load<T>(1, first_ + row);
  }

  // arrow_import.cc
  Result<Column> ReadPlain();
  Result<Column> ReadDictionary();
  [[nodiscard]] Status CheckParts(int buffers, std::int64_t children) const;
  [[nodiscard]] bool IsValid(std::int64_t row) const;
  [[nodiscard]] Buffer Validity() const;
  [[nodiscard]] Buffer ShareBytes(int buffer, std::int64_t first, std::int64_t size,
                                  std::int64_t alignment) const;
  [[nodiscard]] Result<Column> ReadChild(const ArrowSchema& field, const ArrowArray* array,
                                         std::int64_t first, std::int64_t count) const;

  // arrow_import_fixed.cc
  [[nodiscard]] Result<Column> ReadFixed() const;
  [[nodiscard]] Column ReadBits() const;
  [[nodiscard]] Column ReadHalfFloats() const;
  [[nodiscard]] Column ShareFixed() const;
  template <typename From, typename To>
  [[nodiscard]] Column Widen() const;
  [[nodiscard]] Result<Column> ReadUnsigned64() const;
  template <typename T>
  [[nodiscard]] Column ReadFloats() const;
  [[nodiscard]] Result<Column> ReadTimes() const;
  [[nodiscard]] Result<Column> ReadMilliDates() const;
  [[nodiscard]] Result<Column> ReadDecimals() const;

  // arrow_import_binary.cc
  template <typename Offset>
  [[nodiscard]] Result<Column> ReadStrings() const;
  [[nodiscard]] Result<Column> ReadViews() const;
  [[nodiscard]] Result<Column> ReadFixedBinary() const;
  template <typename Offset>
  [[nodiscard]] Status CheckOffsets() const;

  // arrow_import_nested.cc
  template <typename Offset>
  [[nodiscard]] Result<Column> ReadList() const;
  template <typename Offset>
  [[nodiscard]] Result<Column> ReadListView() const;
  [[nodiscard]] Result<Column> ReadMap(std::int64_t start, std::int64_t size, Buffer offsets) const;
  [[nodiscard]] Result<Column> ReadFixedList() const;

  const ArrowSchema& field_;
  const ArrowArray& array_;
  std::shared_ptr<const void> keep_alive_;
  TimePolicy policy_;
  ArrowFormat format_;
  std::int64_t first_ = 0;  // in the buffers
  std::int64_t count_ = 0;
};

// "row 7: <what>"
Status BadRow(std::int64_t row, const std::string& what);
Status TooLargeBatch();

// The same with nothing between the offsets at null rows, as column.h wants it.
Column WithEmptyNulls(Column column);

// REQUIRES: count_ > 0 and buffer 1 is there.
template <typename Offset>
Status ArrowReader::CheckOffsets() const {
  Offset last = ValueAt<Offset>(0);
  if (last < 0) return BadRow(0, "an offset of the Arrow array is negative");
  for (std::int64_t row = 0; row < count_; ++row) {
    const auto next = ValueAt<Offset>(row + 1);
    if (next < last) return BadRow(row, "the offsets of the Arrow array run backwards");
    last = next;
  }
  return {};
}

}  // namespace coeval
