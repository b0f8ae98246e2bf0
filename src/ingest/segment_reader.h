// SegmentReader: the pushes of a sealed segment, one after the other. A segment may be large; a
// row group of it is held at a time, and at least one push.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "column/batch.h"
#include "ingest/log_segment.h"
#include "log/log_record.h"
#include "log/sealed_log.h"

namespace coeval {

// Threads: one at a time.
class SegmentReader {
 public:
  // `ahead`: other threads decode the next batches meanwhile, which are held too. Errors:
  // Corruption where the file is not what was written; NotFound; IoError. Cost: reads the file for
  // its hash.
  static Result<std::unique_ptr<SegmentReader>> Open(const std::string& folder,
                                                     const LogSegment& segment, bool ahead,
                                                     const Context& context);

  // The next push; nothing at the end. Errors: as of PushesOfSegment, and of reading; they name the
  // file.
  Result<std::optional<NumberedBatch>> Next();

 private:
  SegmentReader(const LogSegment& segment, std::unique_ptr<BatchStream> rows)
      : source_(segment.source), name_(segment.file.name), rows_(std::move(rows)) {}

  Status ReadMore();
  // Those of whole pushes.
  Status Take(std::vector<Batch> rows);

  const std::string source_;
  const std::string name_;
  std::unique_ptr<BatchStream> rows_;
  std::vector<Batch> begun_;  // rows of a push whose end was not seen
  bool ended_ = false;
  std::vector<NumberedBatch> ready_;
  std::size_t next_ = 0;  // of ready_
  LogPosition last_ = 0;
};

using PushVisitor = std::function<Status(NumberedBatch push)>;

struct VisitOptions {
  LogPosition after = 0;  // only pushes behind this record
  bool ahead = false;     // as SegmentReader::Open
};

// The pushes of many segments, in the order of their records. `segments`: in the order of their
// first ones. Errors: as of SegmentReader; those of `visit`; Corruption where two hold a record.
// Memory: about a row group of each segment that spans the same records.
Status VisitPushes(const std::string& folder, std::span<const LogSegment> segments,
                   const VisitOptions& options, const PushVisitor& visit, const Context& context);

}  // namespace coeval
