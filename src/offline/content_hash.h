// ContentHash: what a training set holds, as one SHA-256 (rule 4.6). It is a function of names,
// types and values alone: how rows were batched, what lies at nulls and where a buffer begins do
// not count. Two training sets of the same inputs have the same hash.
//
//   hash   = SHA-256 over one line a column:  "<column hash> <type> <name>\n"
//   column = SHA-256 over its rows, 4,096 at a time: a byte each, 0 = null or 1; then the values,
//            little-endian, 0 at nulls; of strings and nested values the tie bytes (encoding 1)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "column/column.h"

namespace coeval {

// A column's hash, from its parts. Cost: O(bytes), about 1 GB/s with the processor's SHA
// instructions. Threads: one.
class ColumnHash {
 public:
  static constexpr std::int64_t kBlock = 4096;  // rows; part of the hash's definition

  // The next rows; all but the last part have a multiple of kBlock.
  void Add(const Column& part);

  // 64 hex digits. Call once.
  std::string HexDigest() { return hash_.HexDigest(); }

 private:
  Sha256 hash_;
  std::string bytes_;
};

// Threads: one. The order of columns counts.
class ContentHash {
 public:
  // `column_hash` as ColumnHash gives it.
  void Add(std::string_view name, const DataType& type, std::string_view column_hash);

  // Call once.
  std::string HexDigest() { return hash_.HexDigest(); }

 private:
  Sha256 hash_;
};

}  // namespace coeval
