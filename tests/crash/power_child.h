// For tests of power cuts: the process that uses a store until the power is cut.
#pragma once

#include <cstdint>
#include <string>

#include "power_ledger.h"

namespace coeval {

struct PowerTask {
  std::string folder;         // of the store, on the disk that will lose its power
  const PowerLedger* ledger;  // what must be there
  int lines = -1;             // where LedgerLines go
  std::uint64_t seed = 0;
  bool only_check = false;  // ends after the first check
};

// Opens the store and checks it; then three writers push, one loads, flushes and compacts, one
// appends to a log beside, until all is closed, opened and checked again; and so on, while a clock
// goes ahead, and back when it is opened. Once the disk fails, it waits to be killed.
// In a child that was forked by a process of one thread. Never returns.
[[noreturn]] void RunPowerTask(const PowerTask& task);

}  // namespace coeval
