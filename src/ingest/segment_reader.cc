#include "ingest/segment_reader.h"

#include <cstdint>
#include <iterator>
#include <map>
#include <utility>

#include "ingest/sealed_table.h"

namespace coeval {
namespace {

// Where the last push among these rows begins.
std::int64_t StartOfLast(std::span<const std::int64_t> records) {
  auto row = std::ssize(records) - 1;
  const std::int64_t last = records.back();
  while (row > 0 && records[static_cast<std::size_t>(row - 1)] == last) --row;
  return row;
}

Result<Batch> InOne(std::vector<Batch> parts) {
  if (parts.size() == 1) return std::move(parts.front());
  Schema schema = parts.front().schema;
  return CollectOne(*StreamOf(std::move(schema), std::move(parts)));
}

// Readers of segments that were begun, by the record of the push that each has at hand.
using AtHand = std::map<LogPosition, std::pair<NumberedBatch, std::unique_ptr<SegmentReader>>>;

Status Advance(std::unique_ptr<SegmentReader> reader, LogPosition after, AtHand* at_hand) {
  while (true) {
    COEVAL_ASSIGN_OR_RETURN(std::optional<NumberedBatch> push, reader->Next());
    if (!push) return {};
    if (push->record <= after) continue;
    const LogPosition record = push->record;
    const bool is_new = at_hand->try_emplace(record, *std::move(push), std::move(reader)).second;
    if (is_new) return {};
    return Status::Corruption("record " + std::to_string(record) +
                              " of the log lies in two segments: bring them back from a backup");
  }
}

}  // namespace

Result<std::unique_ptr<SegmentReader>> SegmentReader::Open(const std::string& folder,
                                                           const LogSegment& segment, bool ahead,
                                                           const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<BatchStream> rows,
                          OpenSealedTable(folder, segment.file, ahead, context));
  return std::unique_ptr<SegmentReader>(new SegmentReader(segment, std::move(rows)));
}

Result<std::optional<NumberedBatch>> SegmentReader::Next() {
  while (next_ == ready_.size()) {
    if (ended_) return std::optional<NumberedBatch>();
    const Status read = ReadMore();
    if (!read.ok()) return read.WithContext("'" + name_ + "'");
  }
  return std::optional<NumberedBatch>(std::move(ready_[next_++]));
}

Status SegmentReader::ReadMore() {
  COEVAL_ASSIGN_OR_RETURN(std::optional<Batch> batch, rows_->Next());
  if (!batch) {
    ended_ = true;
    return begun_.empty() ? Status() : Take(std::exchange(begun_, {}));
  }
  if (batch->num_rows == 0) return {};
  COEVAL_ASSIGN_OR_RETURN(const auto records, RecordsOfSegment(*batch));
  const std::int64_t last = StartOfLast(records);
  const bool goes_on =
      !begun_.empty() && RecordsOfSegment(begun_.back()).value().back() == records.front();
  if (last == 0 && goes_on) {
    begun_.push_back(*std::move(batch));
    return {};
  }
  std::vector<Batch> whole = std::exchange(begun_, {});
  if (last > 0) whole.push_back(batch->Slice(0, last));
  begun_.push_back(batch->Slice(last, batch->num_rows - last));
  return whole.empty() ? Status() : Take(std::move(whole));
}

Status SegmentReader::Take(std::vector<Batch> rows) {
  COEVAL_ASSIGN_OR_RETURN(const Batch all, InOne(std::move(rows)));
  COEVAL_ASSIGN_OR_RETURN(ready_, PushesOfSegment(source_, all));
  next_ = 0;
  if (ready_.front().record <= last_) {
    return Status::Corruption("it is no segment of the log: records go back");
  }
  last_ = ready_.back().record;
  return {};
}

Status VisitPushes(const std::string& folder, std::span<const LogSegment> segments,
                   const VisitOptions& options, const PushVisitor& visit, const Context& context) {
  const LogPosition after = options.after;
  AtHand at_hand;
  std::size_t begun = 0;
  while (true) {
    COEVAL_RETURN_IF_ERROR(context.cancel->Check());
    while (begun < segments.size() &&
           (at_hand.empty() || segments[begun].first <= at_hand.begin()->first)) {
      const LogSegment& segment = segments[begun++];
      if (segment.last <= after) continue;
      COEVAL_ASSIGN_OR_RETURN(auto reader,
                              SegmentReader::Open(folder, segment, options.ahead, context));
      COEVAL_RETURN_IF_ERROR(Advance(std::move(reader), after, &at_hand));
    }
    if (at_hand.empty()) return {};
    auto first = at_hand.extract(at_hand.begin());
    auto& [push, reader] = first.mapped();
    COEVAL_RETURN_IF_ERROR(visit(std::move(push)));
    COEVAL_RETURN_IF_ERROR(Advance(std::move(reader), after, &at_hand));
  }
}

}  // namespace coeval
