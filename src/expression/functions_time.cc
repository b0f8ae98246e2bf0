// now, date_trunc, date_diff, intervals, epochs, wall times.
#include <cmath>
#include <initializer_list>

#include <fmt/format.h>

#include "base/calendar.h"
#include "expression/functions.h"
#include "expression/time_argument.h"

namespace coeval {

namespace {

using Int = std::int64_t;

constexpr std::string_view kBadZone = "an unknown time zone that is not a constant";

// -- cutting and counting -----------------------------------------------------------------------

// The first day of the period that holds `day`. REQUIRES: part is a day or longer.
Int FirstDay(TimePart part, Int day) {
  if (part == TimePart::kDays) return day;
  if (part == TimePart::kWeeks) return day - IsoWeekday(day) + 1;
  const CivilDate date = DateOfDay(day);
  if (part == TimePart::kMonths) return DayOfDate(date.year, date.month, 1);
  if (part == TimePart::kQuarters) return DayOfDate(date.year, (date.month - 1) / 3 * 3 + 1, 1);
  return DayOfDate(date.year, 1, 1);
}

DurationMicros LengthOf(TimePart part) {
  return part == TimePart::kHours ? kHour : part == TimePart::kMinutes ? kMinute : kSecond;
}

Int TimesDay(Int day) {
  Int micros = 0;
  if (!__builtin_mul_overflow(day, kDay, &micros)) return micros;
  return day < 0 ? kMinTime : kMaxTime;
}

// A day or longer begins at the first instant of its wall-clock day. An hour or shorter begins at
// the last instant not after t at which the wall clock showed its start; where clocks jumped over
// that, at the jump.
TimeMicros Truncate(TimePart part, TimeMicros t, LocalClock& clock) {
  const TimeMicros wall = clock.ToLocal(t);
  if (part <= TimePart::kDays) {
    return clock.zone().FromLocal(TimesDay(FirstDay(part, FloorDiv(wall, kDay))));
  }
  const DurationMicros beyond = FloorMod(wall, LengthOf(part));
  const TimeMicros start = SaturatingSubtract(t, beyond);
  if (start >= clock.period().first) return start;
  return std::min(t, clock.zone().FromLocal(SaturatingSubtract(wall, beyond)));
}

void TruncateKernel(const Call& call) {
  const TimePart part = call.prepared_as<TimePlan>().part;
  Int* const result = call.out->as<Int>();
  const Int* const times = call.arg<Int>(1);
  ForEachLocal(call, 2, [&](LocalClock& clock, std::int64_t row) {
    result[row] = Truncate(part, times[row], clock);
    return kValue;
  });
}

void TruncateDate(const Call& call) {
  const TimePart part = call.prepared_as<TimePlan>().part;
  Int* const result = call.out->as<Int>();
  const Int* const days = call.arg<Int>(1);
  CombineStates(call);
  for (std::int64_t row = 0; row < call.rows; ++row) {
    if (call.out->StateOf(row) != kValue) continue;
    result[row] = part > TimePart::kDays ? days[row] : FirstDay(part, days[row]);
  }
}

// The number of the period that holds a time; the difference of two counts the boundaries between.
Int PeriodNumber(TimePart part, TimeMicros t, LocalClock& clock) {
  if (part > TimePart::kDays) return FloorDiv(t, LengthOf(part));
  const Int day = FloorDiv(clock.ToLocal(t), kDay);
  if (part == TimePart::kDays) return day;
  if (part == TimePart::kWeeks) return FloorDiv(day + 3, 7);
  const CivilDate date = DateOfDay(day);
  if (part == TimePart::kMonths) return date.year * 12 + date.month;
  if (part == TimePart::kQuarters) return date.year * 4 + (date.month - 1) / 3;
  return date.year;
}

void DifferenceKernel(const Call& call) {
  const TimePart part = call.prepared_as<TimePlan>().part;
  Int* const result = call.out->as<Int>();
  const Int *const from = call.arg<Int>(1), *const to = call.arg<Int>(2);
  ForEachLocal(call, 3, [&](LocalClock& clock, std::int64_t row) {
    const Int start = PeriodNumber(part, from[row], clock);
    result[row] = PeriodNumber(part, to[row], clock) - start;
    return kValue;
  });
}

// -- wall times ---------------------------------------------------------------------------------

void ToLocalKernel(const Call& call) {
  Int* const result = call.out->as<Int>();
  const Int* const times = call.arg<Int>(0);
  ForEachLocal(call, 1, [&](LocalClock& clock, std::int64_t row) {
    result[row] = clock.ToLocal(times[row]);
    return kValue;
  });
}

void FromLocalKernel(const Call& call) {
  Int* const result = call.out->as<Int>();
  const Int* const walls = call.arg<Int>(0);
  ForEachLocal(call, 1, [&](LocalClock& clock, std::int64_t row) {
    result[row] = clock.zone().FromLocal(walls[row]);
    return kValue;
  });
}

// -- sums ---------------------------------------------------------------------------------------

void AddInterval(const Call& call) {
  MapTotal<Int, Int, Int>(call, [](Int a, Int b) { return SaturatingAdd(a, b); });
}

void SubtractInterval(const Call& call) {
  MapTotal<Int, Int, Int>(call, [](Int a, Int b) { return SaturatingSubtract(a, b); });
}

void NegateInterval(const Call& call) {
  MapTotal<Int, Int>(call, [](Int a) { return SaturatingSubtract(0, a); });
}

void ScaleInterval(const Call& call) {
  MapRows<Int, Int, Int>(call, [&call](Int a, Int b, Int& result) {
    if (!__builtin_mul_overflow(a, b, &result)) return kValue;
    return call.Fail([] { return std::string("interval overflow in *"); });
  });
}

// Rounds to whole microseconds; what does not fit is an error.
RowState ToMicroseconds(const Call& call, double micros, Int* result) {
  const double rounded = std::round(micros);
  if (!(rounded >= -0x1p63 && rounded < 0x1p63)) {
    return call.Fail([&] { return fmt::format("{} microseconds do not fit", micros); });
  }
  *result = static_cast<Int>(rounded);
  return kValue;
}

template <std::size_t kInterval>
void ScaleIntervalByFloat(const Call& call) {
  const Int* const intervals = call.arg<Int>(kInterval);
  const double* const factors = call.arg<double>(1 - kInterval);
  Int* const result = call.out->as<Int>();
  CombineStates(call);
  for (std::int64_t row = 0; row < call.rows; ++row) {
    if (call.out->StateOf(row) != kValue) continue;
    const RowState state =
        ToMicroseconds(call, static_cast<double>(intervals[row]) * factors[row], &result[row]);
    if (state != kValue) SetState(*call.out, call.rows, row, state);
  }
}

void DivideIntervals(const Call& call) {
  MapTotal<double, Int, Int>(
      call, [](Int a, Int b) { return static_cast<double>(a) / static_cast<double>(b); });
}

template <DurationMicros kUnit>
void InUnits(const Call& call) {
  MapTotal<double, Int>(call,
                        [](Int a) { return static_cast<double>(a) / static_cast<double>(kUnit); });
}

void SecondsToTimestamp(const Call& call) {
  MapRows<Int, Int>(call, [&call](Int seconds, Int& result) {
    if (!__builtin_mul_overflow(seconds, kSecond, &result)) return kValue;
    return call.Fail([&] { return fmt::format("{} seconds are no timestamp", seconds); });
  });
}

void FloatToTimestamp(const Call& call) {
  MapRows<Int, double>(call, [&call](double seconds, Int& result) {
    return ToMicroseconds(call, seconds * 1e6, &result);
  });
}

// kUnit: a day of the argument's type, which is 1 for dates and kDay for timestamps.
template <Int kUnit>
void AddMonths(const Call& call) {
  MapRows<Int, Int, Int>(call, [&call](Int t, Int months, Int& result) {
    constexpr Int kMost = 10'000'000;
    const Int day = FloorDiv(t, kUnit);
    bool bad = months < -kMost || months > kMost;
    if (!bad) {
      const Int moved = AddMonthsToDay(day, months);
      bad = kUnit == 1 ? moved != static_cast<std::int32_t>(moved)
                       : __builtin_mul_overflow(moved, kUnit, &result);
      if (kUnit == 1) result = moved;
      bad = bad || __builtin_add_overflow(result, FloorMod(t, kUnit), &result);
    }
    if (!bad) return kValue;
    return call.Fail([&] { return fmt::format("{} months lead out of the calendar", months); });
  });
}

Function More(std::string_view name, std::vector<Overload> overloads,
              std::vector<Example> examples) {
  return {.name = name,
          .family = Family::kTime,
          .usage = "",
          .meaning = "",
          .overloads = std::move(overloads),
          .examples = std::move(examples)};
}

std::vector<Function> IntervalOperators() {
  return {
      More("+",
           {{"timestamp, interval -> timestamp", AddInterval},
            {"interval, timestamp -> timestamp", AddInterval},
            {"interval, interval -> interval", AddInterval}},
           {{"timestamp '2013-01-31' + interval '36 hours'", "2013-02-01T12:00:00Z"}}),
      More("-",
           {{"timestamp, timestamp -> interval", SubtractInterval},
            {"timestamp, interval -> timestamp", SubtractInterval},
            {"interval, interval -> interval", SubtractInterval}},
           {{"epoch(timestamp '2013-01-02' - timestamp '2013-01-01')", "86400.0"}}),
      More("*",
           {{"interval, int64 -> interval", ScaleInterval},
            {"int64, interval -> interval", ScaleInterval},
            {"interval, float64 -> interval", ScaleIntervalByFloat<0>},
            {"float64, interval -> interval", ScaleIntervalByFloat<1>}},
           {{"hours(90 * interval '1 minute')", "1.5"}}),
      More("/", {{"interval, interval -> float64", DivideIntervals}},
           {{"interval '90 minutes' / interval '1 hour'", "1.5"}}),
      More("negate", {{"interval -> interval", NegateInterval}}, {}),
  };
}

template <DurationMicros kUnit>
Function Duration(std::string_view name, std::string_view usage, std::string_view meaning,
                  std::initializer_list<Example> examples) {
  return {.name = name,
          .family = Family::kTime,
          .usage = usage,
          .meaning = meaning,
          .overloads = {{"interval -> float64", InUnits<kUnit>}},
          .examples = examples};
}

std::vector<Function> DurationFunctions() {
  return {
      {.name = "epoch",
       .family = Family::kTime,
       .usage = "epoch(x)",
       .meaning = "Seconds since 1970-01-01 UTC of a timestamp, or the seconds of an interval, as "
                  "float64.",
       .overloads = {{"timestamp -> float64", InUnits<kSecond>},
                     {"interval -> float64", InUnits<kSecond>}},
       .examples = {{"epoch(timestamp '1970-01-02')", "86400.0"},
                    {"epoch(interval '1.5 minutes')", "90.0"}}},
      Duration<kSecond>("seconds", "seconds(interval)", "An interval in seconds, as float64.",
                        {{"seconds(interval '250 milliseconds')", "0.25"}}),
      Duration<kMinute>("minutes", "minutes(interval)", "An interval in minutes, as float64.",
                        {{"minutes(interval '90 seconds')", "1.5"}}),
      Duration<kHour>("hours", "hours(interval)", "An interval in hours, as float64.",
                      {{"hours(timestamp '2013-01-02' - timestamp '2013-01-01')", "24.0"}}),
      Duration<kDay>("days", "days(interval)", "An interval in days of 24 hours, as float64.",
                     {{"days(interval '36 hours')", "1.5"}}),
  };
}

std::vector<Function> ConversionsOfTime() {
  return {
      {.name = "add_months",
       .family = Family::kTime,
       .usage = "add_months(t, n)",
       .meaning =
           "The same day and time n months later (earlier where n is negative), or the last day of "
           "that month where it is shorter, in UTC.",
       .errors = "a result outside the calendar",
       .overloads = {{"timestamp, int64 -> timestamp", AddMonths<kDay>},
                     {"date, int64 -> date", AddMonths<1>}},
       .examples = {{"add_months(date '2013-01-31', 1)", "2013-02-28"}}},
      {.name = "to_timestamp",
       .family = Family::kTime,
       .usage = "to_timestamp(seconds)",
       .meaning = "The timestamp so many seconds after 1970-01-01 UTC, to the nearest microsecond.",
       .errors = "a time outside the range of timestamps; NaN",
       .overloads = {{"int64 -> timestamp", SecondsToTimestamp},
                     {"float64 -> timestamp", FloatToTimestamp}},
       .examples = {{"to_timestamp(86400)", "1970-01-02T00:00:00Z"}}},
      {.name = "to_local",
       .family = Family::kTime,
       .usage = "to_local(t, zone)",
       .meaning = "What the zone's wall clock shows at t, as a timestamp without zone.",
       .errors = kBadZone,
       .overloads = {{"timestamp, string -> timestamp", ToLocalKernel, nullptr, PrepareZone,
                      nullptr, 1}},
       .examples = {{"to_local(timestamp '2013-01-01T12:00:00Z', 'America/New_York')",
                     "2013-01-01T07:00:00Z"}}},
      {.name = "from_local",
       .family = Family::kTime,
       .usage = "from_local(wall, zone)",
       .meaning =
           "The instant at which the zone's wall clock shows `wall`: the earlier of two, and the "
           "end of the gap where clocks were set forward over it.",
       .errors = kBadZone,
       .overloads = {{"timestamp, string -> timestamp", FromLocalKernel, nullptr, PrepareZone,
                      nullptr, 1}},
       .examples = {{"from_local(timestamp '2013-03-10 02:30:00', 'America/New_York')",
                     "2013-03-10T07:00:00Z"}}},
  };
}

}  // namespace

std::vector<Function> TimeFunctions() {
  std::vector<Function> functions = IntervalOperators();
  const std::vector<Function> named = {
      {.name = "now",
       .family = Family::kTime,
       .notation = Notation::kForm,
       .usage = "now()",
       .meaning =
           "The time t of the question: the request's clock online, the row's time in a training "
           "set.",
       .nulls = "never null",
       .examples = {{"now() is null", "false"}}},
      {.name = "date_trunc",
       .family = Family::kTime,
       .usage = "date_trunc(part, t[, zone])",
       .meaning =
           "The start of the year, quarter, month, week (Monday), day, hour, minute or second that "
           "holds t, on the zone's wall clock; of a date, a date.",
       .errors = kBadZone,
       .overloads = {{"const string, timestamp -> timestamp", TruncateKernel, nullptr, PreparePart,
                      nullptr, kNoZone},
                     {"const string, timestamp, string -> timestamp", TruncateKernel, nullptr,
                      PreparePart, nullptr, 2},
                     {"const string, date -> date", TruncateDate, nullptr, PreparePart, nullptr,
                      kNoZone},
                     {"const string, date, string -> date", TruncateDate, nullptr, RefuseDateZone}},
       .examples = {{"date_trunc('hour', timestamp '2013-01-01T12:34:56Z')",
                     "2013-01-01T12:00:00Z"},
                    {"date_trunc('day', timestamp '2013-07-01T03:00:00Z', 'America/New_York')",
                     "2013-06-30T04:00:00Z"},
                    {"date_trunc('week', date '2013-01-06')", "2012-12-31"}}},
      {.name = "date_diff",
       .family = Family::kTime,
       .usage = "date_diff(part, a, b[, zone])",
       .meaning =
           "How many starts of the part lie after a and not after b (negative where b is before "
           "a). Days and longer parts begin on the zone's wall clock, shorter ones in UTC.",
       .errors = kBadZone,
       .aliases = {"datediff"},
       .overloads = {{"const string, timestamp, timestamp -> int64", DifferenceKernel, nullptr,
                      PreparePart, nullptr, kNoZone},
                     {"const string, timestamp, timestamp, string -> int64", DifferenceKernel,
                      nullptr, PreparePart, nullptr, 3}},
       .examples = {{"date_diff('hour', timestamp '2013-01-01T12:59:00Z', timestamp "
                     "'2013-01-01T13:01:00Z')",
                     "1"},
                    {"date_diff('year', date '2012-12-31', date '2013-01-01')", "1"}}},
  };
  functions.insert(functions.end(), named.begin(), named.end());
  for (Function& function : ConversionsOfTime()) functions.push_back(std::move(function));
  for (Function& function : DurationFunctions()) functions.push_back(std::move(function));
  return functions;
}

}  // namespace coeval
