#include <gtest/gtest.h>

#include "log/kill_story.h"

namespace coeval {
namespace {

TEST(KillTest, ALogWhoseProcessIsKilledHoldsAllThatWasAcknowledged) {
  KillLogs(300);
}

}  // namespace
}  // namespace coeval
