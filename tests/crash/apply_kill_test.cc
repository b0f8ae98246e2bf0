// kill -9 during an apply: no lost definition, no half-visible version, the next apply completes.
//
// A child process applies with a mine in SQLite's files (kill_vfs.h). The exhaustive test lays it
// at the 1st, 2nd, ... n-th write until an apply gets through, also into the making of a new file;
// the random one kills from outside at any moment: 30 times, or COEVAL_KILLS times in `make prove`.
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "definition/sample.h"
#include "io/files.h"
#include "io/temp_directory.h"
#include "kill_vfs.h"
#include "registry/registry.h"

namespace coeval {
namespace {

Result<std::unique_ptr<Registry>> OpenAt(const std::string& path) {
  return Registry::Open({.path = path,
                         .project = "flights",
                         .clock = std::make_shared<FixedClock>(1),
                         .release = "0.1.0",
                         .busy_timeout = 20 * kSecond});
}

// Four views more, with versions and a service: an apply of many pages.
Definitions Large(DurationMicros ttl) {
  Definitions all = SampleDefinitions();
  for (int i = 0; i < 4; ++i) {
    FeatureView view = all.feature_views[0];
    view.name = "weather_" + std::to_string(i);
    view.ttl = ttl;
    view.description = std::string(1000, 'x');
    all.feature_services[0].features.push_back({view.name, 0, {"temp"}, "", {}});
    all.feature_views.push_back(std::move(view));
  }
  return all;
}

// What is visible, in one text.
std::string Visible(Registry& registry) {
  const Result<CatalogueSnapshot> now = registry.Snapshot();
  if (!now.ok()) return now.status().ToString();
  std::string text = "revision " + std::to_string((*now)->revision) + "\n";
  for (const auto& [name, versions] : (*now)->views) {
    for (const ViewVersion& v : versions) {
      text += name + " " + std::to_string(v.version) + " " + v.identity +
              (v.active ? " active\n" : "\n");
    }
  }
  for (const auto& [name, versions] : (*now)->services) {
    for (const ServiceVersion& v : versions) {
      text += name + " " + std::to_string(v.version) + " " + v.identity +
              (v.active ? " active\n" : "\n");
    }
  }
  const Result<std::vector<HistoryEntry>> history = registry.History("", 10'000);
  const Result<std::vector<LineageEdge>> lineage = registry.Lineage();
  if (!history.ok() || !lineage.ok()) return "history or lineage cannot be read";
  return text + std::to_string(history->size()) + " entries, " + std::to_string(lineage->size()) +
         " edges\n";
}

class ApplyKillTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Result<TempDirectory> folder = TempDirectory::Make("coeval_kill");
    ASSERT_TRUE(folder.ok());
    folder_ = std::make_unique<TempDirectory>(*std::move(folder));
    path_ = folder_->File("registry.db");
  }

  // The file as it was before: main file and log, as a copy of a live registry would be.
  void Restore(const std::string& bytes) {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"})
      ASSERT_TRUE(RemoveTree(path_ + suffix).ok());
    if (bytes.empty()) return;
    ASSERT_TRUE(WriteFileAtomically(path_, bytes).ok());
  }

  std::string See() {
    const Result<std::unique_ptr<Registry>> registry = OpenAt(path_);
    return registry.ok() ? Visible(**registry) : registry.status().ToString();
  }

  void ApplyHere(const Definitions& definitions) {
    const Result<std::unique_ptr<Registry>> registry = OpenAt(path_);
    ASSERT_TRUE(registry.ok()) << registry.status().ToString();
    const Result<Plan> plan = (*registry)->Apply(definitions, {});
    ASSERT_TRUE(plan.ok()) << plan.status().ToString();
  }

  // Forks a child that runs `work` and exits; true if it was killed.
  bool Child(const std::function<void()>& work,
             const std::function<void(pid_t)>& meanwhile = nullptr) {
    const pid_t child = fork();
    if (child == 0) {
      work();
      _exit(0);
    }
    EXPECT_GT(child, 0);
    if (meanwhile) meanwhile(child);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) {
      EXPECT_EQ(WTERMSIG(status), SIGKILL);
      return true;
    }
    EXPECT_EQ(WEXITSTATUS(status), 0);
    return false;
  }

  void ApplyOrExit(const Definitions& definitions) {
    const Result<std::unique_ptr<Registry>> registry = OpenAt(path_);
    if (!registry.ok() || !(*registry)->Apply(definitions, {}).ok()) _exit(9);
  }

  // Kills at every write of an apply on top of `before` (the file's bytes; "" = none).
  void KillAtEveryWrite(const std::string& before, const std::string& seen_before,
                        const std::string& seen_after, Tear tear) {
    int kills = 0;
    bool after = false;
    for (std::int64_t n = 1;; ++n) {
      ASSERT_LT(n, 5000) << "an apply has no end";
      Restore(before);
      const bool killed = Child([&] {
        LayMine(n, tear);
        ApplyOrExit(Large(kHour));
      });
      const std::string seen = See();
      EXPECT_TRUE(seen == seen_before || seen == seen_after) << "killed at write " << n << ":\n"
                                                             << seen;
      EXPECT_FALSE(after && seen == seen_before) << "what was committed is gone at write " << n;
      if (seen == seen_after) after = true;
      ApplyHere(Large(kHour));
      EXPECT_EQ(See(), seen_after)
          << "the next apply does not complete after a kill at write " << n;
      if (!killed) break;
      ++kills;
    }
    EXPECT_GE(kills, 30) << "too few writes to prove anything";
  }

  std::unique_ptr<TempDirectory> folder_;
  std::string path_;
};

TEST_F(ApplyKillTest, KilledAtEveryWriteOfAnApply) {
  ApplyHere(Large(2 * kHour));
  const std::string before = *ReadFile(path_);
  const std::string seen_before = See();
  ApplyHere(Large(kHour));
  const std::string seen_after = See();
  ASSERT_NE(seen_before, seen_after);
  KillAtEveryWrite(before, seen_before, seen_after, Tear::kBefore);
  KillAtEveryWrite(before, seen_before, seen_after, Tear::kHalf);
}

// A new file becomes a registry in one step, too.
TEST_F(ApplyKillTest, KilledAtEveryWriteOfTheFirstApply) {
  const std::string seen_before = See();
  Restore("");
  ApplyHere(Large(kHour));
  const std::string seen_after = See();
  KillAtEveryWrite("", seen_before, seen_after, Tear::kBefore);
  KillAtEveryWrite("", seen_before, seen_after, Tear::kHalf);
}

// From outside, at any moment, while the child applies one version after the other.
TEST_F(ApplyKillTest, KilledAtAnyMoment) {
  const char* asked = std::getenv("COEVAL_KILLS");
  const int kills = asked != nullptr ? std::atoi(asked) : 30;
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  ApplyHere(Large(kHour));
  int told = 0;  // how many applies the child said were done, in all its lives
  for (int i = 0; i < kills; ++i) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const auto wait_for = static_cast<int>(random() % 4) + 1;
    const auto spin = static_cast<int>(random() % 3'000'000);
    const int first = told;
    int done = 0;
    const bool killed = Child(
        [&] {
          close(pipe_ends[0]);
          for (int k = 1;; ++k) {
            ApplyOrExit(Large(kHour + (first + k) * kSecond));
            const char byte = 1;
            if (write(pipe_ends[1], &byte, 1) != 1) _exit(8);
          }
        },
        [&](pid_t child) {
          close(pipe_ends[1]);
          char byte = 0;
          while (done < wait_for && read(pipe_ends[0], &byte, 1) == 1) ++done;
          std::atomic<int> spun{0};
          while (spun.fetch_add(1, std::memory_order_relaxed) < spin) {
          }
          kill(child, SIGKILL);
          while (read(pipe_ends[0], &byte, 1) == 1) ++done;
          close(pipe_ends[0]);
        });
    EXPECT_TRUE(killed);
    const Result<std::unique_ptr<Registry>> registry = OpenAt(path_);
    ASSERT_TRUE(registry.ok()) << registry.status().ToString();
    const CatalogueSnapshot now = *(*registry)->Snapshot();
    // Every acknowledged apply is there; the one that was under way is there whole or not at all.
    std::set<std::size_t> counts;
    for (int v = 0; v < 4; ++v) counts.insert(now->views.at("weather_" + std::to_string(v)).size());
    ASSERT_EQ(counts.size(), 1U) << "a version of some views and not of others";
    const int versions = static_cast<int>(*counts.begin()) - 1;
    EXPECT_TRUE(versions == told + done || versions == told + done + 1)
        << versions << " versions after " << told + done << " acknowledged applies";
    EXPECT_EQ(now->services.at("departure_delay_v1").size(),
              static_cast<std::size_t>(versions) + 1);
    told = versions;
  }
  std::cout << "proof: apply, " << kills << " kills at any moment, " << told
            << " versions applied, seed " << seed << std::endl;
}

}  // namespace
}  // namespace coeval
