#include <gtest/gtest.h>

#include "materialize/kill_story.h"

namespace coeval {
namespace {

TEST(KillSlowTest, AMaterializationThatIsKilledLeavesTheStoreRightAndTheNextOneCompletes) {
  KillMaterializations(200);
}

}  // namespace
}  // namespace coeval
