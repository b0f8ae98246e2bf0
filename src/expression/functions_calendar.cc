// Parts of a time: year, month, hour, weekday and so on, in UTC or in a zone.
#include "base/calendar.h"
#include "expression/functions.h"
#include "expression/time_argument.h"

namespace coeval {

namespace {

using Int = std::int64_t;

// kOf takes the wall time as µs and gives the part.
template <typename Out, Out (*kOf)(TimeMicros)>
void PartKernel(const Call& call) {
  Out* const result = call.out->as<Out>();
  const Int* const times = call.arg<Int>(0);
  ForEachLocal(call, 1, [&](LocalClock& clock, std::int64_t row) {
    result[row] = kOf(clock.ToLocal(times[row]));
    return kValue;
  });
}

Int DayOf(TimeMicros wall) {
  return FloorDiv(wall, kDay);
}

Int Year(TimeMicros wall) {
  return DateOfDay(DayOf(wall)).year;
}

Int Quarter(TimeMicros wall) {
  return (DateOfDay(DayOf(wall)).month + 2) / 3;
}

Int Month(TimeMicros wall) {
  return DateOfDay(DayOf(wall)).month;
}

Int Day(TimeMicros wall) {
  return DateOfDay(DayOf(wall)).day;
}

Int Hour(TimeMicros wall) {
  return FloorMod(wall, kDay) / kHour;
}

Int Minute(TimeMicros wall) {
  return FloorMod(wall, kHour) / kMinute;
}

Int Second(TimeMicros wall) {
  return FloorMod(wall, kMinute) / kSecond;
}

Int Weekday(TimeMicros wall) {
  return IsoWeekday(DayOf(wall));
}

Int DayOfWeek(TimeMicros wall) {
  return IsoWeekday(DayOf(wall)) % 7;
}

Int YearDay(TimeMicros wall) {
  return DayOfYear(DayOf(wall));
}

Int Week(TimeMicros wall) {
  return IsoWeekOfDay(DayOf(wall)).week;
}

Int WeekYear(TimeMicros wall) {
  return IsoWeekOfDay(DayOf(wall)).year;
}

std::uint8_t IsWeekend(TimeMicros wall) {
  return IsoWeekday(DayOf(wall)) >= 6;
}

template <typename Out, Out (*kOf)(TimeMicros)>
Function Part(std::string_view name, std::string_view usage, std::string_view meaning,
              std::vector<std::string_view> aliases, std::vector<Example> examples) {
  constexpr bool kBool = sizeof(Out) == 1;
  constexpr Kernel kKernel = PartKernel<Out, kOf>;
  return {.name = name,
          .family = Family::kTime,
          .usage = usage,
          .meaning = meaning,
          .errors = "an unknown time zone that is not a constant",
          .aliases = std::move(aliases),
          .overloads = {{kBool ? "timestamp -> bool" : "timestamp -> int64", kKernel, nullptr,
                         PrepareZone, nullptr, kNoZone},
                        {kBool ? "timestamp, string -> bool" : "timestamp, string -> int64",
                         kKernel, nullptr, PrepareZone, nullptr, 1},
                        {kBool ? "date, string -> bool" : "date, string -> int64", kKernel, nullptr,
                         RefuseDateZone}},
          .examples = std::move(examples)};
}

}  // namespace

std::vector<Function> CalendarFunctions() {
  return {
      Part<Int, Year>(
          "year", "year(t[, zone])",
          "The year; `t` is a timestamp, in UTC unless a zone is named, or a date. Also "
          "`extract(year from t [at time zone zone])`, and so for the parts below.",
          {}, {{"year(timestamp '2013-01-01 03:00:00', 'America/New_York')", "2012"}}),
      Part<Int, Quarter>("quarter", "quarter(t[, zone])", "1 to 4.", {},
                         {{"quarter(date '2013-11-05')", "4"}}),
      Part<Int, Month>("month", "month(t[, zone])", "1 to 12.", {},
                       {{"month(date '2013-11-05')", "11"}}),
      Part<Int, Day>("day", "day(t[, zone])", "The day of the month, 1 to 31.", {},
                     {{"day(date '2013-11-05')", "5"}}),
      Part<Int, Hour>(
          "hour", "hour(t[, zone])", "0 to 23.", {},
          {{"hour(timestamp '2013-07-01T12:34:56Z', 'America/New_York')", "8"},
           {"extract(hour from timestamp '2013-01-01T12:00:00Z' at time zone 'Asia/Kolkata')",
            "17"}}),
      Part<Int, Minute>("minute", "minute(t[, zone])", "0 to 59.", {},
                        {{"minute(timestamp '2013-07-01T12:34:56Z')", "34"}}),
      Part<Int, Second>("second", "second(t[, zone])", "Whole seconds, 0 to 59.", {},
                        {{"second(timestamp '2013-07-01T12:34:56.9Z')", "56"}}),
      Part<Int, Weekday>("weekday", "weekday(t[, zone])", "1 = Monday to 7 = Sunday. Also isodow.",
                         {"isodow"}, {{"weekday(date '2013-01-06')", "7"}}),
      Part<Int, DayOfWeek>("dow", "dow(t[, zone])", "0 = Sunday to 6 = Saturday.", {"dayofweek"},
                           {{"dow(date '2013-01-06')", "0"}}),
      Part<Int, YearDay>("doy", "doy(t[, zone])", "The day of the year, 1 to 366.", {"dayofyear"},
                         {{"doy(date '2012-12-31')", "366"}}),
      Part<Int, Week>(
          "isoweek", "isoweek(t[, zone])",
          "The ISO 8601 week, 1 to 53; it belongs to the year of its Thursday. Also week.",
          {"week"}, {{"isoweek(date '2012-12-31')", "1"}}),
      Part<Int, WeekYear>("isoyear", "isoyear(t[, zone])", "The year that the ISO week belongs to.",
                          {}, {{"isoyear(date '2012-12-31')", "2013"}}),
      Part<std::uint8_t, IsWeekend>("is_weekend", "is_weekend(t[, zone])",
                                    "Is it Saturday or Sunday?", {},
                                    {{"is_weekend(date '2013-01-05')", "true"}}),
  };
}

}  // namespace coeval
