// The types of values, keys and features: Coeval's own names for what Arrow, Parquet, SQL and Feast
// call by many.
//
//   int64   list<string>   vector<float32, 8>   map<string, float64>   decimal(38, 2)
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace coeval {

enum class TypeId : std::uint8_t {
  kNull = 0,  // a column of nulls only; takes part as any type
  kBool = 1,
  kInt32 = 2,
  kInt64 = 3,
  kFloat32 = 4,
  kFloat64 = 5,
  kString = 6,  // UTF-8
  kBytes = 7,
  kTimestamp = 8,    // int64 µs since 1970-01-01 UTC (rule 1.1)
  kDate = 9,         // int32 days since 1970-01-01
  kDecimal128 = 10,  // int128 x 10^-scale, precision 1..38
  kList = 11,        // child(0), any length
  kVector = 12,      // child(0) float32 or float64, `size` of them, no null elements
  kMap = 13,         // child(0) keys (not null, unique), child(1) values; in key order
};

// The numbers above are part of the row encoding and never change.

// A value type, immutable and cheap to copy. Threads: any.
class DataType {
 public:
  DataType() = default;  // kNull

  DataType(TypeId id) : id_(id) {}  // NOLINT(google-explicit-constructor): a type without children

  static DataType Decimal(int precision, int scale);
  static DataType List(DataType element);
  static DataType Vector(DataType element, int size);
  static DataType Map(DataType key, DataType value);

  [[nodiscard]] TypeId id() const { return id_; }

  [[nodiscard]] int precision() const { return precision_; }  // decimals

  [[nodiscard]] int scale() const { return scale_; }  // decimals

  [[nodiscard]] int size() const { return size_; }  // vectors: number of elements

  [[nodiscard]] const DataType& child(std::size_t i) const { return (*children_)[i]; }

  [[nodiscard]] bool is_nested() const { return id_ >= TypeId::kList; }

  [[nodiscard]] bool is_number() const { return id_ >= TypeId::kInt32 && id_ <= TypeId::kFloat64; }

  // Bytes of one value in a column's value buffer; 0 for strings, bytes, nested types (whose
  // values lie in children) and nulls.
  [[nodiscard]] int width() const;
  // May it be a join key (rule 2.1)?
  [[nodiscard]] bool is_key_type() const;
  // "int64", "list<string>", ...: the one spelling used in definitions, errors and canonical JSON.
  [[nodiscard]] std::string ToString() const;

  friend bool operator==(const DataType& a, const DataType& b);

 private:
  TypeId id_ = TypeId::kNull;
  int precision_ = 0;
  int scale_ = 0;
  int size_ = 0;
  std::shared_ptr<const std::vector<DataType>> children_;
};

// The inverse of ToString; also takes usual synonyms ("int", "bigint", "double", "float", "str",
// "varchar", "binary", "boolean", "Int64", "Float32", "UnixTimestamp", "array<...>").
// Errors: InvalidArgument, with the nearest type's name.
Result<DataType> ParseType(std::string_view text);

}  // namespace coeval
