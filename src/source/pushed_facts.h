// PushedFacts: what was pushed and logged, as the facts of a view. The rows of the log are read as
// those of any source are, with the C of their batch as created time (rule 1.4) and their number in
// the log as sequence: when they come, when the log is replayed, and for training.
//
//   logged    C 12:00:01, first number 7     (code EUR, value 1.08, at 11:59)
//   a fact    currency EUR, event 11:59, created 12:00:01, sequence 7, value 1.08
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "definition/source.h"
#include "log/log_batch.h"
#include "log/sealed_log.h"
#include "source/fact_reader.h"

namespace coeval {

// What a log holds of a push source.
struct LoggedPushes {
  std::string writer;                  // of the log (rule 1.3)
  std::vector<LogBatch> batches = {};  // in the order of C
  // What was there before them, and is no more (log.retention).
  std::optional<DroppedPushes> dropped = {};
};

// Are there deletes among them (rule 3.7)? Else their facts have no such column.
bool HasDeletes(const LoggedPushes& pushed);

// Can these answer a request for facts in that range of times? Errors: TooOld: some that lie in it
// were dropped. `view`: named there.
Status CheckNotDropped(const LoggedPushes& pushed, const FactRange& range, const std::string& view);

// The facts of one push, as they come. `push`: a PushMeaning. A column that the batch does not
// bring, since it was declared only later, is null. Errors: InvalidArgument (a column that is no
// longer what it was when it was pushed); those of FactReader::FromStream.
Result<std::unique_ptr<FactReader>> OpenOnePush(const Source& push, const FactRequest& request,
                                                const LogBatch& logged, const Context& context);

// The facts of many, which are held and have pieces; short pushes share one, and what is pushed
// later only adds to the end. Their file is called "log", and the place of a row is its number
// there. Errors: as above.
Result<std::unique_ptr<FactReader>> OpenPushedFacts(const Source& push, const FactRequest& request,
                                                    const LoggedPushes& pushed,
                                                    const Context& context);

}  // namespace coeval
