#include "source/file_list.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source/manifest.h"
#include "source/testing.h"

namespace coeval {
namespace {

using ::coeval::testing::TemporaryFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;

class FileListTest : public ::testing::Test {
 protected:
  FileListTest() {
    source_.name = "s";
    for (const char* name : {"b.parquet", "a.parquet", "notes.txt", "_old.parquet", ".x.parquet",
                             "deep/2013/c.pq", "deep/_tmp/d.parquet", "deep/2014/e.parquet"}) {
      (void)folder_.Text(name, "x");
    }
  }

  // The names below the folder, or the error.
  std::string Names(const std::string& location) {
    const auto files = ListFiles(source_, folder_.path() + location);
    if (!files.ok()) return files.status().ToString();
    std::string names;
    for (const SourceFile& file : files->files) {
      EXPECT_TRUE(file.path.ends_with(file.name));
      EXPECT_EQ(file.size_bytes, 1);
      names += (names.empty() ? "" : " ") + file.path.substr(folder_.path().size() + 1);
    }
    return names;
  }

  TemporaryFolder folder_;
  Source source_;
};

TEST_F(FileListTest, AFolderGivesItsFilesOfTheFormatAtAnyDepth) {
  EXPECT_EQ(Names(""), "a.parquet b.parquet deep/2013/c.pq deep/2014/e.parquet");
  EXPECT_EQ(Names("/"), "a.parquet b.parquet deep/2013/c.pq deep/2014/e.parquet");
}

TEST_F(FileListTest, Globs) {
  EXPECT_EQ(Names("/*.parquet"), "a.parquet b.parquet");
  EXPECT_EQ(Names("/[a-b].parquet"), "a.parquet b.parquet");
  EXPECT_EQ(Names("/?.parquet"), "a.parquet b.parquet");
  EXPECT_EQ(Names("/**/*.parquet"), "a.parquet b.parquet deep/2014/e.parquet");
  EXPECT_EQ(Names("/deep/201[34]/*"), "deep/2013/c.pq deep/2014/e.parquet");
  EXPECT_EQ(Names("/deep/*"), "deep/2013/c.pq deep/2014/e.parquet") << "folders are walked";
  EXPECT_EQ(Names("/_*.parquet"), "_old.parquet") << "a hidden name, where it is asked for";
  EXPECT_EQ(Names("/notes.txt"), "notes.txt") << "one file, whatever its ending";
}

TEST_F(FileListTest, NothingFoundSaysWhereItLooked) {
  EXPECT_THAT(Names("/c*.parquet"),
              AllOf(HasSubstr("source `s`: nothing matches " + folder_.path() + "/c*.parquet"),
                    HasSubstr("which holds a.parquet, b.parquet, deep, notes.txt")));
  source_.format = FileFormat::kCsv;
  EXPECT_THAT(Names("/deep"), HasSubstr("has no file whose name ends in .csv"));
}

TEST_F(FileListTest, PartitionsOfDifferentColumnsAreAnError) {
  (void)folder_.Text("hive/y=1/m=2/a.parquet", "x");
  (void)folder_.Text("hive/y=1/b.parquet", "x");
  source_.hive_partitions = true;
  EXPECT_THAT(Names("/hive"), AllOf(HasSubstr("hive partitions differ"), HasSubstr("b.parquet")));
}

TEST_F(FileListTest, AManifestTellsDataFromCopies) {
  const auto make = [this](const std::string& location) {
    const auto files = ListFiles(source_, folder_.path() + location);
    EXPECT_TRUE(files.ok()) << files.status().ToString();
    const auto manifest = MakeManifest("s", *files);
    EXPECT_TRUE(manifest.ok()) << manifest.status().ToString();
    return *manifest;
  };
  (void)folder_.Text("one/a.parquet", "data");
  (void)folder_.Text("two/a.parquet", "data");
  const SourceManifest one = make("/one");
  EXPECT_EQ(one.fingerprint, make("/two").fingerprint) << "the same data elsewhere";
  EXPECT_NE(one.change_token, make("/two").change_token);
  (void)folder_.Text("two/a.parquet", "dato");
  EXPECT_NE(one.fingerprint, make("/two").fingerprint);
  // Beyond the first and last 64 KiB too, as long as the size tells.
  (void)folder_.Text("two/a.parquet", std::string(200'000, 'x'));
  const std::string large = make("/two").fingerprint;
  std::string changed(200'000, 'x');
  changed[199'999] = 'y';
  (void)folder_.Text("two/a.parquet", changed);
  EXPECT_NE(large, make("/two").fingerprint);
  EXPECT_EQ(one.total_bytes(), 4);
  EXPECT_EQ(one.ToJson().Find("files")->array().front().GetString("name"), "a.parquet");
}

}  // namespace
}  // namespace coeval
