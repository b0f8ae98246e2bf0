#include "io/glob.h"

#include <fnmatch.h>
#include <unistd.h>

#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/files.h"
#include "io/temp_directory.h"

namespace coeval {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(MatchesGlobNameTest, FollowsThePattern) {
  EXPECT_TRUE(MatchesGlobName("*.parquet", "weather.parquet"));
  EXPECT_FALSE(MatchesGlobName("*.parquet", "weather.csv"));
  EXPECT_TRUE(MatchesGlobName("part-?.csv", "part-7.csv"));
  EXPECT_FALSE(MatchesGlobName("part-?.csv", "part-10.csv"));
  EXPECT_TRUE(MatchesGlobName("[a-c]x[!0-9]", "bxz"));
  EXPECT_FALSE(MatchesGlobName("[a-c]x[!0-9]", "bx5"));
  EXPECT_TRUE(MatchesGlobName("[]x]", "]"));
  EXPECT_TRUE(MatchesGlobName("a[", "a["));
  EXPECT_TRUE(MatchesGlobName("*", "anything"));
  EXPECT_FALSE(MatchesGlobName("*", ".hidden"));
  EXPECT_TRUE(MatchesGlobName(".*", ".hidden"));
  EXPECT_FALSE(MatchesGlobName("", "x"));
  EXPECT_TRUE(MatchesGlobName("", ""));
}

// The C library is the oracle.
TEST(MatchesGlobNameTest, AgreesWithFnmatch) {
  std::mt19937 random(5);
  const std::string letters = "ab*?[]-!.";
  int matches = 0;
  for (int i = 0; i < 50000; ++i) {
    std::string pattern;
    std::string name;
    for (auto n = random() % 7; n > 0; --n) pattern += letters[random() % letters.size()];
    for (auto n = random() % 6; n > 0; --n) name += "ab.-"[random() % 4];
    // Reversed ranges and classes such as [a-] at odd places are left to taste.
    if (pattern.find("-") != std::string::npos && pattern.find("[") != std::string::npos) continue;
    if (pattern.find("[.") != std::string::npos) continue;  // glibc: a collating symbol
    if (name.starts_with('.') && pattern.starts_with('[')) continue;
    const bool expected = ::fnmatch(pattern.c_str(), name.c_str(), FNM_PERIOD | FNM_NOESCAPE) == 0;
    if (MatchesGlobName(pattern, name) != expected) FAIL() << pattern << " " << name;
    matches += expected ? 1 : 0;
  }
  EXPECT_GT(matches, 300);
}

TEST(MatchesGlobNameTest, ManyStarsStayCheap) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a";
  EXPECT_FALSE(MatchesGlobName(pattern + "b", std::string(10000, 'a')));
}

class GlobTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* folder : {"d/2013/01", "d/2013/02", "d/2014", "d/.hidden"}) {
      ASSERT_TRUE(MakeDirectories(root_.File(folder)).ok());
    }
    for (const char* file : {"d/2013/01/a.parquet", "d/2013/01/b.csv", "d/2013/02/a.parquet",
                             "d/2014/a.parquet", "d/a.parquet", "d/.hidden/a.parquet"}) {
      ASSERT_TRUE(WriteFileAtomically(root_.File(file), "x").ok());
    }
    ASSERT_EQ(::symlink(root_.File("d").c_str(), root_.File("d/2014/loop").c_str()), 0);
  }

  std::vector<std::string> Find(const std::string& pattern) {
    std::vector<std::string> paths = *Glob(root_.File(pattern));
    for (std::string& path : paths) path = path.substr(root_.path().size() + 1);
    return paths;
  }

  TempDirectory root_ = *TempDirectory::Make("coeval-glob-test");
};

TEST_F(GlobTest, FindsPathsInOrder) {
  EXPECT_THAT(Find("d/a.parquet"), ElementsAre("d/a.parquet"));
  EXPECT_THAT(Find("d/*.parquet"), ElementsAre("d/a.parquet"));
  EXPECT_THAT(Find("d/*/*.parquet"), ElementsAre("d/2014/a.parquet"));
  EXPECT_THAT(Find("d/2013/0[12]/a.parquet"),
              ElementsAre("d/2013/01/a.parquet", "d/2013/02/a.parquet"));
  EXPECT_THAT(Find("d/20*"), ElementsAre("d/2013", "d/2014"));
  EXPECT_THAT(Find("d/2013//*/b.???"), ElementsAre("d/2013/01/b.csv"));
}

TEST_F(GlobTest, TwoStarsMatchFoldersAtAnyDepth) {
  EXPECT_THAT(Find("d/**/a.parquet"), ElementsAre("d/2013/01/a.parquet", "d/2013/02/a.parquet",
                                                  "d/2014/a.parquet", "d/a.parquet"));
  EXPECT_THAT(Find("**/**/b.csv"), ElementsAre("d/2013/01/b.csv"));
  EXPECT_THAT(Find("d/**/01"), ElementsAre("d/2013/01"));
  EXPECT_THAT(Find("d/2013/**"),
              ElementsAre("d/2013", "d/2013/01", "d/2013/01/a.parquet", "d/2013/01/b.csv",
                          "d/2013/02", "d/2013/02/a.parquet"));
}

TEST_F(GlobTest, RelativePatternsStartAtAFolderThatIsNoPattern) {
  const std::string odd = root_.File("odd[1]");
  ASSERT_TRUE(MakeDirectories(odd + "/f").ok());
  ASSERT_TRUE(WriteFileAtomically(odd + "/f/a.csv", "x").ok());
  GlobOptions options;
  options.folder = odd;
  EXPECT_THAT(*Glob("**/*.csv", options), ElementsAre("f/a.csv"));
  EXPECT_THAT(*Glob("f/a.csv", options), ElementsAre("f/a.csv"));
  EXPECT_THAT(*Glob(root_.File("d/*.parquet"), options), ElementsAre(root_.File("d/a.parquet")));
}

TEST_F(GlobTest, TheCallerSaysWhatIsHiddenAndWhetherLinksCount) {
  ASSERT_TRUE(MakeDirectories(root_.File("_tmp")).ok());
  ASSERT_TRUE(WriteFileAtomically(root_.File("_tmp/a.csv"), "x").ok());
  ASSERT_EQ(::symlink(root_.File("_tmp").c_str(), root_.File("link").c_str()), 0);
  GlobOptions options;
  options.folder = root_.path();
  EXPECT_THAT(*Glob("**/a.csv", options), ElementsAre("_tmp/a.csv"));
  options.hidden = "._";
  EXPECT_THAT(*Glob("**/a.csv", options), IsEmpty());
  EXPECT_THAT(*Glob("_*/a.csv", options), ElementsAre("_tmp/a.csv"));
  options.follow_links = true;
  EXPECT_THAT(*Glob("l*/**/a.csv", options), ElementsAre("link/a.csv"));
  ASSERT_EQ(::symlink(root_.path().c_str(), root_.File("ring").c_str()), 0);
  const auto ring = Glob("ring/**/none.csv", options);
  EXPECT_TRUE(ring.ok() || ring.status().code() == StatusCode::kInvalidArgument);
}

TEST_F(GlobTest, FindsNothingWhereNothingIs) {
  EXPECT_THAT(Find("d/*.orc"), IsEmpty());
  EXPECT_THAT(Find("none/*"), IsEmpty());
  EXPECT_THAT(Find("d/a.parquet/*"), IsEmpty());
  EXPECT_THAT(*Glob(""), IsEmpty());
}

}  // namespace
}  // namespace coeval
