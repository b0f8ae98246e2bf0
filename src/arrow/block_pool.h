// BlockPool: Arrow's memory for reading files, where big blocks are used again. Each batch of a
// scan needs the same few sizes as the one before it; memory that goes back to the system in
// between costs a page fault for each 4 KiB when it comes anew, which was a fifth of a join.
//
//   Allocate(1 MiB)   a block that lies ready, or a fresh one of the size's class
//   Free              the block lies ready, unless too many do: then the system gets it back
//
// Threads: any.
#pragma once

#include <arrow/memory_pool.h>

namespace coeval::plugin {

// The one of the process. Blocks below 32 KiB are Arrow's default pool's business. At most 64 MiB
// lie ready.
::arrow::MemoryPool* BlockPool();

}  // namespace coeval::plugin
