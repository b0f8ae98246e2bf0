#include "core/errors.h"

#include "base/error_class.h"

namespace coeval::python {

namespace nb = nanobind;

void Raise(const Status& status) {
  const nb::object type =
      nb::module_::import_("coeval.errors").attr(ErrorClassOf(status.code()).data());
  // File names may hold bytes that are no UTF-8.
  const std::string& message = status.message();
  const nb::object text = nb::steal(PyUnicode_DecodeUTF8(
      message.data(), static_cast<Py_ssize_t>(message.size()), "backslashreplace"));
  PyErr_SetObject(type.ptr(), text.ptr());
  throw nb::python_error();
}

}  // namespace coeval::python
