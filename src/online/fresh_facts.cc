#include "online/fresh_facts.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace coeval {
namespace {

constexpr std::size_t kLeastBlock = 4 << 10;
constexpr std::size_t kLargestBlock = 1 << 20;
// A node of the set, with what the allocator adds.
constexpr std::size_t kFactBytes = sizeof(KeptFact) + 48;
constexpr std::size_t kKeyBytes = 160;

// Lets go of the facts below the greatest that every t >= horizon can see.
template <typename Ranked>
std::size_t DropHidden(Ranked* ranked, TimeMicros horizon) {
  const auto settled = std::find_if(ranked->rbegin(), ranked->rend(), [&](const KeptFact& fact) {
    return fact.visible_time <= horizon;
  });
  if (settled == ranked->rend()) return 0;
  const auto keep = std::prev(settled.base());
  const auto dropped = static_cast<std::size_t>(std::distance(ranked->begin(), keep));
  ranked->erase(ranked->begin(), keep);
  return dropped;
}

}  // namespace

std::size_t FreshFacts::ShardOf(std::string_view store_key) {
  return static_cast<std::size_t>(Hash64(store_key) >> 32) % kShards;
}

std::string_view FreshFacts::Shard::Copy(std::string_view bytes) {
  if (bytes.empty()) return {};
  if (block_size - block_used < bytes.size()) {
    const std::size_t next = std::clamp(block_size * 2, kLeastBlock, kLargestBlock);
    block_size = std::max(next, bytes.size());
    block_used = 0;
    blocks.push_back(std::make_unique_for_overwrite<char[]>(block_size));
  }
  char* const place = blocks.back().get() + block_used;
  std::memcpy(place, bytes.data(), bytes.size());
  block_used += bytes.size();
  return {place, bytes.size()};
}

void FreshFacts::Add(std::string_view store_key, const KeptFact& fact, const Types& types,
                     TimeMicros horizon) {
  Shard& shard = shards_[ShardOf(store_key)];
  std::size_t taken = 0;
  const std::unique_lock lock(shard.mutex);
  auto found = shard.keys.find(store_key);
  if (found == shard.keys.end()) {
    found = shard.keys.emplace(std::string(store_key), Facts(types)).first;
    taken += kKeyBytes + store_key.size();
  }
  Facts& facts = found->second;
  if (facts.ranked.contains(fact)) return;
  KeptFact own = fact;
  own.row = shard.Copy(fact.row);
  if (shard.log != fact.sequence.log) shard.log = shard.Copy(fact.sequence.log);
  own.sequence.log = shard.log;
  facts.ranked.insert(facts.ranked.end(), own);
  taken += kFactBytes + fact.row.size();
  bytes_.fetch_add(taken, std::memory_order_relaxed);
  if (facts.ranked.size() < facts.collapse_at) return;
  // The rows' bytes stay until all goes.
  bytes_.fetch_sub(DropHidden(&facts.ranked, horizon) * kFactBytes, std::memory_order_relaxed);
  facts.collapse_at = std::max<std::size_t>(16, facts.ranked.size() * 2);
}

std::optional<KeptFact> FreshFacts::NewestVisible(std::string_view store_key, TimeMicros t) const {
  const Shard& shard = shards_[ShardOf(store_key)];
  const std::shared_lock lock(shard.mutex);
  const auto found = shard.keys.find(store_key);
  if (found == shard.keys.end()) return std::nullopt;
  const auto& ranked = found->second.ranked;
  const auto newest = std::find_if(ranked.rbegin(), ranked.rend(),
                                   [&](const KeptFact& fact) { return fact.visible_time <= t; });
  if (newest == ranked.rend()) return std::nullopt;
  return *newest;
}

void FreshFacts::Between(std::string_view store_key, TimeMicros first, TimeMicros last,
                         std::vector<KeptFact>* facts) const {
  const Shard& shard = shards_[ShardOf(store_key)];
  const std::shared_lock lock(shard.mutex);
  const auto found = shard.keys.find(store_key);
  if (found == shard.keys.end()) return;
  const auto& ranked = found->second.ranked;
  KeptFact least;  // pushed facts have created times
  least.times.event_time = first;
  for (auto fact = ranked.lower_bound(least); fact != ranked.end(); ++fact) {
    if (fact->times.event_time > last) break;
    facts->push_back(*fact);
  }
}

Status FreshFacts::ForEach(const Visit& visit) const {
  std::vector<std::pair<std::string_view, const Facts*>> keys;
  for (const Shard& shard : shards_) {
    const std::shared_lock lock(shard.mutex);
    for (const auto& [key, facts] : shard.keys) keys.emplace_back(key, &facts);
  }
  std::sort(keys.begin(), keys.end());
  for (const auto& [key, facts] : keys) {
    COEVAL_RETURN_IF_ERROR(visit(key, {facts->ranked.begin(), facts->ranked.end()}));
  }
  return {};
}

}  // namespace coeval
