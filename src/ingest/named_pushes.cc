#include "ingest/named_pushes.h"

#include <algorithm>
#include <utility>

namespace coeval {
namespace {

constexpr std::int64_t kShareBytes = std::int64_t{256} << 10;
constexpr std::int64_t kKeyBytes = 42;   // of the process, with what is spare in table and heap
constexpr std::int64_t kFedBytes = 160;  // of what is kept beside its texts

std::string Full(std::size_t keys, std::int64_t bytes, const KeyRetention& retention) {
  return "no new idempotency key is taken: the " + std::to_string(keys) +
         " that are kept take all that they may, an eighth of `memory` (" + std::to_string(bytes) +
         " bytes). Push again later, when the oldest are forgotten; raise `memory`; shorten " +
         "log.idempotency_retention (" + FormatDuration(retention.given) +
         ") or log.made_key_retention (" + FormatDuration(retention.made) +
         "); or push more rows at a time";
}

}  // namespace

NamedPushes::NamedPushes(Options options)
    : options_(std::move(options)), tables_{KeyTable(options_.seed), KeyTable(options_.seed)} {}

std::optional<NamedPushes::Entry> NamedPushes::Find(const PushName& name) const {
  if (const auto coming = on_their_way_.find(name.hash); coming != on_their_way_.end()) {
    return Entry{.fingerprint = coming->second};
  }
  const auto found = (name.is_made ? made() : given()).Find(name.hash);
  if (!found || found->c < KeptSince(name.is_made)) return std::nullopt;
  return Entry{.done = true,
               .fingerprint = found->fingerprint,
               .c = found->c,
               .rows = found->rows,
               .fed = fed_[found->fed]};
}

Status NamedPushes::Begin(const PushName& name, std::uint64_t fingerprint, TimeMicros c) {
  if (IsFull()) {
    for (const bool is_made : {false, true}) tables_[is_made ? 1 : 0].DropOlder(KeptSince(is_made));
    const std::size_t coming = on_their_way_.size() + 1;
    if (IsFull() && CountOlder(std::max(c, newest_c_), coming) < coming) {
      return Status::Unavailable(Full(size(), bytes(), options_.retention));
    }
  }
  on_their_way_[name.hash] = fingerprint;
  return {};
}

bool NamedPushes::IsFull() const {
  const std::int64_t most = (options_.most_bytes - fed_bytes_) / kKeyBytes;
  return static_cast<std::int64_t>(size() + on_their_way_.size()) >= most;
}

std::size_t NamedPushes::CountOlder(TimeMicros c, std::size_t most) const {
  const KeyRetention& retention = options_.retention;
  const std::size_t count = given().CountOlder(retention.KeptSince(false, c), most);
  return count + made().CountOlder(retention.KeptSince(true, c), most - count);
}

void NamedPushes::Finish(const NamedPush& push) {
  const PushName name(push.key);
  on_their_way_.erase(name.hash);
  Advance(push.c);
  const TimeMicros since = KeptSince(name.is_made);
  if (push.c >= since) {
    tables_[name.is_made ? 1 : 0].Put(name.hash,
                                      {.fingerprint = push.fingerprint,
                                       .c = push.c,
                                       .rows = static_cast<std::uint32_t>(push.rows),
                                       .fed = NumberOf(push.fed)},
                                      since);
  }
  for (const bool is_made : {false, true}) tables_[is_made ? 1 : 0].Sweep(KeptSince(is_made));
  CountMemory();
}

std::uint32_t NamedPushes::NumberOf(const std::vector<std::string>& fed) {
  const auto next = static_cast<std::uint32_t>(fed_.size());
  const auto [found, is_new] = fed_numbers_.try_emplace(fed, next);
  if (is_new) {
    fed_.push_back(&found->first);
    fed_bytes_ += kFedBytes;
    for (const std::string& identity : fed) {
      fed_bytes_ += static_cast<std::int64_t>(sizeof(std::string) + identity.capacity());
    }
  }
  return found->second;
}

std::int64_t NamedPushes::bytes() const {
  return given().bytes() + made().bytes() + fed_bytes_;
}

void NamedPushes::CountMemory() {
  const auto wanted = static_cast<std::size_t>(bytes() / kShareBytes);
  while (shares_.size() < wanted) {
    shares_.push_back(MemoryLedger::Take(options_.memory, kShareBytes, kShareBytes, kShareBytes));
  }
  // Not for a little, which comes again.
  if (shares_.size() > wanted + 4) shares_.resize(wanted);
}

}  // namespace coeval
