#include "ingest/named_pushes.h"

#include <malloc.h>

#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "online/testing.h"

namespace coeval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

NamedPushes::Options OptionsOf(DurationMicros given, DurationMicros made) {
  return {.retention = {.given = given, .made = made}, .seed = 42};
}

TEST(NamedPushesTest, KeysAreKeptForTheirTime) {
  NamedPushes named(OptionsOf(kHour, kMinute));
  const PushName a("a");
  const PushName b("b");
  ASSERT_TRUE(named.Begin(a, 7, 100).ok());
  EXPECT_FALSE(named.Find(a)->done);
  named.Finish({"a", 7, 100, 3, {"view"}});
  named.Finish({"b", 8, 200, 1, {}});
  named.Finish({"made:c", 9, 200, 1, {}});
  EXPECT_THAT(*named.Find(a)->fed, ElementsAre("view"));
  named.Advance(kMinute + 200);
  EXPECT_TRUE(named.Find(PushName("made:c"))->done);
  named.Advance(kMinute + 201);
  EXPECT_FALSE(named.Find(PushName("made:c")));
  named.Advance(kHour + 100);
  named.Advance(5);  // an older one, which comes late
  EXPECT_TRUE(named.Find(a)->done);
  named.Advance(kHour + 101);
  EXPECT_FALSE(named.Find(a));
  EXPECT_EQ(named.Find(b)->rows, 1);
}

// What the key named before is there no more, whatever becomes of the new push.
TEST(NamedPushesTest, AKeyThatWasForgottenNamesANewPush) {
  NamedPushes named(OptionsOf(kHour, kHour));
  const PushName a("a");
  named.Finish({"a", 7, 100, 3, {}});
  named.Advance(kHour + 300);
  ASSERT_TRUE(named.Begin(a, 9, kHour + 301).ok());
  EXPECT_FALSE(named.Find(a)->done);
  named.GiveUp(a);
  EXPECT_FALSE(named.Find(a));
  ASSERT_TRUE(named.Begin(a, 9, kHour + 302).ok());
  named.Finish({"a", 9, kHour + 302, 3, {}});
  EXPECT_EQ(named.Find(a)->fingerprint, 9U);
}

// Beside a plain map: every key is known for its time by C, with its own answer, and no longer.
TEST(NamedPushesTest, AnswersAsAMapWould) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t most) { return static_cast<std::int64_t>(random() % most); };
  const KeyRetention retention = {.given = 1 + below(200'000), .made = 1 + below(20'000)};
  NamedPushes named(OptionsOf(retention.given, retention.made));
  std::map<std::string, NamedPush> map;
  TimeMicros newest = 0;
  for (int step = 0; step < 40'000; ++step) {
    NamedPush push;
    push.key = (random() % 2 == 0 ? "made:" : "") + std::to_string(random() % 3000);
    const PushName name(push.key);
    const auto before = map.find(push.key);
    const bool known =
        before != map.end() && before->second.c >= retention.KeptSince(push.key, newest);
    const auto found = named.Find(name);
    ASSERT_EQ(found.has_value(), known) << push.key << " at step " << step;
    if (known) {
      const NamedPush& expected = before->second;
      ASSERT_EQ((NamedPush{push.key, found->fingerprint, found->c, found->rows, *found->fed}),
                expected);
      continue;
    }
    push.fingerprint = random();
    push.c = newest + below(100);
    push.rows = 1 + below(1 << 20);
    for (auto n = random() % 4; n > 0; --n) push.fed.push_back("view " + std::to_string(n));
    ASSERT_TRUE(named.Begin(name, push.fingerprint, push.c).ok());
    ASSERT_EQ(named.Find(name)->fingerprint, push.fingerprint);
    if (random() % 10 == 0) {
      named.GiveUp(name);
      ASSERT_FALSE(named.Find(name));
      continue;
    }
    named.Finish(push);
    newest = std::max(newest, push.c);
    map[push.key] = push;
  }
}

// Nothing is forgotten before its time for want of memory: a push is refused instead, until the C
// of a push lets older ones go.
TEST(NamedPushesTest, TheBoundRefusesNewKeysAlone) {
  NamedPushes::Options options = OptionsOf(kHour, kMinute);
  options.most_bytes = 100'000;
  NamedPushes named(options);
  TimeMicros c = 0;
  const auto push = [&](const std::string& key) {
    const Status begun = named.Begin(PushName(key), 1, ++c);
    if (begun.ok()) named.Finish({key, 1, c, 1, {}});
    return begun;
  };
  while (push("key " + std::to_string(c)).ok()) ASSERT_LT(c, 10'000);
  const TimeMicros full = c;
  EXPECT_GT(full, 2000);
  const Status refused = push("one more");
  EXPECT_EQ(refused.code(), StatusCode::kUnavailable);
  EXPECT_THAT(refused.message(), HasSubstr("log.idempotency_retention (1h)"));
  for (TimeMicros i = 0; i + 1 < full; ++i) {
    ASSERT_TRUE(named.Find(PushName("key " + std::to_string(i)))->done) << i;
  }
  EXPECT_FALSE(named.Find(PushName("one more")));
  c = kHour + 100;  // the first hundred may go
  for (int i = 0; i < 90; ++i) ASSERT_TRUE(push("new " + std::to_string(i)).ok()) << i;
  EXPECT_FALSE(named.Find(PushName("key 0")));
  EXPECT_TRUE(named.Find(PushName("key 500"))->done);
  c = 3 * kHour;
  for (int i = 0; i < 3000; ++i) static_cast<void>(push("again " + std::to_string(i)));
  EXPECT_LE(named.size(), static_cast<std::size_t>(full));
  EXPECT_LE(named.bytes(), 110'000);
}

// Many more pushes come than keys grow old: each that is taken has one that goes for it.
TEST(NamedPushesTest, TheBoundHoldsWhereKeysGrowOldOneByOne) {
  constexpr DurationMicros kKept = 20'000;
  constexpr std::size_t kMost = 500;
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  NamedPushes::Options options = OptionsOf(kKept, kKept / 2);
  options.most_bytes = 42 * kMost;
  NamedPushes named(options);
  std::vector<std::string> coming;
  TimeMicros c = 0;
  std::size_t taken = 0;
  while (c < 20 * kKept) {
    c += static_cast<TimeMicros>(random() % 8);
    const std::string key = (random() % 2 == 0 ? "made:" : "") + std::to_string(c);
    const PushName name(key);
    if (!named.Find(name) && named.Begin(name, 1, c).ok()) coming.push_back(key);
    while (!coming.empty() && random() % 4 == 0) {
      if (random() % 8 == 0) {
        named.GiveUp(PushName(coming.back()));
      } else {
        named.Finish({coming.back(), 1, c, 1, {}});
        ++taken;
      }
      coming.pop_back();
    }
    ASSERT_LE(named.size(), kMost + 50);
  }
  EXPECT_GT(taken, 20 * kMost);  // and it is put to use
}

// Keys of any length, in what the allocator gives, and out of the process's budget.
TEST(NamedPushesTest, AKeyTakesFortyBytes) {
  constexpr int kKeys = 300'000;
  NamedPushes::Options options = OptionsOf(kHour, kHour);
  const std::shared_ptr<MemoryLedger> memory = options.memory;
  const auto allocated = [] {
    const struct mallinfo2 info = mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd);
  };
  const double before = allocated();
  double each = 0;
  {
    NamedPushes named(options);
    for (int i = 0; i < kKeys; ++i) {
      named.Finish({std::string(200, 'x') + std::to_string(i), 1, i, 1, {"a view", "another"}});
    }
    EXPECT_EQ(named.size(), static_cast<std::size_t>(kKeys));
    each = (allocated() - before) / kKeys;
    const double told = static_cast<double>(named.bytes()) / kKeys;
    std::cout << "proof: an idempotency key takes " << each << " bytes, by its own account " << told
              << std::endl;
    EXPECT_LE(told, 40);
    EXPECT_NEAR(static_cast<double>(memory->taken()), static_cast<double>(named.bytes()),
                2.0 * (1 << 20));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    EXPECT_LE(each, 40);
    EXPECT_NEAR(each, told, 1);
#endif
  }
  EXPECT_EQ(memory->taken(), 0);
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
