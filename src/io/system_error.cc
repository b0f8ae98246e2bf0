#include "io/system_error.h"

#include <cerrno>
#include <string>
#include <system_error>

namespace coeval {

Status SystemError(int error, std::string_view action, std::string_view path) {
  std::string message = "cannot ";
  message.append(action).append(" '").append(path).append("': ");
  switch (error) {
    case ENOENT:
      return Status::NotFound(message + "there is no such file or folder");
    case EEXIST:
      return Status::AlreadyExists(message + "it is there already");
    case ENOSPC:
      return Status::IoError(message + "disk full; free some space and try again");
    case EDQUOT:
      return Status::IoError(message + "disk full: the user's quota is used up");
    case EACCES:
    case EPERM:
      return Status::IoError(message + "permission denied");
    case EROFS:
      return Status::IoError(message + "the file system is read-only");
    case EISDIR:
      return Status::IoError(message + "it is a folder");
    case ENOTDIR:
      return Status::IoError(message + "a part of the path is no folder");
    case EMFILE:
    case ENFILE:
      return Status::IoError(message + "too many open files; raise the limit (ulimit -n)");
    default:
      return Status::IoError(message + std::generic_category().message(error));
  }
}

}  // namespace coeval
