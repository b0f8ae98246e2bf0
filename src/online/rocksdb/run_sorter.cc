#include "online/rocksdb/run_sorter.h"

#include <utility>

namespace coeval {
namespace {

constexpr std::size_t kMostWaiting = 2;

}  // namespace

RunSorter::RunSorter(Options options)
    : options_(std::move(options)), worker_([this] { WorkUntilClosed(); }) {}

RunSorter::~RunSorter() {
  {
    const std::lock_guard lock(mutex_);
    waiting_.clear();
    closed_ = true;
  }
  changed_.notify_all();
  if (worker_.joinable()) worker_.join();
}

Status RunSorter::Push(std::unique_ptr<FactBuffer> buffer) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return waiting_.size() < kMostWaiting || !status_.ok(); });
  COEVAL_RETURN_IF_ERROR(status_);
  waiting_.push_back(std::move(buffer));
  changed_.notify_all();
  return {};
}

Result<std::vector<std::shared_ptr<const FactRun>>> RunSorter::Finish() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  worker_.join();
  COEVAL_RETURN_IF_ERROR(status_);
  std::vector<std::shared_ptr<const FactRun>> runs = std::move(on_disk_);
  for (auto& run : in_memory_) runs.push_back(std::move(run));
  in_memory_.clear();
  return runs;
}

void RunSorter::WorkUntilClosed() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return !waiting_.empty() || closed_; });
    if (waiting_.empty()) return;
    std::unique_ptr<FactBuffer> buffer = std::move(waiting_.front());
    lock.unlock();
    buffer->Sort();
    in_memory_bytes_ += buffer->size_bytes();
    in_memory_.push_back(MakeMemoryRun(std::move(buffer)));
    Status status;
    if (in_memory_bytes_ >= options_.memory_bytes) status = Spill();
    lock.lock();
    if (!waiting_.empty()) waiting_.pop_front();  // counted as waiting while it was worked on
    if (!status.ok()) {
      status_ = std::move(status);
      waiting_.clear();
      closed_ = true;
    }
    changed_.notify_all();
  }
}

Status RunSorter::Spill() {
  const std::string path = options_.scratch + "-" + std::to_string(on_disk_.size()) + ".spill";
  COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<SpillWriter> writer,
                          SpillWriter::Create(options_.env, path));
  COEVAL_RETURN_IF_ERROR(MergeRuns(in_memory_, options_.rule, {}, {},
                                   [&](std::string_view key, std::string_view facts, std::int64_t) {
                                     return writer->Add(key, facts);
                                   }));
  in_memory_.clear();
  in_memory_bytes_ = 0;
  COEVAL_ASSIGN_OR_RETURN(std::shared_ptr<const FactRun> run, writer->Finish());
  on_disk_.push_back(std::move(run));
  return {};
}

}  // namespace coeval
