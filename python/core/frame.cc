#include "core/frame.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "core/capsule.h"
#include "core/cells.h"
#include "core/errors.h"
#include "core/foreign_column.h"

namespace coeval::python {
namespace {

namespace nb = nanobind;

constexpr std::int64_t kBatchRows = 65536;

std::size_t Position(const Frame& frame, Py_ssize_t column) {
  const auto size = static_cast<Py_ssize_t>(frame.names().size());
  if (column < 0 || column >= size) throw nb::index_error("no such column");
  return static_cast<std::size_t>(column);
}

// (type, values, missing) of a fixed-width column: raw little-endian values, and one byte a row
// that is 1 where the value is null, or None where there are no nulls.
nb::object Buffers(const Frame& frame, Py_ssize_t position) {
  const Column column = Unwrap(frame.Read(Position(frame, position)));
  if (column.type().width() == 0) return nb::none();
  const auto bytes = static_cast<std::size_t>(column.length() * column.type().width());
  nb::object values = nb::bytes(column.values_buffer().data, bytes);
  nb::object missing = nb::none();
  if (column.CountNulls() > 0) {
    std::string flags(static_cast<std::size_t>(column.length()), '\0');
    for (std::int64_t row = 0; row < column.length(); ++row) {
      flags[static_cast<std::size_t>(row)] = column.IsNull(row) ? '\1' : '\0';
    }
    missing = nb::bytes(flags.data(), flags.size());
  }
  return nb::make_tuple(column.type().ToString(), values, missing);
}

nb::object ExportCapsule(const Frame& frame, const nb::object& /*requested_schema*/) {
  return StreamCapsule(Unwrap(frame.Export()));
}

nb::object ExportSchemaCapsule(const Frame& frame) {
  OwnedStream stream(Unwrap(frame.Export()));
  ArrowSchema schema{};
  if (stream.get()->get_schema(stream.get(), &schema) != 0) {
    Raise(Status::Internal("the schema of a frame could not be made"));
  }
  return SchemaCapsule(schema);
}

}  // namespace

Frame::Frame(ArrowTable table, Schema schema, std::vector<Column> columns)
    : table_(std::move(table)),
      schema_(std::move(schema)),
      columns_(std::move(columns)),
      rows_(table_->num_rows()) {}

Frame::Frame(ArrowTable table, Schema schema, std::function<Result<Column>(std::size_t)> read,
             std::function<Result<ArrowArrayStream>()> export_all)
    : table_(std::move(table)),
      schema_(std::move(schema)),
      rows_(table_->num_rows()),
      read_(std::move(read)),
      export_(std::move(export_all)) {}

Frame::Frame(Schema schema, std::vector<Column> columns, std::int64_t rows)
    : schema_(std::move(schema)), columns_(std::move(columns)), rows_(rows) {}

std::vector<std::string> Frame::names() const {
  std::vector<std::string> names = table_ ? table_->names() : std::vector<std::string>();
  for (const ColumnSchema& column : schema_.columns()) names.push_back(column.name);
  return names;
}

std::string Frame::type(std::size_t column) const {
  if (column >= num_foreign()) return schema_[column - num_foreign()].type.ToString();
  const Result<DataType> type = TypeFromArrow(table_->field(column));
  return type.ok() ? type->ToString() : "";
}

Result<Column> Frame::Read(std::size_t column) const {
  if (column >= num_foreign()) {
    const std::size_t own = column - num_foreign();
    return read_ ? read_(own) : columns_[own];
  }
  return table_->ReadColumn(column, Rounding::kExact);
}

Result<ArrowArrayStream> Frame::Export() const {
  if (export_) return export_();
  if (table_) return table_->ExportWith(schema_, columns_, kBatchRows);
  std::vector<Batch> batches;
  for (std::int64_t first = 0; first < rows_; first += kBatchRows) {
    const std::int64_t count = std::min(kBatchRows, rows_ - first);
    batches.push_back(Batch{schema_, columns_, rows_}.Slice(first, count));
  }
  ArrowArrayStream stream{};
  ExportStream(StreamOf(schema_, std::move(batches)), &stream);
  return stream;
}

void BindFrame(nb::module_& module) {
  nb::class_<Frame>(module, "Frame", "Rows in memory; speaks Arrow.")
      .def_static(
          "read", [](nb::handle frame) { return Frame(ReadTable(frame), {}, {}); },
          nb::arg("frame"),
          "A copy of the handles, not of the data, of any frame that speaks Arrow.")
      .def_static(
          "from_columns", &FrameOfColumns, nb::arg("columns"), nb::arg("rows"),
          "Columns of buffers, (name, Arrow format, values, validity bits or None), which are "
          "not copied, or of Python values, (name, type, cells).",
          nb::sig("def from_columns(columns: list[tuple[typing.Any, ...]], rows: int) -> Frame"))
      .def_prop_ro("num_rows", &Frame::num_rows)
      .def_prop_ro("names", &Frame::names)
      .def_prop_ro("num_foreign", &Frame::num_foreign)
      .def(
          "type",
          [](const Frame& frame, Py_ssize_t column) { return frame.type(Position(frame, column)); },
          nb::arg("column"))
      .def(
          "cells",
          [](const Frame& frame, Py_ssize_t position, std::int64_t limit) {
            const Column column = Unwrap(frame.Read(Position(frame, position)));
            const bool is_cut = limit >= 0 && limit < column.length();
            return CellsOf(is_cut ? column.Slice(0, limit) : column);
          },
          nb::arg("column"), nb::arg("limit") = -1,
          nb::sig("def cells(self, column: int, limit: int = -1) -> list[typing.Any]"),
          "A column as Python values; the first `limit` of them where it is not negative.")
      .def(
          "columns",
          [](const Frame& frame) {
            std::vector<Column> columns;
            const std::vector<std::string> names = frame.names();
            for (std::size_t i = 0; i < names.size(); ++i) {
              columns.push_back(Unwrap(frame.Read(i)));
            }
            return CellsOf(names, columns);
          },
          nb::sig("def columns(self) -> dict[str, list[typing.Any]]"),
          "All columns as Python values, by name.")
      .def("buffers", &Buffers, nb::arg("column"),
           nb::sig("def buffers(self, column: int) -> tuple[str, bytes, bytes | None] | None"))
      .def("__arrow_c_stream__", &ExportCapsule, nb::arg("requested_schema") = nb::none())
      .def("__arrow_c_schema__", &ExportSchemaCapsule)
      .def("__len__", &Frame::num_rows);
}

}  // namespace coeval::python
