#include <gtest/gtest.h>

#include "materialize/kill_story.h"

namespace coeval {
namespace {

TEST(KillTest, AMaterializationThatIsKilledLeavesTheStoreRightAndTheNextOneCompletes) {
  KillMaterializations(30);
}

}  // namespace
}  // namespace coeval
