// For tests: logs that are killed.
#pragma once

namespace coeval {

// Runs a process that appends, trims and reopens, and kills it with SIGKILL: at every step of what
// it does to the disk, then `kills` times at a random moment. After each the log is opened: what
// was acknowledged (by a ledger outside of the log) is there, a batch that was not is there whole
// record by record from its first on, and every payload is what was sent.
void KillLogs(int kills);

}  // namespace coeval
