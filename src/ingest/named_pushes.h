// NamedPushes: what the idempotency keys of pushes stand for, so that a push that is said again is
// known again. A key is kept until the newest C is `retention` ahead of the push's; later it names
// a new push. What is in memory is found again at opening, from the log and from a small file of
// each seal, and is the same.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "log/log_batch.h"
#include "log/sealed_log.h"

namespace coeval {

// What is durable of a push that has a key.
struct NamedPush {
  std::string key;
  std::uint64_t fingerprint = 0;
  TimeMicros c = 0;
  std::int64_t rows = 0;
  std::vector<std::string> fed;  // data identities of the views that it went to

  friend bool operator==(const NamedPush&, const NamedPush&) = default;
};

// What makes two pushes the same, whenever they come.
Result<std::uint64_t> FingerprintOf(const LogBatch& logged);
Result<NamedPush> NamedPushOf(const LogBatch& logged);

// The file of a seal. Errors: as of sealed tables.
Result<SealedFile> WriteKeys(const std::string& folder, const std::string& name,
                             std::span<const NamedPush> named, const Context& context);
Result<std::vector<NamedPush>> ReadKeys(const std::string& folder, const SealedFile& file,
                                        const Context& context);

// Threads: one at a time. Cost: O(log n) each; about 150 bytes a key.
class NamedPushes {
 public:
  struct Entry {
    std::uint64_t fingerprint = 0;
    bool done = false;  // else on its way
    TimeMicros c = kMinTime;
    std::int64_t rows = 0;
    const std::vector<std::string>* fed = nullptr;  // as of NamedPush; shared by those alike
  };

  explicit NamedPushes(DurationMicros retention) : retention_(retention) {}

  // The oldest C whose keys are kept when the newest one is `c`.
  [[nodiscard]] TimeMicros KeptSince(TimeMicros c) const {
    return SaturatingSubtract(c, retention_);
  }

  // What is older than `since` is forgotten.
  void Forget(TimeMicros since);
  // Null where the key names nothing. Lives until the entry is changed.
  [[nodiscard]] const Entry* Find(const std::string& key) const;
  // The key stands for a push that is on its way, ...
  void Begin(const std::string& key, std::uint64_t fingerprint);

  // ... which came to nothing, ...
  void GiveUp(const std::string& key) { entries_.erase(key); }

  // ... or is in the log; also for what is found at opening.
  void Finish(NamedPush push);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  const DurationMicros retention_;
  std::map<std::string, Entry> entries_;
  std::deque<std::pair<TimeMicros, std::string>> ages_;  // of what is done, nearly by C
  std::set<std::vector<std::string>> fed_;
};

}  // namespace coeval
