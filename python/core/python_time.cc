#include "core/python_time.h"

#include <datetime.h>

namespace coeval::python {
namespace {

namespace nb = nanobind;

// The macros of datetime.h are casts of C.
#pragma GCC diagnostic ignored "-Wold-style-cast"

constexpr TimeMicros kYear1 = -62'135'596'800 * kSecond;
constexpr TimeMicros kYear10000 = 253'402'300'800 * kSecond;

void ImportDatetime() {
  if (PyDateTimeAPI == nullptr) PyDateTime_IMPORT;
  if (PyDateTimeAPI == nullptr) throw nb::python_error();
}

struct CivilDate {
  int year, month, day;
};

// Days since 1970-01-01 of a date of the proleptic Gregorian calendar, and the inverse. Years are
// counted from March, so that the leap day is a year's last.
std::int64_t DaysOf(const CivilDate& date) {
  const std::int64_t y = date.month <= 2 ? date.year - 1 : date.year;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t of_era = y - era * 400;
  const std::int64_t month = date.month > 2 ? date.month - 3 : date.month + 9;
  const std::int64_t of_year = (153 * month + 2) / 5 + date.day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

CivilDate CivilOf(std::int64_t days) {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t of_era = days - era * 146097;
  const std::int64_t year_of_era =
      (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const std::int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t from_march = (5 * of_year + 2) / 153;
  const std::int64_t month = from_march < 10 ? from_march + 3 : from_march - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  const std::int64_t day = of_year - (153 * from_march + 2) / 5 + 1;
  return {static_cast<int>(year), static_cast<int>(month), static_cast<int>(day)};
}

nb::object Checked(PyObject* object) {
  if (object == nullptr) throw nb::python_error();
  return nb::steal(object);
}

}  // namespace

std::optional<TimeMicros> MicrosOfDatetime(nb::handle object) {
  ImportDatetime();
  PyObject* const o = object.ptr();
  if (!PyDateTime_Check(o)) return std::nullopt;
  const std::int64_t days =
      DaysOf({PyDateTime_GET_YEAR(o), PyDateTime_GET_MONTH(o), PyDateTime_GET_DAY(o)});
  const TimeMicros local =
      days * kDay + PyDateTime_DATE_GET_HOUR(o) * kHour + PyDateTime_DATE_GET_MINUTE(o) * kMinute +
      PyDateTime_DATE_GET_SECOND(o) * kSecond + PyDateTime_DATE_GET_MICROSECOND(o);
  const nb::object offset = object.attr("utcoffset")();
  if (offset.is_none()) return local;
  PyObject* const d = offset.ptr();
  return local - (PyDateTime_DELTA_GET_DAYS(d) * kDay + PyDateTime_DELTA_GET_SECONDS(d) * kSecond +
                  PyDateTime_DELTA_GET_MICROSECONDS(d));
}

std::optional<std::int64_t> DaysOfDate(nb::handle object) {
  ImportDatetime();
  PyObject* const o = object.ptr();
  if (!PyDate_Check(o) || PyDateTime_Check(o)) return std::nullopt;
  return DaysOf({PyDateTime_GET_YEAR(o), PyDateTime_GET_MONTH(o), PyDateTime_GET_DAY(o)});
}

nb::object DatetimeOf(TimeMicros time) {
  ImportDatetime();
  if (time < kYear1 || time >= kYear10000) return nb::int_(time);
  const std::int64_t days = (time - kYear1) / kDay + kYear1 / kDay;
  const TimeMicros rest = time - days * kDay;
  const CivilDate date = CivilOf(days);
  return Checked(PyDateTimeAPI->DateTime_FromDateAndTime(
      date.year, date.month, date.day, static_cast<int>(rest / kHour),
      static_cast<int>(rest / kMinute % 60), static_cast<int>(rest / kSecond % 60),
      static_cast<int>(rest % kSecond), PyDateTime_TimeZone_UTC, PyDateTimeAPI->DateTimeType));
}

nb::object DateOf(std::int64_t days) {
  ImportDatetime();
  if (days < kYear1 / kDay || days >= kYear10000 / kDay) return nb::int_(days);
  const CivilDate date = CivilOf(days);
  return Checked(PyDate_FromDate(date.year, date.month, date.day));
}

}  // namespace coeval::python
