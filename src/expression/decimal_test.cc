#include "expression/decimal.h"

#include <cstring>
#include <random>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "expression/testing.h"

namespace coeval {
namespace {

Int128 ReadInt(const std::string& text) {
  Int128 value = 0;
  for (const char c : text) {
    if (c != '-') value = value * 10 + (c - '0');
  }
  return text[0] == '-' ? -value : value;
}

std::string Text(const std::optional<Int128>& value) {
  return value ? DecimalText(*value, 0) : "none";
}

// The oracle has integers without bounds.
constexpr char kOracle[] = R"(
import random, struct
from fractions import Fraction
random.seed(SEED)
def number(digits=38):
    return random.choice([-1, 1]) * random.randint(0, 10 ** random.randint(0, digits) - 1)
def half_away(x):
    sign = -1 if x < 0 else 1
    return sign * int(abs(x) + Fraction(1, 2))
def show(value, precision=38):
    return str(value) if abs(value) < 10 ** precision else "none"
for _ in range(8000):
    a, b, n, p = number(), number(), random.randint(0, 38), random.randint(1, 38)
    print("multiply", a, b, n, p, show(half_away(Fraction(a * b, 10 ** n)), p))
    shift = random.randint(0, 76)
    if b: print("divide", a, b, shift, p, show(half_away(Fraction(a * 10 ** shift, b)), p))
    by = random.randint(-38, 38)
    print("scale", a, 0, by, p, show(half_away(a * Fraction(10) ** by), p))
    if random.random() < 0.5: b = half_away(Fraction(a) * Fraction(10) ** by)
    if abs(b) < 10 ** 38:
        s = max(0, by); t = max(0, -by)
        x, y = Fraction(a, 10 ** t), Fraction(b, 10 ** s)
        print("compare", a, b, t, s, (x > y) - (x < y))
    print("double", a, 0, n, 0, struct.unpack("<q", struct.pack("<d", float(Fraction(a, 10 ** n))))[0])
    d = struct.unpack("<d", struct.pack("<q", random.getrandbits(63)))[0] if random.random() < 0.2 else float(Fraction(number(), 10 ** n))
    if d == d and abs(d) != float("inf"):
        print("from_double", struct.unpack("<q", struct.pack("<d", d))[0], 0, n, p, show(half_away(Fraction(d) * 10 ** n), p))
)";

TEST(DecimalTest, AgreesWithExactArithmetic) {
  const unsigned seed = std::random_device{}();
  std::string program = kOracle;
  program.replace(program.find("SEED"), 4, std::to_string(seed));
  std::istringstream lines(RunPython(program));
  std::string what, a_text, b_text, expected;
  int n = 0, p = 0, count = 0;
  while (lines >> what >> a_text >> b_text >> n >> p >> expected) {
    ++count;
    const Int128 a = ReadInt(a_text), b = ReadInt(b_text);
    std::string found;
    if (what == "multiply") found = Text(MultiplyDecimal(a, b, n, p));
    if (what == "divide") found = Text(DivideDecimal(a, b, n, p));
    if (what == "scale") found = Text(ScaleDecimal(a, n, p));
    if (what == "compare") found = std::to_string(CompareDecimal(a, n, b, p));
    if (what == "double") {
      const double nearest = DecimalToDouble(a, n);
      std::int64_t bits = 0;
      std::memcpy(&bits, &nearest, sizeof(bits));
      found = std::to_string(bits);
    }
    if (what == "from_double") {
      const auto bits = static_cast<std::int64_t>(a);
      double value = 0;
      std::memcpy(&value, &bits, sizeof(bits));
      found = Text(DecimalFromDouble(value, p, n));
    }
    ASSERT_EQ(found, expected) << what << " " << a_text << " " << b_text << " " << n << " " << p
                               << ", seed " << seed;
  }
  EXPECT_GT(count, 40000);
}

TEST(DecimalTest, ReadsText) {
  EXPECT_EQ(ParseDecimal("1.25", 5, 2), Int128{125});
  EXPECT_EQ(ParseDecimal("-1.255", 5, 2), Int128{-126});
  EXPECT_EQ(ParseDecimal("+.5", 5, 0), Int128{1});
  EXPECT_EQ(ParseDecimal("0.4999", 5, 0), Int128{0});
  EXPECT_EQ(ParseDecimal("12e-1", 5, 1), Int128{12});
  EXPECT_EQ(ParseDecimal("1E3", 5, 1), Int128{10000});
  EXPECT_EQ(ParseDecimal("0e99999999", 5, 1), Int128{0});
  EXPECT_EQ(ParseDecimal("1e-99999999", 5, 1), Int128{0});
  EXPECT_EQ(ParseDecimal("1e99999999", 5, 1), std::nullopt);
  EXPECT_EQ(ParseDecimal("9e-40", 38, 38), Int128{0});
  EXPECT_EQ(ParseDecimal("9.95", 2, 1), std::nullopt);
  for (const char* const text : {"", "-", ".", "1.2.3", "1e", "e5", "1x", "0x1", "1e+", " 1"}) {
    EXPECT_EQ(ParseDecimal(text, 38, 2), std::nullopt) << text;
  }
}

TEST(DecimalTest, ResultTypesHoldEveryResultOrKeepSixDigits) {
  const auto d = DataType::Decimal;
  EXPECT_EQ(SumType(d(5, 2), d(4, 3)), d(7, 3));
  EXPECT_EQ(SumType(d(38, 10), d(38, 0)), d(38, 10));
  EXPECT_EQ(ProductType(d(5, 2), d(4, 3)), d(9, 5));
  EXPECT_EQ(ProductType(d(38, 20), d(38, 20)), d(38, 6));
  EXPECT_EQ(ProductType(d(38, 0), d(38, 0)), d(38, 0));
  EXPECT_EQ(ProductType(d(38, 38), d(38, 38)), d(38, 38));
  EXPECT_EQ(QuotientType(d(5, 2), d(4, 3)), d(13, 7));
  EXPECT_EQ(QuotientType(d(38, 0), d(38, 38)), d(38, 6));
}

}  // namespace
}  // namespace coeval
