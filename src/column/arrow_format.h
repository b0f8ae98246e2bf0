// Arrow format strings (specification, "Data type description -- format strings") as layouts and
// types.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/status.h"
#include "base/time.h"
#include "column/arrow_c.h"
#include "column/type.h"

namespace coeval {

// How the values of a field lie in its buffers.
enum class ArrowLayout : std::uint8_t {
  kNull,
  kBits,   // bool
  kFixed,  // `width` bytes a value
  kHalfFloat,
  kOffsets32,  // string, binary
  kOffsets64,
  kViews,        // string view, binary view
  kFixedBinary,  // `width` bytes a value, as bytes
  kList32,
  kList64,
  kFixedList,  // `width` elements a value
  kListView32,
  kListView64,
  kMap,
};

struct ArrowFormat {
  ArrowLayout layout = ArrowLayout::kNull;
  int width = 0;
  bool is_signed = false;             // integers
  std::optional<TimeUnit> time_unit;  // timestamps and 64-bit dates
  std::string zone;                   // timestamps
  DataType type;                      // what it comes in as; lists: without children yet
};

// Errors: InvalidArgument, naming the Arrow type, for what Coeval has no type for.
Result<ArrowFormat> ParseArrowFormat(const ArrowSchema& field);

// "uint8", "struct", "time64[us]": Arrow's name for an error text.
std::string ArrowTypeName(const char* format);

}  // namespace coeval
