// For tests: writes to a store whose disk fails, at one step after the other.
#pragma once

#include <cstdint>

namespace coeval {

// Fails a load, or the flush of a push, at steps `first`, first + stride, ... (once and for good;
// disk full and I/O error) until it has no such step any more. Whatever fails: a load is there
// whole or not at all, what was pushed is served, reads go on, and the next write works without a
// restart.
void WriteOnAFailingDisk(bool pushes, std::int64_t first, std::int64_t stride);

}  // namespace coeval
