// Coeval's values -> Python's.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <nanobind/stl/string.h>

#include "column/value.h"
#include "core/cells.h"
#include "core/python_time.h"
#include "definition/value_json.h"

namespace coeval::python {
namespace {

namespace nb = nanobind;

nb::object Stolen(PyObject* object) {
  if (object == nullptr) throw nb::python_error();
  return nb::steal(object);
}

PyObject* TextOf(std::string_view text) {
  return PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "surrogateescape");
}

nb::object ToPython(const Value& value, const DataType& type);

nb::object ListOf(const Value& value, const DataType& element) {
  nb::list list;
  for (const Value& item : value.AsList()) list.append(ToPython(item, element));
  return list;
}

nb::object DictOf(const Value& value, const DataType& type) {
  nb::dict dict;
  for (const auto& [key, item] : value.AsMap()) {
    dict[ToPython(key, type.child(0))] = ToPython(item, type.child(1));
  }
  return dict;
}

nb::object ToPython(const Value& value, const DataType& type) {
  if (value.is_null()) return nb::none();
  switch (type.id()) {
    case TypeId::kNull:
      return nb::none();
    case TypeId::kBool:
      return nb::bool_(value.AsBool());
    case TypeId::kInt32:
    case TypeId::kInt64:
      return nb::int_(value.AsInt());
    case TypeId::kFloat32:
    case TypeId::kFloat64:
      return nb::float_(value.AsDouble());
    case TypeId::kString:
      return Stolen(TextOf(value.AsString()));
    case TypeId::kBytes:
      return nb::bytes(value.AsString().data(), value.AsString().size());
    case TypeId::kTimestamp:
      return DatetimeOf(value.AsInt());
    case TypeId::kDate:
      return DateOf(value.AsInt());
    case TypeId::kDecimal128: {
      const std::string text = ValueToJson(value, type).AsString();
      return nb::module_::import_("decimal").attr("Decimal")(text);
    }
    case TypeId::kList:
    case TypeId::kVector:
      return ListOf(value, type.child(0));
    case TypeId::kMap:
      return DictOf(value, type);
  }
  return nb::none();
}

// `make` gives a new reference for each row that is not null.
template <typename Make>
nb::list ListOf(const Column& column, const Make& make) {
  const std::int64_t rows = column.length();
  nb::list list = nb::steal<nb::list>(Stolen(PyList_New(rows)).release());
  for (std::int64_t row = 0; row < rows; ++row) {
    nb::object cell = column.IsNull(row) ? nb::none() : Stolen(make(row));
    PyList_SET_ITEM(list.ptr(), row, cell.release().ptr());
  }
  return list;
}

template <typename T, typename Make>
nb::list FixedListOf(const Column& column, const Make& make) {
  const std::span<const T> values = column.values<T>();
  return ListOf(column,
                [&](std::int64_t row) { return make(values[static_cast<std::size_t>(row)]); });
}

}  // namespace

// The usual types without a Value for each cell.
nb::list CellsOf(const Column& column) {
  const auto of_int = [](std::int64_t value) { return PyLong_FromLongLong(value); };
  const auto of_float = [](double value) { return PyFloat_FromDouble(value); };
  switch (column.type().id()) {
    case TypeId::kBool:
      return FixedListOf<std::uint8_t>(column,
                                       [](std::uint8_t value) { return PyBool_FromLong(value); });
    case TypeId::kInt32:
      return FixedListOf<std::int32_t>(column, of_int);
    case TypeId::kInt64:
      return FixedListOf<std::int64_t>(column, of_int);
    case TypeId::kFloat32:
      return FixedListOf<float>(column, of_float);
    case TypeId::kFloat64:
      return FixedListOf<double>(column, of_float);
    case TypeId::kString:
      return ListOf(column, [&](std::int64_t row) { return TextOf(column.bytes(row)); });
    default:
      return ListOf(column, [&](std::int64_t row) {
        return ToPython(column.GetValue(row), column.type()).release().ptr();
      });
  }
}

nb::dict CellsOf(std::span<const std::string> names, std::span<const Column> columns) {
  nb::dict cells;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    cells[Stolen(TextOf(names[i]))] = CellsOf(columns[i]);
  }
  return cells;
}

}  // namespace coeval::python
