// For tests: materializations that are killed.
#pragma once

namespace coeval {

// Runs materializations in processes of their own, kills each with SIGKILL at a random step of what
// it does to the disk, opens the store after it, and checks: what was acknowledged is there, a run
// is there whole or not at all, its watermark with it, nothing is left behind, and the next run
// completes. Call it from a test; the program must link kill_story.cc.
void KillMaterializations(int kills);

}  // namespace coeval
