// Random repositories for the tests of explanations: a view over few facts with many ties, known
// times, deletes, corrections and late events, and a spine to ask it by.
#pragma once

#include <random>
#include <string>

#include "column/batch.h"
#include "offline/training_testing.h"
#include "retrieval/feature_plan.h"

namespace coeval {

struct ExplainCase {
  MemoryProject project;
  FeatureRequest request;
  Batch spine;
  Known known = Known::kDeclared;
};

// A stored view `v` (rule 3), and an on-demand view over it.
ExplainCase RandomFactCase(std::mt19937_64& random);
// An aggregated view `v` (rule 5), with expressions over its aggregates, and an on-demand view over
// it.
ExplainCase RandomWindowCase(std::mt19937_64& random);

// What explanations of a case met, by the names of fates and statuses.
using Met = std::map<std::string, std::int64_t>;

// Makes the training set and explains every value of it: the first that differs in value, status or
// time, in words; "" where there is none.
std::string ExplainAll(const ExplainCase& c, Met* met);

}  // namespace coeval
