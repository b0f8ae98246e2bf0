// Every file of the Parquet project's collection, sound and damaged, reads as pyarrow reads it or
// fails with a clear error; so do files cut short and files with flipped bits. Nothing crashes.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source/arrow_plugin.h"
#include "source/testing.h"
#include "source/writer.h"

namespace coeval {
namespace {

namespace fs = std::filesystem;

using ::coeval::testing::ParquetTestingFiles;
using ::coeval::testing::ParquetTestingFolder;
using ::coeval::testing::TemporaryFolder;
using ::coeval::testing::TestContext;
using ::testing::AnyOf;
using ::testing::HasSubstr;

using ParquetTestingTest = ParquetTestingFiles;

std::vector<std::string> TestFiles() {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(ParquetTestingFolder())) {
    const std::string path = entry.path().string();
    const bool small = path.find("large_string_map") == std::string::npos;  // see the slow test
    if (small && (path.ends_with(".parquet") || path.ends_with(".encrypted"))) {
      files.push_back(path);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string Bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Reads every column of every row, and copies them into an Arrow file where `copy` is named.
Status ReadWhole(const std::string& path, const std::string& copy = "") {
  const Context context = TestContext();
  COEVAL_ASSIGN_OR_RETURN(const ArrowPlugin* plugin, ArrowPlugin::Get(context));
  COEVAL_RETURN_IF_ERROR(plugin->Inspect(path, {}, {}, context).status());
  COEVAL_ASSIGN_OR_RETURN(ArrowStream stream, plugin->Scan(path, {}, {}, context));
  if (!copy.empty()) {
    ArrowArrayStream out = std::move(stream).Export();
    return plugin->Write(&out, copy, {.format = FileFormat::kArrow, .metadata = {}}, context)
        .status();
  }
  while (true) {
    COEVAL_ASSIGN_OR_RETURN(const SharedArrowArray batch, stream.Next());
    if (batch == nullptr) return {};
  }
}

// The same through Coeval's own types.
Status ReadTyped(const std::string& path) {
  COEVAL_ASSIGN_OR_RETURN(ArrowArrayStream stream, ReadTable(path, {}, TestContext()));
  COEVAL_ASSIGN_OR_RETURN(const auto batches, ImportStream(&stream, {}));
  while (true) {
    COEVAL_ASSIGN_OR_RETURN(const std::optional<Batch> batch, batches->Next());
    if (!batch) return {};
  }
}

// An error that a person can use: of a kind that fits, with the file in it.
void ExpectClear(const Status& status, const std::string& path) {
  EXPECT_THAT(status.message(), HasSubstr(path));
  EXPECT_THAT(status.code(), AnyOf(StatusCode::kCorruption, StatusCode::kInvalidArgument,
                                   StatusCode::kUnavailable))
      << status.ToString();
}

TEST_F(ParquetTestingTest, FilesReadLikePyarrowOrFailClearly) {
  const char* python = std::getenv("COEVAL_PYTHON");
  ASSERT_NE(python, nullptr) << "run by ctest";
  const TemporaryFolder folder;
  const auto files = TestFiles();
  ASSERT_GT(files.size(), 90U) << "in " << ParquetTestingFolder();
  std::map<std::string, std::string> errors;
  std::ostringstream verdicts;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string copy = folder.path() + "/" + std::to_string(i) + ".arrow";
    const Status status = ReadWhole(files[i], copy);
    verdicts << files[i] << "\t" << (status.ok() ? copy : "error") << "\n";
    if (status.ok()) continue;
    ExpectClear(status, files[i]);
    errors[fs::path(files[i]).filename()] = status.ToString();
  }
  const std::string list = folder.Text("verdicts.txt", verdicts.str());
  const std::string script =
      (fs::path(std::getenv("COEVAL_SOURCE_DIR")) / "src/source/compare_with_pyarrow.py").string();
  EXPECT_EQ(std::system((std::string(python) + " '" + script + "' '" + list + "'").c_str()), 0);
  EXPECT_THAT(errors["ARROW-GH-41321.parquet"], HasSubstr("row group 0, column `int64`"));
  EXPECT_THAT(errors["uniform_encryption.parquet.encrypted"], HasSubstr("is encrypted"));
  EXPECT_THAT(errors["datapage_v1-corrupt-checksum.parquet"], HasSubstr("checksum"));
}

TEST_F(ParquetTestingTest, CoevalTypesReadOrSayWhatTheyLack) {
  for (const std::string& file : TestFiles()) {
    const Status status = ReadTyped(file);
    EXPECT_NE(status.code(), StatusCode::kInternal) << file << ": " << status.ToString();
  }
}

TEST_F(ParquetTestingTest, AFileCutShortAnywhereFails) {
  const TemporaryFolder folder;
  const std::string whole = Bytes(ParquetTestingFolder() + "/data/alltypes_plain.parquet");
  ASSERT_FALSE(whole.empty());
  const std::string path = folder.File("cut.parquet");
  for (std::size_t length = 0; length < whole.size(); length += 3) {
    (void)folder.Text("cut.parquet", whole.substr(0, length));
    const Status status = ReadWhole(path);
    ASSERT_FALSE(status.ok()) << length << " of " << whole.size() << " bytes";
    ExpectClear(status, path);
  }
}

TEST_F(ParquetTestingTest, FlippedBitsNeverCrash) {
  const TemporaryFolder folder;
  const std::string path = folder.File("flipped.parquet");
  std::vector<std::string> contents;
  for (const std::string& file : TestFiles()) {
    // Brotli: a few of its bytes may ask for gigabytes, which takes long and proves nothing.
    if (fs::file_size(file) < 20'000 && file.find("brotli") == std::string::npos) {
      contents.push_back(Bytes(file));
    }
  }
  const std::uint32_t seed = 20130101;
  std::mt19937 random(seed);
  int failed = 0;
  constexpr int kRounds = 1500;
  for (int round = 0; round < kRounds; ++round) {
    std::string bytes = contents[random() % contents.size()];
    for (auto flips = 1 + random() % 4; flips > 0; --flips) {
      char& byte = bytes[random() % bytes.size()];
      byte = static_cast<char>(byte ^ (1U << (random() % 8)));
    }
    (void)folder.Text("flipped.parquet", bytes);
    const Status status = ReadWhole(path);
    if (status.ok()) continue;
    ++failed;
    ExpectClear(status, path);
    if (::testing::Test::HasFailure()) {
      FAIL() << "seed " << seed << ", round " << round;
    }
  }
  EXPECT_GT(failed, kRounds / 10) << "the flips did not reach anything";
}

}  // namespace
}  // namespace coeval
