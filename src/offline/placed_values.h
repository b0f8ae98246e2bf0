// PlacedValues: the values of winners that lie in pieces of a source, read at the end, and only
// from the pieces where a winner lies.
//
//   winners    slot 7 -> piece 2, row 40     reads rows 3 and 40 of piece 2
//              slot 9 -> piece 2, row 3      slot 9 -> chunk 2, row 0; slot 7 -> chunk 2, row 1
//   Gather     (9, none, 7)                  one column for each feature: their values, null for
//   none
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "column/batch.h"
#include "column/column.h"
#include "offline/question_index.h"
#include "offline/slot_heads.h"
#include "source/fact_reader.h"

namespace coeval {

class PlacedValues {
 public:
  PlacedValues(std::vector<ColumnSchema> features, std::size_t pieces)
      : features_(std::move(features)), chunks_(pieces + 1) {}

  // Values that are known already, of slots whose place will then be a row of them.
  void SetKnown(std::vector<Column> columns) { chunks_.back() = std::move(columns); }

  [[nodiscard]] const std::vector<Column>& known() const { return chunks_.back(); }

  [[nodiscard]] FactPlace KnownPlace(std::size_t row) const {
    return {static_cast<std::uint32_t>(chunks_.size() - 1), static_cast<std::uint32_t>(row)};
  }

  [[nodiscard]] bool IsKnown(FactPlace place) const { return place.piece + 1 == chunks_.size(); }

  // Reads the values of the facts at the heads of these slots, which are distinct, and makes each
  // head's place where its values lie here. Errors: those of the facts, of the first piece that
  // fails.
  Status Read(std::span<const SlotId> slots, FactPieces* facts, SlotHeads* heads,
              const Context& context);

  // One column for each feature: values of the head of slots[i], null for kNoSlot. Errors: as
  // GatherPlaced.
  [[nodiscard]] Result<std::vector<Column>> Gather(std::span<const SlotId> slots,
                                                   const SlotHeads& heads,
                                                   const Context& context) const;

 private:
  // The winners of a piece.
  struct PieceRows {
    std::uint32_t piece = 0;
    std::vector<std::int64_t> rows = {};  // ascending
  };

  static std::vector<PieceRows> TakeRows(std::span<const SlotId> slots, SlotHeads* heads,
                                         std::size_t pieces, const Context& context);
  Status ReadGroup(const PieceRows& of, FeatureSpan features, FactPieces* facts);
  // Where most rows of facts that are held win, whole pieces, in which the winners lie as they do
  // in the source.
  bool ReadWhole(std::span<const SlotId> slots, FactPieces* facts, const SlotHeads& heads,
                 const Context& context);

  std::vector<ColumnSchema> features_;
  std::vector<std::vector<Column>> chunks_;  // by piece; last, what was known
};

}  // namespace coeval
