// For tests: turns the syncs of this program off, those of the libraries too. It replaces fsync,
// fdatasync and msync for every library of the program that holds this file.
#pragma once

namespace coeval {

// From now on they report success and do nothing. For a process that proves that a lost sync is
// found.
void LoseSyncs();

}  // namespace coeval
