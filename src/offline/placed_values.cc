#include "offline/placed_values.h"

#include <algorithm>
#include <numeric>
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

// Into how many groups of features each piece is cut, so that all threads have work where winners
// lie in few pieces.
std::size_t GroupsOf(std::size_t pieces, std::size_t winners, std::size_t features, int threads) {
  constexpr std::size_t kWorthAThread = 1 << 15;  // cells
  const std::size_t wanted = 2 * static_cast<std::size_t>(std::max(1, threads));
  if (pieces == 0 || 2 * pieces >= wanted) return 1;
  const std::size_t cells = winners * features / pieces;
  return std::clamp(std::min(cells / kWorthAThread, wanted / pieces), std::size_t{1},
                    std::max(features, std::size_t{1}));
}

// Of each piece, how many rows there are up to its last winner.
std::vector<std::uint32_t> RowsOf(std::span<const SlotId> slots, const SlotHeads& heads,
                                  std::size_t pieces, int threads) {
  std::vector<std::vector<std::uint32_t>> rows(ChunksOf(slots.size(), pieces, threads));
  DoChunks(threads, slots.size(), rows.size(),
           [&](std::size_t chunk, std::size_t begin, std::size_t end) {
             rows[chunk].assign(pieces, 0);
             for (const SlotId slot : slots.subspan(begin, end - begin)) {
               const FactPlace place = heads.place(slot);
               std::uint32_t& of_piece = rows[chunk][place.piece];
               of_piece = std::max(of_piece, place.row + 1);
             }
           });
  for (std::size_t chunk = 1; chunk < rows.size(); ++chunk) {
    for (std::size_t piece = 0; piece < pieces; ++piece) {
      rows[0][piece] = std::max(rows[0][piece], rows[chunk][piece]);
    }
  }
  return std::move(rows[0]);
}

}  // namespace

// Where a winner lies, in its rows, which become its heads' places.
std::vector<PlacedValues::PieceRows> PlacedValues::TakeRows(std::span<const SlotId> slots,
                                                            SlotHeads* heads, std::size_t pieces,
                                                            const Context& context) {
  std::vector<std::size_t> begin;
  std::vector<Row> rows = ByPiece(slots, *heads, pieces, &begin);
  std::vector<PieceRows> taken;
  for (std::size_t i = 0; i < pieces; ++i) {
    if (begin[i] != begin[i + 1]) taken.push_back({static_cast<std::uint32_t>(i), {}});
  }
  DoItems(context.threads, taken.size(), [&](std::size_t /*worker*/, std::size_t item) {
    PieceRows& of = taken[item];
    const std::span<Row> of_piece(rows.data() + begin[of.piece],
                                  begin[of.piece + 1] - begin[of.piece]);
    std::sort(of_piece.begin(), of_piece.end(),
              [](const Row& a, const Row& b) { return a.row < b.row; });
    of.rows.reserve(of_piece.size());
    for (const Row& row : of_piece) {
      heads->SetPlace(row.slot, {of.piece, static_cast<std::uint32_t>(of.rows.size())});
      of.rows.push_back(row.row);
    }
  });
  return taken;
}

// Rows that are no winners are read too, which may fail where the winners alone would not: then
// false.
bool PlacedValues::ReadWhole(std::span<const SlotId> slots, FactPieces* facts,
                             const SlotHeads& heads, const Context& context) {
  std::int64_t all = 0;
  for (std::size_t i = 0; i < facts->size(); ++i) all += facts->rows(i);
  if (!facts->is_held() || std::ssize(slots) < all / 2) return false;
  const std::vector<std::uint32_t> rows = RowsOf(slots, heads, facts->size(), context.threads);
  const Status read = RunItems(
      context.threads, facts->size(), *context.cancel,
      [&](std::size_t /*worker*/, std::size_t piece) -> Status {
        if (rows[piece] == 0) return Status::Ok();
        std::vector<std::int64_t> numbers(rows[piece]);
        std::iota(numbers.begin(), numbers.end(), 0);
        COEVAL_ASSIGN_OR_RETURN(chunks_[piece], facts->ReadValues(piece, numbers, kAllFeatures));
        return Status::Ok();
      });
  return read.ok();
}

Status PlacedValues::Read(std::span<const SlotId> slots, FactPieces* facts, SlotHeads* heads,
                          const Context& context) {
  if (ReadWhole(slots, facts, *heads, context)) return Status::Ok();
  const std::vector<PieceRows> pieces = TakeRows(slots, heads, facts->size(), context);
  const std::size_t groups =
      GroupsOf(pieces.size(), slots.size(), features_.size(), context.threads);
  for (const PieceRows& of : pieces) chunks_[of.piece].resize(features_.size());
  return RunItems(context.threads, pieces.size() * groups, *context.cancel,
                  [&](std::size_t /*worker*/, std::size_t item) {
                    const std::size_t group = item % groups;
                    const std::size_t first = features_.size() * group / groups;
                    const std::size_t end = features_.size() * (group + 1) / groups;
                    return ReadGroup(pieces[item / groups], {first, end - first}, facts);
                  });
}

Status PlacedValues::ReadGroup(const PieceRows& of, FeatureSpan features, FactPieces* facts) {
  COEVAL_ASSIGN_OR_RETURN(std::vector<Column> columns,
                          facts->ReadValues(of.piece, of.rows, features));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    chunks_[of.piece][features.first + i] = std::move(columns[i]);
  }
  return Status::Ok();
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
