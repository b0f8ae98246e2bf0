#include "io/machine_limits.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "io/files.h"
#include "io/temp_directory.h"

namespace coeval {
namespace {

// A picture of /proc and /sys with these files.
class Picture {
 public:
  explicit Picture(const std::vector<std::pair<std::string, std::string>>& files)
      : folder_(TempDirectory::Make().value()) {
    for (const auto& [path, text] : files) {
      const std::string whole = folder_.File(path);
      EXPECT_TRUE(MakeDirectories(ParentDirectory(whole)).ok());
      EXPECT_TRUE(WriteFileAtomically(whole, text).ok());
    }
  }

  [[nodiscard]] MachineLimits Read() const { return ReadMachineLimits(folder_.path()); }

 private:
  TempDirectory folder_;
};

const std::pair<std::string, std::string> kMemory = {
    "proc/meminfo", "MemTotal:       24000000 kB\nMemFree: 1 kB\n"};

TEST(MachineLimits, AreThoseOfTheMachineWithoutGroups) {
  EXPECT_EQ(Picture({kMemory}).Read().memory_bytes, std::int64_t{24000000} * 1024);
  EXPECT_GE(Picture({kMemory}).Read().processors, 1);
}

TEST(MachineLimits, TakeTheLeastOfAllGroupsAbove) {
  const Picture picture({kMemory,
                         {"proc/self/cgroup", "0::/slice/unit\n"},
                         {"sys/fs/cgroup/slice/unit/memory.max", "max\n"},
                         {"sys/fs/cgroup/slice/unit/cpu.max", "max 100000\n"},
                         {"sys/fs/cgroup/slice/memory.max", "1073741824\n"},
                         {"sys/fs/cgroup/slice/cpu.max", "50000 100000\n"}});
  EXPECT_EQ(picture.Read().memory_bytes, 1073741824);
  EXPECT_EQ(picture.Read().processors, 1);
}

TEST(MachineLimits, OfAContainerLieAtTheRootOfItsMount) {
  const Picture picture({kMemory,
                         {"proc/self/cgroup", "0::/../../host/only\n"},
                         {"sys/fs/cgroup/memory.max", "536870912\n"}});
  EXPECT_EQ(picture.Read().memory_bytes, 536870912);
}

TEST(MachineLimits, AreReadFromGroupsOfTheFirstVersion) {
  const Picture picture({kMemory,
                         {"proc/self/cgroup", "5:memory:/job\n4:cpu,cpuacct:/job\n0::/\n"},
                         {"sys/fs/cgroup/memory/job/memory.limit_in_bytes", "2147483648\n"},
                         {"sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"},
                         {"sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "100000\n"},
                         {"sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n"},
                         {"sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"},
                         {"sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"}});
  EXPECT_EQ(picture.Read().memory_bytes, 2147483648);
  EXPECT_EQ(picture.Read().processors, 1);
}

TEST(MachineLimits, AreNotLoweredByWhatMakesNoSense) {
  const Picture picture({kMemory,
                         {"proc/self/cgroup", "nonsense\n0::\n:::\n"},
                         {"sys/fs/cgroup/memory.max", "many\n"},
                         {"sys/fs/cgroup/cpu.max", "0 0\n"}});
  EXPECT_EQ(picture.Read().memory_bytes, std::int64_t{24000000} * 1024);
  EXPECT_GE(picture.Read().processors, 1);
}

TEST(MachineLimits, OfThisMachineAreReal) {
  const MachineLimits limits = ReadMachineLimits();
  EXPECT_GT(limits.memory_bytes, 64 << 20);
  EXPECT_LT(limits.memory_bytes, std::int64_t{1} << 50);
  EXPECT_GE(limits.processors, 1);
}

}  // namespace
}  // namespace coeval
