// Stored bytes that are not what was written: found, named, and never a wrong value.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/files.h"
#include "online/fact_list.h"
#include "online/rocksdb/db.h"
#include "online/rocksdb/fact_merge.h"
#include "online/rocksdb/open.h"
#include "online/testing.h"

namespace coeval {
namespace {

using testing::HasSubstr;

constexpr TimeMicros kNow = 1'357'041'600'000'000;

class CorruptionTest : public testing::Test {
 protected:
  void SetUp() override {
    Open();
    ASSERT_TRUE(LoadFacts(*store_, view_,
                          {{.key = 1, .event_time = kNow - 2, .n = 1},
                           {.key = 2, .event_time = kNow - 2, .n = 2}})
                    .ok());
  }

  void Open() {
    auto store = OpenRocksDbStore(folder_ / "online", "flights", clock_.context());
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    store_ = std::move(*store);
  }

  // Puts an operand onto key 1, as no load would.
  void Inject(std::string_view operand) {
    store_.reset();
    {
      Db::Options options;
      options.folder = folder_ / "online";
      options.env = rocksdb::Env::Default();
      options.cache_bytes = 1 << 20;
      options.keep = std::make_shared<KeepContext>();
      const auto db = Db::Open(std::move(options));
      ASSERT_TRUE(db.ok());
      std::string key;
      AppendDataId(1, &key);
      const std::vector<Value> values = {Value::Int(1)};
      key += EncodeKey(values, view_.join_keys);
      ASSERT_TRUE((*db)
                      ->rocks()
                      .Merge(rocksdb::WriteOptions(), (*db)->facts(), key,
                             rocksdb::Slice(operand.data(), operand.size()))
                      .ok());
    }
    Open();
  }

  // The sorted files.
  [[nodiscard]] std::vector<std::filesystem::path> Files() const {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "online/db")) {
      if (entry.path().extension() == ".sst") files.push_back(entry.path());
    }
    return files;
  }

  [[nodiscard]] std::filesystem::path LargestFile() const {
    const std::vector<std::filesystem::path> files = Files();
    return *std::max_element(files.begin(), files.end(), [](const auto& a, const auto& b) {
      return std::filesystem::file_size(a) < std::filesystem::file_size(b);
    });
  }

  Status Ask(std::int64_t keys) {
    const auto snapshot = *store_->Now();
    return AskStore(*snapshot, view_, keys, snapshot->time()).status();
  }

  TestFolder folder_;
  TestClock clock_{kNow};
  ViewVersion view_ = TestView(TestSource());
  std::unique_ptr<OnlineStore> store_;
};

TEST_F(CorruptionTest, APieceThatCannotBeDecodedIsToldToItsReaders) {
  Inject("no fact list");
  for (const bool compacted : {false, true}) {
    const Status status = Ask(2);
    EXPECT_EQ(status.code(), StatusCode::kCorruption) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr("view weather, key city=1"));
    EXPECT_THAT(status.message(), HasSubstr("materialize-incremental"));
    EXPECT_TRUE(Ask(1).ok());  // key 0 alone: not concerned
    const VerifyReport report = *store_->Verify(clock_.context());
    EXPECT_EQ(report.problem_count, 1);
    EXPECT_THAT(report.first_problems[0], HasSubstr("city=1"));
    EXPECT_EQ(report.keys, 2);
    // Merging and compacting goes on, and loses neither the piece nor the facts beside it.
    if (!compacted) {
      ASSERT_TRUE(LoadFacts(*store_, view_, {{.key = 1, .event_time = kNow - 1, .n = 3}}).ok());
      ASSERT_TRUE(store_->Compact().ok());
    }
  }
}

TEST_F(CorruptionTest, ARowThatDoesNotFitTheViewIsToldToItsReaders) {
  KeptFact fact;
  fact.times.event_time = kNow - 1;
  fact.visible_time = kNow - 1;
  fact.row = "no row encoding";
  std::string operand;
  EncodeOneFact(fact, &operand);
  Inject(operand);
  EXPECT_EQ(Ask(2).code(), StatusCode::kCorruption);
  EXPECT_EQ(store_->Verify(clock_.context())->problem_count, 1);
}

// RocksDB alone ends the process at the highest bit of the last byte of the properties, which lie
// there: it takes the block for one with an index of hashes.
TEST_F(CorruptionTest, AFlippedBitAtTheEndOfAFileEndsNoProcess) {
  ASSERT_TRUE(LoadFacts(*store_, view_, {{.key = 5, .event_time = kNow - 1, .n = 5}}).ok());
  ASSERT_TRUE(store_->Compact().ok());
  store_.reset();
  const std::filesystem::path file = LargestFile();
  const std::string good = *ReadFile(file);
  int told = 0;
  for (std::size_t i = good.size() - std::min<std::size_t>(good.size(), 1100); i < good.size();
       ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x80);
    std::ofstream(file, std::ios::binary) << bad;
    const Status status =
        OpenRocksDbStore(folder_ / "online", "flights", clock_.context()).status();
    if (status.ok()) continue;
    ++told;
    EXPECT_EQ(status.code(), StatusCode::kCorruption) << "byte " << i;
    EXPECT_THAT(status.message(), HasSubstr(file.filename().string())) << "byte " << i;
  }
  EXPECT_GT(told, 900);
}

// Every byte of a sorted file: a flip is found, or changes no answer.
TEST_F(CorruptionTest, AFlippedByteOfAFileIsNeverAWrongValue) {
  std::vector<TestFact> facts;
  for (int key = 0; key < 20; ++key) {
    facts.push_back({.key = key, .event_time = kNow - 1, .n = key, .x = 0.5});
  }
  ASSERT_TRUE(LoadFacts(*store_, view_, facts).ok());
  ASSERT_TRUE(store_->Compact().ok());
  store_.reset();
  std::filesystem::path file;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "online/db")) {
    if (entry.path().extension() != ".sst") continue;
    if (file.empty() || entry.file_size() > std::filesystem::file_size(file)) file = entry.path();
  }
  std::ifstream in(file, std::ios::binary);
  const std::string good{std::istreambuf_iterator<char>(in), {}};
  in.close();
  int found = 0;
  for (std::size_t i = 7; i < good.size(); i += 97) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    std::ofstream(file, std::ios::binary) << bad;
    auto store = OpenRocksDbStore(folder_ / "online", "flights", clock_.context());
    if (!store.ok()) {
      ++found;
      continue;
    }
    const auto snapshot = *(*store)->Now();
    const auto answers = AskStore(*snapshot, view_, 20, snapshot->time());
    if (!answers.ok()) {
      ++found;
      continue;
    }
    for (std::size_t key = 0; key < 20; ++key) {
      EXPECT_TRUE(SameBits((*answers)[key].values[0], Value::Int(static_cast<int>(key))));
    }
  }
  EXPECT_GT(found, 0);
}

}  // namespace
}  // namespace coeval
