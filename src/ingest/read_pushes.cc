#include "ingest/read_pushes.h"

#include <utility>
#include <vector>

#include "ingest/segment_reader.h"
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
  COEVAL_ASSIGN_OR_RETURN(pushed.writer, ReadLog(folder, sealed.last, through, visit));
  if (pushed.writer.empty()) pushed.writer = sealed.writer;
  if (const DroppedPushes* dropped = sealed.FindDropped(push_source)) pushed.dropped = *dropped;
  std::vector<LogSegment> segments;
  for (const LogSegment& segment : sealed.segments) {
    if (segment.source == push_source && segment.first <= through) segments.push_back(segment);
  }
  const auto take = [&](NumberedBatch push) -> Status {
    if (push.record <= through) pushed.batches.push_back(std::move(push.batch));
    return {};
  };
  COEVAL_RETURN_IF_ERROR(VisitPushes(folder, segments, {.ahead = true}, take, context));
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
  SealedLog before;
  for (int tries = 1;; ++tries) {
    COEVAL_ASSIGN_OR_RETURN(SealedLog sealed, ReadSealedLog(log_folder));
    if (!(sealed == before)) tries = 1;  // it goes on
    Result<LoggedPushes> pushed = ReadOnce(sealed, log_folder, through, push_source, context);
    if (pushed.ok() || !MayHaveMoved(pushed.status())) return pushed;
    before = std::move(sealed);
    if (tries < kMostTries) continue;
    if (pushed.status().code() != StatusCode::kNotFound) return pushed;
    return Status::Corruption(pushed.status().message() + ": bring it back from a backup");
  }
}

}  // namespace coeval
