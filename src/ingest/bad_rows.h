// BadRows: which rows of a push keep it from being taken, and why each of them does. For pushes
// that ask for quarantine (SEMANTICS, 9): what is well is taken, the rest set apart.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "column/arrow_bridge.h"
#include "ingest/push_check.h"

namespace coeval {

struct BadRow {
  std::int64_t row = 0;  // of the push
  std::string reason;
};

struct SortedRows {
  ArrowTable good;
  ArrowTable bad;
  std::vector<BadRow> faults;  // one for each row of `bad`
};

// With more bad rows than this the push itself is what is wrong.
inline constexpr std::int64_t kMostBadRows = 10'000;

// Sorts the rows by whether CheckPushedRows takes each of them alone. Errors: what is wrong with
// the push as a whole, such as a missing column; InvalidArgument (more than kMostBadRows); those of
// CheckPushedRows but for InvalidArgument. Cost: a check of the whole for each halving down to a
// bad row.
Result<SortedRows> SortRows(const PushColumns& columns, const ArrowTable& rows,
                            const Context& context);

}  // namespace coeval
