// Work in items that lie apart (row groups, ranges of rows), done by several threads.
#pragma once

#include <algorithm>
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

// The same of work that cannot fail and is too short to be worth stopping.
template <typename Work>
void DoItems(int threads, std::size_t n, Work work) {
  const Status done =
      RunItems(threads, n, CancelToken(), [&work](std::size_t worker, std::size_t item) {
        work(worker, item);
        return Status::Ok();
      });
  COEVAL_CHECK(done.ok());
}

// Into how many chunks to cut rows for `threads`, where each chunk costs as much as some rows.
inline std::size_t ChunksOf(std::size_t rows, std::size_t cost, int threads) {
  constexpr std::size_t kWorthAThread = 1 << 16;
  return std::min(rows / std::max(kWorthAThread, cost) + 1,
                  static_cast<std::size_t>(std::max(1, threads)));
}

// Cuts `rows` into as many chunks: work(chunk, begin, end), each by a thread.
template <typename Work>
void DoChunks(int threads, std::size_t rows, std::size_t chunks, Work work) {
  DoItems(threads, chunks, [&](std::size_t /*worker*/, std::size_t chunk) {
    work(chunk, rows * chunk / chunks, rows * (chunk + 1) / chunks);
  });
}

}  // namespace coeval
