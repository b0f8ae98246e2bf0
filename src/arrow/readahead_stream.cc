#include "arrow/readahead_stream.h"

#include <arrow/array/array_base.h>  // IWYU pragma: keep
#include <arrow/c/bridge.h>
#include <arrow/result.h>
#include <arrow/status.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "arrow/border.h"
#include "column/arrow_c.h"

namespace coeval::plugin {

using ::arrow::RecordBatch;
using ::arrow::Status;

namespace {

class ReadaheadStream {
 public:
  ReadaheadStream(std::shared_ptr<::arrow::Schema> schema, NextBatch next,
                  const ReadaheadOptions& options, const Caller& caller)
      : schema_(std::move(schema)), next_(std::move(next)), options_(options), caller_(caller) {
    if (options_.ahead) thread_ = std::thread([this] { Run(); });
  }

  ReadaheadStream(const ReadaheadStream&) = delete;
  ReadaheadStream& operator=(const ReadaheadStream&) = delete;

  ~ReadaheadStream() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  static int GetSchema(ArrowArrayStream* stream, ArrowSchema* out) {
    auto* self = static_cast<ReadaheadStream*>(stream->private_data);
    return self->Answer(Caught([&] { return ::arrow::ExportSchema(*self->schema_, out); }));
  }

  static int GetNext(ArrowArrayStream* stream, ArrowArray* out) {
    auto* self = static_cast<ReadaheadStream*>(stream->private_data);
    return self->Answer(Caught([&] { return self->Take(out); }));
  }

  static const char* GetLastError(ArrowArrayStream* stream) {
    auto* self = static_cast<ReadaheadStream*>(stream->private_data);
    return self->last_error_.empty() ? nullptr : self->last_error_.c_str();
  }

  static void Release(ArrowArrayStream* stream) {
    delete static_cast<ReadaheadStream*>(stream->private_data);
    stream->private_data = nullptr;
    stream->release = nullptr;
  }

 private:
  struct Ready {
    std::shared_ptr<RecordBatch> batch;
    int64_t bytes = 0;
  };

  int Answer(const Status& status) {
    if (!status.ok()) last_error_ = OneLine(status);
    return ErrnoOf(CodeOf(status));
  }

  // The reader's side: waits for a batch, hands it out in slices of at most batch_rows.
  Status Take(ArrowArray* out) {
    if (current_ == nullptr || current_row_ >= current_->num_rows()) {
      ARROW_RETURN_NOT_OK(caller_.CheckCancelled());
      ARROW_RETURN_NOT_OK(options_.ahead ? TakeReady() : Make());
      if (current_ == nullptr) {
        out->release = nullptr;  // the end
        return Status::OK();
      }
    }
    const int64_t rows = std::min(options_.batch_rows, current_->num_rows() - current_row_);
    const auto slice =
        rows == current_->num_rows() ? current_ : current_->Slice(current_row_, rows);
    current_row_ += rows;
    if (current_row_ >= current_->num_rows()) current_ = nullptr;
    return ::arrow::ExportRecordBatch(*slice, out);
  }

  // The next batch that the thread made; none at the end.
  Status TakeReady() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !ready_.empty() || finished_; });
    current_ = nullptr;
    if (ready_.empty()) return outcome_;
    current_ = std::move(ready_.front().batch);
    ready_bytes_ -= ready_.front().bytes;
    ready_.pop_front();
    current_row_ = 0;
    lock.unlock();
    changed_.notify_all();
    return Status::OK();
  }

  // The same without a thread. After an error: the same error.
  Status Make() {
    current_ = nullptr;
    current_row_ = 0;
    while (outcome_.ok() && !finished_ && current_ == nullptr) {
      outcome_ = [this] {
        ARROW_ASSIGN_OR_RAISE(auto batch, next_());
        finished_ = batch == nullptr;
        if (finished_ || batch->num_rows() == 0) return Status::OK();
        ARROW_RETURN_NOT_OK(CheckBatch(*batch));
        current_ = std::move(batch);
        return Status::OK();
      }();
    }
    return outcome_;
  }

  // The thread's side.
  void Run() {
    Status outcome = Caught([this] { return ReadAll(); });
    const std::lock_guard lock(mutex_);
    outcome_ = std::move(outcome);
    finished_ = true;
    changed_.notify_all();
  }

  Status ReadAll() {
    while (true) {
      ARROW_RETURN_NOT_OK(caller_.CheckCancelled());
      ARROW_ASSIGN_OR_RAISE(auto batch, next_());
      if (batch == nullptr) return Status::OK();
      if (batch->num_rows() == 0) continue;
      ARROW_RETURN_NOT_OK(CheckBatch(*batch));
      const int64_t bytes = ::arrow::util::TotalBufferSize(*batch);
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopping_ || HasRoom(bytes); });
      if (stopping_) return Status::OK();
      ready_.push_back({std::move(batch), bytes});
      ready_bytes_ += bytes;
      lock.unlock();
      changed_.notify_all();
    }
  }

  [[nodiscard]] bool HasRoom(int64_t bytes) const {
    return ready_.empty() || (static_cast<int>(ready_.size()) < options_.batches &&
                              ready_bytes_ + bytes <= options_.bytes);
  }

  // Names the column, which RecordBatch::ValidateFull does only by number.
  Status CheckBatch(const RecordBatch& batch) const {
    ARROW_RETURN_NOT_OK(Within(options_.where, Damaged(batch.Validate())));
    for (int i = 0; i < batch.num_columns(); ++i) {
      const Status status = batch.column(i)->ValidateFull();
      if (!status.ok()) {
        return Within(options_.where + ", column `" + schema_->field(i)->name() + "`",
                      Damaged(status));
      }
    }
    return Status::OK();
  }

  const std::shared_ptr<::arrow::Schema> schema_;
  NextBatch next_;
  const ReadaheadOptions options_;
  const Caller caller_;

  // Of the reader's side alone.
  std::shared_ptr<RecordBatch> current_;
  int64_t current_row_ = 0;
  std::string last_error_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Ready> ready_;  // guarded by mutex_, as all below
  int64_t ready_bytes_ = 0;
  bool stopping_ = false;
  bool finished_ = false;
  Status outcome_;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace

void ExportReadahead(std::shared_ptr<::arrow::Schema> schema, NextBatch next,
                     const ReadaheadOptions& options, const Caller& caller, ArrowArrayStream* out) {
  out->private_data = new ReadaheadStream(std::move(schema), std::move(next), options, caller);
  out->get_schema = &ReadaheadStream::GetSchema;
  out->get_next = &ReadaheadStream::GetNext;
  out->get_last_error = &ReadaheadStream::GetLastError;
  out->release = &ReadaheadStream::Release;
}

}  // namespace coeval::plugin
