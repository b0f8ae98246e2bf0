// Column -> Arrow. What is exported owns its buffers through private_data; release frees it all.
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "column/arrow_bridge.h"

namespace coeval {
namespace {

std::string FormatOf(const DataType& type) {
  switch (type.id()) {
    case TypeId::kNull:
      return "n";
    case TypeId::kBool:
      return "b";
    case TypeId::kInt32:
      return "i";
    case TypeId::kInt64:
      return "l";
    case TypeId::kFloat32:
      return "f";
    case TypeId::kFloat64:
      return "g";
    case TypeId::kString:
      return "u";
    case TypeId::kBytes:
      return "z";
    case TypeId::kTimestamp:
      return "tsu:UTC";
    case TypeId::kDate:
      return "tdD";
    case TypeId::kDecimal128:
      return "d:" + std::to_string(type.precision()) + "," + std::to_string(type.scale());
    case TypeId::kList:
      return "+l";
    case TypeId::kVector:
      return "+w:" + std::to_string(type.size());
    case TypeId::kMap:
      return "+m";
  }
  return "n";
}

// --- schemas
// ------------------------------------------------------------------------------------------

struct SchemaParts {
  std::string format;
  std::string name;
  std::vector<std::unique_ptr<ArrowSchema>> children;
  std::vector<ArrowSchema*> pointers;
};

void ReleaseSchema(ArrowSchema* schema) {
  const std::unique_ptr<SchemaParts> parts(static_cast<SchemaParts*>(schema->private_data));
  for (const auto& child : parts->children) {
    if (child->release != nullptr) child->release(child.get());
  }
  schema->release = nullptr;
}

void FillSchema(std::string format, std::string name, std::int64_t flags,
                std::vector<std::unique_ptr<ArrowSchema>> children, ArrowSchema* out) {
  auto parts = std::make_unique<SchemaParts>();
  parts->format = std::move(format);
  parts->name = std::move(name);
  parts->children = std::move(children);
  for (const auto& child : parts->children) parts->pointers.push_back(child.get());
  *out = {};
  out->format = parts->format.c_str();
  out->name = parts->name.c_str();
  out->flags = flags;
  out->n_children = static_cast<std::int64_t>(parts->pointers.size());
  out->children = parts->pointers.empty() ? nullptr : parts->pointers.data();
  out->release = ReleaseSchema;
  out->private_data = parts.release();
}

void FillTypeSchema(const DataType& type, const std::string& name, std::int64_t flags,
                    ArrowSchema* out) {
  std::vector<std::unique_ptr<ArrowSchema>> children;
  if (type.id() == TypeId::kMap) {
    std::vector<std::unique_ptr<ArrowSchema>> entry;
    entry.push_back(std::make_unique<ArrowSchema>());
    FillTypeSchema(type.child(0), "key", 0, entry.back().get());
    entry.push_back(std::make_unique<ArrowSchema>());
    FillTypeSchema(type.child(1), "value", ARROW_FLAG_NULLABLE, entry.back().get());
    children.push_back(std::make_unique<ArrowSchema>());
    FillSchema("+s", "entries", 0, std::move(entry), children.back().get());
    flags |= ARROW_FLAG_MAP_KEYS_SORTED;
  } else if (type.is_nested()) {
    children.push_back(std::make_unique<ArrowSchema>());
    FillTypeSchema(type.child(0), "item", ARROW_FLAG_NULLABLE, children.back().get());
  }
  FillSchema(FormatOf(type), name, flags, std::move(children), out);
}

// --- arrays
// -------------------------------------------------------------------------------------------

struct ArrayParts {
  std::vector<Buffer> owners;
  std::array<const void*, 3> buffers{};
  std::vector<std::unique_ptr<ArrowArray>> children;
  std::vector<ArrowArray*> pointers;
};

void ReleaseArray(ArrowArray* array) {
  const std::unique_ptr<ArrayParts> parts(static_cast<ArrayParts*>(array->private_data));
  for (const auto& child : parts->children) {
    if (child->release != nullptr) child->release(child.get());
  }
  array->release = nullptr;
}

void FillArray(std::int64_t length, std::int64_t nulls, std::vector<Buffer> buffers,
               std::vector<std::unique_ptr<ArrowArray>> children, ArrowArray* out) {
  auto parts = std::make_unique<ArrayParts>();
  parts->owners = std::move(buffers);
  parts->children = std::move(children);
  for (std::size_t i = 0; i < parts->owners.size(); ++i) parts->buffers[i] = parts->owners[i].data;
  for (const auto& child : parts->children) parts->pointers.push_back(child.get());
  *out = {};
  out->length = length;
  out->null_count = nulls;
  out->n_buffers = static_cast<std::int64_t>(parts->owners.size());
  out->buffers = parts->buffers.data();
  out->n_children = static_cast<std::int64_t>(parts->pointers.size());
  out->children = parts->pointers.empty() ? nullptr : parts->pointers.data();
  out->release = ReleaseArray;
  out->private_data = parts.release();
}

Buffer PackBits(const Column& column) {
  const auto values = column.values<std::uint8_t>();
  std::vector<std::uint8_t> bits((values.size() + 7) / 8);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] != 0) bits[i >> 3] |= static_cast<std::uint8_t>(1U << (i & 7));
  }
  return MakeBuffer(std::move(bits));
}

// A place for buffers that must not be null though nothing is in them (offsets of empty arrays).
Buffer OrZeros(const Buffer& buffer) {
  static constexpr std::array<std::uint8_t, 64> kZeros{};
  if (buffer.data != nullptr) return buffer;
  return {kZeros.data(), 0, nullptr};
}

void FillColumn(const Column& column, ArrowArray* out);

std::unique_ptr<ArrowArray> ChildArray(const Column& column) {
  auto array = std::make_unique<ArrowArray>();
  FillColumn(column, array.get());
  return array;
}

void FillNested(const Column& column, std::int64_t nulls, ArrowArray* out) {
  std::vector<std::unique_ptr<ArrowArray>> children;
  if (column.type().id() == TypeId::kMap) {
    std::vector<std::unique_ptr<ArrowArray>> entries;
    entries.push_back(ChildArray(column.child(0)));
    entries.push_back(ChildArray(column.child(1)));
    children.push_back(std::make_unique<ArrowArray>());
    FillArray(column.child(0).length(), 0, {Buffer{}}, std::move(entries), children.back().get());
  } else {
    children.push_back(ChildArray(column.child(0)));
  }
  std::vector<Buffer> buffers{column.validity_buffer()};
  if (column.type().id() != TypeId::kVector) buffers.push_back(OrZeros(column.offsets_buffer()));
  FillArray(column.length(), nulls, std::move(buffers), std::move(children), out);
}

void FillColumn(const Column& column, ArrowArray* out) {
  const std::int64_t nulls = column.CountNulls();
  switch (column.type().id()) {
    case TypeId::kNull:
      FillArray(column.length(), nulls, {}, {}, out);
      return;
    case TypeId::kBool:
      FillArray(column.length(), nulls, {column.validity_buffer(), OrZeros(PackBits(column))}, {},
                out);
      return;
    case TypeId::kString:
    case TypeId::kBytes:
      FillArray(column.length(), nulls,
                {column.validity_buffer(), OrZeros(column.offsets_buffer()),
                 OrZeros(column.values_buffer())},
                {}, out);
      return;
    case TypeId::kList:
    case TypeId::kVector:
    case TypeId::kMap:
      FillNested(column, nulls, out);
      return;
    default:
      FillArray(column.length(), nulls, {column.validity_buffer(), OrZeros(column.values_buffer())},
                {}, out);
  }
}

}  // namespace

void ExportColumn(const Column& column, const std::string& name, ArrowSchema* schema,
                  ArrowArray* array) {
  if (schema != nullptr) FillTypeSchema(column.type(), name, ARROW_FLAG_NULLABLE, schema);
  if (array != nullptr) FillColumn(column, array);
}

void ExportSchema(const Schema& schema, ArrowSchema* out) {
  std::vector<std::unique_ptr<ArrowSchema>> children;
  for (const ColumnSchema& column : schema.columns()) {
    children.push_back(std::make_unique<ArrowSchema>());
    FillTypeSchema(column.type, column.name, ARROW_FLAG_NULLABLE, children.back().get());
  }
  FillSchema("+s", "", 0, std::move(children), out);
}

void ExportBatch(const Batch& batch, ArrowArray* out) {
  std::vector<std::unique_ptr<ArrowArray>> children;
  for (const Column& column : batch.columns) children.push_back(ChildArray(column));
  FillArray(batch.num_rows, 0, {Buffer{}}, std::move(children), out);
}

}  // namespace coeval
