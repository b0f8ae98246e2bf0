// System calls as all of io/ makes them: repeated while signals interrupt them, failed where a test
// wants it (fault.h).
#pragma once

#include <cerrno>

#include "io/fault.h"

namespace coeval {

// What the call gives, or -1 with errno.
template <typename Call>
auto Try(Call call) -> decltype(call()) {
  if (const int injected = InjectedError(); injected != 0) {
    errno = injected;
    return -1;
  }
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

}  // namespace coeval
