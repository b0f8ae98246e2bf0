// Several threads and several connections on one registry: what each was told is what there is.
#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "registry/registry_fixture.h"

namespace coeval {
namespace {

class RegistryThreadTest : public RegistryFixture {};

// Each writer makes versions of its own view; readers see only whole applies.
TEST_F(RegistryThreadTest, AppliesOfSeveralConnectionsAreOneAfterTheOther) {
  Apply(SampleDefinitions());
  constexpr int kWriters = 3;
  constexpr int kApplies = 10;
  std::atomic<int> failures{0};
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w, registry = OpenIt()] {
      for (int i = 0; i < kApplies; ++i) {
        Definitions some;
        some.feature_views = {SampleDefinitions().feature_views[0]};
        some.feature_views[0].name = "weather_" + std::to_string(w);
        some.feature_views[0].ttl = kHour + i;
        if (!registry->Apply(some, {.complete = false, .promote = false, .who = ""}).ok())
          ++failures;
      }
    });
  }
  std::thread reader([&, registry = OpenIt()] {
    std::int64_t last = 0;
    while (!done) {
      const Result<CatalogueSnapshot> now = registry->Snapshot();
      if (!now.ok() || (*now)->revision < last) ++failures;
      if (now.ok()) last = (*now)->revision;
      if (now.ok() && !(*now)->FindView("weather", 0).ok()) ++failures;
    }
  });
  for (std::thread& thread : threads) thread.join();
  done = true;
  reader.join();
  EXPECT_EQ(failures, 0);
  const CatalogueSnapshot now = Now();
  EXPECT_EQ(now->revision, 1 + kWriters * kApplies);
  for (int w = 0; w < kWriters; ++w) {
    EXPECT_EQ(now->views.at("weather_" + std::to_string(w)).size(),
              static_cast<std::size_t>(kApplies));
  }
}

// Two that begin on nothing at the same moment: one file, both in it.
TEST_F(RegistryThreadTest, OpeningANewFileAtTheSameTime) {
  const std::string path = folder_->File("new.db");
  std::atomic<int> opened{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      Result<std::unique_ptr<Registry>> registry = Registry::Open(
          {.path = path, .project = "p" + std::to_string(i), .clock = clock_, .release = "0.1.0"});
      if (registry.ok() && (*registry)->Apply(SampleDefinitions(), {}).ok()) ++opened;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(opened, 4);
}

TEST_F(RegistryThreadTest, OneRegistryMayBeUsedByAllThreads) {
  Apply(SampleDefinitions());
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 20; ++k) {
        if (!registry_->Snapshot().ok()) ++failures;
        if (!registry_->MarkServed(ObjectKind::kFeatureView, "weather", 1).ok()) ++failures;
        coeval::Run run;
        run.kind = "materialize";
        run.view = "view" + std::to_string(i);
        const Result<std::int64_t> id = registry_->StartRun(run);
        if (!id.ok() || !registry_->FinishRun(*id, RunStatus::kSucceeded, {1, 1, 0}, "").ok())
          ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(registry_->ListRuns({.view = "", .kind = "", .limit = 1000})->size(), 80U);
}

}  // namespace
}  // namespace coeval
