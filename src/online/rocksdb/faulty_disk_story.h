// For tests: loads into a store whose disk fails, at one step after the other.
#pragma once

#include <cstdint>

namespace coeval {

// Fails a load at steps `first`, first + stride, ... (once and for good; disk full and I/O error)
// until it has no such step any more. Whatever fails: the load is there whole or not at all, reads
// go on, and the next load works without a restart.
void LoadOnAFailingDisk(std::int64_t first, std::int64_t stride);

}  // namespace coeval
