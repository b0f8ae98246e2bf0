// FactEncoder: from columns of facts to facts as stores keep them. What a load of a batch source
// and what a push brings go through here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "definition/source.h"
#include "online/event_keeping.h"
#include "online/fact_list.h"
#include "online/online_store.h"

namespace coeval {

// Borrows rows, source and what an arrival borrows. Threads: one.
class FactEncoder {
 public:
  // Of a push (rules 1.3, 1.4): all its rows were created at C and are known since then; their
  // sequences are numbers in a log.
  struct Arrival {
    TimeMicros c = 0;
    std::string_view log;  // its writer
  };

  // Facts with created times and sequences of their own: of a batch source, whose meaning `source`
  // is, or, with a log, pushed before and carried now. `events`: of an aggregated view, else none.
  FactEncoder(const FactRows& rows, const Source& source, std::optional<EventKeeping> events = {})
      : rows_(rows), source_(&source), events_(events) {}

  FactEncoder(const FactRows& rows, const Arrival& arrival, std::optional<EventKeeping> events = {})
      : rows_(rows), arrival_(arrival), events_(events) {}

  // The fact of a row, but for its row bytes.
  [[nodiscard]] KeptFact FactOf(std::int64_t row) const;

  // Does it take part in some window (rule 5.8)? REQUIRES: a fact of an aggregated view.
  [[nodiscard]] bool IsTooLate(const KeptFact& fact) const {
    return coeval::IsTooLate(fact.times.event_time, fact.visible_time, *events_);
  }

  // Where it lies behind its entity key: of an event, else "". Valid until the next call.
  std::string_view PlaceOf(const KeptFact& fact, std::int64_t row);
  // The bytes of its features; "" of a delete. Valid until the next call.
  std::string_view RowOf(const KeptFact& fact, std::int64_t row);
  // Fact and bytes as a fact list of one. Valid until the next call.
  std::string_view ListOf(KeptFact fact, std::int64_t row);

 private:
  void EncodeIdAlone(std::int64_t row);

  const FactRows& rows_;
  const Source* const source_ = nullptr;
  const std::optional<Arrival> arrival_;
  const std::optional<EventKeeping> events_;
  std::string id_;
  std::string place_;
  std::string row_;
  std::string list_;
};

}  // namespace coeval
