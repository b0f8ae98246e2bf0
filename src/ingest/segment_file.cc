#include "ingest/segment_file.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "ingest/keys_file.h"
#include "ingest/sealed_table.h"
#include "ingest/segment_reader.h"

namespace coeval {
namespace {

constexpr std::int64_t kRowGroupBytes = std::int64_t{8} << 20;  // of merged segments

TableMetadata MetadataOf(const SegmentPlace& place, const std::string& source) {
  return {{"coeval: format", "1"},
          {"coeval: source", source},
          {"coeval: writer", HexOfWriter(place.writer)}};
}

// Is it the push that was written? Its fingerprint covers what is not compared here.
Result<bool> IsSame(const NumberedBatch& a, const NumberedBatch& b) {
  COEVAL_ASSIGN_OR_RETURN(const NamedPush as_a, NamedPushOf(a.batch));
  COEVAL_ASSIGN_OR_RETURN(const NamedPush as_b, NamedPushOf(b.batch));
  return as_a == as_b && a.record == b.record && a.batch.first_number == b.batch.first_number;
}

// Gives the next push there is, or nothing.
using NextPush = std::function<Result<std::optional<NumberedBatch>>()>;

// The event time is the first column that was pushed.
std::optional<TimeMicros> LastEvent(const NumberedBatch& push) {
  const Batch& rows = push.batch.rows;
  if (rows.columns.empty() || rows.columns.front().type() != TypeId::kTimestamp ||
      rows.num_rows == 0 || rows.columns.front().CountNulls() > 0) {
    return std::nullopt;
  }
  return std::ranges::max(rows.columns.front().values<std::int64_t>());
}

// What the manifest says of one more push.
void Count(const NumberedBatch& push, LogSegment* segment) {
  const LogBatch& batch = push.batch;
  if (segment->batches == 0) {
    segment->source = batch.source;
    segment->columns = IdentityOfPushed(batch.rows.schema);
    segment->first = push.record;
    segment->first_c = batch.c;
    segment->last_event = LastEvent(push);
  }
  segment->last = push.record;
  segment->last_c = batch.c;
  segment->rows += batch.rows.num_rows;
  ++segment->batches;
  const std::optional<TimeMicros> last_event = LastEvent(push);
  if (!last_event) segment->last_event.reset();
  if (segment->last_event) segment->last_event = std::max(*segment->last_event, *last_event);
}

// Parquet holds what we asked for, or what was there before stays.
Status Compare(const NextPush& written, SegmentReader& read, LogSegment* segment) {
  while (true) {
    COEVAL_ASSIGN_OR_RETURN(const auto push, written());
    COEVAL_ASSIGN_OR_RETURN(const auto again, read.Next());
    if (!push && !again) return {};
    bool same = push && again;
    if (same) {
      COEVAL_ASSIGN_OR_RETURN(same, IsSame(*push, *again));
    }
    if (!same) {
      return Status::Internal("record " + std::to_string(push ? push->record : again->record) +
                              " of the log does not come back from its segment as it was");
    }
    Count(*push, segment);
  }
}

// Writes, reads back and compares; what does not come out well is removed.
Result<LogSegment> Finish(const SegmentPlace& place,
                          const std::function<Result<SealedFile>()>& write, const NextPush& pushes,
                          const std::string& source, const Context& context) {
  LogSegment segment;
  segment.source = source;
  const auto finish = [&]() -> Status {
    COEVAL_ASSIGN_OR_RETURN(segment.file, write());
    COEVAL_ASSIGN_OR_RETURN(const auto read,
                            SegmentReader::Open(place.folder, segment, /*ahead=*/false, context));
    return Compare(pushes, *read, &segment);
  };
  const Status status = finish();
  if (status.ok()) return segment;
  RemoveSealedFile(place.folder, place.name);
  return status;
}

// The rows of some segments, one behind the other.
class RowsOfSegments : public BatchStream {
 public:
  // REQUIRES: there is one.
  static Result<std::unique_ptr<BatchStream>> Open(std::string folder,
                                                   std::span<const LogSegment> segments,
                                                   const Context& context) {
    auto self = std::make_unique<RowsOfSegments>(std::move(folder), segments, context);
    COEVAL_ASSIGN_OR_RETURN(self->rows_, self->OpenNext());
    self->schema_ = self->rows_->schema();
    return std::unique_ptr<BatchStream>(std::move(self));
  }

  RowsOfSegments(std::string folder, std::span<const LogSegment> segments, const Context& context)
      : folder_(std::move(folder)), segments_(segments), context_(context) {}

  [[nodiscard]] const Schema& schema() const override { return schema_; }

  Result<std::optional<Batch>> Next() override {
    while (true) {
      COEVAL_ASSIGN_OR_RETURN(std::optional<Batch> batch, rows_->Next());
      if (batch || next_ == segments_.size()) return batch;
      COEVAL_ASSIGN_OR_RETURN(rows_, OpenNext());
      if (rows_->schema() == schema_) continue;
      return Status::Corruption("'" + segments_[next_ - 1].file.name +
                                "' does not have the columns that the manifest tells of");
    }
  }

 private:
  Result<std::unique_ptr<BatchStream>> OpenNext() {
    return OpenSealedTable(folder_, segments_[next_++].file, /*ahead=*/false, context_);
  }

  const std::string folder_;
  const std::span<const LogSegment> segments_;
  const Context context_;
  Schema schema_;
  std::unique_ptr<BatchStream> rows_;
  std::size_t next_ = 0;
};

// Their pushes, one after the other.
NextPush PushesOf(const std::string& folder, std::span<const LogSegment> segments,
                  const Context& context) {
  return [&folder, segments, &context, next = std::size_t{0},
          reader =
              std::shared_ptr<SegmentReader>()]() mutable -> Result<std::optional<NumberedBatch>> {
    while (true) {
      if (reader) {
        COEVAL_ASSIGN_OR_RETURN(auto push, reader->Next());
        if (push) return push;
      }
      if (next == segments.size()) return std::optional<NumberedBatch>();
      COEVAL_ASSIGN_OR_RETURN(
          reader, SegmentReader::Open(folder, segments[next++], /*ahead=*/false, context));
    }
  };
}

}  // namespace

Result<LogSegment> WriteSegment(const SegmentPlace& place, std::span<const NumberedBatch> pushes,
                                const Context& context) {
  const std::string& source = pushes.front().batch.source;
  const auto write = [&]() -> Result<SealedFile> {
    COEVAL_ASSIGN_OR_RETURN(const Batch rows, RowsOfSegment(pushes));
    return WriteSealedTable(place.folder, place.name, rows, MetadataOf(place, source), context);
  };
  const auto next = [pushes]() mutable -> Result<std::optional<NumberedBatch>> {
    if (pushes.empty()) return std::optional<NumberedBatch>();
    std::optional<NumberedBatch> push = pushes.front();
    pushes = pushes.subspan(1);
    return push;
  };
  auto segment = Finish(place, write, next, source, context);
  if (!segment.ok()) return segment.status().WithContext("sealing the pushes to " + source);
  return segment;
}

Result<LogSegment> MergeSegments(const SegmentPlace& place, std::span<const LogSegment> parts,
                                 const Context& context) {
  const std::string& source = parts.front().source;
  const auto write = [&]() -> Result<SealedFile> {
    COEVAL_ASSIGN_OR_RETURN(auto rows, RowsOfSegments::Open(place.folder, parts, context));
    return WriteSealedStream(place.folder, place.name, std::move(rows), kRowGroupBytes,
                             MetadataOf(place, source), context);
  };
  auto segment = Finish(place, write, PushesOf(place.folder, parts, context), source, context);
  if (!segment.ok()) return segment.status().WithContext("merging segments of " + source);
  return segment;
}

Result<LogSegment> DescribeSegment(const std::string& folder, const LogSegment& segment,
                                   const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(const auto reader,
                          SegmentReader::Open(folder, segment, /*ahead=*/false, context));
  LogSegment described;
  described.file = segment.file;
  while (true) {
    COEVAL_ASSIGN_OR_RETURN(const auto push, reader->Next());
    if (!push) return described;
    Count(*push, &described);
  }
}

}  // namespace coeval
