#include "offline/placed_values.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "column/type.h"
#include "offline/gather_cells.h"
#include "offline/work_items.h"

namespace coeval {
namespace {

constexpr std::size_t kRange = 1 << 16;  // answers of one work item; a multiple of 8
constexpr std::size_t kBlock = 1 << 12;  // answers whose places stay in the cache for all columns
constexpr FactPlace kNoPlace{std::numeric_limits<std::uint32_t>::max(), 0};

// Memory that is not touched yet, so that each thread touches its own; in huge pages where it is
// large, which cost a five hundredth of the faults.
std::shared_ptr<std::uint8_t> Untouched(std::size_t bytes) {
  constexpr std::size_t kHuge = std::size_t{2} << 20;
  const std::size_t alignment = bytes >= kHuge ? kHuge : 64;
  const std::size_t size = std::max(alignment, (bytes + alignment - 1) / alignment * alignment);
  // NOLINTNEXTLINE(cppcoreguidelines-no-malloc): aligned, and given back by std::free
  auto* memory = static_cast<std::uint8_t*>(std::aligned_alloc(alignment, size));
  if (memory == nullptr) throw std::bad_alloc();
  if (bytes >= kHuge) ::madvise(memory, size, MADV_HUGEPAGE);
  return {memory, [](std::uint8_t* held) { std::free(held); }};  // NOLINT(*-no-malloc)
}

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

template <std::size_t kWidth>
void CopyCells(std::span<const FactPlace> places, const std::uint8_t* const* values,
               std::uint8_t* out) {
  for (const FactPlace& place : places) {
    if (place == kNoPlace) {
      std::memset(out, 0, kWidth);
    } else {
      std::memcpy(out, values[place.piece] + place.row * kWidth, kWidth);
    }
    out += kWidth;
  }
}

}  // namespace

// A column of answers while it is made.
struct PlacedValues::FixedColumn {
  std::size_t width = 0;
  std::vector<const std::uint8_t*> chunks;  // where each chunk's values begin
  bool may_have_nulls = false;              // some chunk
  std::shared_ptr<std::uint8_t> values;
  std::shared_ptr<std::uint8_t> validity;
  std::atomic<bool> any_null = false;
};

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

// A run of answers, and where their values lie.
struct PlacedValues::Block {
  std::size_t first = 0;  // a multiple of 8
  std::vector<FactPlace> places;
  std::vector<std::uint8_t> found;  // a bit for each
  bool all_found = true;

  template <typename PlaceOf>
  void Fill(std::size_t from, std::size_t count, PlaceOf place_of) {
    first = from;
    places.resize(count);
    found.assign((count + 7) / 8, 0);
    all_found = true;
    for (std::size_t i = 0; i < count; ++i) {
      places[i] = place_of(from + i);
      const bool has = places[i] != kNoPlace;
      all_found = all_found && has;
      found[i / 8] |= static_cast<std::uint8_t>((has ? 1U : 0U) << (i % 8));
    }
  }
};

void PlacedValues::GatherBlock(const Block& block, std::size_t feature, FixedColumn* out) const {
  std::uint8_t* values = out->values.get() + block.first * out->width;
  switch (out->width) {
    case 1:
      CopyCells<1>(block.places, out->chunks.data(), values);
      break;
    case 4:
      CopyCells<4>(block.places, out->chunks.data(), values);
      break;
    case 8:
      CopyCells<8>(block.places, out->chunks.data(), values);
      break;
    default:
      CopyCells<16>(block.places, out->chunks.data(), values);
      break;
  }
  std::uint8_t* validity = out->validity.get() + block.first / 8;
  std::memcpy(validity, block.found.data(), block.found.size());
  bool any_null = !block.all_found;
  for (std::size_t i = 0; out->may_have_nulls && i < block.places.size(); ++i) {
    const FactPlace& place = block.places[i];
    if (place == kNoPlace || !chunks_[place.piece][feature].IsNull(place.row)) continue;
    any_null = true;
    validity[i / 8] &= static_cast<std::uint8_t>(~(1U << (i % 8)));
  }
  if (any_null) out->any_null.store(true, std::memory_order_relaxed);
}

Result<std::vector<Column>> PlacedValues::Gather(std::span<const SlotId> slots,
                                                 const SlotHeads& heads,
                                                 const Context& context) const {
  const std::size_t n = slots.size();
  std::vector<FixedColumn> fixed(features_.size());
  std::vector<std::size_t> others;  // features of no fixed width
  for (std::size_t i = 0; i < features_.size(); ++i) {
    if (features_[i].type.width() == 0) {
      others.push_back(i);
      continue;
    }
    FixedColumn& column = fixed[i];
    column.width = static_cast<std::size_t>(features_[i].type.width());
    column.values = Untouched(n * column.width);
    column.validity = Untouched((n + 7) / 8);
    for (const std::vector<Column>& chunk : chunks_) {
      column.chunks.push_back(chunk.empty() ? nullptr : chunk[i].values_buffer().data);
      column.may_have_nulls |= !chunk.empty() && chunk[i].may_have_nulls();
    }
  }
  const auto place_of = [&](std::size_t i) {
    return slots[i] == kNoSlot ? kNoPlace : heads.place(slots[i]);
  };
  std::vector<Column> columns(features_.size());
  const std::size_t ranges = (n + kRange - 1) / kRange;
  const auto work = [&](std::size_t /*worker*/, std::size_t item) -> Status {
    if (item < others.size()) {
      const std::size_t i = others[item];
      if (features_[i].type.id() == TypeId::kNull) {
        columns[i] = Column::Nulls(features_[i].type, static_cast<std::int64_t>(n));
        return Status::Ok();
      }
      COEVAL_ASSIGN_OR_RETURN(
          columns[i], GatherCells(features_[i], static_cast<std::int64_t>(n), [&](std::size_t at) {
            const FactPlace place = place_of(at);
            if (place == kNoPlace || chunks_[place.piece][i].IsNull(place.row)) return CellPlace{};
            return CellPlace{&chunks_[place.piece][i], place.row};
          }));
      return Status::Ok();
    }
    const std::size_t range = (item - others.size()) * kRange;
    Block block;
    for (std::size_t first = range; first < std::min(n, range + kRange); first += kBlock) {
      block.Fill(first, std::min(kBlock, n - first), place_of);
      for (std::size_t i = 0; i < features_.size(); ++i) {
        if (fixed[i].width != 0) GatherBlock(block, i, &fixed[i]);
      }
    }
    return Status::Ok();
  };
  COEVAL_RETURN_IF_ERROR(RunItems(context.threads, others.size() + ranges, *context.cancel, work));
  for (std::size_t i = 0; i < features_.size(); ++i) {
    FixedColumn& column = fixed[i];
    if (column.width == 0) continue;
    const auto bytes = static_cast<std::int64_t>(n * column.width);
    const auto bits = static_cast<std::int64_t>((n + 7) / 8);
    columns[i] = Column::FixedWidth(
        features_[i].type, static_cast<std::int64_t>(n),
        {column.values.get(), bytes, column.values},
        column.any_null ? Buffer{column.validity.get(), bits, column.validity} : Buffer{});
  }
  return columns;
}

}  // namespace coeval
