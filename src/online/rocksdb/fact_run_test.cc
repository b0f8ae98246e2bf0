// Sorting and merging of encoded facts, in memory and through files.
#include "online/rocksdb/fact_run.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "online/fact_list.h"
#include "online/rocksdb/run_sorter.h"
#include "online/testing.h"

namespace coeval {
namespace {

constexpr TimeMicros kNow = 1'357'041'600'000'000;

const std::vector<DataType>& Types() {
  static const std::vector<DataType> types = {TypeId::kInt64, TypeId::kFloat64};
  return types;
}

std::string Encoded(const TestFact& fact) {
  std::string row;
  std::string bytes;
  EncodeOneFact(Kept(fact, TestSource(), &row), &bytes);
  return bytes;
}

// Keys of any bytes and lengths: a prefix of another one, with zeros, empty.
std::string RandomKey(std::mt19937_64& random) {
  std::string key;
  for (std::size_t n = random() % 12; n > 0; --n) key += static_cast<char>(random() % 3);
  return key;
}

class FactRunTest : public testing::Test {
 protected:
  // What the runs hold, collapsed, from `from` to `to`.
  std::vector<std::pair<std::string, std::string>> Merge(
      const std::vector<std::shared_ptr<const FactRun>>& runs, const std::string& from = "",
      const std::string& to = "") {
    std::vector<std::pair<std::string, std::string>> found;
    const Status status =
        MergeRuns(runs, rule_, from, to,
                  [&](std::string_view key, std::string_view facts, std::int64_t count) -> Status {
                    FactList list;
                    EXPECT_TRUE(DecodeFactList(facts, &list).ok());
                    EXPECT_EQ(static_cast<std::int64_t>(list.facts.size()), count);
                    found.emplace_back(key, facts);
                    return {};
                  });
    EXPECT_TRUE(status.ok()) << status.ToString();
    return found;
  }

  RunSorter::Options Options(std::size_t memory_bytes) {
    RunSorter::Options options;
    options.env = rocksdb::Env::Default();
    options.scratch = folder_ / "scratch";
    options.rule = rule_;
    options.memory_bytes = memory_bytes;
    return options;
  }

  KeepRule rule_ = {.types = Types(), .horizon = kNow - 10 * kMinute, .ttl = 0};
  TestFolder folder_;
};

// Whatever the sizes of buffers and memory: every key once, in order, with all its facts.
TEST_F(FactRunTest, SortingInSmallMemoryGivesWhatAMapGives) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 60; ++round) {
    const std::size_t memory_bytes = 1 + random() % 8000;
    RunSorter sorter(Options(memory_bytes));
    std::map<std::string, std::string> expected;  // all facts of the key, as one list of pieces
    std::map<std::string, FactList> lists;
    std::vector<std::string> kept_alive;
    kept_alive.reserve(2000);
    auto buffer = std::make_unique<FactBuffer>(1 + random() % 2000);
    for (const TestFact& fact : RandomFacts(random, random() % 600, 1, kNow, true)) {
      const std::string key = RandomKey(random);
      kept_alive.push_back(Encoded(fact));
      ASSERT_TRUE(DecodeFactList(kept_alive.back(), &lists[key]).ok());
      if (buffer->full()) {
        ASSERT_TRUE(sorter.Push(std::move(buffer)).ok());
        buffer = std::make_unique<FactBuffer>(1 + random() % 2000);
      }
      buffer->Add(key, kept_alive.back());
    }
    ASSERT_TRUE(sorter.Push(std::move(buffer)).ok());
    for (auto& [key, list] : lists) {
      if (list.facts.size() > 1) Collapse(rule_, &list.facts);
      EncodeFactList(list, &expected[key]);
    }
    const auto runs = sorter.Finish();
    ASSERT_TRUE(runs.ok());
    const std::vector<std::pair<std::string, std::string>> all(expected.begin(), expected.end());
    ASSERT_EQ(Merge(*runs), all);
    // Any two parts are the whole.
    const std::string border = RandomKey(random);
    if (border.empty()) continue;
    auto parts = Merge(*runs, "", border);
    const auto rest = Merge(*runs, border, "");
    parts.insert(parts.end(), rest.begin(), rest.end());
    ASSERT_EQ(parts, all);
  }
}

TEST_F(FactRunTest, SpilledRunsGoWithTheirLastUser) {
  RunSorter sorter(Options(1));
  for (int i = 0; i < 3; ++i) {
    auto buffer = std::make_unique<FactBuffer>(100);
    buffer->Add("key", Encoded({.event_time = kNow + i}));
    ASSERT_TRUE(sorter.Push(std::move(buffer)).ok());
  }
  auto runs = *sorter.Finish();
  EXPECT_EQ(runs.size(), 3U);
  EXPECT_FALSE(std::filesystem::is_empty(folder_.path()));
  EXPECT_EQ(Merge(runs).size(), 1U);
  runs.clear();
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(FactRunTest, ADamagedScratchFileIsFound) {
  auto writer = *SpillWriter::Create(rocksdb::Env::Default(), folder_ / "spill");
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(writer->Add("key" + std::to_string(1000 + i), Encoded({.event_time = i})).ok());
  }
  const std::shared_ptr<const FactRun> run = *writer->Finish();
  std::fstream file(folder_ / "spill", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(1000);
  file.put('\x7f');
  file.close();
  const Status status =
      MergeRuns({run}, rule_, "", "",
                [](std::string_view, std::string_view, std::int64_t) { return Status(); });
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
}

// An error on the sorting thread reaches whoever pushes.
TEST_F(FactRunTest, AScratchFileThatCannotBeWrittenIsAnError) {
  RunSorter::Options options = Options(1);
  options.scratch = folder_ / "no/such/folder/scratch";
  RunSorter sorter(std::move(options));
  Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) {
    auto buffer = std::make_unique<FactBuffer>(100);
    buffer->Add("key", Encoded({.event_time = kNow}));
    status = sorter.Push(std::move(buffer));
  }
  if (status.ok()) status = sorter.Finish().status();
  EXPECT_EQ(status.code(), StatusCode::kIoError);
}

}  // namespace
}  // namespace coeval
