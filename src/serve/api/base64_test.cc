#include "serve/api/base64.h"

#include <string>

#include <gtest/gtest.h>

namespace coeval {
namespace {

std::string Encode(std::string_view bytes) {
  std::string text = ">";
  AppendBase64(bytes, &text);
  return text.substr(1);
}

// RFC 4648, section 10.
TEST(Base64Test, TheVectorsOfTheStandard) {
  EXPECT_EQ(Encode(""), "");
  EXPECT_EQ(Encode("f"), "Zg==");
  EXPECT_EQ(Encode("fo"), "Zm8=");
  EXPECT_EQ(Encode("foo"), "Zm9v");
  EXPECT_EQ(Encode("foob"), "Zm9vYg==");
  EXPECT_EQ(Encode("fooba"), "Zm9vYmE=");
  EXPECT_EQ(Encode("foobar"), "Zm9vYmFy");
}

TEST(Base64Test, EveryByteAtEveryPlaceComesBack) {
  for (int length = 1; length <= 4; ++length) {
    for (int place = 0; place < length; ++place) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string bytes(static_cast<std::size_t>(length), '\x5A');
        bytes[static_cast<std::size_t>(place)] = static_cast<char>(byte);
        ASSERT_EQ(DecodeBase64(Encode(bytes)), bytes);
      }
    }
  }
}

TEST(Base64Test, OnlyTheCanonicalFormIsRead) {
  for (const char* wrong : {"Z", "Zg", "Zg=", "Zg===", "=g==", "Zm=v", "Zm9v=", "Zm9vZg",
                            "Z g=", "Zm9v\n", "Zm9-", "Zm9_", "Zh==", "Zm9="}) {
    EXPECT_EQ(DecodeBase64(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(DecodeBase64(""), "");
}

}  // namespace
}  // namespace coeval
