// Rule 6.4: mathematics gives the same bits on every processor. The hashes below are those of
// 40,000 results each; they change only with the library's version, which is part of every
// feature's version.
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "expression/expression.h"
#include "expression/math_wide.h"

namespace coeval {
namespace {

constexpr std::int64_t kRows = 40000;
constexpr int kVectorSize = 19;
constexpr std::int32_t kListSize = 11;

struct Golden {
  const char* expression;
  std::uint64_t hash;
};

constexpr Golden kGolden[] = {
    {"sqrt(abs(x))", 0xe94c62d4a2f533a1U},
    {"exp(x)", 0xd66aeaa6e0d9697eU},
    {"ln(abs(x))", 0x398fc47b0c5b815aU},
    {"log10(abs(x))", 0x69317fa215c33fd0U},
    {"log2(abs(x))", 0xb7b9743b2b940feeU},
    {"pow(abs(x), y)", 0x366bbb13d6b2de2fU},
    {"sin(x)", 0x048a316372ba7097U},
    {"cos(x)", 0x7679a8adba087502U},
    {"tan(x)", 0x8e999ea522a673abU},
    {"asin(z)", 0xbdb470a1b950cce9U},
    {"acos(z)", 0x7e753aa449d75790U},
    {"atan(x)", 0xaad85c9eb0a8282fU},
    {"atan2(y, x)", 0xb5c9429b5ffac9d3U},
    {"x % y", 0x5431af858083f342U},
    {"round(x, 3)", 0x3b264d7e6e8d7c11U},
    {"degrees(x)", 0x15c37a9fcfa294d0U},
    {"haversine(z * 90, x, y, 10)", 0xe5e4bb216c49e9d9U},
    {"radians(x)", 0xd9521a4301e84bfbU},
    {"x * y + z", 0x57e4931d3a618275U},
    {"x / y - z", 0x84887144b5ab1b15U},
    {"trunc(x) + floor(y) * ceil(x)", 0x2a89eab6a5b285a3U},
    {"cast(cast(x as float32) as float64)", 0xbbacfb28abd1806bU},
    {"cast(cast(x as string) as float64)", 0x9bedcac1f68f0e3dU},
    {"cyclic_sin('doy', to_timestamp(x * 1e6))", 0x0d20e1255f086393U},
    {"cyclic_cos('minute', to_timestamp(x * 1e6))", 0xc82a84708c85c033U},
    {"z_score(x, y, z)", 0x9e798465e836fb88U},
    {"sum(l)", 0x81d314e58bceb180U},
    {"mean(l)", 0xea50f09d6e687d1aU},
    {"dot(v, w)", 0x9005d4e3205aa62aU},
    {"cosine_similarity(v, w)", 0x9b66485b394839d7U},
    {"l2_distance(v, w)", 0xe80848d44b422df2U},
    {"l2_norm(l)", 0xb441dc3d2437917eU},
    {"cast(xxh3_64(x) as float64)", 0x482127e0f807ee1dU},
    {"cast(murmur3_32(cast(x as string)) as float64)", 0x25f649c205ceb9baU},
};

// A column of its own generator: std's distributions differ from library to library.
Column Numbers(std::uint64_t seed, double scale, double power, std::int64_t count = kRows) {
  std::vector<double> values;
  for (std::int64_t row = 0; row < count; ++row) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    const double unit = static_cast<double>(seed >> 11) * 0x1p-52 - 1;  // -1 to 1
    values.push_back(power == 1 ? unit * scale : unit * unit * unit * scale);
  }
  return Column::FixedWidth(TypeId::kFloat64, count, MakeBuffer(std::move(values)));
}

Buffer Offsets() {
  std::vector<std::int32_t> offsets;
  for (std::int32_t row = 0; row <= kRows; ++row) offsets.push_back(row * kListSize);
  return MakeBuffer(std::move(offsets));
}

// Of all rows, evaluated `rows` at a time.
std::uint64_t HashOf(const std::string& text, std::int64_t rows = kRows) {
  Schema schema;
  for (const char* const name : {"x", "y", "z"}) schema.Add(name, TypeId::kFloat64);
  const DataType vector = DataType::Vector(TypeId::kFloat64, kVectorSize);
  schema.Add("v", vector);
  schema.Add("w", vector);
  schema.Add("l", DataType::List(TypeId::kFloat64));
  static const std::array<Column, 6> columns = {
      Numbers(1, 1000, 3),
      Numbers(2, 50, 1),
      Numbers(3, 1, 1),
      Column::Nested(vector, kRows, {}, {Numbers(4, 1000, 3, kRows * kVectorSize)}),
      Column::Nested(vector, kRows, {}, {Numbers(5, 1000, 3, kRows * kVectorSize)}),
      Column::Nested(DataType::List(TypeId::kFloat64), kRows, Offsets(),
                     {Numbers(6, 1e9, 3, kRows * kListSize)})};
  const Result<Expression> expression = Expression::Compile(text, schema, std::nullopt);
  EXPECT_TRUE(expression.ok()) << expression.status().ToString();
  std::vector<double> values;
  for (std::int64_t first = 0; first < kRows; first += rows) {
    std::vector<Column> part;
    for (const Column& column : columns) part.push_back(column.Slice(first, rows));
    const Evaluation evaluation =
        expression.value().Evaluate(part, rows, std::array<TimeMicros, 1>{0});
    const auto made = evaluation.values.values<double>();
    values.insert(values.end(), made.begin(), made.end());
  }
  return Hash64({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double)});
}

TEST(MathBitsTest, GivesTheGoldenBits) {
  for (const Golden& golden : kGolden) {
    EXPECT_EQ(HashOf(golden.expression), golden.hash)
        << golden.expression << std::hex << " gives 0x" << HashOf(golden.expression);
  }
}

TEST(MathBitsTest, GivesTheSameBitsTwoAndFourNumbersAtATime) {
  for (const WideMath* const math : {&kSse4Math, &kAvxMath}) {
    if (math == &kAvxMath && !HasAvx()) continue;
    ChooseMathForTesting(math);
    for (const Golden& golden : kGolden) {
      EXPECT_EQ(HashOf(golden.expression), golden.hash) << golden.expression;
    }
  }
  ChooseMathForTesting(nullptr);
}

// One row at a time goes by other variants than a batch.
TEST(MathBitsTest, GivesTheSameBitsForRowsAlone) {
  for (const Golden& golden : kGolden) {
    EXPECT_EQ(HashOf(golden.expression, 1), golden.hash) << golden.expression;
  }
}

// The same again in a process whose C library believes that there is neither AVX nor FMA: what goes
// by the processor's abilities shows here.
TEST(MathBitsTest, GivesTheSameBitsWithoutFmaAndAvx) {
  if (std::getenv("GLIBC_TUNABLES") != nullptr) GTEST_SKIP() << "this is the process without";
  std::array<char, 4096> self{};
  std::FILE* const link = popen("readlink /proc/$PPID/exe", "r");
  ASSERT_NE(link, nullptr);
  ASSERT_NE(std::fgets(self.data(), self.size(), link), nullptr);
  pclose(link);
  self[std::strcspn(self.data(), "\n")] = '\0';
  const std::string command =
      "GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX_Usable,-AVX2_Usable,-FMA_Usable,-AVX512F_Usable,-AVX,"
      "-AVX2,-FMA,-FMA4,-AVX512F '" +
      std::string(self.data()) + "' --gtest_filter=MathBitsTest.GivesTheGoldenBits > /dev/null";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace coeval
