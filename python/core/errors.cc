#include "core/errors.h"

namespace coeval::python {
namespace {

namespace nb = nanobind;

const char* ExceptionName(StatusCode code) {
  switch (code) {
    case StatusCode::kInvalidArgument:
      return "InvalidArgument";
    case StatusCode::kNotFound:
      return "NotFound";
    case StatusCode::kAlreadyExists:
      return "AlreadyExists";
    case StatusCode::kTooOld:
      return "TooOld";
    case StatusCode::kFailedPrecondition:
      return "FailedPrecondition";
    case StatusCode::kCorruption:
      return "Corruption";
    case StatusCode::kIoError:
      return "IoError";
    case StatusCode::kUnavailable:
      return "Unavailable";
    case StatusCode::kCancelled:
      return "Cancelled";
    case StatusCode::kOk:
    case StatusCode::kInternal:
      break;
  }
  return "Internal";
}

}  // namespace

void Raise(const Status& status) {
  const nb::object type = nb::module_::import_("coeval.errors").attr(ExceptionName(status.code()));
  // File names may hold bytes that are no UTF-8.
  const std::string& message = status.message();
  const nb::object text = nb::steal(PyUnicode_DecodeUTF8(
      message.data(), static_cast<Py_ssize_t>(message.size()), "backslashreplace"));
  PyErr_SetObject(type.ptr(), text.ptr());
  throw nb::python_error();
}

}  // namespace coeval::python
