// Which facts a run carries, and where it leaves the watermark (rule 7.7), as plain arithmetic.
//
//   watermark 12:00, overlap 1 d, lateness 7 d, materialize_incremental(13:00) at 12:30
//     carried    event <= 13:00 and (event > 12:00 or created >= yesterday 12:00)
//                without created time: event <= 13:00 and event >= a week ago 12:00
//     watermark  12:30: what lands between now and 13:00 is for the next run
//
// A rebuild carries again what all runs have carried: what lies up to the watermark, and what runs
// were asked for beyond it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "definition/fact.h"
#include "definition/source.h"
#include "source/fact_reader.h"

namespace coeval {

enum class RunKind : std::uint8_t { kRange, kIncremental, kRebuild };

// Event times; both ends are included.
struct EventRange {
  TimeMicros first = kMinTime;
  TimeMicros last = kMaxTime;

  [[nodiscard]] bool contains(TimeMicros time) const { return first <= time && time <= last; }

  friend bool operator==(const EventRange&, const EventRange&) = default;
};

// Of the data of a view.
struct CarriedBefore {
  std::optional<TimeMicros> watermark = {};
  std::vector<EventRange> ranges = {};  // that runs were asked for, as far as is known
};

// What was asked for. `start` matters to kRange alone, `end` not to kRebuild.
struct CarryRequest {
  RunKind kind = RunKind::kIncremental;
  TimeMicros start = kMinTime;
  TimeMicros end = kMaxTime;
};

// What is known when a run begins.
struct CarryState {
  std::optional<TimeMicros> watermark = {};
  TimeMicros clock = 0;          // at the start of the run
  TimeMicros horizon_after = 0;  // H after this run, or less (OnlineStore::HorizonAfterLoad)
  // How far before the horizon the store keeps facts: twice the greatest ttl of the versions that
  // share the data, or the retention of the windows (5.8); none: for ever.
  std::optional<DurationMicros> keeps = {};
  std::vector<EventRange> ranges = {};  // CarriedBefore::ranges, for kRebuild
};

struct CarryRule {
  // What to read: never less than what is carried.
  FactRange range;
  // Where the watermark lies after the run; none: it stays.
  std::optional<TimeMicros> watermark;
  // With a created time rows are carried by it as well as by their event time.
  bool by_created = false;
  TimeMicros after = kMinTime;         // event times above it are carried
  TimeMicros created_from = kMinTime;  // so are created times from here on
  // Only event times in one of these are carried; none: all. In order, with times between them.
  std::vector<EventRange> among = {};
  bool nothing = false;  // no fact of a batch source is carried

  // Are not all facts within `range` carried?
  [[nodiscard]] bool chooses() const { return by_created || !among.empty(); }

  // Of a fact within `range`: is it carried?
  [[nodiscard]] bool Carries(const FactTimes& times) const {
    if (!among.empty()) {
      return std::any_of(among.begin(), among.end(),
                         [&](const EventRange& each) { return each.contains(times.event_time); });
    }
    if (!by_created || !times.has_created) return true;  // the range says it all
    return times.event_time > after || times.created_time >= created_from;
  }
};

// Of any fact of a batch source with times: does the run read and carry it?
bool IsCarried(const CarryRule& rule, const FactTimes& times);

CarryRule MakeCarryRule(const Source& source, const CarryRequest& request, const CarryState& state);

}  // namespace coeval
