// How RocksDB merges the facts of a key: the merge operator and the compaction filter of the column
// family `facts`. Both only call online/winner.h.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/compaction_filter.h>
#include <rocksdb/merge_operator.h>

#include "online/rocksdb/keep_context.h"

namespace coeval {

// The id in front of a key; 0 (no view's) where the key is too short.
DataId DataIdOf(std::string_view key);
// Appends the four bytes in front of a view's keys.
void AppendDataId(DataId id, std::string* key);

// All facts of the pieces as one fact list, collapsed as far as `context` allows. `whole`: they are
// all that came first under the key. Cannot fail: pieces that cannot be decoded are set aside in
// it.
std::string MergeFactLists(const KeepContext& context, std::string_view key,
                           std::span<const std::string_view> pieces, bool whole);

// Associative, commutative and idempotent in its answers for every t >= H, so that operands may be
// merged in any grouping, and carried twice. Its name never changes (docs/formats).
std::shared_ptr<rocksdb::MergeOperator> MakeFactMergeOperator(
    std::shared_ptr<const KeepContext> context);

// Drops what rule 3.6 lets go from values that no merge touches any more.
std::shared_ptr<rocksdb::CompactionFilterFactory> MakeFactFilterFactory(
    std::shared_ptr<const KeepContext> context);

}  // namespace coeval
