// Random cases of the as-of join as other programs hand them over: two streams of Arrow batches,
// with times of every unit and zone and finer than a microsecond, keys and values wider or narrower
// than they need be, dictionaries, chunks, slices, NaNs of all kinds, rows in any order. The
// answers are those of the brute force of testing.h.
#pragma once

#include <cstdint>
#include <random>

#include "base/status.h"
#include "offline/standalone_join.h"
#include "offline/testing.h"

namespace coeval {

// A case that a join without a repository can say: no sequences, deletes or delays; created times
// and a tolerance. Its times are multiples of a second, a millisecond or a microsecond, but those
// of questions and the tolerance, which may lie a microsecond beside.
JoinCase RandomArrowCase(std::mt19937_64& random);

// The case through Arrow and JoinStream or JoinTable. Facts have null keys at times; they match
// nothing.
Result<StandaloneJoin> RunArrowCase(const JoinCase& c, std::mt19937_64& random);

// Random cases from seed, seed + 1, ..., each with its rows in two orders; stops at the first that
// fails. Counts as RunRandomCases.
RandomRun RunRandomArrowCases(std::uint64_t seed, std::int64_t cases);

}  // namespace coeval
