// SegmentFile: sealed segments written, from pushes or from segments that are there, and looked at
// again before anything that holds the same may go: what is read back is compared push by push.
#pragma once

#include <span>
#include <string>

#include "base/context.h"
#include "base/status.h"
#include "column/batch.h"
#include "ingest/log_segment.h"
#include "log/sealed_log.h"

namespace coeval {

// Where a segment goes.
struct SegmentPlace {
  std::string folder;  // of the log
  std::string writer;  // of the log
  std::string name;    // SealedFileName
};

// REQUIRES: as RowsOfSegment. Errors: IoError; Internal where what was written does not come back
// as it was. Nothing stays then.
Result<LogSegment> WriteSegment(const SegmentPlace& place, std::span<const NumberedBatch> pushes,
                                const Context& context);

// One segment of all that these hold. REQUIRES: they are of one source and of the same columns, and
// each lies behind the one before. Errors: as above; Corruption where one of them is damaged.
// Memory: some row groups of 8 MiB, and two pushes.
Result<LogSegment> MergeSegments(const SegmentPlace& place, std::span<const LogSegment> parts,
                                 const Context& context);

// What the manifest says of a segment, from the segment itself: an older release did not tell all.
// Errors: as of SegmentReader. Cost: reads it.
Result<LogSegment> DescribeSegment(const std::string& folder, const LogSegment& segment,
                                   const Context& context);

}  // namespace coeval
