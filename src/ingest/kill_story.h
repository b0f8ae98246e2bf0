// For tests: pushes by a process that is killed at random moments.
#pragma once

namespace coeval {

// Two writers push batches of five keys with one value each, while pushed facts are flushed into
// files and the log is sealed all the time; the process is killed (SIGKILL) after a random number
// of acknowledgements, so many times. After each kill the store opens by itself, holds what was
// acknowledged, by a ledger beside it, and no batch in part; segments and log hold each once.
void KillPushes(int kills);

// A process is killed at the 1st, 2nd, ... n-th system call of sealing and of merging what is
// sealed. After each kill segments and log hold each push once, and no file is left that nothing
// names.
void KillSealings();

}  // namespace coeval
