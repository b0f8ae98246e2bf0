// Tie encoding 1 (rule 3.3): the bytes that decide between facts which are equal in event time,
// created time and sequence. Order-preserving: memcmp of two encodings orders like rule 1.5, column
// by column. FROZEN FOR EVER: golden bytes in tests/format; documented in
// docs/formats/tie_encoding.md.
//
//   per column: 0x00 = null | 0x01 then the value:
//   bool         1 byte, 0 or 1
//   int32, date  4 bytes big-endian, sign bit flipped;  int64, timestamp  8 bytes likewise
//   float32/64   IEEE bits big-endian; positive: sign bit flipped, negative: all bits flipped; one
//   NaN string/bytes each 0x00 byte as 0x00 0xFF, ended by 0x00 0x00 decimal128   16 bytes
//   big-endian, sign bit flipped list/vector  per element 0x01 then the element's column form;
//   ended by 0x00 map          as a list of pairs (key form, value form) in key order
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "column/column.h"
#include "column/value.h"

namespace coeval {

// Appends the tie bytes of one cell.
void AppendTieBytes(const Column& column, std::int64_t row, std::string* out);
void AppendTieBytes(const Value& value, const DataType& type, std::string* out);
// The tie bytes of a row: its columns in the view's declared order.
std::string TieBytes(std::span<const Column> columns, std::int64_t row);

}  // namespace coeval
