#include "base/utf8.h"

#include <gtest/gtest.h>

namespace coeval {
namespace {

TEST(Utf8Test, EveryCodePointReadsBack) {
  for (std::uint32_t c = 0; c <= 0x10FFFF; ++c) {
    std::string text;
    AppendUtf8(c, &text);
    const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
    const bool right =
        Utf8Length(text, 0) == (surrogate ? 0U : text.size()) && IsUtf8(text) == !surrogate;
    if (!right) FAIL() << c;
  }
}

TEST(Utf8Test, FindsTheFirstBadByte) {
  EXPECT_EQ(FindInvalidUtf8("plain text, longer than one word"), std::string_view::npos);
  EXPECT_EQ(FindInvalidUtf8("12345678\xFFzz"), 8U);
  EXPECT_EQ(FindInvalidUtf8("Z\xC3\xBCrich\xC3"), 7U);  // cut short
  EXPECT_EQ(FindInvalidUtf8("\xC0\x80"), 0U);           // overlong
  EXPECT_EQ(FindInvalidUtf8("\xE0\x80\x80"), 0U);       // overlong
  EXPECT_EQ(FindInvalidUtf8("\xF0\x80\x80\x80"), 0U);   // overlong
  EXPECT_EQ(FindInvalidUtf8("a\xF4\x90\x80\x80"), 1U);  // above U+10FFFF
  EXPECT_EQ(FindInvalidUtf8("\x80"), 0U);               // a tail without head
  EXPECT_EQ(FindInvalidUtf8("\xE2\x82\xAC \xF0\x9F\x8C\xA6"), std::string_view::npos);
}

}  // namespace
}  // namespace coeval
