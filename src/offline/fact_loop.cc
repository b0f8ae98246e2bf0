#include "offline/fact_loop.h"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>

#include "offline/work_items.h"

namespace coeval {
namespace {

// Sums what became of the rows of pieces, and tells it in the caller's thread.
class PieceCounts {
 public:
  explicit PieceCounts(const FactProgress& progress) : progress_(progress) {}

  void Add(std::size_t worker, const FactCounts& of_piece) {
    const std::lock_guard lock(mutex_);
    sum_.rows += of_piece.rows;
    sum_.facts += of_piece.facts;
    sum_.null_keys += of_piece.null_keys;
    sum_.bad_times += of_piece.bad_times;
    sum_.too_far_ahead += of_piece.too_far_ahead;
    sum_.out_of_range += of_piece.out_of_range;
    if (worker == 0 && progress_) progress_(sum_);
  }

  [[nodiscard]] const FactCounts& sum() const { return sum_; }

 private:
  const FactProgress& progress_;
  std::mutex mutex_;
  FactCounts sum_;  // guarded by mutex_ while threads run
};

}  // namespace

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

Result<FactCounts> ReadAllPieces(FactPieces* facts, bool features, const Context& context,
                                 const FactProgress& progress, const UsePiece& use) {
  PieceCounts counts(progress);
  COEVAL_RETURN_IF_ERROR(RunItems(
      context.threads, facts->size(), *context.cancel,
      [&](std::size_t worker, std::size_t piece) -> Status {
        const auto use_piece = [&](const FactBatch& batch) { use(worker, piece, batch); };
        COEVAL_ASSIGN_OR_RETURN(const FactCounts of_piece, features
                                                               ? facts->ReadFacts(piece, use_piece)
                                                               : facts->ReadKeys(piece, use_piece));
        counts.Add(worker, of_piece);
        return Status::Ok();
      }));
  COEVAL_RETURN_IF_ERROR(facts->Finish());
  return counts.sum();
}

std::vector<SlotId> FindSlots(const FactBatch& facts, SlotFinder* finder) {
  std::vector<SlotId> slots(static_cast<std::size_t>(facts.num_rows), kNoSlot);
  finder->FindAll(facts, [&slots](std::int64_t first, std::span<const FoundSlot> found) {
    for (const FoundSlot& each : found)
      slots[static_cast<std::size_t>(first) + each.row] = each.slot;
  });
  return slots;
}

}  // namespace coeval
