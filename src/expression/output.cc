#include "expression/output.h"

#include <limits>
#include <string_view>
#include <utility>

namespace coeval {

namespace {

template <typename To, typename From>
To Stored(From value) {
  if constexpr (std::is_floating_point_v<To>) {
    return Canonical(static_cast<To>(value));
  } else {
    return static_cast<To>(value);
  }
}

}  // namespace

Output::Output(const DataType& type, std::int64_t rows) : type_(type), rows_(rows) {
  const auto count = static_cast<std::size_t>(rows);
  if (type_.is_nested()) {
    builder_ = std::make_unique<ColumnBuilder>(type_);
    builder_->Reserve(rows);
  } else if (type_.id() == TypeId::kString || type_.id() == TypeId::kBytes) {
    offsets_.resize(count + 1);
  } else {
    const std::size_t bytes = count * static_cast<std::size_t>(type_.width());
    fixed_ = std::make_shared<Block[]>((bytes + sizeof(Block) - 1) / sizeof(Block));
  }
}

void Output::MarkNull(std::int64_t row) {
  if (validity_.empty()) validity_.assign(static_cast<std::size_t>((rows_ + 7) / 8), 0xFF);
  const int cleared = validity_[static_cast<std::size_t>(row >> 3)] & ~(1 << (row & 7));
  validity_[static_cast<std::size_t>(row >> 3)] = static_cast<std::uint8_t>(cleared);
}

void Output::MarkInvalid(std::int64_t row) {
  if (invalid_.empty()) invalid_.resize(static_cast<std::size_t>(rows_));
  invalid_[static_cast<std::size_t>(row)] = 1;
  ++invalid_count_;
  constexpr std::size_t kMostExplained = 10;
  if (first_invalid_.size() < kMostExplained) first_invalid_.push_back(row);
}

template <typename To, typename From>
void Output::AppendFixed(const Vec& result, std::int64_t rows) {
  To* const to = reinterpret_cast<To*>(fixed_.get()) + done_;
  const From* const from = result.as<From>();
  for (std::int64_t row = 0; row < rows; ++row) {
    if (result.StateOf(row) == kValue) to[row] = Stored<To>(from[row]);
  }
}

void Output::AppendTexts(const Vec& result, std::int64_t rows) {
  constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto at = static_cast<std::size_t>(done_ + row);
    if (result.StateOf(row) == kValue) {
      const std::string_view text = result.as<std::string_view>()[row];
      if (text.size() > kMost - texts_.size()) {
        MarkNull(done_ + row);
        MarkInvalid(done_ + row);
      } else {
        texts_.insert(texts_.end(), text.begin(), text.end());
      }
    }
    offsets_[at + 1] = static_cast<std::int32_t>(texts_.size());
  }
}

void Output::AppendNested(const Vec& result, std::int64_t rows) {
  for (std::int64_t row = 0; row < rows; ++row) {
    if (result.StateOf(row) == kValue) {
      const NestedRef& ref = result.as<NestedRef>()[row];
      builder_->AppendFrom(*ref.column, ref.row);
    } else {
      builder_->AppendNull();
    }
  }
}

void Output::Append(const Vec& result, std::int64_t rows) {
  if (!result.clean) {
    for (std::int64_t row = 0; row < rows; ++row) {
      if (result.state[row] == kValue) continue;
      if (!builder_) MarkNull(done_ + row);
      if (result.state[row] == kError) MarkInvalid(done_ + row);
    }
  }
  switch (type_.id()) {
    case TypeId::kNull:
      break;
    case TypeId::kBool:
      AppendFixed<std::uint8_t, std::uint8_t>(result, rows);
      break;
    case TypeId::kInt32:
    case TypeId::kDate:
      AppendFixed<std::int32_t, std::int64_t>(result, rows);
      break;
    case TypeId::kInt64:
    case TypeId::kTimestamp:
      AppendFixed<std::int64_t, std::int64_t>(result, rows);
      break;
    case TypeId::kFloat32:
      AppendFixed<float, double>(result, rows);
      break;
    case TypeId::kFloat64:
      AppendFixed<double, double>(result, rows);
      break;
    case TypeId::kDecimal128:
      AppendFixed<Int128, Int128>(result, rows);
      break;
    case TypeId::kString:
    case TypeId::kBytes:
      AppendTexts(result, rows);
      break;
    case TypeId::kList:
    case TypeId::kVector:
    case TypeId::kMap:
      AppendNested(result, rows);
      break;
  }
  done_ += rows;
}

Column Output::FinishColumn() {
  if (builder_) return builder_->Finish();
  Buffer validity;
  if (!validity_.empty()) validity = MakeBuffer(std::move(validity_));
  if (type_.id() == TypeId::kNull) return Column::Nulls(type_, rows_);
  if (type_.id() == TypeId::kString || type_.id() == TypeId::kBytes) {
    return Column::Binary(type_, rows_, MakeBuffer(std::move(offsets_)),
                          MakeBuffer(std::move(texts_)), std::move(validity));
  }
  const auto* const data = reinterpret_cast<const std::uint8_t*>(fixed_.get());
  Buffer values{data, rows_ * type_.width(), std::move(fixed_)};
  return Column::FixedWidth(type_, rows_, std::move(values), std::move(validity));
}

Evaluation Output::Finish() {
  return {FinishColumn(), std::move(invalid_), invalid_count_};
}

}  // namespace coeval
