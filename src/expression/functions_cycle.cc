// Parts of a time that come round (hours, weekdays, months), as a point on a circle.
#include <sleef.h>

#include "base/calendar.h"
#include "expression/functions.h"
#include "expression/time_argument.h"

namespace coeval {

namespace {

using Int = std::int64_t;

// `at` of `length` steps from the beginning of the cycle.
struct Phase {
  Int at, length;
};

Phase InMonth(Int day) {
  const CivilDate date = DateOfDay(day);
  return {date.day - 1, DaysInMonth(date.year, date.month)};
}

Phase InYear(Int day) {
  const Int year = DateOfDay(day).year;
  return {DayOfYear(day) - 1, DayOfDate(year + 1, 1, 1) - DayOfDate(year, 1, 1)};
}

// The 28th of December lies in the last week of its ISO year.
Phase InIsoYear(Int day) {
  const IsoWeek week = IsoWeekOfDay(day);
  return {week.week - 1, IsoWeekOfDay(DayOfDate(week.year, 12, 28)).week};
}

Phase PhaseOf(Cycle cycle, TimeMicros wall) {
  const Int day = FloorDiv(wall, kDay);
  switch (cycle) {
    case Cycle::kQuarters:
      return {(DateOfDay(day).month - 1) / 3, 4};
    case Cycle::kMonths:
      return {DateOfDay(day).month - 1, 12};
    case Cycle::kIsoWeeks:
      return InIsoYear(day);
    case Cycle::kYearDays:
      return InYear(day);
    case Cycle::kDays:
      return InMonth(day);
    case Cycle::kWeekdays:
      return {IsoWeekday(day) - 1, 7};
    case Cycle::kDaysOfWeek:
      return {IsoWeekday(day) % 7, 7};
    case Cycle::kHours:
      return {FloorMod(wall, kDay) / kHour, 24};
    case Cycle::kMinutes:
      return {FloorMod(wall, kHour) / kMinute, 60};
    case Cycle::kSeconds:
      return {FloorMod(wall, kMinute) / kSecond, 60};
  }
  return {0, 1};
}

// sin and cos of pi times x: exact at the quarters of the circle.
template <bool kSine>
double OnCircle(Phase phase) {
  const double half_turns = static_cast<double>(2 * phase.at) / static_cast<double>(phase.length);
  return kSine ? Sleef_cinz_sinpid1_u05purec(half_turns) : Sleef_cinz_cospid1_u05purec(half_turns);
}

template <bool kSine>
void CycleKernel(const Call& call) {
  const Cycle cycle = call.prepared_as<TimePlan>().cycle;
  double* const result = call.out->as<double>();
  const Int* const times = call.arg<Int>(1);
  ForEachLocal(call, 2, [&](LocalClock& clock, std::int64_t row) {
    result[row] = OnCircle<kSine>(PhaseOf(cycle, clock.ToLocal(times[row])));
    return kValue;
  });
}

template <bool kSine>
std::vector<Overload> Overloads() {
  return {{"const string, timestamp -> float64", CycleKernel<kSine>, nullptr, PrepareCycle, nullptr,
           kNoZone},
          {"const string, timestamp, string -> float64", CycleKernel<kSine>, nullptr, PrepareCycle,
           nullptr, 2},
          {"const string, date, string -> float64", CycleKernel<kSine>, nullptr, RefuseDateZone}};
}

}  // namespace

std::vector<Function> CycleFunctions() {
  return {
      {.name = "cyclic_sin",
       .family = Family::kTime,
       .usage = "cyclic_sin(part, t[, zone])",
       .meaning =
           "sin(2 pi k / n), where the part stands k steps after its first value and comes round "
           "after n: so that 23:59 lies beside 00:00. Parts: second, minute, hour, weekday (from "
           "Monday), dow (from Sunday), day (n is the length of the month), doy (of the year), "
           "isoweek (52 or 53), month, quarter. Whole steps; in UTC unless a zone is named.",
       .errors = "an unknown time zone that is not a constant",
       .overloads = Overloads<true>(),
       .examples = {{"cyclic_sin('hour', timestamp '2013-01-01T06:30:00Z')", "1.0"},
                    {"cyclic_sin('month', date '2013-02-01')", "0.5"}}},
      {.name = "cyclic_cos",
       .family = Family::kTime,
       .usage = "cyclic_cos(part, t[, zone])",
       .meaning = "cos(2 pi k / n) likewise: with cyclic_sin the point on the circle.",
       .errors = "an unknown time zone that is not a constant",
       .overloads = Overloads<false>(),
       .examples = {{"cyclic_cos('hour', timestamp '2013-01-01T12:00:00Z')", "-1.0"},
                    {"cyclic_cos('hour', timestamp '2013-01-01T05:00:00Z', 'America/New_York')",
                     "1.0"}}},
  };
}

}  // namespace coeval
