// FreshFacts: facts that are durable in the log and not yet in a store's files. A read asks here as
// well as there, and the greater winner is the winner: a fact here is never newer or older by lying
// here. Each store key (a view's number and the entity key) has its facts in the order of rule 3.3.
//
// No versions are needed: a pushed fact is visible from v(f) >= C on (rule 3.6), a question asked
// before C never sees it, and of what some t >= H may still ask nothing is dropped.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/status.h"
#include "base/time.h"
#include "column/type.h"
#include "online/fact_list.h"
#include "online/winner.h"

namespace coeval {

// Threads: internally locked, a lock for each of kShards; any number may read while one adds.
// Cost: O(log facts of the key) for Add and, but for facts not visible at t, for NewestVisible.
class FreshFacts {
 public:
  using Types = std::shared_ptr<const std::vector<DataType>>;  // of the view's features

  FreshFacts() = default;
  FreshFacts(const FreshFacts&) = delete;
  FreshFacts& operator=(const FreshFacts&) = delete;

  // Copies the bytes that `fact` borrows. Now and then lets go of the key's facts that no t >=
  // `horizon` can see (rule 3.6); events, which stay, come with kMinTime. Adding a fact again
  // changes nothing.
  void Add(std::string_view store_key, const KeptFact& fact, const Types& types,
           TimeMicros horizon);

  // The greatest fact of the key that is visible at t (rules 3.3, 3.6). Its bytes live as long as
  // this. Nothing where there is none.
  [[nodiscard]] std::optional<KeptFact> NewestVisible(std::string_view store_key,
                                                      TimeMicros t) const;

  // All facts of the key with event times within [first, last], least rank first, appended to
  // *facts. Their bytes live as long as this.
  void Between(std::string_view store_key, TimeMicros first, TimeMicros last,
               std::vector<KeptFact>* facts) const;

  // All keys in the order of their bytes, each with its facts, least rank first. Stops at the
  // first error. REQUIRES: nothing is added meanwhile.
  using Visit = std::function<Status(std::string_view store_key, std::vector<KeptFact> facts)>;
  Status ForEach(const Visit& visit) const;

  // What it takes, about.
  [[nodiscard]] std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

  [[nodiscard]] bool empty() const { return bytes() == 0; }

 private:
  static constexpr std::size_t kShards = 64;

  struct Less {
    const std::vector<DataType>* types;

    bool operator()(const KeptFact& a, const KeptFact& b) const {
      return CompareKept(a, b, *types) == std::strong_ordering::less;
    }
  };

  struct Facts {
    explicit Facts(Types of_view) : types(std::move(of_view)), ranked(Less{types.get()}) {}

    Types types;
    std::set<KeptFact, Less> ranked;
    std::size_t collapse_at = 16;  // facts
  };

  struct Hash {
    using is_transparent = void;

    std::size_t operator()(std::string_view key) const { return Hash64(key); }
  };

  struct Shard {
    mutable std::shared_mutex mutex;
    std::unordered_map<std::string, Facts, Hash, std::equal_to<>> keys;
    std::vector<std::unique_ptr<char[]>> blocks;  // of copied bytes; none moves
    std::size_t block_size = 0;                   // of the last one
    std::size_t block_used = 0;
    std::string_view log;  // that was copied last: facts mostly come from one

    std::string_view Copy(std::string_view bytes);
  };

  static std::size_t ShardOf(std::string_view store_key);

  std::array<Shard, kShards> shards_;
  std::atomic<std::size_t> bytes_{0};
};

}  // namespace coeval
