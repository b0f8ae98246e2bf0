#include "column/row_layout.h"

#include <algorithm>

namespace coeval {

void RowLayout::Reset(std::span<const DataType> types) {
  types_ = types;
  widths_.clear();
  full_offsets_.clear();
  bools_.clear();
  full_validity_.assign((types.size() + 7) / 8, '\xff');
  if (types.size() % 8 != 0) {
    full_validity_.back() = static_cast<char>((1U << (types.size() % 8)) - 1);
  }
  values_begin_ = kHeaderSize + full_validity_.size();
  full_size_ = values_begin_;
  for (const DataType& type : types) {
    const auto width = static_cast<std::uint32_t>(type.width());
    if (type.id() == TypeId::kBool) bools_.push_back(static_cast<std::uint32_t>(full_size_));
    widths_.push_back(width);
    full_offsets_.push_back(static_cast<std::uint32_t>(full_size_));
    full_size_ += width;
  }
  if (std::find(widths_.begin(), widths_.end(), 0U) != widths_.end()) full_size_ = 0;
}

bool RowLayout::IsFull(std::string_view body) const {
  return body.size() == full_size_ &&
         body.substr(kHeaderSize, full_validity_.size()) == full_validity_ &&
         std::all_of(bools_.begin(), bools_.end(), [&](std::uint32_t offset) {
           return static_cast<unsigned char>(body[offset]) <= 1;
         });
}

}  // namespace coeval
