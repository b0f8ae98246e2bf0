#include "offline/tie_breaker.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "offline/fact_loop.h"
#include "offline/slot_finder.h"
#include "offline/slot_winners.h"

namespace coeval {
namespace {

// The tied slots, numbered 0, 1, ... in their order.
class TiedSlots {
 public:
  explicit TiedSlots(std::span<const TiedFact> ties) {
    for (const TiedFact& tie : ties) {
      if (ids_.try_emplace(tie.slot, static_cast<SlotId>(slots_.size())).second) {
        slots_.push_back(tie.slot);
      }
    }
  }

  [[nodiscard]] SlotId IdOf(SlotId slot) const {
    const auto found = ids_.find(slot);
    return found == ids_.end() ? kNoSlot : found->second;
  }

  [[nodiscard]] const std::vector<SlotId>& slots() const { return slots_; }

 private:
  std::vector<SlotId> slots_;
  std::unordered_map<SlotId, SlotId> ids_;
};

// Timestamps or integers, some of which are null.
Column NullableColumn(TypeId type, std::vector<std::int64_t> values,
                      const std::vector<bool>& present) {
  std::vector<std::uint8_t> validity((values.size() + 7) / 8);
  for (std::size_t i = 0; i < values.size(); ++i) {
    validity[i / 8] |= static_cast<std::uint8_t>((present[i] ? 1U : 0U) << (i % 8));
  }
  const auto n = static_cast<std::int64_t>(values.size());
  return Column::FixedWidth(type, n, MakeBuffer(std::move(values)),
                            MakeBuffer(std::move(validity)));
}

// Tied facts, all pushed or none, as a batch: their times are those of the heads of their slots.
FactBatch BatchOf(std::span<const TiedFact> ties, const SlotHeads& heads,
                  std::vector<Column> features) {
  std::vector<std::int64_t> events;
  std::vector<std::int64_t> created;
  std::vector<std::int64_t> numbers;
  std::vector<bool> has_created;
  std::vector<bool> has_number;
  for (const TiedFact& tie : ties) {
    const FactTimes times = heads.Get(tie.slot).times;
    const Sequence sequence = heads.sequence(tie.slot);
    events.push_back(times.event_time);
    created.push_back(times.created_time);
    has_created.push_back(times.has_created);
    numbers.push_back(sequence.number);
    has_number.push_back(sequence.present);
  }
  FactBatch batch;
  batch.num_rows = std::ssize(ties);
  batch.event_time =
      Column::FixedWidth(TypeId::kTimestamp, batch.num_rows, MakeBuffer(std::move(events)));
  batch.created_time = NullableColumn(TypeId::kTimestamp, std::move(created), has_created);
  batch.sequence = NullableColumn(TypeId::kInt64, std::move(numbers), has_number);
  batch.deleted = Column::Nulls(TypeId::kNull, batch.num_rows);
  batch.features = std::move(features);
  if (heads.Has(ties.front().slot, SlotHeads::kArrived)) {
    batch.log = std::make_shared<const std::string>(kAnyLog);
  }
  return batch;
}

// The tied facts with the features that are needed.
Status AddTied(std::vector<TiedFact> ties, const TiedSlots& tied, const SlotHeads& heads,
               FactPieces* facts, SlotWinners* winners) {
  std::sort(ties.begin(), ties.end(),
            [](const TiedFact& a, const TiedFact& b) { return a.place < b.place; });
  for (std::size_t first = 0; first < ties.size();) {
    std::size_t last = first;
    std::vector<std::int64_t> rows;
    std::vector<SlotId> ids;
    const auto arrived = [&](std::size_t i) {
      return heads.Has(ties[i].slot, SlotHeads::kArrived);
    };
    const auto beside_first = [&](std::size_t i) {
      return ties[i].place.piece == ties[first].place.piece && arrived(i) == arrived(first);
    };
    for (; last < ties.size() && beside_first(last); ++last) {
      rows.push_back(ties[last].place.row);
      ids.push_back(tied.IdOf(ties[last].slot));
    }
    std::vector<Column> features;
    if (winners->values().num_features() > 0) {
      COEVAL_ASSIGN_OR_RETURN(features,
                              facts->ReadValues(ties[first].place.piece, rows, kAllFeatures));
    }
    winners->Add(BatchOf(std::span(ties).subspan(first, last - first), heads, std::move(features)),
                 ids);
    first = last;
  }
  return Status::Ok();
}

// All facts once more, with all features of the schema, for ties that the needed ones leave open.
Status CloseTies(const TiedSlots& tied, const QuestionIndex& questions, const AsOfJoin& join,
                 const OpenFacts& open, const Context& context, SlotWinners* winners) {
  std::vector<SlotId> ids;
  for (SlotId id = 0; id < tied.slots().size(); ++id) ids.push_back(id);
  if (winners->OpenTies(ids) == 0) return Status::Ok();
  COEVAL_ASSIGN_OR_RETURN(const std::unique_ptr<FactStream> facts,
                          open(join.schema, winners->OpenRange()));
  SlotFinder finder(questions, join.rule);
  COEVAL_RETURN_IF_ERROR(ReadAll(facts.get(), context, nullptr, [&](const FactBatch& batch) {
                           std::vector<SlotId> slots = FindSlots(batch, &finder);
                           for (SlotId& slot : slots) {
                             if (slot != kNoSlot) slot = tied.IdOf(slot);
                           }
                           winners->AddForTies(batch, slots);
                         }).status());
  return winners->CheckTiesResolved();
}

}  // namespace

Result<std::vector<SlotId>> BreakTies(std::vector<SlotId> slots, const QuestionIndex& questions,
                                      const AsOfJoin& join, FactPieces* facts,
                                      const OpenFacts& open, const Context& context,
                                      PlacedWinners* placed, PlacedValues* values) {
  std::vector<TiedFact> ties = placed->Ties(slots);
  if (ties.empty()) return slots;
  const TiedSlots tied(ties);
  std::erase_if(slots, [&tied](SlotId slot) { return tied.IdOf(slot) != kNoSlot; });

  SlotWinners winners(static_cast<SlotId>(tied.slots().size()), join.schema, join.needed);
  COEVAL_RETURN_IF_ERROR(AddTied(std::move(ties), tied, placed->heads(), facts, &winners));
  COEVAL_RETURN_IF_ERROR(CloseTies(tied, questions, join, open, context, &winners));
  std::vector<SlotId> ids;
  for (SlotId id = 0; id < tied.slots().size(); ++id) {
    ids.push_back(id);
    const SlotId slot = tied.slots()[id];
    if (winners.heads().Has(id, SlotHeads::kTied)) placed->heads().Mark(slot, SlotHeads::kTied);
    placed->heads().SetPlace(slot, values->KnownPlace(id));
  }
  COEVAL_ASSIGN_OR_RETURN(std::vector<Column> known, winners.values().Gather(ids));
  values->SetKnown(std::move(known));
  return slots;
}

}  // namespace coeval
