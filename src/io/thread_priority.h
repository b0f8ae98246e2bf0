// The place of a thread beside the others of this machine.
#pragma once

namespace coeval {

// From now on this thread, and those that it starts, give way: where processors are short, others
// get ten times as much of them. There is no way back. For work that nobody waits for in
// milliseconds, in a process that also answers. Where the system has no such thing nothing happens.
void GiveWay();

}  // namespace coeval
