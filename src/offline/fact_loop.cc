#include "offline/fact_loop.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace coeval {

Result<FactCounts> ReadAll(FactStream* facts, const Context& context, const FactProgress& progress,
                           const std::function<void(const FactBatch&)>& use) {
  while (true) {
    COEVAL_RETURN_IF_ERROR(context.cancel->Check());
    COEVAL_ASSIGN_OR_RETURN(const std::optional<FactBatch> batch, facts->Next());
    if (progress) progress(facts->counts());
    if (!batch.has_value()) return facts->counts();
    use(*batch);
  }
}

std::vector<SlotId> FindSlots(const FactBatch& facts, SlotFinder* finder) {
  std::vector<SlotId> slots(static_cast<std::size_t>(facts.num_rows));
  for (std::int64_t first = 0; first < facts.num_rows; first += SlotFinder::kBlock) {
    finder->Find(facts, first, std::min(SlotFinder::kBlock, facts.num_rows - first),
                 slots.data() + first);
  }
  return slots;
}

}  // namespace coeval
