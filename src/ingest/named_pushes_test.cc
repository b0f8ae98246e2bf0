#include "ingest/named_pushes.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "online/testing.h"

namespace coeval {
namespace {

TEST(NamedPushesTest, KeysAreKeptForTheirTime) {
  NamedPushes named(kHour);
  named.Begin("a", 7);
  EXPECT_FALSE(named.Find("a")->done);
  named.Finish({"a", 7, 100, 3, {"view"}});
  named.Finish({"b", 8, 200, 1, {}});
  EXPECT_EQ(*named.Find("a")->fed, std::vector<std::string>{"view"});
  EXPECT_EQ(named.KeptSince(kHour + 100), 100);
  named.Forget(100);
  EXPECT_TRUE(named.Find("a")->done);
  named.Forget(101);
  EXPECT_EQ(named.Find("a"), nullptr);
  EXPECT_EQ(named.Find("b")->rows, 1);
  named.GiveUp("b");
  EXPECT_EQ(named.size(), 0U);
}

// A key that names a newer push is not forgotten with the older one.
TEST(NamedPushesTest, ANewerPushOfTheSameKeyStays) {
  NamedPushes named(kHour);
  named.Finish({"a", 7, 100, 3, {}});
  named.Finish({"a", 9, 300, 3, {}});
  named.Forget(200);
  ASSERT_NE(named.Find("a"), nullptr);
  EXPECT_EQ(named.Find("a")->fingerprint, 9U);
  named.Begin("a", 10);  // on its way once more
  named.Forget(400);
  EXPECT_EQ(named.Find("a")->fingerprint, 10U);
}

TEST(NamedPushesTest, KeysComeBackFromTheirFile) {
  std::mt19937_64 random(std::random_device{}());
  std::vector<NamedPush> pushes(1000);
  for (NamedPush& push : pushes) {
    push.key = std::string(random() % 40, '\xfe') + std::to_string(random());
    push.fingerprint = random();
    push.c = static_cast<TimeMicros>(random());
    push.rows = static_cast<std::int64_t>(random() % 1000);
    push.fed.resize(random() % 3, "identity");
  }
  const TestFolder folder;
  const auto file = WriteKeys(folder.path(), "keys/a.parquet", pushes, {});
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  const auto read = ReadKeys(folder.path(), *file, {});
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, pushes);
}

}  // namespace
}  // namespace coeval
