// What the functions of time make of their constant arguments, and how they come to wall time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "expression/functions.h"
#include "expression/zone.h"

namespace coeval {

// A part of a calendar time, the longer ones first.
enum class TimePart : std::uint8_t {
  kYears,
  kQuarters,
  kMonths,
  kWeeks,
  kDays,
  kHours,
  kMinutes,
  kSeconds,
};

// "hour" or "hours", in any case. Nothing where it is none; TimePartNames() lists them.
std::optional<TimePart> TimePartOf(std::string_view name);
const std::vector<std::string>& TimePartNames();

// A part that comes round again, by the names that extract knows.
enum class Cycle : std::uint8_t {
  kQuarters,
  kMonths,
  kIsoWeeks,
  kYearDays,
  kDays,
  kWeekdays,
  kDaysOfWeek,
  kHours,
  kMinutes,
  kSeconds,
};

struct TimePlan {
  TimePart part = TimePart::kSeconds;
  Cycle cycle = Cycle::kSeconds;
  const Zone* zone = nullptr;  // of a constant zone argument
};

// For Overload::prepare. `tag` is the position of the zone argument, or kNoZone.
inline constexpr int kNoZone = -1;
Result<std::shared_ptr<const void>> PrepareZone(const PrepareContext& context);
// Argument 0 is the constant name of a part.
Result<std::shared_ptr<const void>> PreparePart(const PrepareContext& context);
// Argument 0 is the constant name of a part that comes round.
Result<std::shared_ptr<const void>> PrepareCycle(const PrepareContext& context);
// A date has no time zone: always an error.
Result<std::shared_ptr<const void>> RefuseDateZone(const PrepareContext& context);

// Runs `function(LocalClock&, row) -> RowState` for each row that has all its arguments, with the
// clock of that row's zone: UTC where the call has no zone argument. An unknown zone is the row's
// error.
template <typename F>
void ForEachLocal(const Call& call, std::size_t zone_argument, F function) {
  CombineStates(call);
  Vec& out = *call.out;
  static const Zone* const utc = *FindZone("UTC");
  const auto& plan = call.prepared_as<TimePlan>();
  const bool computed = call.num_args > zone_argument && plan.zone == nullptr;
  std::optional<LocalClock> clock;
  if (!computed) clock.emplace(plan.zone != nullptr ? *plan.zone : *utc);
  for (std::int64_t row = 0; row < call.rows; ++row) {
    if (!out.clean && out.state[row] != kValue) continue;
    if (computed) {
      const std::string_view name = call.arg<std::string_view>(zone_argument)[row];
      if (!clock || clock->zone().name() != name) {
        const Zone* zone = LookupZone(name);
        if (zone == nullptr) {
          SetState(out, call.rows, row,
                   call.Fail([&] { return FindZone(name).status().message(); }));
          continue;
        }
        clock.emplace(*zone);
      }
    }
    const RowState state = function(*clock, row);
    if (state != kValue) SetState(out, call.rows, row, state);
  }
}

}  // namespace coeval
