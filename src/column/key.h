// Entity keys: the join keys of one entity, converted to their declared types (rules 2.1, 2.2) and
// encoded so that equal keys have equal bytes and no two different keys do.
//
//   {origin: string "JFK", hour: int64 7}  ->  tie encoding 1 of both values, in declared order
//
// The key bytes are those of tie encoding 1 without nulls, so they also sort in key order.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "column/batch.h"
#include "column/column.h"
#include "column/value.h"

namespace coeval {

struct JoinKey {
  std::string name;
  DataType type;

  friend bool operator==(const JoinKey&, const JoinKey&) = default;
};

// One value to the declared type of a key, losing nothing: 5.0 -> 5, NaN -> null, true and '5' are
// no 5; a date becomes a timestamp at 00:00 UTC, a timestamp no date. `from` tells what an integer
// is. Errors: InvalidArgument naming the value and the type.
Result<Value> ConvertKey(const Value& value, const DataType& from, const DataType& to);

// A whole column likewise. Errors: InvalidArgument that names column (`name`) and first row, and
// the count of such rows.
Result<Column> ConvertKeyColumn(const Column& column, const JoinKey& key, std::string_view name);

// How two facts' keys are compared in bulk: one encoded key a row; `null` where any join key is
// null.
class KeyColumn {
 public:
  // `columns` have the declared types, in the order of the view's join keys. None = the one global
  // key (rule 2.2) for `length` rows.
  static KeyColumn Encode(std::span<const Column> columns, std::int64_t length);

  [[nodiscard]] std::int64_t length() const {
    return static_cast<std::int64_t>(offsets_.size()) - 1;
  }

  [[nodiscard]] bool IsNull(std::int64_t row) const {
    return null_[static_cast<std::size_t>(row)] != 0;
  }

  [[nodiscard]] std::string_view bytes(std::int64_t row) const {
    const auto i = static_cast<std::size_t>(row);
    return std::string_view(bytes_).substr(offsets_[i], offsets_[i + 1] - offsets_[i]);
  }

 private:
  std::string bytes_;
  std::vector<std::size_t> offsets_{0};
  std::vector<std::uint8_t> null_;
};

// The encoded key of one entity. REQUIRES: no null, types as declared.
std::string EncodeKey(std::span<const Value> values, std::span<const JoinKey> keys);
// The inverse. Errors: Corruption.
Result<std::vector<Value>> DecodeKey(std::string_view bytes, std::span<const JoinKey> keys);
// How many of the bytes are the encoded key, where others follow: no key begins another. Errors:
// Corruption.
Result<std::size_t> KeySize(std::string_view bytes, std::span<const JoinKey> keys);

}  // namespace coeval
