#include "ingest/read_pushes.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "ingest/log_segment.h"
#include "ingest/sealed_table.h"
#include "log/log_view.h"
#include "log/sealed_log.h"

namespace coeval {
namespace {

constexpr int kMostTries = 10;

// What is not sealed, first: nothing trims it after it was read. Segments stay.
Result<LoggedPushes> ReadOnce(const SealedLog& sealed, const std::string& folder,
                              LogPosition through, const std::string& push_source,
                              const Context& context) {
  std::vector<LogBatch> tail;
  LoggedPushes pushed;
  const auto visit = [&](const LogRecord& record) -> Status {
    COEVAL_RETURN_IF_ERROR(context.cancel->Check());
    COEVAL_ASSIGN_OR_RETURN(LogBatch logged, DecodeLogBatch(record.payload));
    if (logged.source == push_source) tail.push_back(std::move(logged));
    return {};
  };
  COEVAL_ASSIGN_OR_RETURN(pushed.writer, ReadLog(folder, sealed.last(), through, visit));
  if (pushed.writer.empty()) pushed.writer = sealed.writer;
  for (const LogSeal& seal : sealed.seals) {
    std::vector<NumberedBatch> of_seal;
    for (const LogSegment& segment : seal.segments) {
      if (segment.source != push_source || segment.first > through) continue;
      COEVAL_ASSIGN_OR_RETURN(const Batch rows, ReadSealedTable(folder, segment.file, context));
      auto pushes = PushesOfSegment(push_source, rows);
      if (!pushes.ok()) return pushes.status().WithContext("'" + segment.file.name + "'");
      std::move(pushes->begin(), pushes->end(), std::back_inserter(of_seal));
    }
    // Segments of one source may lie across one another.
    std::sort(of_seal.begin(), of_seal.end(),
              [](const auto& a, const auto& b) { return a.record < b.record; });
    for (NumberedBatch& push : of_seal) {
      if (push.record <= through) pushed.batches.push_back(std::move(push.batch));
    }
  }
  for (LogBatch& logged : tail) pushed.batches.push_back(std::move(logged));
  return pushed;
}

// Files that were listed, or named by the manifest, just before their owner removed them.
bool MayHaveMoved(const Status& status) {
  return status.code() == StatusCode::kNotFound || status.code() == StatusCode::kFailedPrecondition;
}

}  // namespace

Result<LoggedPushes> ReadPushes(const std::string& log_folder, LogPosition through,
                                const std::string& push_source, const Context& context) {
  if (through == 0) return LoggedPushes();
  for (int tries = 1;; ++tries) {
    COEVAL_ASSIGN_OR_RETURN(const SealedLog sealed, ReadSealedLog(log_folder));
    Result<LoggedPushes> pushed = ReadOnce(sealed, log_folder, through, push_source, context);
    if (pushed.ok() || !MayHaveMoved(pushed.status())) return pushed;
    if (tries < kMostTries) continue;
    if (pushed.status().code() != StatusCode::kNotFound) return pushed;
    return Status::Corruption(pushed.status().message() + ": bring it back from a backup");
  }
}

}  // namespace coeval
