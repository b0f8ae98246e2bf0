#include "base/hash.h"

#include <gtest/gtest.h>

namespace coeval {
namespace {

// Stored bytes depend on these: they never change.
TEST(HashTest, GivesThePublishedXxh3Values) {
  EXPECT_EQ(Hash64(""), 0x2D06800538D394C2U);
  EXPECT_EQ(Checksum32(""), 0x38D394C2U);
  EXPECT_EQ(Checksum32("abc"), static_cast<std::uint32_t>(Hash64("abc")));
  EXPECT_NE(Hash64("abc"), Hash64("abd"));
}

TEST(HashTest, PiecesDoNotMatter) {
  const std::string text(100'000, 'x');
  for (const std::size_t piece : {1U, 7U, 255U, 4096U, 100'000U}) {
    Hasher64 hash;
    EXPECT_EQ(hash.Digest(), Hash64(""));
    for (std::size_t at = 0; at < text.size(); at += piece) {
      hash.Update(std::string_view(text).substr(at, piece));
    }
    EXPECT_EQ(hash.Digest(), Hash64(text));
  }
}

TEST(Sha256Test, GivesThePublishedDigests) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256Test, PiecesDoNotMatter) {
  Sha256 hash;
  hash.Update("a");
  hash.Update("");
  hash.Update("bc");
  EXPECT_EQ(hash.HexDigest(), Sha256Hex("abc"));
}

TEST(Sha256Test, TheFrontIsTheFirstBytes) {
  const auto front = Sha256Front("abc");
  EXPECT_EQ(front[0], 0xEACF018FBF1678BAU);  // ba7816bf8f01cfea, read from its end
  EXPECT_EQ(front[1], 0x2322AE5DDE404141U);
}

}  // namespace
}  // namespace coeval
