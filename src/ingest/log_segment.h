// LogSegment's rows: the pushes of one source as a table, as a sealed segment holds them, and back.
//
//   coeval: record   17  17  18       number of the push's record in the log
//   coeval: created  C   C   C'       its C (rule 1.4)
//   coeval: number   7   8   9        of the row, its sequence (rule 1.3)
//   coeval: to       online_and_offline ...
//   coeval: delete   no  no  no       whether the row is a delete (rule 3.7)
//   coeval: key      k   -   -        the idempotency key, and
//   coeval: fed      [..] -  [..]     the views that it went to: beside the first row of a push
//   code, rate, at                    the columns that were pushed
//
// What comes back is what DecodeLogBatch gave, bit for bit.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "column/batch.h"
#include "log/log_batch.h"
#include "log/log_record.h"

namespace coeval {

// A push and where it is, or was, in the log.
struct NumberedBatch {
  LogPosition record = 0;
  LogBatch batch;
};

// Errors: InvalidArgument (a push without rows; columns of more than 2 GiB). REQUIRES: all are of
// one source and schema, in the order of their records, and there is one.
Result<Batch> RowsOfSegment(std::span<const NumberedBatch> pushes);

// Errors: Corruption where the rows are none of a segment; FailedPrecondition where a newer release
// wrote them.
Result<std::vector<NumberedBatch>> PushesOfSegment(const std::string& source, const Batch& rows);

// Of each row, the record of its push. Errors: as above.
Result<std::span<const LogPosition>> RecordsOfSegment(const Batch& rows);

// What identifies the columns of a segment, the pushed ones too; not 0.
std::uint64_t IdentityOfColumns(const Schema& segment);
// The same for pushes with these columns.
std::uint64_t IdentityOfPushed(const Schema& pushed);

}  // namespace coeval
