// Parts of MakeForeignArray (testing.h): columns without children as a foreign producer's buffers.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "column/column.h"
#include "column/testing.h"

namespace coeval {

using ForeignBytes = std::vector<std::uint8_t>;

// An Arrow format and the buffers after validity.
struct ForeignLeaf {
  std::string format;
  std::vector<ForeignBytes> buffers;
};

// REQUIRES: the type has no children and is not null.
ForeignLeaf MakeForeignLeaf(const Column& column, Random& random);
// Non-negative int64 as integers of any width that holds them.
ForeignLeaf MakeForeignIndices(const Column& indices, Random& random);

// The one size of all values of a column with offsets, or -1.
std::int64_t CommonSize(const Column& column);

template <typename T>
void Put(T value, ForeignBytes* bytes) {
  const std::size_t at = bytes->size();
  bytes->resize(at + sizeof(T));
  std::memcpy(bytes->data() + at, &value, sizeof(T));
}

}  // namespace coeval
