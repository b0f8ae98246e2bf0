// PushCheck: what a push must bring, and the rows of one, checked as those of any source are
// (source/fact_reader.h) before anything is logged. A push of deletes (rule 3.7) brings the keys of
// all views that it feeds, and the ids of their events, and no values.
//
//   columns: code string, value float64       the push source declares them, or its views read them
//   pushed   [EUR, 1.08, 11:59:00.5], ...     -> the same, of these types, the event time in µs
#pragma once

#include <string>

#include "base/context.h"
#include "base/status.h"
#include "column/arrow_bridge.h"
#include "column/batch.h"
#include "definition/catalogue.h"
#include "definition/source.h"

namespace coeval {

struct PushColumns {
  Source meaning;  // of the push source (PushMeaning)
  Schema columns;  // that a push brings beside the event time, by their pushed names
};

// The columns that the source declares and those that the views which it feeds read. Errors:
// NotFound (no such source; the nearest name), InvalidArgument (it is no push source).
Result<PushColumns> PushColumnsOf(const Catalogue& catalogue, const std::string& push_source);

// Those of a push of deletes. Errors: also InvalidArgument (no view reads the source; one
// aggregates events without ids, of which none can be taken back, rule 5.3).
Result<PushColumns> DeleteColumnsOf(const Catalogue& catalogue, const std::string& push_source);

// The rows as they are logged: the event time, then the columns. Errors: InvalidArgument: a column
// that is missing or not asked for (a created time is Coeval's to give, rule 3.7); null or
// impossible times, with the first 10 rows and the count of all; a value that its type cannot hold,
// with its row.
Result<Batch> CheckPushedRows(const PushColumns& columns, const ArrowTable& rows,
                              const Context& context);

}  // namespace coeval
