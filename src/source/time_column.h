// Event and created times out of what a source holds: timestamps of any unit and zone, dates, text
// in ISO 8601; rounded up to the µs, so that nothing shows too early (rule 1.2).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "column/arrow_c.h"
#include "column/column.h"

namespace coeval {

struct TimeColumn {
  Column times;                          // type timestamp; null where there is none
  std::vector<std::int64_t> impossible;  // rows that hold something, but no time that fits int64 µs
};

// Can times be read from a column of that type? Errors: InvalidArgument that says what to do
// (integers: nothing says their unit).
Status CheckTimeType(const ArrowSchema& field);

// `keep_alive` owns the memory behind `array`. Errors: as CheckTimeType.
Result<TimeColumn> ReadTimeColumn(const ArrowSchema& field, const ArrowArray& array,
                                  const std::shared_ptr<const void>& keep_alive);

// What row `row` holds, for an error text: "null", "'abc'", "9999999999999 s".
std::string ShowTimeCell(const ArrowSchema& field, const ArrowArray& array, std::int64_t row);

// A guess at a mistake of units (rule 3.5): what `time` would be if its number had another unit,
// where that is a likely time; "" where no unit makes it one.
//   "; read as milliseconds it would be 2013-01-01T10:00:00Z"
std::string UnitHint(TimeMicros time, TimeUnit stored);

}  // namespace coeval
