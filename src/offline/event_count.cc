#include "offline/event_count.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "offline/fact_loop.h"

namespace coeval {

Result<std::int64_t> CountEvents(FactStream* facts, const KeyIndex& keys, const Context& context) {
  std::atomic<std::int64_t> events = 0;
  const auto count = [&](const FactBatch& batch) {
    std::vector<KeyId> ids(static_cast<std::size_t>(batch.num_rows));
    keys.Find(batch.keys, 0, batch.num_rows, ids.data());
    events += batch.num_rows - std::count(ids.begin(), ids.end(), kNoKey);
  };
  if (FactPieces* pieces = facts->pieces(); pieces != nullptr) {
    COEVAL_RETURN_IF_ERROR(ReadAllPieces(pieces, /*features=*/false, context, nullptr,
                                         [&](std::size_t /*worker*/, std::size_t /*piece*/,
                                             const FactBatch& batch) { count(batch); })
                               .status());
  } else {
    COEVAL_RETURN_IF_ERROR(ReadAll(facts, context, nullptr, count).status());
  }
  return events.load();
}

}  // namespace coeval
