// The hashes give what their authors published, over the byte form that the page describes.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "column/builder.h"
#include "expression/expression.h"
#include "expression/testing.h"

namespace coeval {
namespace {

using std::string_view_literals::operator""sv;

// hash(bytes, seed) for an input of type bytes.
std::int64_t HashOf(const std::string& function, std::string_view bytes, std::int64_t seed) {
  Batch batch;
  ColumnBuilder data(TypeId::kBytes), seeds(TypeId::kInt64);
  data.AppendBytes(bytes);
  seeds.AppendInt(seed);
  batch.schema.Add("data", TypeId::kBytes);
  batch.schema.Add("seed", TypeId::kInt64);
  batch.columns = {data.Finish(), seeds.Finish()};
  const Result<Expression> expression =
      Expression::Compile(function + "(data, seed)", batch.schema, std::nullopt);
  EXPECT_TRUE(expression.ok()) << expression.status().ToString();
  return expression.value()
      .Evaluate(batch.columns, 1, std::array<TimeMicros, 1>{0})
      .values.values<std::int64_t>()[0];
}

// xxHash's own sanity check: prefixes of a buffer, with and without a seed.
TEST(HashTest, Xxh3GivesThePublishedValues) {
  constexpr std::uint64_t kPrime = 0x9E3779B185EBCA8DU;
  std::string buffer;
  for (std::uint64_t state = 2654435761U; buffer.size() < 195; state *= kPrime) {
    buffer += static_cast<char>(state >> 56);
  }

  struct Vector {
    std::size_t size;
    std::uint64_t plain, seeded;
  };

  constexpr Vector kVectors[] = {{0, 0x2D06800538D394C2U, 0xA8A6B918B2F0364AU},
                                 {1, 0xC44BDFF4074EECDBU, 0x032BE332DD766EF8U},
                                 {6, 0x27B56A84CD2D7325U, 0x84589C116AB59AB9U},
                                 {12, 0xA713DAF0DFBB77E7U, 0xE7303E1B2336DE0EU},
                                 {24, 0xA3FE70BF9D3510EBU, 0x850E80FC35BDD690U},
                                 {48, 0x397DA259ECBA1F11U, 0xADC2CBAA44ACC616U},
                                 {80, 0xBCDEFBBB2C47C90AU, 0xC6DD0CB699532E73U},
                                 {195, 0xCD94217EE362EC3AU, 0xBA68003D370CB3D9U}};
  for (const Vector& vector : kVectors) {
    const std::string_view bytes = std::string_view(buffer).substr(0, vector.size);
    EXPECT_EQ(HashOf("xxh3_64", bytes, 0), static_cast<std::int64_t>(vector.plain)) << vector.size;
    EXPECT_EQ(HashOf("xxh3_64", bytes, static_cast<std::int64_t>(kPrime)),
              static_cast<std::int64_t>(vector.seeded))
        << vector.size;
  }
}

TEST(HashTest, Murmur3GivesThePublishedValues) {
  struct Vector {
    std::string_view bytes;
    std::int64_t seed, hash;
  };

  constexpr Vector kVectors[] = {
      {"", 0, 0},
      {"", 1, 0x514E28B7},
      {"", 0xFFFFFFFF, 0x81F16F39},
      {"\xFF\xFF\xFF\xFF", 0, 0x76293B50},
      {"\x21\x43\x65\x87", 0, 0xF55B516B},
      {"\x21\x43\x65\x87", 0x5082EDEE, 0x2362F9DE},
      {"\x21\x43\x65", 0, 0x7E4A8634},
      {"\x21\x43", 0, 0xA0F7B07A},
      {"\x21", 0, 0x72661CF4},
      {"\0\0\0\0"sv, 0, 0x2362F9DE},
      {"\0\0\0"sv, 0, 0x85F0B427},
      {"\0\0"sv, 0, 0x30F4C306},
      {"\0"sv, 0, 0x514E28B7},
      {"aaaa", 0x9747B28C, 0x5A97808A},
      {"abc", 0x9747B28C, 0xC84A62DD},
      {"Hello, world!", 0x9747B28C, 0x24884CBA},
      {"The quick brown fox jumps over the lazy dog", 0x9747B28C, 0x2FA826CD}};
  for (const Vector& vector : kVectors) {
    EXPECT_EQ(HashOf("murmur3_32", vector.bytes, vector.seed), vector.hash)
        << vector.bytes << " with seed " << vector.seed;
  }
}

// The values of the Iceberg specification, appendix B, without sign.
TEST(HashTest, ByteFormsAreThoseOfIceberg) {
  EXPECT_EQ(Ask("murmur3_32(cast(34 as int32))"), "int64 2017239379");
  EXPECT_EQ(Ask("murmur3_32(34)"), "int64 2017239379");
  EXPECT_EQ(Ask("murmur3_32(cast('14.20' as decimal(9, 2)))"), "int64 3794212707");
  EXPECT_EQ(Ask("murmur3_32(date '2017-11-16')"), "int64 3641636874");
  EXPECT_EQ(Ask("murmur3_32(timestamp '2017-11-16T22:31:08Z')"), "int64 2247022855");
  EXPECT_EQ(Ask("murmur3_32('iceberg')"), "int64 1210000089");
  EXPECT_EQ(Ask("murmur3_32(true)"), "int64 1392991556");
  EXPECT_EQ(Ask("murmur3_32(1.0)"), "int64 4152582287");
  EXPECT_EQ(Ask("murmur3_32(cast(1.0 as float32))"), "int64 4152582287");
  EXPECT_EQ(Ask("murmur3_32(-0.0)"), "int64 1669671676");
  EXPECT_EQ(HashOf("murmur3_32", "\0\1\2\3"sv, 0), 4106284089);
}

TEST(HashTest, EqualValuesHashAlikeAndNullsAreNull) {
  EXPECT_EQ(Ask("xxh3_64(0.0) = xxh3_64(-0.0)"), "bool true");
  EXPECT_EQ(Ask("xxh3_64(0.0 / 0) = xxh3_64(-(0.0 / 0))"), "bool true");
  EXPECT_EQ(Ask("xxh3_64(1) = xxh3_64(1.0)"), "bool false");
  EXPECT_EQ(Ask("xxh3_64(s)", "s: string = null"), "int64 null");
  EXPECT_EQ(Ask("bucket(null, 4)"), "int64 null");
}

TEST(HashTest, BadSeedsAndBucketCountsAreErrorsOfTheirRow) {
  EXPECT_EQ(Ask("murmur3_32('a', -1)"), "invalid: the seed -1 does not fit 32 bits");
  EXPECT_EQ(Ask("murmur3_32('a', 4294967296)"),
            "invalid: the seed 4294967296 does not fit 32 bits");
  EXPECT_EQ(Ask("bucket('a', n)", "n: int64 = 0"), "invalid: 0 buckets; it takes 1 or more");
}

}  // namespace
}  // namespace coeval
