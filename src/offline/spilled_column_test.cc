#include "offline/spilled_column.h"

#include <cerrno>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "column/testing.h"
#include "io/fault.h"
#include "offline/testing.h"

namespace coeval {
namespace {

TEST(SpilledColumnTest, ComesBackBitForBit) {
  const std::uint64_t seed = TestSeed();
  Random random(seed);
  ScratchFile file = ScratchFile::Make("").value();
  for (int i = 0; i < 500; ++i) {
    const DataType type = RandomType(random, 3);
    Column column = RandomColumn(type, Pick(random, 40), random());
    if (column.length() > 2 && Pick(random, 2) == 0) {
      column = column.Slice(1, Pick(random, column.length() - 1));
    }
    const auto spilled = SpilledColumn::Write(column, &file);
    ASSERT_TRUE(spilled.ok());
    EXPECT_EQ(spilled->length(), column.length());
    const auto read = spilled->Read(file);
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    EXPECT_TRUE(SameBits(*read, column)) << "round " << i << ", " << type.ToString();
  }
}

TEST(SpilledColumnTest, TellsAFullDisk) {
  ScratchFile file = ScratchFile::Make("").value();
  const Column column = MakeColumn("list<string>", "[[\"a\", null], null, []]");
  for (int n = 1;; ++n) {
    const FaultInjection fault(n, ENOSPC);
    const auto spilled = SpilledColumn::Write(column, &file);
    if (!fault.happened()) {
      EXPECT_GT(n, 3);
      EXPECT_TRUE(spilled.ok());
      break;
    }
    EXPECT_EQ(spilled.status().code(), StatusCode::kIoError);
  }
}

}  // namespace
}  // namespace coeval
