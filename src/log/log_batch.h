// LogBatch: the payload of a push in the fact log: its rows, the time at which they became known,
// and what makes a retry of it no second push. Bytes: docs/formats/log.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "column/batch.h"

namespace coeval {

// Where a push goes. Also what goes online alone is in the log, so that training finds what was
// served; what goes offline alone was never served, and takes part only in hindsight (rule 3.2).
// The numbers are part of the format.
enum class LogDestination : std::uint8_t { kOnlineAndOffline = 0, kOnline = 1, kOffline = 2 };

struct LogBatch {
  TimeMicros c = 0;               // the batch's C, also the created time of its rows (rule 1.4)
  std::int64_t first_number = 0;  // row i has the sequence (writer of the log, first_number + i)
  std::string idempotency_key;    // "" = none
  std::string source;             // name of the push source
  LogDestination destination = LogDestination::kOnlineAndOffline;
  bool deletes = false;          // its rows are deletes (rule 3.7): keys, event times, ids
  std::vector<std::string> fed;  // data identities of the views that it went to
  Batch rows;                    // columns of the push source
};

// What the rows may take in columns, and what their nulls may: both sides refuse more, so that what
// was written can be read, and no bytes ask for memory without end.
inline constexpr std::int64_t kMaxLogBatchBytes = std::int64_t{256} << 20;

// Errors: InvalidArgument (more than 65,535 columns; rows of more than kMaxLogBatchBytes; encoded,
// more than a record of the log takes; row numbers that are negative or do not fit into int64).
// REQUIRES: rows.columns are num_rows long and of the types of rows.schema.
Result<std::string> EncodeLogBatch(const LogBatch& batch);

// Everything is checked: any bytes give a batch, whose columns hold what Column requires, or an
// error. Errors: Corruption; FailedPrecondition (written by a newer release).
Result<LogBatch> DecodeLogBatch(std::string_view bytes);

}  // namespace coeval
