#include "column/fixed_columns.h"

#include <cstring>

#include "column/value.h"

namespace coeval {
namespace {

constexpr std::size_t RoundUp(std::size_t bytes) {
  return (bytes + 15) / 16 * 16;
}

template <typename Float>
void CopyCanonical(std::string_view value, std::uint8_t* place) {
  Float number;
  std::memcpy(&number, value.data(), sizeof number);
  number = Canonical(number);
  std::memcpy(place, &number, sizeof number);
}

}  // namespace

FixedColumns::FixedColumns(std::span<const DataType> types, std::int64_t rows)
    : types_(types), rows_(rows) {
  const auto n = static_cast<std::size_t>(rows);
  std::size_t size = 0;
  places_.reserve(types.size());
  for (const DataType& type : types) {
    Place place;
    place.width = static_cast<std::size_t>(type.width());
    COEVAL_CHECK(place.width > 0);
    place.values = size;
    size += RoundUp(n * place.width);
    places_.push_back(place);
  }
  for (Place& place : places_) {
    place.validity = size;
    size += (n + 7) / 8;
  }
  block_ = std::make_shared<Cell[]>(RoundUp(size) / sizeof(Cell));
  bytes_ = reinterpret_cast<std::uint8_t*>(block_.get());
}

void FixedColumns::Set(std::size_t column, std::int64_t row, std::string_view value) {
  Place& place = places_[column];
  COEVAL_CHECK(value.size() == place.width);
  const auto at = static_cast<std::size_t>(row);
  std::uint8_t* const cell = bytes_ + place.values + at * place.width;
  switch (types_[column].id()) {
    case TypeId::kFloat64:
      CopyCanonical<double>(value, cell);
      break;
    case TypeId::kFloat32:
      CopyCanonical<float>(value, cell);
      break;
    default:
      std::memcpy(cell, value.data(), place.width);
  }
  std::uint8_t& bits = bytes_[place.validity + at / 8];
  const auto bit = static_cast<std::uint8_t>(1U << (at % 8));
  place.present += (bits & bit) == 0 ? 1 : 0;
  bits = static_cast<std::uint8_t>(bits | bit);
}

Column FixedColumns::Finish(std::size_t column) {
  const Place& place = places_[column];
  const auto buffer = [&](std::size_t offset, std::size_t size) {
    return Buffer{bytes_ + offset, static_cast<std::int64_t>(size), block_};
  };
  const auto n = static_cast<std::size_t>(rows_);
  Buffer validity;
  if (place.present < rows_) validity = buffer(place.validity, (n + 7) / 8);
  return Column::FixedWidth(types_[column], rows_, buffer(place.values, n * place.width),
                            std::move(validity));
}

}  // namespace coeval
