#include "arrow/border.h"

#include <arrow/status.h>
#include <arrow/util/io_util.h>
#include <arrow/util/utf8.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>

#include "arrow/plugin_abi.h"

namespace coeval::plugin {

using ::arrow::Status;
using ::arrow::StatusCode;

coeval_arrow_code CodeOf(const Status& status) {
  switch (status.code()) {
    case StatusCode::OK:
      return COEVAL_ARROW_OK;
    case StatusCode::Invalid:
    case StatusCode::TypeError:
    case StatusCode::IndexError:
    case StatusCode::AlreadyExists:
      return COEVAL_ARROW_INVALID;
    case StatusCode::KeyError:
      return COEVAL_ARROW_NOT_FOUND;
    case StatusCode::SerializationError:
      return COEVAL_ARROW_CORRUPT;
    case StatusCode::IOError: {
      const int number = ::arrow::internal::ErrnoFromStatus(status);
      if (number == ENOENT) return COEVAL_ARROW_NOT_FOUND;
      return number != 0 ? COEVAL_ARROW_IO : COEVAL_ARROW_CORRUPT;
    }
    case StatusCode::NotImplemented:
    case StatusCode::CapacityError:
      return COEVAL_ARROW_UNSUPPORTED;
    case StatusCode::Cancelled:
      return COEVAL_ARROW_CANCELLED;
    case StatusCode::OutOfMemory:
      return COEVAL_ARROW_NO_MEMORY;
    default:
      return COEVAL_ARROW_INTERNAL;
  }
}

int ErrnoOf(coeval_arrow_code code) {
  switch (code) {
    case COEVAL_ARROW_OK:
      return 0;
    case COEVAL_ARROW_INVALID:
      return EINVAL;
    case COEVAL_ARROW_NOT_FOUND:
      return ENOENT;
    case COEVAL_ARROW_CORRUPT:
      return EBADMSG;
    case COEVAL_ARROW_IO:
      return EIO;
    case COEVAL_ARROW_CANCELLED:
      return ECANCELED;
    case COEVAL_ARROW_UNSUPPORTED:
      return ENOSYS;
    case COEVAL_ARROW_NO_MEMORY:
      return ENOMEM;
    case COEVAL_ARROW_INTERNAL:
      break;
  }
  return ENOTRECOVERABLE;
}

Status StatusOf(int number, const std::string& text) {
  switch (number) {
    case 0:
      return Status::OK();
    case EINVAL:
      return Status::Invalid(text);
    case ENOENT:
      return Status::KeyError(text);
    case EBADMSG:
      return Status::SerializationError(text);
    case ECANCELED:
      return Status::Cancelled(text);
    case ENOSYS:
      return Status::NotImplemented(text);
    case ENOMEM:
      return Status::OutOfMemory(text);
    case ENOTRECOVERABLE:
      return Status::UnknownError(text);
    default:
      return ::arrow::internal::IOErrorFromErrno(number, text);
  }
}

std::string OneLine(const Status& status) {
  std::string text = status.message();
  // Why the system refused stands beside the message. Of a missing file the message speaks itself.
  const int number = ::arrow::internal::ErrnoFromStatus(status);
  if (number != 0 && number != ENOENT && number != EIO) {
    text += ": " + std::generic_category().message(number);
  }
  std::replace(text.begin(), text.end(), '\n', ' ');
  // Damaged files put their bytes into messages.
  if (!::arrow::util::ValidateUTF8(text)) {
    std::replace_if(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; }, '?');
  }
  return text;
}

int32_t Report(const Status& status, coeval_arrow_error* error) {
  const coeval_arrow_code code = CodeOf(status);
  if (error == nullptr) return code;
  error->code = code;
  const std::string text = OneLine(status);
  const std::size_t length = std::min(text.size(), sizeof(error->text) - 1);
  std::memcpy(error->text, text.data(), length);
  error->text[length] = '\0';
  return code;
}

Status Within(std::string_view where, const Status& status) {
  return status.ok() ? status : status.WithMessage(where, ": ", status.message());
}

Status Damaged(const Status& status) {
  const coeval_arrow_code code = CodeOf(status);
  if (code != COEVAL_ARROW_INVALID && code != COEVAL_ARROW_NOT_FOUND &&
      code != COEVAL_ARROW_INTERNAL) {
    return status;
  }
  return Status::SerializationError(status.message());
}

}  // namespace coeval::plugin
