#include "base/calendar.h"

#include <algorithm>

namespace coeval {

namespace {

constexpr std::int64_t kDaysIn400Years = 146097;

bool IsLeap(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

// Years are counted from March, so that the leap day is the last of its year and the lengths of the
// months before it follow one line: 153 days every five months.
std::int64_t DaysBeforeMonth(int month_from_march) {
  return (153 * month_from_march + 2) / 5;
}

constexpr std::int64_t kMarchOfYear0 = 719468;  // days from 0000-03-01 to 1970-01-01

}  // namespace

CivilDate DateOfDay(std::int64_t day) {
  const std::int64_t shifted = day + kMarchOfYear0;
  const std::int64_t cycle = FloorDiv(shifted, kDaysIn400Years);
  const std::int64_t in_cycle = shifted - cycle * kDaysIn400Years;  // 0..146096
  // Without the leap days before it, each year has 365 days.
  const std::int64_t year_in_cycle =
      (in_cycle - in_cycle / 1460 + in_cycle / 36524 - in_cycle / 146096) / 365;
  const std::int64_t in_year =
      in_cycle - (365 * year_in_cycle + year_in_cycle / 4 - year_in_cycle / 100);
  const int from_march = static_cast<int>((5 * in_year + 2) / 153);
  const int day_of_month = static_cast<int>(in_year - DaysBeforeMonth(from_march)) + 1;
  const int month = from_march < 10 ? from_march + 3 : from_march - 9;
  return {cycle * 400 + year_in_cycle + (month <= 2 ? 1 : 0), month, day_of_month};
}

std::int64_t DayOfDate(std::int64_t year, int month, int day_of_month) {
  const std::int64_t from_march_year = year - (month <= 2 ? 1 : 0);
  const std::int64_t cycle = FloorDiv(from_march_year, 400);
  const std::int64_t in_cycle = from_march_year - cycle * 400;
  const int from_march = month > 2 ? month - 3 : month + 9;
  const std::int64_t in_year = DaysBeforeMonth(from_march) + day_of_month - 1;
  return cycle * kDaysIn400Years + in_cycle * 365 + in_cycle / 4 - in_cycle / 100 + in_year -
         kMarchOfYear0;
}

int DaysInMonth(std::int64_t year, int month) {
  if (month == 2) return IsLeap(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

int DayOfYear(std::int64_t day) {
  return static_cast<int>(day - DayOfDate(DateOfDay(day).year, 1, 1)) + 1;
}

IsoWeek IsoWeekOfDay(std::int64_t day) {
  // A week belongs to the year of its Thursday.
  const std::int64_t thursday = day - IsoWeekday(day) + 4;
  const std::int64_t year = DateOfDay(thursday).year;
  return {year, static_cast<int>((thursday - DayOfDate(year, 1, 1)) / 7) + 1};
}

std::int64_t AddMonthsToDay(std::int64_t day, std::int64_t months) {
  const CivilDate date = DateOfDay(day);
  const std::int64_t month_index = date.year * 12 + (date.month - 1) + months;
  const std::int64_t year = FloorDiv(month_index, 12);
  const int month = static_cast<int>(FloorMod(month_index, 12)) + 1;
  return DayOfDate(year, month, std::min(date.day, DaysInMonth(year, month)));
}

}  // namespace coeval
