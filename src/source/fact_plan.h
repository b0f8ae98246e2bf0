// FactPlan: which files and row groups a FactReader reads. What is left out can hold neither a fact
// in range nor a bad time (rules 3.5, 4.7), so that reading less never hides a mistake.
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
  // The newest event time by statistics alone, rounded up, where all row groups of all files have
  // them; none also where the source is empty.
  std::optional<TimeMicros> newest;
  std::int64_t expected_rows = 0;  // -1 = not known
};

// Looks into every file. Errors: those of ResolveFactColumns and CheckFactColumns with the file,
// and of the plugin.
Result<FactPlan> PlanFacts(const Source& source, const FactRequest& request,
                           const SourceFiles& files, TimeMicros clock, const Context& context);

// May a row group with these statistics hold a fact in range, or a bad time? `created` is null
// where the source has no created time.
bool MayMatter(const Source& source, const FactRange& range, TimeMicros clock, std::int64_t rows,
               const ColumnStatistics& event, const ColumnStatistics* created);

}  // namespace coeval
