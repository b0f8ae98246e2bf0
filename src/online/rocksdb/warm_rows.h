// WarmRows: who serves begins with the rows in memory that were there when it ended. A file beside
// the database names their keys, those asked most first; a thread reads them, which gives way to
// requests.
//
//   online/WARM   docs/formats/online_store.md
//
// Only keys are kept: what is read is what the store's files hold now.
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "online/rocksdb/store_core.h"

namespace coeval {

// The file's bytes and back; keys that have no room within `most` bytes are left out. Errors:
// Corruption.
std::string EncodeWarmKeys(const std::vector<std::string>& keys, std::size_t most);
Result<std::vector<std::string>> DecodeWarmKeys(std::string_view bytes);

// Threads: one makes and ends it, any may ask.
class WarmRows {
 public:
  // Borrows the core. What cannot be read is left; a damaged file is as good as none.
  WarmRows(StoreCore* core, std::string path, const Context& context);
  // Stops, and writes down what is in memory now.
  ~WarmRows();
  WarmRows(const WarmRows&) = delete;
  WarmRows& operator=(const WarmRows&) = delete;

  // Has it read all that it wanted?
  [[nodiscard]] bool done() const { return done_.load(); }

 private:
  void Read();
  Status ReadSome(std::span<const std::string> keys, bool* full);

  StoreCore* const core_;
  const std::string path_;
  const Context context_;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> done_ = false;
  std::thread reader_;  // last: it uses all of the above
};

}  // namespace coeval
