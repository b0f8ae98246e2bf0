// KillVfs: SQLite's file system with a mine in it: the n-th write, sync or truncation from its
// laying on ends the process by SIGKILL, before or in the middle of that call.
//
//   LayMine(7, Tear::kHalf);      the 7th one writes half of its bytes and then the process is gone
#pragma once

#include <cstdint>

namespace coeval {

enum class Tear : std::uint8_t { kBefore, kHalf };

// Makes it SQLite's default and lays the mine. n = 0: none, only counting.
void LayMine(std::int64_t nth, Tear tear);
// Writes, syncs and truncations since then.
std::int64_t MineCount();

}  // namespace coeval
