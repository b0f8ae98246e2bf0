// SIGINT (Ctrl-C): the first asks the work to stop at its next batch, so that it ends cleanly; the
// second ends the process at once.
#pragma once

#include <memory>

#include "base/context.h"

namespace coeval {

// The token that the next SIGINT cancels, in place of the one before. Main thread.
void CancelOnInterrupt(std::shared_ptr<CancelToken> token);

}  // namespace coeval
