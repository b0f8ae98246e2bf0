// A forked child that goes on with the registry of its parent: what anybody was told is there.
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include <gtest/gtest.h>

#include "registry/registry_fixture.h"

namespace coeval {
namespace {

class RegistryForkTest : public RegistryFixture {
 protected:
  // Ends a child once it may go on: 0 where `work` says so.
  template <typename Work>
  pid_t ForkWaiting(Work work) {
    EXPECT_EQ(::pipe(go_.data()), 0);
    const pid_t child = ::fork();
    if (child != 0) return child;
    char byte = 0;
    const bool told = ::read(go_[0], &byte, 1) == 1;
    ::_exit(told && work() ? 0 : 1);
  }

  int LetGo(pid_t child) {
    int result = -1;
    EXPECT_EQ(::write(go_[1], "x", 1), 1);
    EXPECT_EQ(::waitpid(child, &result, 0), child);
    ::close(go_[0]);
    ::close(go_[1]);
    return WIFEXITED(result) ? WEXITSTATUS(result) : -1;
  }

  std::array<int, 2> go_{};
};

// SQLite removes its log when the parent closes, and the child would write into the removed one.
TEST_F(RegistryForkTest, ChangesOfParentAndChildAreAllThere) {
  Apply(SampleDefinitions());
  const pid_t child = ForkWaiting([this] {
    const bool applied =
        registry_->Apply(WithTtl(5 * kHour), {.complete = true, .promote = false, .who = "child"})
            .ok();
    registry_.reset();
    return applied;
  });
  registry_.reset();
  registry_ = OpenIt();
  Apply(WithTtl(2 * kHour));
  EXPECT_EQ(LetGo(child), 0);
  registry_.reset();
  registry_ = OpenIt();
  EXPECT_EQ(Now()->views.at("weather").size(), 3U);
}

TEST_F(RegistryForkTest, TheParentGoesOnToo) {
  Apply(SampleDefinitions());
  const pid_t child = ForkWaiting([this] { return registry_->Snapshot().ok(); });
  Apply(WithTtl(2 * kHour));
  EXPECT_EQ(LetGo(child), 0);
  EXPECT_EQ(Now()->views.at("weather").size(), 2U);
}

}  // namespace
}  // namespace coeval
