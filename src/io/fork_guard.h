// Forks: a child has the memory of its parent and none of its threads, so what the parent owns
// (locks, listening sockets, stores) is not the child's to use. Here a child learns that it is one,
// and lets go what would keep the parent's ownership alive after the parent has died.
#pragma once

#include <cstdint>

namespace coeval {

// 0, and one more in every child of a fork. Who remembers another number than it reads was forked.
// Cost: one load.
std::uint64_t ForkGeneration();

// From now on a forked child closes its copy of the descriptor at once; at most 64 at a time, what
// is more stays open. Forget it before closing it. Threads: any.
void CloseInChildren(int fd);
void ForgetInChildren(int fd);

}  // namespace coeval
