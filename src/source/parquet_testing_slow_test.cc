// The long half of parquet_testing_test.cc: a file that unpacks to gigabytes, and many more flips.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source/arrow_plugin.h"
#include "source/testing.h"

namespace coeval {
namespace {

namespace fs = std::filesystem;

using ::coeval::testing::ParquetTestingFiles;
using ::coeval::testing::ParquetTestingFolder;
using ::coeval::testing::TemporaryFolder;
using ::coeval::testing::TestContext;
using ::testing::AnyOf;
using ::testing::HasSubstr;

using ParquetTestingSlowTest = ParquetTestingFiles;

Status ReadWhole(const std::string& path) {
  const Context context = TestContext();
  COEVAL_ASSIGN_OR_RETURN(const ArrowPlugin* plugin, ArrowPlugin::Get(context));
  COEVAL_ASSIGN_OR_RETURN(ArrowStream stream, plugin->Scan(path, {}, {}, context));
  while (true) {
    COEVAL_ASSIGN_OR_RETURN(const SharedArrowArray batch, stream.Next());
    if (batch == nullptr) return {};
  }
}

TEST_F(ParquetTestingSlowTest, RowsOfAGigabyteAreRefusedClearly) {
  const std::string path = ParquetTestingFolder() + "/data/large_string_map.brotli.parquet";
  const Status status = ReadWhole(path);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr(path));
}

TEST_F(ParquetTestingSlowTest, ManyFlippedBitsNeverCrash) {
  const TemporaryFolder folder;
  const std::string path = folder.File("flipped.parquet");
  std::vector<std::string> contents;
  for (const auto& entry : fs::recursive_directory_iterator(ParquetTestingFolder())) {
    const std::string file = entry.path().string();
    if (!file.ends_with(".parquet") || file.find("brotli") != std::string::npos) continue;
    std::ifstream in(file, std::ios::binary);
    contents.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  std::sort(contents.begin(), contents.end());  // folders have no order, the seed wants one
  const std::uint32_t seed = std::random_device()();
  std::mt19937 random(seed);
  for (int round = 0; round < 40'000; ++round) {
    std::string bytes = contents[random() % contents.size()];
    for (std::uint32_t flips = 1 + static_cast<std::uint32_t>(random() % 6); flips > 0; --flips) {
      char& byte = bytes[random() % bytes.size()];
      byte = static_cast<char>(byte ^ (1U << (random() % 8)));
    }
    (void)folder.Text("flipped.parquet", bytes);
    const Status status = ReadWhole(path);
    if (status.ok()) continue;
    ASSERT_THAT(status.message(), HasSubstr(path)) << "seed " << seed << ", round " << round;
    ASSERT_THAT(status.code(), AnyOf(StatusCode::kCorruption, StatusCode::kInvalidArgument,
                                     StatusCode::kUnavailable))
        << status.ToString() << "; seed " << seed << ", round " << round;
  }
}

}  // namespace
}  // namespace coeval
