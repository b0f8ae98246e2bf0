#include "io/random_bytes.h"

#include <sys/random.h>

#include <cerrno>

#include "io/system_call.h"
#include "io/system_error.h"

namespace coeval {

Result<std::string> RandomBytes(std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const ssize_t n = Try([&] { return ::getrandom(bytes.data() + have, count - have, 0); });
    if (n < 0) return SystemError(errno, "read", "/dev/urandom");
    have += static_cast<std::size_t>(n);
  }
  return bytes;
}

}  // namespace coeval
