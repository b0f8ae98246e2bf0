// NamedPushes: what the idempotency keys of pushes stand for, so that a push that is said again is
// known again. A key is kept until the newest C is its retention ahead of the push's; later it
// names a new push. C decides alone, and no clock: one that is far ahead for a moment forgets
// nothing. What is in memory is found again at opening, from the log and from a small file of each
// seal (keys_file.h), and is the same.
//
// A key that begins with "made:" was made by a client that had none, for its own retries: it is
// kept for a shorter time.
//
// What the keys may take in memory is bounded, and taken from the process's budget. Where the bound
// is reached a push with a new key is refused, unless its C lets an older key go for it: to forget
// a key before its time would count a push twice.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/memory_ledger.h"
#include "base/status.h"
#include "base/time.h"
#include "ingest/key_table.h"
#include "ingest/keys_file.h"

namespace coeval {

inline constexpr std::string_view kMadeKey = "made:";

// How long keys name their pushes, by C.
struct KeyRetention {
  DurationMicros given = kDay;
  DurationMicros made = kHour;

  // The oldest C whose keys are kept when the newest one is `c`.
  [[nodiscard]] TimeMicros KeptSince(bool is_made, TimeMicros c) const {
    return SaturatingSubtract(c, is_made ? made : given);
  }

  [[nodiscard]] TimeMicros KeptSince(std::string_view key, TimeMicros c) const {
    return KeptSince(key.starts_with(kMadeKey), c);
  }
};

// A key, as it is looked up.
struct PushName {
  explicit PushName(std::string_view key)
      : hash(HashOfKey(key)), is_made(key.starts_with(kMadeKey)) {}

  KeyHash hash;
  bool is_made;
};

// Threads: one at a time. Cost: O(1) each, but for Begin at the bound, which looks at a hundredth
// of the keys where C has let one go; 42 bytes a key.
class NamedPushes {
 public:
  struct Options {
    KeyRetention retention = {};
    std::int64_t most_bytes = std::int64_t{256} << 20;  // by 42 a key, spare room and all
    std::uint64_t seed = 0;                             // that nobody outside knows
    std::shared_ptr<MemoryLedger> memory = std::make_shared<MemoryLedger>();
  };

  struct Entry {
    bool done = false;  // else on its way, and only the fingerprint is known
    std::uint64_t fingerprint = 0;
    TimeMicros c = kMinTime;
    std::int64_t rows = 0;
    const std::vector<std::string>* fed = nullptr;  // as of NamedPush; lives as long as this
  };

  explicit NamedPushes(Options options);

  // A push, with a key or without, got its C.
  void Advance(TimeMicros c) { newest_c_ = std::max(newest_c_, c); }

  // Is a key of then kept?
  [[nodiscard]] bool Keeps(TimeMicros c) const {
    return c >= std::min(KeptSince(false), KeptSince(true));
  }

  // Nothing where the key names nothing, or no more.
  [[nodiscard]] std::optional<Entry> Find(const PushName& name) const;

  // The name stands for a push that is on its way, ... Errors: Unavailable where as many are kept
  // as may be, and `c`, which this push's C is not before, would not let one go for each push that
  // is on its way.
  Status Begin(const PushName& name, std::uint64_t fingerprint, TimeMicros c);

  // ... which came to nothing, ...
  void GiveUp(const PushName& name) { on_their_way_.erase(name.hash); }

  // ... or is in the log; also for what is found at opening, however much that is.
  void Finish(const NamedPush& push);

  // Keys that are done; also those that are forgotten and not yet dropped.
  [[nodiscard]] std::size_t size() const { return given().size() + made().size(); }

  [[nodiscard]] std::int64_t bytes() const;

 private:
  [[nodiscard]] const KeyTable& given() const { return tables_[0]; }

  [[nodiscard]] const KeyTable& made() const { return tables_[1]; }

  [[nodiscard]] TimeMicros KeptSince(bool is_made) const {
    return options_.retention.KeptSince(is_made, newest_c_);
  }

  [[nodiscard]] bool IsFull() const;
  // That C would let go, counted as far as `most`.
  [[nodiscard]] std::size_t CountOlder(TimeMicros c, std::size_t most) const;
  std::uint32_t NumberOf(const std::vector<std::string>& fed);
  void CountMemory();

  const Options options_;
  TimeMicros newest_c_ = kMinTime;
  std::array<KeyTable, 2> tables_;  // of given keys, and of made ones
  std::map<KeyHash, std::uint64_t> on_their_way_;
  // What pushes fed: few kinds, which stay.
  std::map<std::vector<std::string>, std::uint32_t> fed_numbers_;
  std::vector<const std::vector<std::string>*> fed_;
  std::int64_t fed_bytes_ = 0;
  std::vector<MemoryLedger::Share> shares_;
};

}  // namespace coeval
