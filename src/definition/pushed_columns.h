// PushedColumns: which column of a pushed batch is which part of a view's facts.
//
//   pushed    {"code": "EUR", "value": 1.08, "at": 12:00}    field_mapping {"code": "currency"}
//   view      entity currency, feature value                 keys [code], features [value], time at
#pragma once

#include <string>
#include <vector>

#include "column/batch.h"
#include "definition/catalogue.h"
#include "definition/source.h"

namespace coeval {

// Names as they are pushed, before the field mapping.
struct PushedColumns {
  std::string event_time;
  std::string event_id;               // "" = none (rule 5.3)
  std::vector<std::string> keys;      // of version.join_keys, in order
  std::vector<std::string> features;  // of the schema; of an aggregated view, of its inputs
};

// REQUIRES: version.push is there.
PushedColumns PushedColumnsOf(const ViewVersion& version);

// The columns that a push source declares, the event time with them: as timestamp where its schema
// leaves it out. `push`: a PushMeaning. Of one without a schema: the event time alone.
Schema PushedSchema(const Source& push);

}  // namespace coeval
