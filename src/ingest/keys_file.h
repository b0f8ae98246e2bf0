// The file of the idempotency keys of a seal: which pushes were named, and what they were answered
// (docs/formats/log.md).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "column/batch.h"
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

// As a table, and back. Errors: Corruption where it is none of keys.
Batch TableOfKeys(std::span<const NamedPush> named);
Result<std::vector<NamedPush>> KeysOfTable(const Batch& table);

// Errors: as of sealed tables.
Result<SealedFile> WriteKeys(const std::string& folder, const std::string& name,
                             std::span<const NamedPush> named, const Context& context);
Result<std::vector<NamedPush>> ReadKeys(const std::string& folder, const SealedFile& file,
                                        const Context& context);

}  // namespace coeval
