#include "offline/placed_values.h"

#include <algorithm>
#include <utility>

#include "offline/work_items.h"

namespace coeval {
namespace {

// A winner of a piece.
struct Row {
  std::uint32_t row;
  SlotId slot;
};

// The winners, piece by piece; `begin` gets where each piece's lie.
std::vector<Row> ByPiece(std::span<const SlotId> slots, const SlotHeads& heads, std::size_t pieces,
                         std::vector<std::size_t>* begin) {
  begin->assign(pieces + 1, 0);
  for (const SlotId slot : slots) ++(*begin)[heads.place(slot).piece + 1];
  for (std::size_t i = 0; i < pieces; ++i) (*begin)[i + 1] += (*begin)[i];
  std::vector<std::size_t> next(begin->begin(), begin->end() - 1);
  std::vector<Row> rows(slots.size());
  for (const SlotId slot : slots) {
    const FactPlace place = heads.place(slot);
    rows[next[place.piece]++] = {place.row, slot};
  }
  return rows;
}

}  // namespace

Status PlacedValues::Read(std::span<const SlotId> slots, FactPieces* facts, SlotHeads* heads,
                          const Context& context) {
  std::vector<std::size_t> begin;
  std::vector<Row> rows = ByPiece(slots, *heads, facts->size(), &begin);
  std::vector<std::uint32_t> pieces;  // where a winner lies
  for (std::size_t i = 0; i < facts->size(); ++i) {
    if (begin[i] != begin[i + 1]) pieces.push_back(static_cast<std::uint32_t>(i));
  }
  return RunItems(context.threads, pieces.size(), *context.cancel,
                  [&](std::size_t /*worker*/, std::size_t item) -> Status {
                    const std::uint32_t piece = pieces[item];
                    const std::span<Row> of_piece(rows.data() + begin[piece],
                                                  begin[piece + 1] - begin[piece]);
                    std::sort(of_piece.begin(), of_piece.end(),
                              [](const Row& a, const Row& b) { return a.row < b.row; });
                    std::vector<std::int64_t> numbers;
                    numbers.reserve(of_piece.size());
                    for (const Row& row : of_piece) numbers.push_back(row.row);
                    COEVAL_ASSIGN_OR_RETURN(chunks_[piece], facts->ReadValues(piece, numbers));
                    for (std::size_t i = 0; i < of_piece.size(); ++i) {
                      heads->SetPlace(of_piece[i].slot, {piece, static_cast<std::uint32_t>(i)});
                    }
                    return Status::Ok();
                  });
}

Result<std::vector<Column>> PlacedValues::Gather(std::span<const SlotId> slots,
                                                 const SlotHeads& heads,
                                                 const Context& context) const {
  const auto fill = [&](std::size_t first, std::span<FactPlace> places) {
    for (std::size_t i = 0; i < places.size(); ++i) {
      const SlotId slot = slots[first + i];
      places[i] = slot == kNoSlot ? kNoPlace : heads.place(slot);
    }
  };
  return GatherPlaced(features_, chunks_, slots.size(), fill, context);
}

}  // namespace coeval
