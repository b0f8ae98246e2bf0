#include "expression/zone.h"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include <fmt/format.h>

#include "base/calendar.h"
#include "base/suggest.h"
#include "expression/tzif.h"
#include "expression/zone_data.h"

namespace coeval {

namespace {

const EmbeddedZone* FindEmbedded(std::string_view name) {
  const auto zones = EmbeddedZones();
  const auto found = std::lower_bound(
      zones.begin(), zones.end(), name,
      [](const EmbeddedZone& zone, std::string_view sought) { return zone.name < sought; });
  return found != zones.end() && found->name == name ? &*found : nullptr;
}

// "+05:30", "-08:00" -> µs; nothing where it is no offset.
bool ParseOffset(std::string_view text, DurationMicros* offset) {
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return false;
  if (!digit(1) || !digit(2) || !digit(4) || !digit(5)) return false;
  const int hours = (text[1] - '0') * 10 + (text[2] - '0');
  const int minutes = (text[4] - '0') * 10 + (text[5] - '0');
  if (hours > 15 || minutes > 59) return false;
  *offset = hours * kHour + minutes * kMinute;
  if (text[0] == '-') *offset = -*offset;
  return true;
}

std::unique_ptr<const Zone> LoadZone(std::string_view name) {
  DurationMicros offset = 0;
  const bool fixed = ParseOffset(name, &offset) || name == "UTC" || name == "Z";
  if (fixed) {
    const ZoneChange always{kMinTime, offset / kSecond};
    return std::make_unique<Zone>(std::string(name), std::span(&always, 1));
  }
  const EmbeddedZone* embedded = FindEmbedded(name);
  if (embedded == nullptr) return nullptr;
  const auto changes =
      ReadTzif(std::string_view(EmbeddedZoneBytes() + embedded->offset, embedded->size));
  COEVAL_CHECK(changes.ok());  // our own data; zone_test loads every zone
  return std::make_unique<Zone>(std::string(name), changes.value());
}

constexpr TimeMicros kTableEnd = kZoneTableEnd * kSecond;
constexpr DurationMicros kCycle = kCalendarCycle * kSecond;

}  // namespace

Zone::Zone(std::string name, std::span<const ZoneChange> changes) : name_(std::move(name)) {
  for (const ZoneChange& change : changes) {
    starts_.push_back(change.start == kMinTime ? kMinTime : change.start * kSecond);
    offsets_.push_back(change.offset * kSecond);
  }
}

Zone::Period Zone::PeriodOf(TimeMicros t) const {
  if (starts_.size() == 1) return {kMinTime, kMaxTime, offsets_[0]};
  if (t >= kTableEnd) {
    const DurationMicros later = ((t - kTableEnd) / kCycle + 1) * kCycle;
    const Period period = PeriodOf(t - later);
    return {period.first + later, SaturatingAdd(period.last, later), period.offset};
  }
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), t);
  const auto i = static_cast<std::size_t>(after - starts_.begin()) - 1;
  return {starts_[i], (after == starts_.end() ? kTableEnd : *after) - 1, offsets_[i]};
}

TimeMicros Zone::FromLocal(TimeMicros wall) const {
  // No offset is a whole two days, so what shows this wall time begins not before.
  Period period = PeriodOf(SaturatingSubtract(wall, 2 * kDay));
  for (;;) {
    const TimeMicros instant = SaturatingSubtract(wall, period.offset);
    if (instant < period.first) return period.first;  // in the gap before this period
    if (instant <= period.last || period.last == kMaxTime) return instant;
    period = PeriodOf(period.last + 1);
  }
}

const Zone* LookupZone(std::string_view name) {
  static std::shared_mutex mutex;
  static auto* const zones = new std::map<std::string, std::unique_ptr<const Zone>, std::less<>>;
  {
    const std::shared_lock lock(mutex);
    const auto found = zones->find(name);
    if (found != zones->end()) return found->second.get();
  }
  std::unique_ptr<const Zone> zone = LoadZone(name);
  if (zone == nullptr) return nullptr;
  const std::unique_lock lock(mutex);
  // Another thread may have been faster; then its zone stays and ours goes.
  return zones->emplace(std::string(name), std::move(zone)).first->second.get();
}

Result<const Zone*> FindZone(std::string_view name) {
  const Zone* zone = LookupZone(name);
  if (zone != nullptr) return zone;
  const std::string_view shown = name.substr(0, 60);
  return Status::InvalidArgument(
      fmt::format("unknown time zone '{}'{}", shown, DidYouMean(shown, ZoneNames())));
}

const std::vector<std::string>& ZoneNames() {
  static const auto* const names = [] {
    auto* made = new std::vector<std::string>;
    for (const EmbeddedZone& zone : EmbeddedZones()) made->emplace_back(zone.name);
    return made;
  }();
  return *names;
}

std::string_view ZoneDatabaseVersion() {
  return EmbeddedZoneVersion();
}

}  // namespace coeval
