// Days, months and ISO weeks of the proleptic Gregorian calendar, by arithmetic on day numbers:
// days since 1970-01-01.
#pragma once

#include <cstdint>

namespace coeval {

// Quotient and remainder that round towards minus infinity. REQUIRES: divisor > 0.
constexpr std::int64_t FloorDiv(std::int64_t a, std::int64_t divisor) {
  return a / divisor - (a % divisor < 0 ? 1 : 0);
}

constexpr std::int64_t FloorMod(std::int64_t a, std::int64_t divisor) {
  const std::int64_t rest = a % divisor;
  return rest < 0 ? rest + divisor : rest;
}

struct CivilDate {
  std::int64_t year;
  int month;  // 1..12
  int day;    // 1..31
};

// Days since 1970-01-01 to a date and back; for every day that a timestamp can name.
CivilDate DateOfDay(std::int64_t day);
std::int64_t DayOfDate(std::int64_t year, int month, int day_of_month);
int DaysInMonth(std::int64_t year, int month);

// 1 = Monday ... 7 = Sunday.
inline int IsoWeekday(std::int64_t day) {
  return static_cast<int>(FloorMod(day + 3, 7)) + 1;
}

// 1 = 1 January.
int DayOfYear(std::int64_t day);

struct IsoWeek {
  std::int64_t year;  // the year that the week belongs to
  int week;           // 1..53
};

IsoWeek IsoWeekOfDay(std::int64_t day);

// The same day `months` later, or the last of its month where that has none: 31 January + 1 month
// is 28 or 29 February. REQUIRES: |months| <= 10^7.
std::int64_t AddMonthsToDay(std::int64_t day, std::int64_t months);

}  // namespace coeval
