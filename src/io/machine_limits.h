// What this process may use of the machine: the memory that its control groups allow, and the
// processors that its affinity and quotas leave it. A container is told so, and nowhere else: the
// machine's own figures are those of its host.
//
//   24 GiB of RAM, cgroup memory.max 1 GiB, cpu.max "100000 100000"   ->  1 GiB, 1 processor
#pragma once

#include <cstdint>
#include <string>

#include "base/context.h"

namespace coeval {

struct MachineLimits {
  std::int64_t memory_bytes = 0;  // the smaller of RAM and every limit above this process
  int processors = 1;             // at least 1; a quota of 1.5 gives 2
};

// Looked up anew at each call, some files of /proc and /sys (control groups version 1 and 2, man
// cgroups(7)); what cannot be read limits nothing. `root`: for tests, in place of "/".
MachineLimits ReadMachineLimits(const std::string& root = "/");

// A context that takes what it may: half of that memory, all of these processors.
Context MachineContext();

}  // namespace coeval
