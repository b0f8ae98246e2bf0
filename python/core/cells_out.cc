// Coeval's values -> Python's.
#include <cstdint>
#include <string>

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
    case TypeId::kString: {
      const std::string& text = value.AsString();
      return Stolen(PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()),
                                         "surrogateescape"));
    }
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

}  // namespace

nb::list CellsOf(const Column& column) {
  nb::list cells;
  for (std::int64_t row = 0; row < column.length(); ++row) {
    cells.append(ToPython(column.GetValue(row), column.type()));
  }
  return cells;
}

}  // namespace coeval::python
