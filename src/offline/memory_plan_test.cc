#include "offline/memory_plan.h"

#include <vector>

#include <gtest/gtest.h>

#include "offline/feature_blocks.h"
#include "offline/training_testing.h"

namespace coeval {
namespace {

// A view of ten doubles by an integer key, and a spine of so many rows, of which only the number
// counts.
struct Question {
  explicit Question(std::int64_t rows) {
    std::vector<Field> fields;
    for (int i = 0; i < 10; ++i)
      fields.push_back(FieldOf("f" + std::to_string(i), TypeId::kFloat64));
    project.AddView("v", {{"id", TypeId::kInt64}}, std::move(fields), Batch());
    plan = project.Plan({"v:*"});
    spine.times.resize(static_cast<std::size_t>(rows));
    spine.request = {Column::Nulls(TypeId::kInt64, 0)};
  }

  [[nodiscard]] Result<MemoryPlan> Plan(std::int64_t budget) {
    context.memory_budget_bytes = budget;
    return MemoryPlan::Make(*plan, spine, context);
  }

  MemoryProject project;
  SharedFeaturePlan plan;
  Spine spine;
  Context context;
};

constexpr std::int64_t kMiB = 1 << 20;

TEST(MemoryPlanTest, WhatFitsIsHeldAndJoinedAtOnce) {
  Question question(1'000'000);
  const MemoryPlan plan = question.Plan(2048 * kMiB).value();
  EXPECT_FALSE(plan.spills());
  EXPECT_EQ(plan.PartsOf(SizeOf(question.plan->views[0])), 1U);
  EXPECT_EQ(plan.run_rows() % FeatureBlocks::kRows, 0);
}

TEST(MemoryPlanTest, WhatDoesNotFitIsSpilledAndCutIntoFewParts) {
  Question question(20'000'000);
  const MemoryPlan plan = question.Plan(2048 * kMiB).value();
  EXPECT_TRUE(plan.spills());
  EXPECT_GE(plan.PartsOf(SizeOf(question.plan->views[0])), 2U);
  EXPECT_LE(plan.PartsOf(SizeOf(question.plan->views[0])), 8U);
  EXPECT_LT(plan.spill_options().run_rows, 20'000'000);
}

TEST(MemoryPlanTest, EventsOfWindowsArePartOfTheBudget) {
  Question question(1000);
  const MemoryPlan plan = question.Plan(1024 * kMiB).value();
  EXPECT_EQ(plan.PartsOf(SizeOf(question.plan->views[0]), 1'000'000), 1U);
  EXPECT_GT(plan.PartsOf(SizeOf(question.plan->views[0]), 100'000'000), 1U);
}

TEST(MemoryPlanTest, OperationsShareTheBudgetOfTheProcess) {
  Question question(2'000'000);
  const MemoryPlan first = question.Plan(1024 * kMiB).value();
  EXPECT_FALSE(first.spills());
  EXPECT_GT(question.context.memory->taken(), 200 * kMiB);
  {
    const MemoryPlan second = question.Plan(1024 * kMiB).value();
    EXPECT_TRUE(second.spills());
  }
  EXPECT_LE(question.context.memory->taken(), 1024 * kMiB);
}

}  // namespace
}  // namespace coeval
