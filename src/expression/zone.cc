#include "expression/zone.h"

#include <cctz/civil_time.h>
#include <cctz/time_zone.h>
#include <cctz/zone_info_source.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>

#include <fmt/format.h>

#include "base/suggest.h"
#include "expression/calendar.h"
#include "expression/zone_data.h"

namespace coeval {

namespace {

// cctz keeps zones by name for the whole process, and another library may have loaded the host's.
// Names with this prefix are ours alone.
constexpr std::string_view kPrefix = "coeval-embedded:";

using Seconds = std::chrono::duration<std::int64_t>;
using SecondPoint = std::chrono::time_point<std::chrono::system_clock, Seconds>;

class EmbeddedSource : public cctz::ZoneInfoSource {
 public:
  explicit EmbeddedSource(std::string_view bytes) : rest_(bytes) {}

  std::size_t Read(void* into, std::size_t size) override {
    const std::size_t count = std::min(size, rest_.size());
    std::memcpy(into, rest_.data(), count);
    rest_.remove_prefix(count);
    return count;
  }

  int Skip(std::size_t count) override {
    if (count > rest_.size()) return -1;
    rest_.remove_prefix(count);
    return 0;
  }

  std::string Version() const override { return std::string(EmbeddedZoneVersion()); }

 private:
  std::string_view rest_;
};

const EmbeddedZone* FindEmbedded(std::string_view name) {
  const auto zones = EmbeddedZones();
  const auto found = std::lower_bound(
      zones.begin(), zones.end(), name,
      [](const EmbeddedZone& zone, std::string_view sought) { return zone.name < sought; });
  return found != zones.end() && found->name == name ? &*found : nullptr;
}

cctz_extension::ZoneInfoSourceFactory& PreviousFactory() {
  static cctz_extension::ZoneInfoSourceFactory factory = nullptr;
  return factory;
}

std::unique_ptr<cctz::ZoneInfoSource> OpenZone(
    const std::string& name,
    const std::function<std::unique_ptr<cctz::ZoneInfoSource>(const std::string&)>& fallback) {
  if (!name.starts_with(kPrefix)) {
    return PreviousFactory() != nullptr ? PreviousFactory()(name, fallback) : fallback(name);
  }
  const EmbeddedZone* zone = FindEmbedded(std::string_view(name).substr(kPrefix.size()));
  if (zone == nullptr) return nullptr;
  return std::make_unique<EmbeddedSource>(
      std::string_view(EmbeddedZoneBytes() + zone->offset, zone->size));
}

// The factory is a variable of cctz. Assigning it works in a program and in a Python extension
// alike, where defining a symbol would depend on how the linker and the loader see it.
void InstallFactory() {
  static const bool installed = [] {
    PreviousFactory() = cctz_extension::zone_info_source_factory;
    cctz_extension::zone_info_source_factory = OpenZone;
    return true;
  }();
  static_cast<void>(installed);
}

SecondPoint PointOf(TimeMicros t) {
  return SecondPoint(Seconds(FloorDiv(t, kSecond)));
}

// A zone by cctz, with its transitions up to the year 2300 laid out for a binary search; the zones'
// rules go on for ever after, and cctz computes them.
class TableZone : public Zone {
 public:
  TableZone(std::string name, cctz::time_zone zone) : Zone(std::move(name)), zone_(zone) {
    constexpr SecondPoint kEnd{Seconds(10413792000)};  // 2300-01-01
    SecondPoint at{Seconds(-(std::int64_t{1} << 52))};
    Add(kMinTime, at);
    cctz::time_zone::civil_transition transition;
    while (zone_.next_transition(at, &transition)) {
      at = zone_.lookup(transition.to).trans;  // also where `to` occurs twice
      if (at >= kEnd) break;
      Add(at.time_since_epoch().count() * kSecond, at);
    }
    table_end_ = kEnd.time_since_epoch().count() * kSecond;
  }

  Period PeriodOf(TimeMicros t) const override {
    if (t >= table_end_) {
      // One second at a time; nobody's data is there.
      const DurationMicros offset = OffsetAt(PointOf(t));
      return {t, t, offset};
    }
    const auto after = std::upper_bound(starts_.begin(), starts_.end(), t);
    const auto i = static_cast<std::size_t>(after - starts_.begin()) - 1;
    const TimeMicros last = (after == starts_.end() ? table_end_ : *after) - 1;
    return {starts_[i], last, offsets_[i]};
  }

  TimeMicros FromLocal(TimeMicros wall) const override {
    const std::int64_t seconds = FloorDiv(wall, kSecond);
    const DurationMicros fraction = wall - seconds * kSecond;
    const auto found = zone_.lookup(cctz::civil_second(1970, 1, 1, 0, 0, 0) + seconds);
    const bool skipped = found.kind == cctz::time_zone::civil_lookup::SKIPPED;
    const SecondPoint instant = skipped ? found.trans : found.pre;
    const std::int64_t since_epoch = instant.time_since_epoch().count();
    std::int64_t micros = 0;
    if (__builtin_mul_overflow(since_epoch, kSecond, &micros)) {
      return since_epoch < 0 ? kMinTime : kMaxTime;
    }
    return skipped ? micros : SaturatingAdd(micros, fraction);
  }

 private:
  DurationMicros OffsetAt(SecondPoint at) const {
    return DurationMicros{zone_.lookup(at).offset} * kSecond;
  }

  void Add(TimeMicros start, SecondPoint at) {
    starts_.push_back(start);
    offsets_.push_back(OffsetAt(at));
  }

  cctz::time_zone zone_;
  std::vector<TimeMicros> starts_;
  std::vector<DurationMicros> offsets_;
  TimeMicros table_end_ = 0;
};

class FixedZone : public Zone {
 public:
  FixedZone(std::string name, DurationMicros offset) : Zone(std::move(name)), offset_(offset) {}

  Period PeriodOf(TimeMicros) const override { return {kMinTime, kMaxTime, offset_}; }

  TimeMicros FromLocal(TimeMicros wall) const override { return SaturatingSubtract(wall, offset_); }

 private:
  DurationMicros offset_;
};

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
  if (ParseOffset(name, &offset)) return std::make_unique<FixedZone>(std::string(name), offset);
  if (name == "UTC" || name == "Z") return std::make_unique<FixedZone>(std::string(name), 0);
  if (FindEmbedded(name) == nullptr) return nullptr;
  InstallFactory();
  cctz::time_zone zone;
  if (!cctz::load_time_zone(std::string(kPrefix) + std::string(name), &zone)) return nullptr;
  return std::make_unique<TableZone>(std::string(name), zone);
}

}  // namespace

Result<const Zone*> FindZone(std::string_view name) {
  static std::shared_mutex mutex;
  static auto* const zones = new std::map<std::string, std::unique_ptr<const Zone>, std::less<>>;
  {
    const std::shared_lock lock(mutex);
    const auto found = zones->find(name);
    if (found != zones->end()) return found->second.get();
  }
  const std::unique_lock lock(mutex);
  const auto found = zones->find(name);
  if (found != zones->end()) return found->second.get();
  std::unique_ptr<const Zone> zone = LoadZone(name);
  if (zone == nullptr) {
    return Status::InvalidArgument(fmt::format("unknown time zone '{}'{}", name.substr(0, 60),
                                               DidYouMean(name.substr(0, 60), ZoneNames())));
  }
  return zones->emplace(std::string(name), std::move(zone)).first->second.get();
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
