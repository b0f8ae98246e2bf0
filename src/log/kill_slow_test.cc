#include <gtest/gtest.h>

#include "log/kill_story.h"

namespace coeval {
namespace {

TEST(KillSlowTest, ALogWhoseProcessIsKilledHoldsAllThatWasAcknowledged) {
  KillLogs(20'000);
}

}  // namespace
}  // namespace coeval
