// Quarantine: rows of pushes that could not be taken, kept as they came with the reason of each,
// until somebody pushes them again, corrected or not, or drops them (SEMANTICS, 9).
//
//   folder/4f1c22a0b7d31e55.arrow    an Arrow IPC stream: the bad rows of one push; its note is
//   JSON:
//     {"format": 1, "source": "rates_push", "to": "online", "deletes": false, "time": "2024-...Z",
//      "faults": [{"row": 17, "reason": "..."}]}
//
// Threads and processes: any number; a file appears and goes as a whole.
#pragma once

#include <string>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "column/arrow_bridge.h"
#include "ingest/bad_rows.h"
#include "log/log_batch.h"

namespace coeval {

struct QuarantinedPush {
  std::string id;
  std::string source;  // the push source's name
  LogDestination to = LogDestination::kOnlineAndOffline;
  bool deletes = false;
  TimeMicros time = 0;         // when it came
  std::vector<BadRow> faults;  // one for each row
  ArrowTable rows;
};

class Quarantine {
 public:
  explicit Quarantine(std::string folder) : folder_(std::move(folder)) {}

  // The id that the bad rows of a push go by: always the same for the same rows of the same
  // idempotency key, so that a push that is repeated sets nothing apart twice, and one that is not
  // takes nothing's place; without a key a new one.
  static Result<std::string> IdOf(const std::string& source, const std::string& idempotency_key,
                                  const ArrowTable& rows, const Context& context);

  // Durable when it returns; replaces what had that id. Errors: IoError.
  Status Keep(const QuarantinedPush& push, const Context& context) const;
  // The names of the files in its folder, one for each push that something was set apart of.
  [[nodiscard]] Result<std::vector<std::string>> Files() const;
  // By time. Errors: those of Find.
  [[nodiscard]] Result<std::vector<QuarantinedPush>> List(const Context& context) const;
  // Errors: NotFound; Corruption naming the file; FailedPrecondition (a newer release wrote it);
  // IoError.
  [[nodiscard]] Result<QuarantinedPush> Find(const std::string& id, const Context& context) const;
  // Errors: NotFound, IoError.
  [[nodiscard]] Status Drop(const std::string& id) const;

 private:
  [[nodiscard]] Result<std::string> PathOf(const std::string& id) const;

  std::string folder_;
};

// "online_and_offline", "online", "offline".
std::string DestinationName(LogDestination destination);
// Errors: InvalidArgument.
Result<LogDestination> ParseDestination(const std::string& text);

}  // namespace coeval
