#include "offline/placed_columns.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <utility>

#include "column/type.h"
#include "offline/gather_cells.h"
#include "offline/untouched.h"
#include "offline/work_items.h"

namespace coeval {
namespace {

constexpr std::size_t kRange = 1 << 16;  // rows of one work item, at most
constexpr std::size_t kBlock = 1 << 12;  // rows whose places stay in the cache for all columns

// Rows of one work item, in whole blocks: fewer where there would be too few items for the threads.
std::size_t RangeFor(std::size_t n, std::size_t columns, int threads) {
  constexpr std::size_t kWorthAThread = 1 << 16;  // cells
  if (n * columns < kWorthAThread) return kRange;
  const std::size_t part = n / static_cast<std::size_t>(2 * std::max(1, threads)) + 1;
  return std::clamp((part + kBlock - 1) / kBlock * kBlock, kBlock, kRange);
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

// A column of fixed width while it is made.
struct FixedColumn {
  std::size_t width = 0;
  std::vector<const std::uint8_t*> pieces;  // where each piece's values begin
  bool may_have_nulls = false;              // some piece
  std::shared_ptr<std::uint8_t> values;
  std::shared_ptr<std::uint8_t> validity;
  std::atomic<bool> any_null = false;
};

// A run of rows, and where their values lie.
struct Block {
  std::size_t first = 0;  // a multiple of 8
  std::vector<FactPlace> places;
  std::vector<std::uint8_t> found;  // a bit for each
  bool all_found = true;

  void Fill(std::size_t from, std::size_t count, const FillPlaces& fill) {
    first = from;
    places.resize(count);
    fill(first, places);
    found.assign((count + 7) / 8, 0);
    all_found = true;
    for (std::size_t i = 0; i < count; ++i) {
      const bool has = places[i] != kNoPlace;
      all_found = all_found && has;
      found[i / 8] |= static_cast<std::uint8_t>((has ? 1U : 0U) << (i % 8));
    }
  }
};

// Gathers one answer. Borrows all; the columns are made by several threads.
class Gathering {
 public:
  Gathering(std::span<const ColumnSchema> schema, std::span<const std::vector<Column>> pieces,
            std::size_t n, const FillPlaces& fill)
      : schema_(schema), pieces_(pieces), n_(n), fill_(fill), fixed_(schema.size()) {
    columns_.resize(schema.size());
    for (std::size_t i = 0; i < schema.size(); ++i) {
      if (schema[i].type.width() == 0) {
        others_.push_back(i);
      } else {
        Begin(i);
      }
    }
  }

  Result<std::vector<Column>> Run(const Context& context) {
    const std::size_t range = RangeFor(n_, fixed_.size(), context.threads);
    const std::size_t ranges = (n_ + range - 1) / range;
    COEVAL_RETURN_IF_ERROR(RunItems(context.threads, others_.size() + ranges, *context.cancel,
                                    [this, range](std::size_t /*worker*/, std::size_t item) {
                                      if (item < others_.size()) return GatherOther(others_[item]);
                                      const std::size_t first = (item - others_.size()) * range;
                                      return GatherRange(first, std::min(n_, first + range));
                                    }));
    for (std::size_t i = 0; i < schema_.size(); ++i) {
      if (fixed_[i].width != 0) columns_[i] = End(i);
    }
    return std::move(columns_);
  }

 private:
  void Begin(std::size_t i) {
    FixedColumn& column = fixed_[i];
    column.width = static_cast<std::size_t>(schema_[i].type.width());
    column.values = Untouched(n_ * column.width);
    column.validity = Untouched((n_ + 7) / 8);
    for (const std::vector<Column>& piece : pieces_) {
      column.pieces.push_back(piece.empty() ? nullptr : piece[i].values_buffer().data);
      column.may_have_nulls |= !piece.empty() && piece[i].may_have_nulls();
    }
  }

  Column End(std::size_t i) {
    FixedColumn& column = fixed_[i];
    const auto bytes = static_cast<std::int64_t>(n_ * column.width);
    const auto bits = static_cast<std::int64_t>((n_ + 7) / 8);
    return Column::FixedWidth(
        schema_[i].type, static_cast<std::int64_t>(n_), {column.values.get(), bytes, column.values},
        column.any_null ? Buffer{column.validity.get(), bits, column.validity} : Buffer{});
  }

  Status GatherRange(std::size_t begin, std::size_t end) {
    Block block;
    for (std::size_t first = begin; first < end; first += kBlock) {
      block.Fill(first, std::min(kBlock, end - first), fill_);
      for (std::size_t i = 0; i < fixed_.size(); ++i) {
        if (fixed_[i].width != 0) GatherBlock(block, i);
      }
    }
    return Status::Ok();
  }

  void GatherBlock(const Block& block, std::size_t i) {
    FixedColumn& column = fixed_[i];
    std::uint8_t* values = column.values.get() + block.first * column.width;
    switch (column.width) {
      case 1:
        CopyCells<1>(block.places, column.pieces.data(), values);
        break;
      case 4:
        CopyCells<4>(block.places, column.pieces.data(), values);
        break;
      case 8:
        CopyCells<8>(block.places, column.pieces.data(), values);
        break;
      default:
        CopyCells<16>(block.places, column.pieces.data(), values);
        break;
    }
    std::uint8_t* validity = column.validity.get() + block.first / 8;
    std::memcpy(validity, block.found.data(), block.found.size());
    bool any_null = !block.all_found;
    for (std::size_t at = 0; column.may_have_nulls && at < block.places.size(); ++at) {
      const FactPlace& place = block.places[at];
      if (place == kNoPlace || !pieces_[place.piece][i].IsNull(place.row)) continue;
      any_null = true;
      validity[at / 8] &= static_cast<std::uint8_t>(~(1U << (at % 8)));
    }
    if (any_null) column.any_null.store(true, std::memory_order_relaxed);
  }

  Status GatherOther(std::size_t i) {
    const auto rows = static_cast<std::int64_t>(n_);
    if (schema_[i].type.id() == TypeId::kNull) {
      columns_[i] = Column::Nulls(schema_[i].type, rows);
      return Status::Ok();
    }
    Block block;
    const auto at = [&](std::size_t row) {
      if (row % kBlock == 0) block.Fill(row, std::min(kBlock, n_ - row), fill_);
      const FactPlace place = block.places[row % kBlock];
      if (place == kNoPlace || pieces_[place.piece][i].IsNull(place.row)) return CellPlace{};
      return CellPlace{&pieces_[place.piece][i], place.row};
    };
    COEVAL_ASSIGN_OR_RETURN(columns_[i], GatherCells(schema_[i], rows, at));
    return Status::Ok();
  }

  std::span<const ColumnSchema> schema_;
  std::span<const std::vector<Column>> pieces_;
  std::size_t n_;
  const FillPlaces& fill_;
  std::vector<FixedColumn> fixed_;   // of the schema; width 0: one of others_
  std::vector<std::size_t> others_;  // of no fixed width
  std::vector<Column> columns_;
};

}  // namespace

Result<std::vector<Column>> GatherPlaced(std::span<const ColumnSchema> schema,
                                         std::span<const std::vector<Column>> pieces, std::size_t n,
                                         const FillPlaces& fill, const Context& context) {
  return Gathering(schema, pieces, n, fill).Run(context);
}

}  // namespace coeval
