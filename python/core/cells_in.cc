// Python's values -> Coeval's.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include <nanobind/stl/string.h>

#include "base/time.h"
#include "column/builder.h"
#include "column/key.h"
#include "column/value.h"
#include "core/cells.h"
#include "core/errors.h"
#include "core/python_time.h"
#include "definition/value_json.h"

namespace coeval::python {
namespace {

namespace nb = nanobind;

// A value and the type that it has by itself.
struct Cell {
  Value value;
  DataType type;
};

std::string Shown(nb::handle object) {
  std::string text = nb::repr(object).c_str();
  return text.size() > 60 ? text.substr(0, 57) + "..." : text;
}

Status Wrong(nb::handle object, const DataType& type, const std::string& hint = "") {
  std::string text =
      Shown(object) + " (" + Py_TYPE(object.ptr())->tp_name + ") is no " + type.ToString();
  return Status::InvalidArgument(hint.empty() ? text : text + "; " + hint);
}

bool IsCalled(nb::handle object, const char* type_name) {
  const char* name = Py_TYPE(object.ptr())->tp_name;
  const char* dot = std::strrchr(name, '.');
  return std::strcmp(dot == nullptr ? name : dot + 1, type_name) == 0;
}

// numpy.datetime64 of any unit.
Result<Cell> FromDatetime64(nb::handle object) {
  const nb::module_ numpy = nb::module_::import_("numpy");
  nb::object exact = nb::borrow(object);
  std::string unit = nb::cast<std::string>(numpy.attr("datetime_data")(object.attr("dtype"))[0]);
  const int step = nb::cast<int>(numpy.attr("datetime_data")(object.attr("dtype"))[1]);
  const bool is_days = unit == "D" || unit == "W" || unit == "M" || unit == "Y";
  if (is_days) exact = exact.attr("astype")("datetime64[D]");
  const auto raw = nb::cast<std::int64_t>(nb::int_(exact.attr("view")("int64")));
  if (raw == kMinTime) return Cell{};  // NaT
  if (is_days) return Cell{Value::Int(raw), TypeId::kDate};
  std::int64_t count = 0;
  if (__builtin_mul_overflow(raw, std::int64_t{step}, &count)) {
    return Status::InvalidArgument(Shown(object) + " does not fit a timestamp");
  }
  std::int64_t scale = 1;
  if (unit == "h") scale = 3600;
  if (unit == "m") scale = 60;
  if (unit == "h" || unit == "m") unit = "s";
  if (__builtin_mul_overflow(count, scale, &count)) {
    return Status::InvalidArgument(Shown(object) + " does not fit a timestamp");
  }
  TimeUnit from = TimeUnit::kNano;
  if (unit == "s") from = TimeUnit::kSecond;
  if (unit == "ms") from = TimeUnit::kMilli;
  if (unit == "us") from = TimeUnit::kMicro;
  if (unit == "ps" || unit == "fs" || unit == "as") {
    return Status::InvalidArgument(Shown(object) + " is finer than a microsecond");
  }
  COEVAL_ASSIGN_OR_RETURN(TimeMicros time, ToMicros(count, from, Rounding::kExact));
  return Cell{Value::Int(time), TypeId::kTimestamp};
}

// What Python's own plain types hold; nothing for integers beyond int64.
std::optional<Cell> FromPlain(nb::handle object) {
  PyObject* const o = object.ptr();
  if (o == Py_None) return Cell{};
  if (PyBool_Check(o)) return Cell{Value::Bool(o == Py_True), TypeId::kBool};
  if (PyLong_Check(o)) {
    int overflow = 0;
    const long long value = PyLong_AsLongLongAndOverflow(o, &overflow);
    if (overflow != 0) return std::nullopt;
    return Cell{Value::Int(value), TypeId::kInt64};
  }
  if (PyFloat_Check(o)) return Cell{Value::Double(PyFloat_AS_DOUBLE(o)), TypeId::kFloat64};
  if (PyUnicode_Check(o)) {
    Py_ssize_t size = 0;
    const char* text = PyUnicode_AsUTF8AndSize(o, &size);
    if (text == nullptr) throw nb::python_error();  // a lone surrogate
    return Cell{Value::String({text, static_cast<std::size_t>(size)}), TypeId::kString};
  }
  if (PyBytes_Check(o)) {
    const std::string bytes(PyBytes_AS_STRING(o), static_cast<std::size_t>(PyBytes_GET_SIZE(o)));
    return Cell{Value::String(bytes), TypeId::kBytes};
  }
  return std::nullopt;
}

std::optional<Cell> FromTime(nb::handle object) {
  if (const auto micros = MicrosOfDatetime(object)) {
    return Cell{Value::Int(*micros), TypeId::kTimestamp};
  }
  if (const auto days = DaysOfDate(object)) return Cell{Value::Int(*days), TypeId::kDate};
  return std::nullopt;
}

// NumPy's and pyarrow's scalars as Python's own; anything else as it is.
nb::object Unwrapped(nb::handle object) {
  PyObject* const o = object.ptr();
  if (PyByteArray_Check(o) || PyMemoryView_Check(o)) return nb::steal(PyBytes_FromObject(o));
  if (nb::hasattr(object, "as_py")) return object.attr("as_py")();
  const bool is_numpy =
      nb::hasattr(object, "dtype") && nb::hasattr(object, "item") && nb::hasattr(object, "ndim");
  if (is_numpy && nb::cast<int>(object.attr("ndim")) == 0) return object.attr("item")();
  return nb::borrow(object);
}

bool IsNullObject(nb::handle object) {
  return object.is_none() || IsCalled(object, "NaTType") || IsCalled(object, "NAType");
}

// NumPy's times, and pandas', which may be finer than Python's.
bool IsFineTime(nb::handle object) {
  if (IsCalled(object, "datetime64")) return true;
  return IsCalled(object, "Timestamp") && nb::hasattr(object, "asm8");
}

Result<Value> ConvertFloat(nb::handle object, const Cell& cell, const DataType& to) {
  if (cell.value.is_double()) return cell.value;
  const nb::object number = nb::steal(PyNumber_Float(object.ptr()));
  if (!number.is_valid()) {
    PyErr_Clear();
    return Wrong(object, to);
  }
  if (!number.equal(object)) return Wrong(object, to, "it would be rounded; write a float");
  return Value::Double(PyFloat_AS_DOUBLE(number.ptr()));
}

// Of an int or a Decimal. A float is refused: its digits are not what was written.
Result<Value> ConvertDecimal(nb::handle object, const DataType& to) {
  const nb::object text = nb::module_::import_("builtins")
                              .attr("format")(object, PyLong_Check(object.ptr()) ? "d" : "f");
  return ValueFromJson(Json(nb::cast<std::string>(text)), to);
}

// ISO 8601, as over HTTP.
Result<Value> ConvertTimeText(nb::handle object, const DataType& to) {
  const auto time = ParseTime(nb::cast<std::string>(object), Rounding::kExact);
  if (!time.ok()) return Wrong(object, to, time.status().message());
  if (to.id() == TypeId::kTimestamp) return Value::Int(*time);
  if (*time % kDay != 0) return Wrong(object, to, "it is no whole day");
  return Value::Int(*time / kDay);
}

Result<Value> Convert(nb::handle object, const DataType& to);

Result<Value> ConvertList(nb::handle object, const DataType& to) {
  if (PyUnicode_Check(object.ptr()) || PyBytes_Check(object.ptr()) || PyDict_Check(object.ptr())) {
    return Wrong(object, to);
  }
  const nb::object items = nb::steal(PySequence_Fast(object.ptr(), ""));
  if (!items.is_valid()) {
    PyErr_Clear();
    return Wrong(object, to);
  }
  const Py_ssize_t size = PySequence_Fast_GET_SIZE(items.ptr());
  if (to.id() == TypeId::kVector && size != to.size()) {
    return Wrong(object, to, "it has " + std::to_string(size) + " elements");
  }
  Value::List elements;
  for (Py_ssize_t i = 0; i < size; ++i) {
    const nb::handle item(PySequence_Fast_GET_ITEM(items.ptr(), i));
    COEVAL_ASSIGN_OR_RETURN(Value element, Convert(item, to.child(0)));
    if (element.is_null() && to.id() == TypeId::kVector) {
      return Wrong(object, to, "a vector has no nulls");
    }
    elements.push_back(std::move(element));
  }
  return Value::MakeList(std::move(elements));
}

Result<Value> ConvertMap(nb::handle object, const DataType& to) {
  if (!PyDict_Check(object.ptr())) return Wrong(object, to, "a dict is");
  Value::Map entries;
  for (const auto& [key, item] : nb::cast<nb::dict>(object)) {
    COEVAL_ASSIGN_OR_RETURN(Value entry_key, Convert(key, to.child(0)));
    if (entry_key.is_null()) return Wrong(object, to, "a key is null");
    COEVAL_ASSIGN_OR_RETURN(Value entry, Convert(item, to.child(1)));
    entries.emplace_back(std::move(entry_key), std::move(entry));
  }
  return Value::MakeMap(std::move(entries));
}

Result<Value> ConvertScalar(nb::handle object, const DataType& to) {
  std::optional<Cell> cell = FromPlain(object);
  if (!cell) cell = FromTime(object);
  const bool is_decimal = !cell && IsCalled(object, "Decimal");
  if (!cell && !is_decimal && !PyLong_Check(object.ptr())) return Wrong(object, to);
  const bool is_whole = PyLong_Check(object.ptr()) && !PyBool_Check(object.ptr());
  if (to.id() == TypeId::kFloat32 || to.id() == TypeId::kFloat64) {
    if (cell && !cell->value.is_double() && !is_whole) return Wrong(object, to);
    return ConvertFloat(object, cell.value_or(Cell{}), to);
  }
  if (to.id() == TypeId::kDecimal128) {
    if (cell && cell->value.is_double() && std::isnan(cell->value.AsDouble())) return Value();
    if (!is_decimal && !is_whole) return Wrong(object, to, "an int or a Decimal is");
    return ConvertDecimal(object, to);
  }
  if (is_decimal && (to.id() == TypeId::kInt32 || to.id() == TypeId::kInt64)) {
    const nb::object whole = nb::steal(PyNumber_Long(object.ptr()));
    if (!whole.is_valid()) PyErr_Clear();
    if (!whole.is_valid() || !whole.equal(object)) return Wrong(object, to);
    return ConvertScalar(whole, to);
  }
  if (!cell) return Wrong(object, to, "it does not fit");
  const bool is_time = to.id() == TypeId::kTimestamp || to.id() == TypeId::kDate;
  if (is_time && PyUnicode_Check(object.ptr())) return ConvertTimeText(object, to);
  const bool is_nan = cell->value.is_double() && std::isnan(cell->value.AsDouble());
  if (is_time && !is_nan && (is_whole || cell->value.is_double())) {
    return Wrong(object, to, "nothing says what a number counts");
  }
  const Result<Value> value = ConvertKey(cell->value, cell->type, to);  // rule 2.1
  return value.ok() ? value : Wrong(object, to);
}

Result<Value> Convert(nb::handle object, const DataType& to) {
  if (IsNullObject(object)) return Value();
  if (IsFineTime(object)) {
    const bool is_numpy = IsCalled(object, "datetime64");
    COEVAL_ASSIGN_OR_RETURN(Cell cell,
                            FromDatetime64(is_numpy ? nb::borrow(object) : object.attr("asm8")));
    if (cell.value.is_null()) return Value();
    const Result<Value> value =
        to.is_key_type() ? ConvertKey(cell.value, cell.type, to) : Result<Value>(Wrong(object, to));
    return value.ok() ? value : Wrong(object, to);
  }
  const nb::object plain = Unwrapped(object);
  if (IsNullObject(plain)) return Value();
  if (to.id() == TypeId::kList || to.id() == TypeId::kVector) return ConvertList(plain, to);
  if (to.id() == TypeId::kMap) return ConvertMap(plain, to);
  return ConvertScalar(plain, to);
}

}  // namespace

Column ColumnFromCells(nb::handle cells, const DataType& type, const std::string& name) {
  ColumnBuilder builder(type);
  std::int64_t row = 0;
  for (const nb::handle cell : nb::iter(cells)) {
    Result<Value> value = Convert(cell, type);
    Status status = value.ok() ? builder.Append(*value) : value.status();
    if (!status.ok()) {
      Raise(status.WithContext("column '" + name + "', row " + std::to_string(row)));
    }
    ++row;
  }
  return builder.Finish();
}

}  // namespace coeval::python
