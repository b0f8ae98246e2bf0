// For tests: pushes by a process that is killed at random moments.
#pragma once

namespace coeval {

// Two writers push batches of five keys with one value each, while pushed facts are flushed into
// files all the time; the process is killed (SIGKILL) after a random number of acknowledgements, so
// many times. After each kill the store opens by itself, holds what was acknowledged, by a ledger
// beside it, and no batch in part.
void KillPushes(int kills);

}  // namespace coeval
