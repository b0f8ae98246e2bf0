// Random windows of events against what must hold of every function, and against the executable
// law. The fast tests run some thousands, the slow one a million.
#pragma once

#include <cstdint>
#include <random>

#include "aggregation/testing.h"

namespace coeval {

// One function over one window: splits, merges, permutations and removals give the same bytes and
// the same value; what is decoded is what was encoded; damaged bytes are found out or harmless.
// Failures are reported to GoogleTest.
void CheckState(std::mt19937_64& random);

// One function that the model has, over one window: the same value, bit for bit. False where the
// model has no answer (a sketch above the cap).
bool CheckAgainstModel(std::mt19937_64& random, LawModel& model);

}  // namespace coeval
