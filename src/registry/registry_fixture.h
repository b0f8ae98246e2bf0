// A registry in a folder of its own, and the sample repository to apply to it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "definition/sample.h"
#include "io/temp_directory.h"
#include "registry/registry.h"

namespace coeval {

class RegistryFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    Result<TempDirectory> folder = TempDirectory::Make("coeval_registry");
    ASSERT_TRUE(folder.ok()) << folder.status().ToString();
    folder_ = std::make_unique<TempDirectory>(*std::move(folder));
    registry_ = OpenIt();
  }

  [[nodiscard]] std::string Path() const { return folder_->File("state/registry.db"); }

  std::unique_ptr<Registry> OpenIt(const std::string& project = "flights") {
    Result<std::unique_ptr<Registry>> registry = Registry::Open({.path = Path(),
                                                                 .project = project,
                                                                 .clock = clock_,
                                                                 .release = "0.1.0",
                                                                 .busy_timeout = 10 * kSecond});
    EXPECT_TRUE(registry.ok()) << registry.status().ToString();
    return registry.ok() ? *std::move(registry) : nullptr;
  }

  // Applies `definitions`; a failure ends in an empty plan.
  Plan Apply(const Definitions& definitions, bool promote = false, bool complete = true) {
    Result<Plan> plan =
        registry_->Apply(definitions, {.complete = complete, .promote = promote, .who = "ann"});
    EXPECT_TRUE(plan.ok()) << plan.status().ToString();
    return plan.ok() ? *std::move(plan) : Plan();
  }

  Status ApplyError(const Definitions& definitions) {
    return registry_->Apply(definitions, {.complete = true, .promote = false, .who = "ann"})
        .status();
  }

  static Definitions Sample(const std::function<void(Definitions*)>& change) {
    Definitions definitions = SampleDefinitions();
    change(&definitions);
    return definitions;
  }

  // The sample with another ttl of the view weather: another version.
  static Definitions WithTtl(DurationMicros ttl) {
    return Sample([&](Definitions* all) { all->feature_views[0].ttl = ttl; });
  }

  CatalogueSnapshot Now() {
    Result<CatalogueSnapshot> snapshot = registry_->Snapshot();
    EXPECT_TRUE(snapshot.ok()) << snapshot.status().ToString();
    return snapshot.ok() ? *snapshot : std::make_shared<Catalogue>();
  }

  int ActiveView(const std::string& name) { return (*Now()->FindView(name, 0))->version; }

  int ActiveService(const std::string& name) { return (*Now()->FindService(name, 0))->version; }

  static const ObjectChange& ChangeOf(const Plan& plan, const std::string& name) {
    for (const ObjectChange& change : plan.changes) {
      if (change.name == name) return change;
    }
    CheckFailed(__FILE__, __LINE__, "the plan has no such object");
  }

  std::shared_ptr<FixedClock> clock_ = std::make_shared<FixedClock>(1'000'000);
  std::unique_ptr<TempDirectory> folder_;
  std::unique_ptr<Registry> registry_;
};

}  // namespace coeval
