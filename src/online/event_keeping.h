// What an online store keeps of the events of an aggregated view, and where (rules 5.3, 5.8, 7.7).
// Every event is a fact that stays until no window can reach it; there is no winner among them.
//
//   view without ids    a row of the store for each key and event time
//   view with ids       a row for each key and id: all facts of one event, so that its corrections
//                       and retractions go when it goes
//
//   store key   <id of the view's data> <entity key> <place>
//   place       [tie bytes of the id] [event time, 8 bytes, where there is no id]
//
// Facts equal in all that tells them apart are numbered as one reading finds them, so that a row
// carried again is the same event.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "column/type.h"
#include "definition/catalogue.h"
#include "online/fact_list.h"

namespace coeval {

struct EventKeeping {
  std::optional<std::size_t> id_column = {};     // of the view's inputs (rule 5.3); none: no ids
  std::optional<DurationMicros> retention = {};  // definition/retention.h; none: all stays
  DurationMicros lateness = 0;                   // rule 5.8

  friend bool operator==(const EventKeeping&, const EventKeeping&) = default;
};

// None of a view that serves stored facts.
std::optional<EventKeeping> KeepingOf(const ViewVersion& version);
// The columns of a view's facts as they are kept: its features; of an aggregated view its inputs.
const std::vector<Field>& KeptColumns(const ViewVersion& version);
// The ttl by which its facts go: none for an aggregated view (rule 5.1).
DurationMicros KeptTtl(const ViewVersion& version);

// How far before the horizon its facts are kept: twice the ttl (3.6), or the retention; none: all.
std::optional<DurationMicros> KeptSpan(const ViewVersion& version);

// Rule 5.8: it takes no part in any window. `known`: rule 3.2.
inline bool IsTooLate(TimeMicros event_time, TimeMicros known, const EventKeeping& keeping) {
  return SaturatingSubtract(known, event_time) > keeping.lateness;
}

// No window asked at any t >= horizon reaches an event of this time.
inline bool IsOutOfReach(TimeMicros event_time, TimeMicros horizon, const EventKeeping& keeping) {
  return keeping.retention.has_value() && horizon != kMinTime &&
         event_time < SaturatingSubtract(horizon, *keeping.retention);
}

// An event time in the key, ordered as times are.
void AppendEventTime(TimeMicros time, std::string* key);
// The place of a fact behind its entity key. `id`: tie bytes of its id; "" where the view has none.
// A null id, whose tie bytes are one 0, is no id.
void AppendPlace(std::string_view id, TimeMicros event_time, std::string* key);
// The entity key in a key without the number in front; `keys`: the view's join keys. Errors:
// Corruption.
Result<std::string_view> EntityKeyOf(std::string_view key, std::span<const JoinKey> keys);

// The tie bytes of the id in a row of the inputs. Errors: Corruption.
Status AppendId(std::string_view row, std::span<const DataType> types, std::size_t id_column,
                std::string* id);

// What becomes of facts that are equal in everything.
enum class Equals : std::uint8_t {
  kAreOne,       // a fact came twice
  kStay,         // of one reading, which has more to come
  kAreNumbered,  // of one reading, all of it: they are so many events (rule 5.3)
};

// Of facts of one place: sorts, treats equals as said, and drops all once all of them are out of
// reach. The order is some order, the same for the same facts. With kAreOne associative,
// commutative and idempotent, apart from what is dropped; a horizon of kMinTime drops nothing.
void CollapseEvents(const EventKeeping& keeping, Equals equals, TimeMicros horizon,
                    std::vector<KeptFact>* facts);

}  // namespace coeval
