#include "source/arrow_plugin.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source/testing.h"
#include "source/writer.h"

namespace coeval {
namespace {

namespace fs = std::filesystem;

using ::coeval::testing::At;
using ::coeval::testing::Show;
using ::coeval::testing::Table;
using ::coeval::testing::TemporaryFolder;
using ::coeval::testing::TestContext;
using ::coeval::testing::WriteFile;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string OutputOf(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  std::array<char, 4096> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) text += buffer.data();
  EXPECT_EQ(::pclose(pipe), 0);
  return text;
}

std::string PluginPath() {
  const char* build = std::getenv("COEVAL_BUILD_DIR");
  return std::string(build == nullptr ? "" : build) + "/lib/coeval/libcoeval_arrow.so";
}

// Decision 6: one door, and nothing else that could meet another library.
TEST(ArrowPluginTest, ExportsOneSymbol) {
  const std::string symbols = OutputOf("nm -D --defined-only '" + PluginPath() + "'");
  EXPECT_THAT(symbols, HasSubstr(" T coeval_arrow_open\n"));
  EXPECT_EQ(std::count(symbols.begin(), symbols.end(), '\n'), 1) << symbols;
}

TEST(ArrowPluginTest, IsFoundBesideTheProgram) {
  const auto plugin = ArrowPlugin::Get(TestContext());
  ASSERT_TRUE(plugin.ok()) << plugin.status().ToString();
  EXPECT_THAT((*plugin)->version(), HasSubstr("."));
}

TEST(ArrowPluginTest, RefusesAnotherInterface) {
  // What Get() does first, with a number of another release.
  void* library = ::dlopen(PluginPath().c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr);
  const auto open =
      reinterpret_cast<decltype(&coeval_arrow_open)>(::dlsym(library, "coeval_arrow_open"));
  const coeval_arrow_host host{.size = sizeof(coeval_arrow_host), .threads = 1};
  coeval_arrow_table table{};
  table.size = sizeof(table);
  coeval_arrow_error error{};
  EXPECT_EQ(open(&host, &table, COEVAL_ARROW_ABI + 1, &error), COEVAL_ARROW_INVALID);
  EXPECT_THAT(std::string(error.text), HasSubstr("install both from the same release"));
  table.size = 1;
  EXPECT_EQ(open(&host, &table, COEVAL_ARROW_ABI, &error), COEVAL_ARROW_INVALID);
}

class FormatTest : public ::testing::TestWithParam<std::string> {
 protected:
  TemporaryFolder folder_;
};

Result<Batch> ReadBack(const std::string& path) {
  FormatOptions format;
  COEVAL_ASSIGN_OR_RETURN(format.format, FormatOfName(path));
  COEVAL_ASSIGN_OR_RETURN(ArrowArrayStream stream, ReadTable(path, format, TestContext()));
  COEVAL_ASSIGN_OR_RETURN(const auto batches, ImportStream(&stream, {}));
  return CollectOne(*batches);
}

TEST_P(FormatTest, WhatIsWrittenIsRead) {
  const Table table = Table()
                          .Ints("i", {1, std::nullopt, -3})
                          .Doubles("d", {0.1, -0.5, std::nullopt})
                          .Strings("s", {"a,b", std::nullopt, ""})
                          .Bools("b", {true, false, std::nullopt})
                          .Times("t", {At("2013-01-01T10:00:00.123456"), std::nullopt,
                                       At("1969-12-31T23:59:59.999999")});
  const std::string path = folder_.File("t" + GetParam());
  const Status status = WriteFile(table, path);
  ASSERT_TRUE(status.ok()) << status.ToString();
  const auto back = ReadBack(path);
  ASSERT_TRUE(back.ok()) << back.status().ToString();
  ASSERT_EQ(back->schema.names(), table.batch().schema.names());
  for (std::size_t i = 0; i < back->columns.size(); ++i) {
    EXPECT_TRUE(SameBits(back->columns[i], table.batch().columns[i]))
        << Show(back->columns[i]) << " for " << Show(table.batch().columns[i]);
  }
}

TEST_P(FormatTest, AFailedWriteLeavesTheOldFileAndNothingElse) {
  const std::string path = folder_.File("t" + GetParam());
  ASSERT_TRUE(WriteFile(Table().Ints("i", {1}), path).ok());

  // A stream that breaks after one batch.
  class Breaks : public BatchStream {
   public:
    [[nodiscard]] const Schema& schema() const override { return table_.batch().schema; }

    Result<std::optional<Batch>> Next() override {
      if (given_) return Status::Corruption("the well is dry");
      given_ = true;
      return std::optional<Batch>(table_.batch());
    }

   private:
    Table table_ = Table().Ints("i", {2});
    bool given_ = false;
  };

  ArrowArrayStream stream{};
  ExportStream(std::make_unique<Breaks>(), &stream);
  WriteOptions options;
  options.format = *FormatOfName(path);
  const auto written = WriteTable(&stream, path, options, TestContext());
  ASSERT_FALSE(written.ok());
  EXPECT_THAT(written.status().message(), AllOf(HasSubstr("the well is dry"), HasSubstr(path)));
  EXPECT_EQ(Show(ReadBack(path)->columns[0]), "1");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1);
}

INSTANTIATE_TEST_SUITE_P(Formats, FormatTest, ::testing::Values(".parquet", ".csv", ".arrow"));

TEST(ArrowPluginTest, CsvHasNoFormForLists) {
  const TemporaryFolder folder;
  ColumnBuilder builder(DataType::List(TypeId::kInt64));
  builder.AppendNull();
  const Status status = WriteFile(Table().Add("l", builder.Finish()), folder.File("a.csv"));
  EXPECT_THAT(status.message(), AllOf(HasSubstr("column `l`"), HasSubstr("no form in CSV")));
}

TEST(ArrowPluginTest, WritingIntoAMissingFolderSaysSo) {
  const Status status = WriteFile(Table().Ints("i", {1}), "/nonexistent/folder/a.parquet");
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("there is no folder /nonexistent/folder"));
}

TEST(ArrowPluginTest, MetadataTravelsWithTheFile) {
  const TemporaryFolder folder;
  const std::string path = folder.File("a.parquet");
  WriteOptions options;
  options.metadata = {{"coeval", "{\"rows\": 1}"}};
  options.late_metadata = [] {
    return std::vector<std::pair<std::string, std::string>>{{"late", "hash"}};
  };
  ASSERT_TRUE(WriteFile(Table().Ints("i", {1}), path, options).ok());
  const auto plugin = ArrowPlugin::Get(TestContext());
  ASSERT_TRUE(plugin.ok());
  const auto inspected = (*plugin)->Inspect(path, {}, {}, TestContext());
  ASSERT_TRUE(inspected.ok());
  ASSERT_NE(inspected->schema->metadata, nullptr);
  // Pairs of length and bytes, behind their count (the C data interface).
  const std::string metadata(inspected->schema->metadata, 4 + 4 + 6 + 4 + 11 + 4 + 4 + 4 + 4);
  EXPECT_THAT(metadata, AllOf(HasSubstr("coeval"), HasSubstr("{\"rows\": 1}"), HasSubstr("late"),
                              HasSubstr("hash")));
  EXPECT_EQ(inspected->rows, 1);
}

TEST(ArrowPluginTest, WrongFormatsAreNamed) {
  const TemporaryFolder folder;
  const std::string text = folder.Text("a.parquet", "this is no Parquet file at all\n");
  const auto parquet = ReadBack(text);
  EXPECT_EQ(parquet.status().code(), StatusCode::kCorruption);
  EXPECT_THAT(parquet.status().message(), AllOf(HasSubstr(text), HasSubstr("as Parquet")));
  const auto arrow = ReadBack(folder.Text("a.arrow", "neither is this an Arrow file"));
  EXPECT_EQ(arrow.status().code(), StatusCode::kCorruption);
  EXPECT_EQ(ReadBack(folder.Text("empty.parquet", "")).status().code(), StatusCode::kCorruption);
  EXPECT_EQ(ReadBack(folder.path() + "/none.parquet").status().code(), StatusCode::kNotFound);
  EXPECT_THAT(FormatOfName("a.xlsx").status().message(), HasSubstr(".parquet, .csv or .arrow"));
}

TEST(ArrowPluginTest, StreamsOfIpcAreRead) {
  const TemporaryFolder folder;
  const std::string path = folder.File("a.arrows");
  const char* python = std::getenv("COEVAL_PYTHON");
  ASSERT_NE(python, nullptr) << "run by ctest";
  ASSERT_EQ(std::system((std::string(python) +
                         " -c \"import pyarrow as pa; t = pa.table({'a': "
                         "pa.array(['x', None, 'x']).dictionary_encode()}); w = "
                         "pa.ipc.new_stream('" +
                         path + "', t.schema); w.write(t); w.close()\"")
                            .c_str()),
            0);
  const auto back = ReadBack(path);
  ASSERT_TRUE(back.ok()) << back.status().ToString();
  EXPECT_EQ(Show(back->columns[0]), "'x' null 'x'");
}

}  // namespace
}  // namespace coeval
