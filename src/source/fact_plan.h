// FactPlan: which files and row groups a FactReader reads. What is left out can hold neither a fact
// in range with a wanted key nor a bad time (rules 3.5, 4.7), so that reading less never hides a
// mistake.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "definition/source.h"
#include "source/arrow_plugin.h"
#include "source/fact_columns.h"
#include "source/fact_reader.h"
#include "source/file_list.h"
#include "source/scan.h"

namespace coeval {

struct FactPlan {
  FactColumns columns;
  std::vector<FilePlan> files;
  FormatOptions format;
  // The newest event time by statistics alone, rounded up, of the row groups that have them, also
  // of those left out; none where there are none.
  std::optional<TimeMicros> newest;
  bool all_have_newest = true;     // all row groups of all files have them
  std::int64_t expected_rows = 0;  // -1 = not known
};

// Looks into every file, at footers and, where these cannot tell, at Bloom filters of join keys
// (KeyFilters). Errors: those of ResolveFactColumns and CheckFactColumns with the file, and of the
// plugin.
Result<FactPlan> PlanFacts(const Source& source, const FactRequest& request,
                           const SourceFiles& files, TimeMicros clock, const Context& context);

// May a row group with these statistics hold a bad time? `created` is null where the source has no
// created time.
bool MayHoldBadTime(const Source& source, TimeMicros clock, std::int64_t rows,
                    const ColumnStatistics& event, const ColumnStatistics* created);
// And a fact in range?
bool MayBeInRange(const FactRange& range, const ColumnStatistics& event,
                  const ColumnStatistics* created);

}  // namespace coeval
