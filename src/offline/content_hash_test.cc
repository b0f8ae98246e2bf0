#include "offline/content_hash.h"

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "column/builder.h"
#include "offline/testing.h"

namespace coeval {
namespace {

std::string HashOfColumn(const Column& column) {
  ColumnHash hash;
  hash.Add(column);
  return hash.HexDigest();
}

TEST(ContentHashTest, IsPinned) {
  const Column ints = ColumnOf(TypeId::kInt32, {Value::Int(1), Value(), Value::Int(-1)});
  // 01 00 01, 01000000 00000000 ffffffff
  EXPECT_EQ(HashOfColumn(ints),
            Sha256Hex(std::string("\1\0\1\1\0\0\0\0\0\0\0\xFF\xFF\xFF\xFF", 15)));
  const Column text = ColumnOf(TypeId::kString, {Value(), Value::String("a")});
  EXPECT_EQ(HashOfColumn(text), Sha256Hex(std::string("\0\1\1a\0\0", 6)));
  ContentHash hash;
  hash.Add("n", TypeId::kInt32, "ab");
  EXPECT_EQ(hash.HexDigest(), Sha256Hex("ab int32 n\n"));
}

TEST(ContentHashTest, BatchesAndWhatLiesAtNullsDoNotCount) {
  ColumnBuilder all(TypeId::kFloat64);
  ColumnBuilder junk(TypeId::kFloat64);
  for (int i = 0; i < 10000; ++i) {
    i % 7 == 0 ? all.AppendNull() : all.AppendDouble(i / 3.0);
    junk.AppendDouble(i / 3.0);
  }
  const Column column = all.Finish();
  const Column with_junk = Column::FixedWidth(
      TypeId::kFloat64, 10000, junk.Finish().values_buffer(), column.validity_buffer());
  EXPECT_EQ(HashOfColumn(column), HashOfColumn(with_junk));
  const std::vector<Column> parts = {column.Slice(0, 4099), column.Slice(4099, 5901)};
  EXPECT_EQ(HashOfColumn(column), HashOfColumn(*Concatenate(parts)));
  ColumnHash in_parts;
  in_parts.Add(column.Slice(0, 8192));
  in_parts.Add(column.Slice(8192, 1808));
  EXPECT_EQ(HashOfColumn(column), in_parts.HexDigest());
  EXPECT_EQ(HashOfColumn(column.Slice(3, 100)), HashOfColumn(with_junk.Slice(3, 100)));
}

TEST(ContentHashTest, EveryBitCounts) {
  const auto hash = [](double d) {
    return HashOfColumn(ColumnOf(TypeId::kFloat64, {Value::Double(d)}));
  };
  EXPECT_NE(hash(0.0), hash(-0.0));
  EXPECT_NE(HashOfColumn(ColumnOf(TypeId::kInt64, {Value()})),
            HashOfColumn(ColumnOf(TypeId::kInt64, {Value::Int(0)})));
  EXPECT_NE(HashOfColumn(ColumnOf(TypeId::kString, {Value::String("ab"), Value::String("")})),
            HashOfColumn(ColumnOf(TypeId::kString, {Value::String("a"), Value::String("b")})));
}

}  // namespace
}  // namespace coeval
