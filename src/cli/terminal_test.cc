#include "cli/terminal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coeval {
namespace {

using testing::HasSubstr;

TEST(TerminalTest, TablesAlignNumbersToTheRightAndTextToTheLeft) {
  EXPECT_EQ(FormatTable({"view", "rows", "share"},
                        {{"weather", "26,115", "0 %"}, {"né", "7", "12.5 %"}, {"", "", "< 0.1 %"}}),
            "view       rows    share\n"
            "weather  26,115      0 %\n"
            "né            7   12.5 %\n"
            "                 < 0.1 %");
  EXPECT_EQ(FormatTable({"time"}, {{"2013-01-01"}, {"2013-01-01T10:00:00Z"}}),
            "time\n2013-01-01\n2013-01-01T10:00:00Z");
}

TEST(TerminalTest, ATableOfNoRowsIsItsHeadings) {
  EXPECT_EQ(FormatTable({"a", "b"}, std::vector<std::vector<std::string>>{}), "a  b");
}

TEST(TerminalTest, ATableOfObjectsHasACellForEachMember) {
  const Json rows = *ParseJson(R"([{"a": 1, "b": ["x", "y"]}, {"b": null}])");
  EXPECT_EQ(FormatTable({"a", "b"}, rows), "a  b\n1  x, y\n");
}

TEST(TerminalTest, CountsBytesAndShares) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1,000");
  EXPECT_EQ(FormatCount(-336776), "-336,776");
  EXPECT_EQ(FormatCount(-100), "-100");
  EXPECT_EQ(FormatBytes(12), "12 bytes");
  EXPECT_EQ(FormatBytes(18254336), "18.3 MB");
  EXPECT_EQ(FormatShare(1, 8), "12.5 %");
  EXPECT_EQ(FormatShare(0, 8), "0 %");
  EXPECT_EQ(FormatShare(8, 8), "100 %");
  EXPECT_EQ(FormatShare(0, 0), "");
  // What is rare is not nothing, and what misses little is not all.
  EXPECT_EQ(FormatShare(1, 1'000'000), "< 0.1 %");
  EXPECT_EQ(FormatShare(999'999, 1'000'000), "> 99.9 %");
}

TEST(TerminalTest, InAPipeNothingIsColoured) {
  ASSERT_FALSE(OutputIsTerminal()) << "this test runs in a pipe";
  EXPECT_EQ(Paint("text", Colour::kRed), "text");
}

TEST(TerminalTest, ProgressInAPipeIsOneLineAtTheEnd) {
  testing::internal::CaptureStderr();
  const ProgressSink bar = ProgressBar();
  bar({.what = "weather", .rows_done = 100, .rows_expected = 1000});
  bar({.what = "weather", .rows_done = 900, .rows_expected = 1000});
  bar({.what = "weather", .rows_done = 1000, .rows_expected = 1000, .finished = true});
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, HasSubstr("weather  1000 rows"));
  EXPECT_EQ(text.find('\n'), text.size() - 1);
}

TEST(TerminalTest, ErrorsAndWarningsAreLabelled) {
  testing::internal::CaptureStderr();
  PrintError("no such file");
  PrintWarning("all null");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "coeval: error: no such file\ncoeval: warning: all null\n");
}

}  // namespace
}  // namespace coeval
