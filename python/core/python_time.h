// Python's datetime and date as counts of microseconds and days, and back.
#pragma once

#include <cstdint>
#include <optional>

#include <nanobind/nanobind.h>

#include "base/time.h"

namespace coeval::python {

// Of a datetime.datetime; one without zone is UTC. Nothing for other objects. REQUIRES: the GIL.
std::optional<TimeMicros> MicrosOfDatetime(nanobind::handle object);
// Of a datetime.date that is no datetime: days since 1970-01-01.
std::optional<std::int64_t> DaysOfDate(nanobind::handle object);

// A datetime in UTC; an int of µs where Python's cannot hold it (years before 1 and after 9999).
nanobind::object DatetimeOf(TimeMicros time);
// A date; an int of days where Python's cannot hold it.
nanobind::object DateOf(std::int64_t days);

}  // namespace coeval::python
