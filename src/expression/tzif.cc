// Layout (RFC 9636, section 3): a header and a block with 32-bit times, which are skipped; the same
// with 64-bit times; then the rule between two line ends. All numbers are big-endian.
//
//   OFFSET  SIZE  MEANING
//   0       4     "TZif"
//   4       1     version, '2' or more
//   20      24    counts: UTC flags, standard flags, leap seconds, changes, types, bytes of names
//   44      ...   changes: times (4 or 8 bytes each), then type of each (1); types (6: offset
//   int32,
//                 is daylight saving, name); names; leap seconds; flags
#include "expression/tzif.h"

#include <array>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/calendar.h"

namespace coeval {

namespace {

constexpr std::size_t kHeaderBytes = 44;
constexpr std::int64_t kSecondsADay = 86400;

Status Malformed(std::string_view what) {
  return Status::Corruption(fmt::format("malformed TZif: {}", what));
}

std::int64_t ReadBigEndian(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  const std::size_t unused = 64 - 8 * size;
  return static_cast<std::int64_t>(value << unused) >> unused;
}

struct Counts {
  std::size_t utc_flags, standard_flags, leaps, changes, types, name_bytes;

  // Bytes of the block after the header, whose times have `width` bytes.
  [[nodiscard]] std::size_t BlockBytes(std::size_t width) const {
    return changes * (width + 1) + types * 6 + name_bytes + leaps * (width + 4) + standard_flags +
           utc_flags;
  }
};

Result<Counts> ReadHeader(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with("TZif")) return Malformed("no header");
  std::array<std::size_t, 6> counts{};
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::int64_t count = ReadBigEndian(bytes, 20 + 4 * i, 4);
    if (count < 0 || count > 100000) return Malformed("a count");
    counts[i] = static_cast<std::size_t>(count);
  }
  return Counts{counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]};
}

// -- the rule: a POSIX TZ string ----------------------------------------------------------------

// A day of each year: Mm.w.d (week 5 is the last), Jn (29 February is not counted) or n (from 0).
struct RuleDay {
  enum class Kind { kWeekday, kJulian, kOrdinal } kind = Kind::kOrdinal;
  std::int64_t month = 0, week = 0, day = 0;
  std::int64_t time = 7200;  // seconds of wall time after its midnight

  [[nodiscard]] std::int64_t DayIn(std::int64_t year) const {
    const std::int64_t january = DayOfDate(year, 1, 1);
    if (kind == Kind::kOrdinal) return january + day;
    if (kind == Kind::kJulian) {
      const bool after_leap_day = DaysInMonth(year, 2) == 29 && day >= 60;
      return january + day - 1 + (after_leap_day ? 1 : 0);
    }
    const int of_month = static_cast<int>(month);
    const std::int64_t first = DayOfDate(year, of_month, 1);
    const std::int64_t first_weekday = IsoWeekday(first) % 7;  // 0 = Sunday, as in the rule
    std::int64_t in_month = FloorMod(day - first_weekday, 7) + (week - 1) * 7;
    if (in_month >= DaysInMonth(year, of_month)) in_month -= 7;
    return first + in_month;
  }
};

struct Rule {
  std::int64_t standard = 0;  // offsets
  std::int64_t daylight = 0;
  std::optional<std::pair<RuleDay, RuleDay>> days;  // daylight saving from, to
};

// Reads from left to right; each step tells whether it fitted.
class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : rest_(text) {}

  std::optional<Rule> Read() {
    Rule rule;
    std::int64_t west = 0;
    if (!Name() || !Time(&west)) return std::nullopt;
    rule.standard = -west;
    if (rest_.empty()) return rule;
    if (!Name()) return std::nullopt;
    west = -(rule.standard + 3600);
    if (!rest_.empty() && rest_[0] != ',' && !Time(&west)) return std::nullopt;
    rule.daylight = -west;
    RuleDay from, to;
    if (!Day(&from) || !Day(&to) || !rest_.empty()) return std::nullopt;
    rule.days = {from, to};
    return rule;
  }

 private:
  bool Take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Letters, or anything between < and >.
  bool Name() {
    std::size_t size = 0;
    if (Take('<')) {
      size = rest_.find('>');
      if (size == std::string_view::npos) return false;
      rest_.remove_prefix(size + 1);
      return size > 0;
    }
    const auto is_letter = [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; };
    while (size < rest_.size() && is_letter(rest_[size])) ++size;
    rest_.remove_prefix(size);
    return size > 0;
  }

  bool Number(std::int64_t most, std::int64_t* number) {
    std::size_t digits = 0;
    *number = 0;
    for (; digits < rest_.size() && digits < 4; ++digits) {
      if (rest_[digits] < '0' || rest_[digits] > '9') break;
      *number = *number * 10 + (rest_[digits] - '0');
    }
    rest_.remove_prefix(digits);
    return digits > 0 && *number <= most;
  }

  // [+-]hh[:mm[:ss]] in seconds, up to a week.
  bool Time(std::int64_t* seconds) {
    const bool negative = Take('-');
    if (!negative) Take('+');
    std::int64_t hours = 0, minutes = 0, rest = 0;
    if (!Number(167, &hours)) return false;
    if (Take(':') && !Number(59, &minutes)) return false;
    if (Take(':') && !Number(59, &rest)) return false;
    *seconds = hours * 3600 + minutes * 60 + rest;
    if (negative) *seconds = -*seconds;
    return true;
  }

  bool Day(RuleDay* day) {
    if (!Take(',')) return false;
    if (Take('M')) {
      day->kind = RuleDay::Kind::kWeekday;
      if (!Number(12, &day->month) || !Take('.') || !Number(5, &day->week) || !Take('.') ||
          !Number(6, &day->day) || day->month < 1 || day->week < 1) {
        return false;
      }
    } else if (Take('J')) {
      day->kind = RuleDay::Kind::kJulian;
      if (!Number(365, &day->day) || day->day < 1) return false;
    } else if (!Number(365, &day->day)) {
      return false;
    }
    return !Take('/') || Time(&day->time);
  }

  std::string_view rest_;
};

// Keeps neighbours different.
void Append(std::int64_t start, std::int64_t offset, std::vector<ZoneChange>* changes) {
  if (changes->empty() || changes->back().offset != offset) changes->push_back({start, offset});
}

// The changes that the rule makes after `last`, up to the end of the table.
void AppendRule(const Rule& rule, std::int64_t last, std::vector<ZoneChange>* changes) {
  if (!rule.days) {
    if (last == std::numeric_limits<std::int64_t>::min()) Append(last, rule.standard, changes);
    return;
  }
  const bool any = last != std::numeric_limits<std::int64_t>::min();
  std::int64_t year = any ? DateOfDay(FloorDiv(last, kSecondsADay)).year : 1970;
  for (;; ++year) {
    const auto& [from, to] = *rule.days;
    // Each is told in the wall time that is left.
    ZoneChange forward{from.DayIn(year) * kSecondsADay + from.time - rule.standard, rule.daylight};
    ZoneChange back{to.DayIn(year) * kSecondsADay + to.time - rule.daylight, rule.standard};
    if (back.start < forward.start) std::swap(forward, back);
    for (const ZoneChange& change : {forward, back}) {
      if (change.start >= kZoneTableEnd) return;
      if (change.start > last) Append(change.start, change.offset, changes);
    }
  }
}

}  // namespace

Result<std::vector<ZoneChange>> ReadTzif(std::string_view bytes) {
  COEVAL_ASSIGN_OR_RETURN(const Counts narrow, ReadHeader(bytes));
  if (bytes[4] < '2') return Malformed("version 1");
  const std::size_t skipped = kHeaderBytes + narrow.BlockBytes(4);
  if (skipped > bytes.size()) return Malformed("the first block is cut off");
  bytes.remove_prefix(skipped);
  COEVAL_ASSIGN_OR_RETURN(const Counts counts, ReadHeader(bytes));
  const std::size_t end = kHeaderBytes + counts.BlockBytes(8);
  if (end + 2 > bytes.size()) return Malformed("the second block is cut off");
  if (counts.types == 0) return Malformed("no type");
  if (counts.leaps != 0) return Malformed("leap seconds, which UTC in microseconds has not");

  const std::size_t indexes = kHeaderBytes + counts.changes * 8;
  const std::size_t types = indexes + counts.changes;
  const auto offset_of = [&](std::size_t type) {
    return ReadBigEndian(bytes, types + 6 * type, 4);
  };
  constexpr std::int64_t kAlways = std::numeric_limits<std::int64_t>::min();
  std::vector<ZoneChange> changes;
  if (counts.changes > 0) Append(kAlways, offset_of(0), &changes);
  std::int64_t last = kAlways;
  for (std::size_t i = 0; i < counts.changes; ++i) {
    const std::int64_t start = ReadBigEndian(bytes, kHeaderBytes + 8 * i, 8);
    const auto type = static_cast<std::size_t>(static_cast<unsigned char>(bytes[indexes + i]));
    if (type >= counts.types || start <= last) return Malformed("a change");
    Append(start, offset_of(type), &changes);
    last = start;
  }
  const std::string_view footer = bytes.substr(end);
  if (footer.front() != '\n' || footer.back() != '\n') return Malformed("no rule");
  const std::string_view text = footer.substr(1, footer.size() - 2);
  if (text.empty()) {
    if (changes.empty()) Append(kAlways, offset_of(0), &changes);
    return changes;
  }
  const std::optional<Rule> rule = RuleReader(text).Read();
  if (!rule) return Malformed(fmt::format("the rule '{}'", text));
  AppendRule(*rule, last, &changes);
  if (changes.empty() || changes[0].start != kAlways) {
    changes.insert(changes.begin(), {kAlways, offset_of(0)});
  }
  return changes;
}

}  // namespace coeval
