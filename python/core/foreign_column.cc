#include "core/foreign_column.h"

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/stl/string.h>

#include "core/capsule.h"
#include "core/cells.h"
#include "core/errors.h"

namespace coeval::python {
namespace {

namespace nb = nanobind;

// A Python buffer that is held, and let go under the GIL.
class HeldBuffer {
 public:
  explicit HeldBuffer(nb::handle object) {
    if (PyObject_GetBuffer(object.ptr(), &view_, PyBUF_C_CONTIGUOUS) != 0) {
      throw nb::python_error();
    }
  }

  HeldBuffer(const HeldBuffer&) = delete;
  HeldBuffer& operator=(const HeldBuffer&) = delete;

  ~HeldBuffer() {
    if (!nb::is_alive()) return;  // the interpreter is gone, and its memory with it
    const nb::gil_scoped_acquire gil;
    PyBuffer_Release(&view_);
  }

  [[nodiscard]] const Py_buffer& view() const { return view_; }

 private:
  Py_buffer view_{};
};

// One column; drops what it exported.
struct ForeignColumn {
  ForeignColumn() = default;
  ForeignColumn(const ForeignColumn&) = delete;
  ForeignColumn& operator=(const ForeignColumn&) = delete;

  ~ForeignColumn() {
    if (schema.release != nullptr) schema.release(&schema);
    if (array.release != nullptr) array.release(&array);
  }

  std::string name;
  std::string format;
  std::unique_ptr<HeldBuffer> values;
  std::unique_ptr<HeldBuffer> validity;
  std::array<const void*, 2> buffers{};
  ArrowSchema schema{};
  ArrowArray array{};
};

// All columns, and the struct around them. Shared by the schema and the array, which Arrow may
// release in any order.
struct ForeignTable {
  std::vector<std::unique_ptr<ForeignColumn>> columns;
  std::vector<ArrowSchema*> fields;
  std::vector<ArrowArray*> arrays;
  const void* no_validity = nullptr;
};

template <typename Node>
void Forget(Node* node) {
  node->release = nullptr;
}

template <typename Node>
void DropShare(Node* node) {
  delete static_cast<std::shared_ptr<ForeignTable>*>(node->private_data);
  node->release = nullptr;
}

void HoldBuffers(const nb::tuple& parts, std::int64_t rows, ForeignColumn* column) {
  column->values = std::make_unique<HeldBuffer>(parts[2]);
  const Py_buffer& values = column->values->view();
  const bool is_bits = column->format == "b";
  if (is_bits ? values.len * 8 < rows : values.len < rows * values.itemsize) {
    throw nb::value_error("values: the buffer is too small");
  }
  column->buffers[1] = values.buf;
  if (parts[3].is_none()) return;
  column->validity = std::make_unique<HeldBuffer>(parts[3]);
  if (column->validity->view().len * 8 < rows) {
    throw nb::value_error("validity: the buffer is too small");
  }
  column->buffers[0] = column->validity->view().buf;
}

std::unique_ptr<ForeignColumn> ColumnOfCells(const nb::tuple& parts, std::int64_t rows) {
  auto column = std::make_unique<ForeignColumn>();
  const auto name = nb::cast<std::string>(parts[0]);
  const DataType type = Unwrap(ParseType(nb::cast<std::string>(parts[1])));
  const Column cells = ColumnFromCells(parts[2], type, name);
  if (cells.length() != rows) {
    Raise(Status::InvalidArgument("column '" + name + "' has " + std::to_string(cells.length()) +
                                  " rows, others have " + std::to_string(rows)));
  }
  ExportColumn(cells, name, &column->schema, &column->array);
  return column;
}

std::unique_ptr<ForeignColumn> ColumnOfBuffers(const nb::tuple& parts, std::int64_t rows) {
  auto column = std::make_unique<ForeignColumn>();
  column->name = nb::cast<std::string>(parts[0]);
  column->format = nb::cast<std::string>(parts[1]);
  HoldBuffers(parts, rows, column.get());
  column->schema.format = column->format.c_str();
  column->schema.name = column->name.c_str();
  column->schema.flags = ARROW_FLAG_NULLABLE;
  column->schema.release = Forget<ArrowSchema>;
  column->array.length = rows;
  column->array.null_count = column->validity ? -1 : 0;
  column->array.n_buffers = 2;
  column->array.buffers = column->buffers.data();
  column->array.release = Forget<ArrowArray>;
  return column;
}

}  // namespace

Frame FrameOfColumns(const nb::list& columns, std::int64_t rows) {
  auto table = std::make_shared<ForeignTable>();
  for (const nb::handle item : columns) {
    const auto parts = nb::cast<nb::tuple>(item);
    table->columns.push_back(parts.size() == 3 ? ColumnOfCells(parts, rows)
                                               : ColumnOfBuffers(parts, rows));
    table->fields.push_back(&table->columns.back()->schema);
    table->arrays.push_back(&table->columns.back()->array);
  }
  ArrowSchema schema{};
  schema.format = "+s";
  schema.name = "";
  schema.n_children = static_cast<std::int64_t>(table->fields.size());
  schema.children = table->fields.data();
  schema.release = DropShare<ArrowSchema>;
  schema.private_data = new std::shared_ptr<ForeignTable>(table);
  ArrowArray array{};
  array.length = rows;
  array.n_buffers = 1;
  array.buffers = &table->no_validity;
  array.n_children = schema.n_children;
  array.children = table->arrays.data();
  array.release = DropShare<ArrowArray>;
  array.private_data = new std::shared_ptr<ForeignTable>(table);
  OwnedStream stream(StreamOfBatch(schema, array));
  return {Unwrap(ArrowTable::Read(stream.get())), {}, {}};
}

}  // namespace coeval::python
