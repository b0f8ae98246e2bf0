#include "offline/read_ahead.h"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace coeval {
namespace {

constexpr std::size_t kMaxAhead = 2;  // batches

class ReadAheadStream : public FactStream {
 public:
  explicit ReadAheadStream(std::unique_ptr<FactStream> stream)
      : stream_(std::move(stream)), counts_(stream_->counts()), reader_([this] { Read(); }) {}

  ReadAheadStream(const ReadAheadStream&) = delete;
  ReadAheadStream& operator=(const ReadAheadStream&) = delete;

  ~ReadAheadStream() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    room_.notify_one();
    reader_.join();
  }

  Result<std::optional<FactBatch>> Next() override {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [this] { return !ahead_.empty(); });
    Item& item = ahead_.front();
    counts_ = item.counts;
    const bool last = !item.batch.ok() || !item.batch->has_value();
    if (last) return item.batch;  // stays: asked again, the same answer
    Result<std::optional<FactBatch>> batch = std::move(item.batch);
    ahead_.pop_front();
    lock.unlock();
    room_.notify_one();
    return batch;
  }

  [[nodiscard]] const FactCounts& counts() const override { return counts_; }

 private:
  struct Item {
    Result<std::optional<FactBatch>> batch;
    FactCounts counts;
  };

  void Read() {
    for (bool last = false; !last;) {
      Result<std::optional<FactBatch>> batch = stream_->Next();
      last = !batch.ok() || !batch->has_value();
      std::unique_lock lock(mutex_);
      room_.wait(lock, [this] { return stopping_ || ahead_.size() < kMaxAhead; });
      if (stopping_) return;
      ahead_.push_back({std::move(batch), stream_->counts()});
      lock.unlock();
      filled_.notify_one();
    }
  }

  std::unique_ptr<FactStream> stream_;  // the reader's alone
  FactCounts counts_;                   // the user's alone
  std::mutex mutex_;
  std::condition_variable filled_;
  std::condition_variable room_;
  std::deque<Item> ahead_;
  bool stopping_ = false;
  std::thread reader_;  // last: starts when all else is there
};

}  // namespace

std::unique_ptr<FactStream> ReadAhead(std::unique_ptr<FactStream> stream) {
  return std::make_unique<ReadAheadStream>(std::move(stream));
}

}  // namespace coeval
