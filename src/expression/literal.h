// The text of literals, and of what a cast from string reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/time.h"

namespace coeval {

// Errors of the first three: InvalidArgument that says what is wrong with the text.

// ISO 8601, not finer than a microsecond; without zone it is UTC.
Result<TimeMicros> ReadTimestamp(std::string_view text);
// "2013-01-31" -> days since 1970-01-01.
Result<std::int64_t> ReadDate(std::string_view text);
// "2 hours", "1 day 12 hours", "-30 minutes", "1.5 hours", "3h". Months and years are no exact
// durations and are refused.
Result<DurationMicros> ReadInterval(std::string_view text);

// The nearest number to the digits; also "inf", "nan". Nothing where malformed or too great.
std::optional<double> ReadDouble(std::string_view text);
std::optional<float> ReadFloat32(std::string_view text);

// The shortest digits that read back the same: "0.1", "3.0", "1e+20", "nan".
std::string FloatText(double value, bool is_float32);

// Without ASCII spaces, tabs and line ends at both sides.
std::string_view TrimSpace(std::string_view text);

}  // namespace coeval
