// For tests: a small store that is written to, compacted and opened again on a disk that loses
// power.
#pragma once

#include <cstdint>

namespace coeval {

// After each of so many cuts, at random steps, the store must open by itself, hold all that was
// acknowledged and nothing in part, and go on. How often it did not; with `syncs` (else the disk
// forgets all of them) each time is a failed expectation as well. `pushes`: values come by pushes
// that are flushed, whose log is never lost, else by loads.
std::int64_t LossesOfPowerCuts(std::uint64_t seed, std::int64_t cuts, bool pushes, bool syncs);

}  // namespace coeval
