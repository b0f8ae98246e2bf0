#include "column/fixed_columns.h"

#include <utility>

namespace coeval {
namespace {

constexpr std::size_t RoundUp(std::size_t bytes) {
  return (bytes + 15) / 16 * 16;
}

}  // namespace

void FixedColumns::Begin(std::span<const DataType> types, std::int64_t rows) {
  types_ = types;
  rows_ = rows;
  places_.clear();
  const auto n = static_cast<std::size_t>(rows);
  std::size_t size = 0;
  for (const DataType& type : types) {
    Place place;
    place.width = static_cast<std::size_t>(type.width());
    COEVAL_CHECK(place.width > 0);
    if (type.id() == TypeId::kFloat64) {
      place.kind = Kind::kFloat64;
    } else if (type.id() == TypeId::kFloat32) {
      place.kind = Kind::kFloat32;
    } else if (place.width == 8) {
      place.kind = Kind::kEight;
    }
    place.values = size;
    size += RoundUp(n * place.width);
    places_.push_back(place);
  }
  for (Place& place : places_) {
    place.nulls = size;
    size += (n + 7) / 8;
  }
  block_ = std::make_shared<Cell[]>(RoundUp(size) / sizeof(Cell));
  bytes_ = reinterpret_cast<std::uint8_t*>(block_.get());
}

void FixedColumns::SetNull(std::size_t column, std::int64_t row) {
  Place& place = places_[column];
  ++place.told;
  ++place.null_count;
  std::uint8_t& bits = bytes_[place.nulls + static_cast<std::size_t>(row / 8)];
  bits = static_cast<std::uint8_t>(bits | (1U << (row % 8)));
}

Column FixedColumns::Finish(std::size_t column) {
  const Place& place = places_[column];
  COEVAL_CHECK(place.told == rows_);
  const auto buffer = [&](std::size_t offset, std::size_t size) {
    return Buffer{bytes_ + offset, static_cast<std::int64_t>(size), block_};
  };
  const auto n = static_cast<std::size_t>(rows_);
  Buffer validity;
  if (place.null_count > 0) {
    const std::size_t size = (n + 7) / 8;
    for (std::size_t i = 0; i < size; ++i) {
      std::uint8_t& bits = bytes_[place.nulls + i];
      bits = static_cast<std::uint8_t>(~bits);
    }
    validity = buffer(place.nulls, size);
  }
  return Column::FixedWidth(types_[column], rows_, buffer(place.values, n * place.width),
                            std::move(validity));
}

}  // namespace coeval
