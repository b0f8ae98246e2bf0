#include "offline/slot_values.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "column/builder.h"
#include "column/tie_encoding.h"
#include "column/value.h"
#include "offline/gather_cells.h"

namespace coeval {
namespace {

constexpr std::size_t kStoreBlock =
    256;  // slots whose rows stay in the cache while all columns go in
constexpr std::size_t kGatherBlock = 512;                      // likewise when they come out
constexpr std::int64_t kChunkBytes = std::int64_t{256} << 20;  // of a packed chunk
constexpr std::int64_t kSlackBytes = std::int64_t{16} << 20;  // replaced bytes that need no packing

template <typename T>
Value LoadValue(TypeId type, const std::uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  if constexpr (std::is_same_v<T, Int128>) {
    return Value::Decimal(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    return Value::Double(value);
  } else {
    return type == TypeId::kBool ? Value::Bool(value != 0) : Value::Int(value);
  }
}

Value LoadValue(TypeId type, const std::uint8_t* from) {
  switch (type) {
    case TypeId::kBool:
      return LoadValue<std::uint8_t>(type, from);
    case TypeId::kInt32:
    case TypeId::kDate:
      return LoadValue<std::int32_t>(type, from);
    case TypeId::kFloat32:
      return LoadValue<float>(type, from);
    case TypeId::kFloat64:
      return LoadValue<double>(type, from);
    case TypeId::kDecimal128:
      return LoadValue<Int128>(type, from);
    default:
      return LoadValue<std::int64_t>(type, from);
  }
}

template <std::size_t kWidth>
void CopyIn(const std::uint8_t* values, std::span<const SlotRow> rows, std::uint8_t* table,
            std::size_t stride) {
  for (const SlotRow& r : rows) {
    std::memcpy(table + r.slot * stride, values + r.row * kWidth, kWidth);
  }
}

template <std::size_t kWidth>
void CopyOut(const std::uint8_t* table, std::size_t stride, std::span<const SlotId> slots,
             std::uint8_t* values) {
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (slots[i] != kNoSlot) std::memcpy(values + i * kWidth, table + slots[i] * stride, kWidth);
  }
}

std::uint32_t StoredWidth(const DataType& type) {
  return type.width() > 0 ? static_cast<std::uint32_t>(type.width()) : 8U;
}

}  // namespace

bool SameCellBits(const Column& a, std::int64_t row_a, const Column& b, std::int64_t row_b) {
  if (a.IsNull(row_a) || b.IsNull(row_b)) return a.IsNull(row_a) && b.IsNull(row_b);
  if (a.type().is_nested()) return SameBits(a.GetValue(row_a), b.GetValue(row_b));
  const auto width = static_cast<std::size_t>(a.type().width());
  if (width == 0) return a.bytes(row_a) == b.bytes(row_b);
  return std::memcmp(a.values_buffer().data + static_cast<std::size_t>(row_a) * width,
                     b.values_buffer().data + static_cast<std::size_t>(row_b) * width, width) == 0;
}

SlotValues::SlotValues(std::vector<ColumnSchema> features, SlotId num_slots)
    : num_slots_(num_slots) {
  // The widest first, so that every value lies at a multiple of its width.
  std::vector<std::size_t> order(features.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&features](std::size_t a, std::size_t b) {
    const std::uint32_t width_a = StoredWidth(features[a].type);
    const std::uint32_t width_b = StoredWidth(features[b].type);
    return width_a != width_b ? width_a > width_b : a < b;
  });
  fields_.resize(features.size());
  for (const std::size_t i : order) {
    Field& field = fields_[i];
    field.width = StoredWidth(features[i].type);
    field.offset = static_cast<std::uint32_t>(validity_offset_);
    validity_offset_ += field.width;
    if (features[i].type.width() == 0) {
      field.run = runs_.size();
      runs_.emplace_back();
    }
    field.schema = std::move(features[i]);
  }
  stride_ = (validity_offset_ + (fields_.size() + 7) / 8 + 7) / 8 * 8;
  rows_ =
      std::make_unique_for_overwrite<std::uint8_t[]>(std::max<std::size_t>(1, num_slots * stride_));
  if (!runs_.empty()) stored_.resize(num_slots);
}

std::int64_t SlotValues::EstimateBytes(std::span<const ColumnSchema> features, SlotId num_slots) {
  std::size_t width = (features.size() + 7) / 8;
  for (const ColumnSchema& feature : features) width += StoredWidth(feature.type);
  return static_cast<std::int64_t>((width + 7) / 8 * 8) * num_slots;
}

std::int64_t SlotValues::RunBytes() const {
  std::int64_t bytes = 0;
  for (const Run& run : runs_) bytes += run.bytes;
  return bytes;
}

void SlotValues::Store(std::span<const Column> columns, std::span<const SlotRow> rows) {
  if (fields_.empty()) return;
  for (std::size_t first = 0; first < rows.size(); first += kStoreBlock) {
    const auto block = rows.subspan(first, std::min(kStoreBlock, rows.size() - first));
    for (const SlotRow& r : block) {
      for (std::size_t line = 0; line < stride_; line += 64)
        __builtin_prefetch(row(r.slot) + line, 1);
    }
    for (const SlotRow& r : block) {
      std::memset(row(r.slot) + validity_offset_, 0xFF, stride_ - validity_offset_);
    }
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (fields_[i].run == kNoRun) StoreFixed(fields_[i], columns[i], block);
      if (!columns[i].may_have_nulls()) continue;
      const auto clear = static_cast<std::uint8_t>(~(1U << (i % 8)));
      for (const SlotRow& r : block) {
        if (columns[i].IsNull(r.row)) row(r.slot)[validity_offset_ + i / 8] &= clear;
      }
    }
  }
  if (runs_.empty() || rows.empty()) return;
  for (const SlotRow& r : rows) stored_[r.slot] = 1;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].run == kNoRun) continue;
    StoreRun(fields_[i], columns[i], rows);
    const Run& run = runs_[fields_[i].run];
    if (run.bytes > 2 * run.packed_bytes + kSlackBytes) Pack(i);
  }
}

void SlotValues::StoreFixed(const Field& field, const Column& column,
                            std::span<const SlotRow> rows) {
  const std::uint8_t* values = column.values_buffer().data;
  std::uint8_t* table = rows_.get() + field.offset;
  switch (field.width) {
    case 1:
      CopyIn<1>(values, rows, table, stride_);
      break;
    case 4:
      CopyIn<4>(values, rows, table, stride_);
      break;
    case 8:
      CopyIn<8>(values, rows, table, stride_);
      break;
    default:
      CopyIn<16>(values, rows, table, stride_);
      break;
  }
}

void SlotValues::StoreRun(const Field& field, const Column& column, std::span<const SlotRow> rows) {
  if (field.schema.type.id() == TypeId::kNull) return;
  std::vector<std::int64_t> taken;
  taken.reserve(rows.size());
  for (const SlotRow& r : rows) taken.push_back(r.row);
  Run& run = runs_[field.run];
  Place place{static_cast<std::uint32_t>(run.chunks.size()), 0};
  run.chunks.push_back(column.Take(taken));
  run.bytes += run.chunks.back().SizeBytes();
  for (const SlotRow& r : rows) {
    std::memcpy(row(r.slot) + field.offset, &place, sizeof(place));
    ++place.row;
  }
}

SlotValues::Place SlotValues::PlaceOf(std::size_t feature, SlotId slot) const {
  Place place;
  std::memcpy(&place, row(slot) + fields_[feature].offset, sizeof(place));
  return place;
}

// Copies what slots still hold into new chunks and lets the old ones go.
void SlotValues::Pack(std::size_t feature) {
  const Field& field = fields_[feature];
  Run& run = runs_[field.run];
  Run packed;
  ColumnBuilder builder(field.schema.type);
  std::int64_t builder_bytes = 0;
  const auto finish = [&] {
    if (builder.length() == 0) return;
    packed.chunks.push_back(builder.Finish());
    packed.bytes += packed.chunks.back().SizeBytes();
    builder_bytes = 0;
  };
  for (SlotId slot = 0; slot < num_slots_; ++slot) {
    if (stored_[slot] == 0 || IsNull(feature, slot)) continue;
    const Place from = PlaceOf(feature, slot);
    const std::int64_t bytes = CellBytes(run.chunks[from.chunk], from.row);
    if (builder_bytes + bytes > kChunkBytes) finish();
    const Place to{static_cast<std::uint32_t>(packed.chunks.size()),
                   static_cast<std::uint32_t>(builder.length())};
    builder.AppendFrom(run.chunks[from.chunk], from.row);
    builder_bytes += bytes;
    std::memcpy(row(slot) + field.offset, &to, sizeof(to));
  }
  finish();
  packed.packed_bytes = packed.bytes;
  run = std::move(packed);
}

bool SlotValues::SameBits(std::size_t feature, SlotId slot, const Column& column,
                          std::int64_t row_number) const {
  if (IsNull(feature, slot) || column.IsNull(row_number)) {
    return IsNull(feature, slot) && column.IsNull(row_number);
  }
  const Field& field = fields_[feature];
  if (field.run == kNoRun) {
    const auto from = static_cast<std::size_t>(row_number) * field.width;
    return std::memcmp(row(slot) + field.offset, column.values_buffer().data + from, field.width) ==
           0;
  }
  const Place place = PlaceOf(feature, slot);
  return SameCellBits(runs_[field.run].chunks[place.chunk], place.row, column, row_number);
}

void SlotValues::AppendTieBytes(std::size_t feature, SlotId slot, std::string* out) const {
  const Field& field = fields_[feature];
  if (IsNull(feature, slot)) {
    ::coeval::AppendTieBytes(Value(), field.schema.type, out);
  } else if (field.run == kNoRun) {
    ::coeval::AppendTieBytes(LoadValue(field.schema.type.id(), row(slot) + field.offset),
                             field.schema.type, out);
  } else {
    const Place place = PlaceOf(feature, slot);
    ::coeval::AppendTieBytes(runs_[field.run].chunks[place.chunk], place.row, out);
  }
}

Result<std::vector<Column>> SlotValues::Gather(std::span<const SlotId> slots) const {
  std::vector<FixedColumn> fixed(fields_.size());
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].run != kNoRun) continue;
    fixed[i].values.resize(slots.size() * fields_[i].width);
    fixed[i].validity.resize((slots.size() + 7) / 8);
  }
  for (std::size_t first = 0; first < slots.size(); first += kGatherBlock) {
    const auto block = slots.subspan(first, std::min(kGatherBlock, slots.size() - first));
    for (const SlotId slot : block) {
      if (slot == kNoSlot) continue;
      for (std::size_t line = 0; line < stride_; line += 64) __builtin_prefetch(row(slot) + line);
    }
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (fields_[i].run == kNoRun) GatherFixed(i, block, first, &fixed[i]);
    }
  }
  std::vector<Column> columns;
  columns.reserve(fields_.size());
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].run == kNoRun) {
      columns.push_back(Column::FixedWidth(
          fields_[i].schema.type, static_cast<std::int64_t>(slots.size()),
          MakeBuffer(std::move(fixed[i].values)),
          fixed[i].nulls == 0 ? Buffer{} : MakeBuffer(std::move(fixed[i].validity))));
    } else {
      COEVAL_ASSIGN_OR_RETURN(Column column, GatherRun(i, slots));
      columns.push_back(std::move(column));
    }
  }
  return columns;
}

// Rows [first, first + block.size()) of one column.
void SlotValues::GatherFixed(std::size_t feature, std::span<const SlotId> block, std::size_t first,
                             FixedColumn* out) const {
  const Field& field = fields_[feature];
  const std::uint8_t* table = rows_.get() + field.offset;
  std::uint8_t* values = out->values.data() + first * field.width;
  switch (field.width) {
    case 1:
      CopyOut<1>(table, stride_, block, values);
      break;
    case 4:
      CopyOut<4>(table, stride_, block, values);
      break;
    case 8:
      CopyOut<8>(table, stride_, block, values);
      break;
    default:
      CopyOut<16>(table, stride_, block, values);
      break;
  }
  for (std::size_t i = 0; i < block.size(); ++i) {
    if (block[i] == kNoSlot || IsNull(feature, block[i])) {
      ++out->nulls;
    } else {
      out->validity[(first + i) / 8] |= static_cast<std::uint8_t>(1U << ((first + i) % 8));
    }
  }
}

Result<Column> SlotValues::GatherRun(std::size_t feature, std::span<const SlotId> slots) const {
  const Field& field = fields_[feature];
  const auto n = static_cast<std::int64_t>(slots.size());
  if (field.schema.type.id() == TypeId::kNull) return Column::Nulls(field.schema.type, n);
  const Run& run = runs_[field.run];
  return GatherCells(field.schema, n, [&](std::size_t i) -> CellPlace {
    if (slots[i] == kNoSlot || IsNull(feature, slots[i])) return {};
    const Place place = PlaceOf(feature, slots[i]);
    return {&run.chunks[place.chunk], place.row};
  });
}

}  // namespace coeval
