// Random training sets, as-of joins and windows, are the same whatever the memory budget, from one
// byte to 64 KiB: features, statuses, times, counts, warnings and content hash.
#include <cstdint>
#include <random>
#include <regex>
#include <string>

#include <gtest/gtest.h>

#include "offline/explain_testing.h"
#include "offline/testing.h"
#include "offline/training_set.h"

namespace coeval {
namespace {

// All but how often row groups were read.
std::string ManifestOf(const TrainingSet& set) {
  static const std::regex kReads("\"row_groups(_read|_with_values)?\":[0-9]+");
  return std::regex_replace(set.manifest.Write(), kReads, "");
}

// What differs between two training sets of one question, in words.
std::string DifferenceOf(const TrainingSet& a, const TrainingSet& b) {
  if (ManifestOf(a) != ManifestOf(b)) return ManifestOf(a) + "\n" + ManifestOf(b);
  const FeatureTable one = a.features->Whole().value();
  const FeatureTable other = b.features->Whole().value();
  for (std::size_t i = 0; i < one.columns.size(); ++i) {
    if (!SameBits(one.columns[i], other.columns[i])) return "feature " + std::to_string(i);
  }
  if (one.statuses != other.statuses) return "statuses";
  if (one.times != other.times) return "times";
  if (one.first_errors != other.first_errors) return "errors";
  return a.warnings == b.warnings ? "" : "warnings";
}

std::string CompareBudgets(const ExplainCase& c, std::mt19937_64& random) {
  Context context;
  const SharedFeaturePlan plan = c.project.Plan(c.request);
  TrainingSetOptions options;
  options.known = c.known;
  options.on_invalid = OnInvalid::kNull;
  options.details = true;
  const auto make = [&] {
    return MakeTrainingSet(*plan, TableOfRows(c.spine), options, c.project.Open(context), context);
  };
  const Result<TrainingSet> whole = make();
  if (!whole.ok()) return whole.status().ToString();
  context.memory_budget_bytes = std::int64_t{1} << (random() % 17);
  context.threads = 1 + static_cast<int>(random() % 3);
  const Result<TrainingSet> set = make();
  if (!set.ok()) return set.status().ToString();
  return DifferenceOf(*set, *whole);
}

TEST(BudgetRandomTest, ATrainingSetIsTheSameWithinAnyBudget) {
  const std::uint64_t first = TestSeed();
  for (std::uint64_t seed = first; seed < first + 120; ++seed) {
    std::mt19937_64 random(seed);
    ASSERT_EQ(CompareBudgets(RandomFactCase(random), random), "") << "COEVAL_SEED=" << seed;
  }
}

TEST(BudgetRandomTest, WindowsAreTheSameWithinAnyBudget) {
  const std::uint64_t first = TestSeed();
  for (std::uint64_t seed = first; seed < first + 120; ++seed) {
    std::mt19937_64 random(seed);
    ASSERT_EQ(CompareBudgets(RandomWindowCase(random), random), "") << "COEVAL_SEED=" << seed;
  }
}

}  // namespace
}  // namespace coeval
