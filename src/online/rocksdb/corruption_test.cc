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
  void Inject(std::string_view operand, DataId id = 1) {
    store_.reset();
    {
      Db::Options options;
      options.folder = folder_ / "online";
      options.env = rocksdb::Env::Default();
      options.cache_bytes = 1 << 20;
      options.keep = std::make_shared<KeepContext>();
      const auto db = Db::Open(std::move(options));
      ASSERT_TRUE(db.ok());
      const std::string key = StoreKey(1, id);
      ASSERT_TRUE((*db)
                      ->rocks()
                      .Merge(rocksdb::WriteOptions(), (*db)->facts(), key,
                             rocksdb::Slice(operand.data(), operand.size()))
                      .ok());
    }
    Open();
  }

  [[nodiscard]] std::string StoreKey(std::int64_t city, DataId id = 1) const {
    std::string key;
    AppendDataId(id, &key);
    const std::vector<Value> values = {Value::Int(city)};
    return key + EncodeKey(values, view_.join_keys);
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
    EXPECT_THAT(report.problems[0].ToText(), HasSubstr("city=1"));
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

// What a bit that flipped in a sorted file means for opening, reading and verifying.
TEST_F(CorruptionTest, AFlippedByteOfAFileIsFoundAndNamed) {
  std::vector<TestFact> facts;
  for (int key = 0; key < 2000; ++key) {
    facts.push_back({.key = key, .event_time = kNow - 1, .n = key, .x = 0.5});
  }
  ASSERT_TRUE(LoadFacts(*store_, view_, facts).ok());
  ASSERT_TRUE(store_->Compact().ok());
  store_.reset();
  const std::filesystem::path file = LargestFile();
  const std::string good = *ReadFile(file);
  int verified = 0;
  for (std::size_t i = 7; i < good.size(); i += i < good.size() - 4000 ? 9973 : 61) {
    SCOPED_TRACE("byte " + std::to_string(i) + " of " + std::to_string(good.size()));
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    std::ofstream(file, std::ios::binary) << bad;
    auto store = OpenRocksDbStore(folder_ / "online", "flights", clock_.context());
    if (!store.ok()) {
      EXPECT_EQ(store.status().code(), StatusCode::kCorruption) << store.status().ToString();
      EXPECT_THAT(store.status().message(), HasSubstr(file.filename().string()));
      continue;
    }
    const auto report = (*store)->Verify(clock_.context());
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    if (report->problem_count == 0) continue;  // in what nothing is read from
    ++verified;
    const StoreDamage& damage = report->problems[0];
    EXPECT_EQ(damage.file, file.filename().string());
    EXPECT_EQ(damage.view, "weather");
    EXPECT_EQ(damage.first_key, "city=0");
    EXPECT_EQ(damage.last_key, "city=1999");
  }
  EXPECT_GT(verified, 5);
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

// What lies behind a damaged block is read, and what is missing is named with its borders.
TEST_F(CorruptionTest, RowsOfOtherFilesAreVerifiedAllTheSame) {
  std::vector<TestFact> low;
  std::vector<TestFact> high;
  for (int key = 0; key < 1000; ++key) {
    low.push_back({.key = key + 10, .event_time = kNow - 1, .n = key});
    high.push_back({.key = key + 5000, .event_time = kNow - 1, .n = key});
  }
  ASSERT_TRUE(LoadFacts(*store_, view_, low).ok());
  ASSERT_TRUE(LoadFacts(*store_, view_, high).ok());
  const VerifyReport whole = *store_->Verify(clock_.context());
  EXPECT_EQ(whole.problem_count, 0);
  EXPECT_EQ(whole.keys, 2002);
  ASSERT_EQ(whole.views.size(), 1U);
  EXPECT_EQ(whole.views[0].name, "weather");
  EXPECT_EQ(whole.views[0].keys, 2002);
  EXPECT_EQ(whole.views[0].facts, 2002);
  EXPECT_GE(whole.files, 3);
  EXPECT_GT(whole.bytes, whole.views[0].bytes);
  store_.reset();
  std::filesystem::path file;
  for (const auto& path : Files()) {
    const std::string bytes = *ReadFile(path);
    if (bytes.find(StoreKey(10)) == std::string::npos) continue;
    file = path;
    break;
  }
  ASSERT_FALSE(file.empty());
  const std::string good = *ReadFile(file);
  std::string bytes = good;
  bytes[100] = static_cast<char>(bytes[100] ^ 1);  // in its first block
  std::ofstream(file, std::ios::binary) << bytes;
  Open();
  const VerifyReport report = *store_->Verify(clock_.context());
  ASSERT_GE(report.problem_count, 2) << "the file, and the rows";
  EXPECT_EQ(report.problems[0].file, file.filename().string());
  EXPECT_EQ(report.views[0].problems, 1);
  EXPECT_THAT(report.problems[1].ToText(), HasSubstr("cannot be read"));
  EXPECT_GE(report.keys, 1000) << "those of the other file";
  EXPECT_LT(report.keys, 2002);
  // A compaction does not take what it cannot read for the end, either.
  EXPECT_EQ(store_->Compact().code(), StatusCode::kCorruption);
  store_.reset();
  std::ofstream(file, std::ios::binary) << good;
  Open();
  EXPECT_EQ(store_->Verify(clock_.context())->keys, 2002);
}

// An open database reads neither again; the next one would not open.
TEST_F(CorruptionTest, ADamagedManifestOfAnOpenStoreIsFound) {
  const std::string current = *ReadFile(folder_ / "online/db/CURRENT");
  const std::string name = current.substr(0, current.size() - 1);
  for (const std::string& file : {name, std::string("CURRENT")}) {
    const std::string path = folder_ / ("online/db/" + file);
    const std::string good = *ReadFile(path);
    std::string bad = good;
    bad[12] = static_cast<char>(bad[12] ^ 1);
    for (const std::string& bytes : {bad, good.substr(0, good.size() - 3)}) {
      std::ofstream(path, std::ios::binary) << bytes;
      const VerifyReport report = *store_->Verify(clock_.context());
      ASSERT_EQ(report.problem_count, 1);
      EXPECT_THAT(report.problems[0].ToText(), HasSubstr(file));
    }
    std::ofstream(path, std::ios::binary) << good;
    EXPECT_EQ(store_->Verify(clock_.context())->problem_count, 0);
  }
}

TEST_F(CorruptionTest, RowsThatBelongToNoViewAreFound) {
  KeptFact fact;
  fact.times.event_time = kNow - 1;
  std::string operand;
  EncodeOneFact(fact, &operand);
  Inject(operand, 77);
  const VerifyReport report = *store_->Verify(clock_.context());
  ASSERT_EQ(report.problem_count, 1);
  EXPECT_THAT(report.problems[0].ToText(), HasSubstr("data 77"));
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
