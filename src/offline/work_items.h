// Work in items that lie apart (row groups, ranges of rows), done by several threads.
#pragma once

#include <cstddef>
#include <functional>

#include "base/context.h"
#include "base/status.h"

namespace coeval {

// Calls work(worker, item) for items 0, 1, ..., n - 1, taken in this order by `threads` workers,
// each in a thread of its own; worker 0 is the caller's thread. After a failure no later item is
// begun, and what is answered is the failure of the least item: the same, whoever was faster.
// Errors: those of `work`; Cancelled.
Status RunItems(int threads, std::size_t n, const CancelToken& cancel,
                const std::function<Status(std::size_t worker, std::size_t item)>& work);

}  // namespace coeval
