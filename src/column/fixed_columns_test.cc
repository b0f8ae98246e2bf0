#include "column/fixed_columns.h"

#include <bit>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "column/builder.h"

namespace coeval {
namespace {

template <typename T>
std::string BytesOf(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

// Against a ColumnBuilder for each column.
TEST(FixedColumnsTest, AreWhatBuildersMake) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::vector<DataType> types = {TypeId::kBool,      TypeId::kInt32,          TypeId::kInt64,
                                       TypeId::kFloat32,   TypeId::kFloat64,        TypeId::kDate,
                                       TypeId::kTimestamp, DataType::Decimal(20, 2)};
  FixedColumns columns;
  for (const std::int64_t rows : {0, 1, 7, 8, 9, 100}) {
    columns.Begin(types, rows);
    for (std::size_t i = 0; i < types.size(); ++i) {
      ColumnBuilder builder(types[i]);
      const bool may_be_null = random() % 2 == 0;
      for (std::int64_t row = 0; row < rows; ++row) {
        if (may_be_null && random() % 3 == 0) {
          builder.AppendNull();
          columns.SetNull(i, row);
          continue;
        }
        const auto number = static_cast<std::int32_t>(random());
        std::string bytes;
        if (types[i].id() == TypeId::kBool) {
          builder.AppendBool(number % 2 != 0);
          bytes = BytesOf<std::uint8_t>(number % 2 != 0 ? 1 : 0);
        } else if (types[i].id() == TypeId::kDecimal128) {
          builder.AppendDecimal(number);
          bytes = BytesOf<Int128>(number);
        } else if (types[i].id() == TypeId::kFloat32) {
          builder.AppendDouble(number);
          bytes = BytesOf(static_cast<float>(number));
        } else if (types[i].id() == TypeId::kFloat64) {
          builder.AppendDouble(number);
          bytes = BytesOf<double>(number);
        } else if (types[i].width() == 4) {
          builder.AppendInt(number);
          bytes = BytesOf(number);
        } else {
          builder.AppendInt(number);
          bytes = BytesOf<std::int64_t>(number);
        }
        columns.Set(i, row, bytes.data());
      }
      const Column expected = builder.Finish();
      const Column made = columns.Finish(i);
      EXPECT_TRUE(SameBits(made, expected)) << types[i].ToString() << ", " << rows << " rows";
      EXPECT_EQ(made.may_have_nulls(), expected.may_have_nulls());
    }
  }
}

TEST(FixedColumnsTest, HoldOneNan) {
  const std::vector<DataType> types = {TypeId::kFloat32, TypeId::kFloat64};
  FixedColumns columns;
  columns.Begin(types, 1);
  columns.Set(0, 0, BytesOf(-std::numeric_limits<float>::quiet_NaN()).data());
  columns.Set(1, 0, BytesOf(-std::numeric_limits<double>::quiet_NaN()).data());
  const Column floats = columns.Finish(0);
  const Column doubles = columns.Finish(1);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(floats.values<float>()[0]),
            std::bit_cast<std::uint32_t>(Canonical(-std::numeric_limits<float>::quiet_NaN())));
  EXPECT_EQ(std::bit_cast<std::uint64_t>(doubles.values<double>()[0]),
            std::bit_cast<std::uint64_t>(CanonicalNan()));
}

// What was taken out lives on its own.
TEST(FixedColumnsTest, ShareTheirMemory) {
  const std::vector<DataType> types = {TypeId::kInt64, TypeId::kInt64};
  Column kept;
  {
    FixedColumns columns;
    columns.Begin(types, 2);
    columns.SetNull(1, 0);
    columns.Set(1, 1, BytesOf<std::int64_t>(7).data());
    kept = columns.Finish(1);
    columns.Begin(types, 3);
  }
  EXPECT_TRUE(kept.IsNull(0));
  EXPECT_EQ(kept.values<std::int64_t>()[1], 7);
}

}  // namespace
}  // namespace coeval
