// Arrow in: one column in every foreign shape (random), and each rule and trap by name.
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/arrow_bridge.h"
#include "column/testing.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;

// What column.h promises to kernels, whatever came in.
void ExpectWellFormed(const Column& column) {
  const DataType& type = column.type();
  const auto address = reinterpret_cast<std::uintptr_t>(column.values_buffer().data);
  if (type.width() > 0) {
    EXPECT_EQ(address % static_cast<std::uintptr_t>(type.width()), 0U);
  }
  if (type.width() > 0 || type.id() == TypeId::kNull) return;
  if (type.id() == TypeId::kVector) {
    EXPECT_FALSE(column.child(0).may_have_nulls());
    return ExpectWellFormed(column.child(0));
  }
  for (std::int64_t row = 0; row < column.length(); ++row) {
    const Column::Extent extent = column.elements(row);
    EXPECT_LE(extent.first, extent.last);
    if (column.IsNull(row)) {
      EXPECT_EQ(extent.first, extent.last) << "bytes or elements at a null";
    }
  }
  if (!type.is_nested()) return;
  ExpectWellFormed(column.child(0));
  if (type.id() == TypeId::kMap) ExpectWellFormed(column.child(1));
}

class ForeignArrayTest : public ::testing::TestWithParam<int> {};

// Whatever the producer's layout, the same bits come in.
TEST_P(ForeignArrayTest, ComesInWithTheSameBits) {
  const auto seed = static_cast<std::uint64_t>(GetParam());
  Random random(seed);
  const DataType type = RandomType(random, 2);
  const Column column = RandomColumn(type, Pick(random, 30), seed + 5000);
  for (int shape = 0; shape < 20; ++shape) {
    ArrowSchema schema{};
    ArrowArray array{};
    MakeForeignArray(column, random, &schema, &array);
    const SharedArrowSchema field = OwnArrowSchema(&schema);
    SharedArrowArray values = OwnArrowArray(&array);
    const std::string where = "seed " + std::to_string(seed) + ", " + type.ToString() +
                              ", format " + field->format +
                              (field->dictionary ? " dictionary" : "");
    const auto imported = ImportArray(*field, *values, values);
    values.reset();  // the column keeps what it shares alive
    ASSERT_TRUE(imported.ok()) << where << ": " << imported.status().ToString();
    ASSERT_EQ(imported->type(), type) << where;
    EXPECT_EQ(*TypeFromArrow(*field), type) << where;
    ASSERT_TRUE(SameBits(*imported, column)) << where << "\n"
                                             << ColumnToText(*imported) << "\n"
                                             << ColumnToText(column);
    ExpectWellFormed(*imported);
    // No nulls, no validity: kernels without null checks apply.
    if (column.CountNulls() == 0 && type.id() != TypeId::kNull) {
      EXPECT_FALSE(imported->may_have_nulls()) << where;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ForeignArrayTest, ::testing::Range(0, 300));

// A small array by hand: buffers and children as given, nothing copied. For one call.
class Hand {
 public:
  Hand(const char* format, std::int64_t length, std::vector<const void*> buffers)
      : buffers_(std::move(buffers)) {
    schema.format = format;
    schema.name = "f";
    schema.release = [](ArrowSchema*) {};
    array.length = length;
    array.null_count = -1;
    array.n_buffers = std::ssize(buffers_);
    array.buffers = buffers_.data();
    array.release = [](ArrowArray*) {};
  }

  Hand(const Hand&) = delete;
  Hand& operator=(const Hand&) = delete;

  Hand& With(Hand* child) {
    schemas_.push_back(&child->schema);
    arrays_.push_back(&child->array);
    schema.n_children = array.n_children = std::ssize(schemas_);
    schema.children = schemas_.data();
    array.children = arrays_.data();
    return *this;
  }

  Hand& WithDictionary(Hand* words) {
    schema.dictionary = &words->schema;
    array.dictionary = &words->array;
    return *this;
  }

  [[nodiscard]] Result<Column> Import(Rounding rounding = Rounding::kExact) const {
    return ImportArray(schema, array, nullptr, rounding);
  }

  [[nodiscard]] std::string Text(Rounding rounding = Rounding::kExact) const {
    const auto column = Import(rounding);
    return column.ok() ? column->type().ToString() + " " + ColumnToText(*column)
                       : column.status().message();
  }

  ArrowSchema schema{};
  ArrowArray array{};

 private:
  std::vector<const void*> buffers_;
  std::vector<ArrowSchema*> schemas_;
  std::vector<ArrowArray*> arrays_;
};

// Rule 1.2: event and created times up, questions down, keys and values never.
TEST(ImportArrayTest, RoundsTimesAsAsked) {
  const std::array<std::int64_t, 4> nanos = {1, 1000, -1, -1001};
  const Hand times("tsn:UTC", 4, {nullptr, nanos.data()});
  EXPECT_EQ(times.Text(Rounding::kUp),
            "timestamp [1970-01-01T00:00:00.000001Z, 1970-01-01T00:00:00.000001Z, "
            "1970-01-01T00:00:00Z, 1969-12-31T23:59:59.999999Z]");
  EXPECT_EQ(times.Text(Rounding::kDown),
            "timestamp [1970-01-01T00:00:00Z, 1970-01-01T00:00:00.000001Z, "
            "1969-12-31T23:59:59.999999Z, 1969-12-31T23:59:59.999998Z]");
  EXPECT_THAT(times.Text(), HasSubstr("column 'f': row 0: a time is finer than a microsecond"));
}

TEST(ImportArrayTest, TimesThatDoNotFitAreErrorsWithTheirRow) {
  const std::array<std::int64_t, 2> seconds = {0, std::numeric_limits<std::int64_t>::max() / 100};
  EXPECT_THAT(Hand("tss:", 2, {nullptr, seconds.data()}).Text(),
              HasSubstr("row 1: a time does not"));
  const std::uint8_t first_only = 1;  // under a null it does no harm
  EXPECT_EQ(Hand("tss:", 2, {&first_only, seconds.data()}).Text(),
            "timestamp [1970-01-01T00:00:00Z, null]");
}

TEST(ImportTimesTest, ImpossibleTimesBecomeNullAndAreCounted) {
  const std::array<std::int64_t, 3> seconds = {7, kMaxTime, kMinTime};
  const Hand times("tss:", 3, {nullptr, seconds.data()});
  std::int64_t impossible = 10;
  EXPECT_EQ(
      ColumnToText(*ImportTimes(times.schema, times.array, nullptr, Rounding::kUp, &impossible)),
      "[1970-01-01T00:00:07Z, null, null]");
  EXPECT_EQ(impossible, 12);
  // Counted by rows, not by the words of a dictionary; nulls are not impossible.
  const std::array<std::int8_t, 5> indices = {1, 1, 0, 2, 1};
  const std::uint8_t all_but_the_last = 0b01111;
  Hand words("tss:", 3, {nullptr, seconds.data()});
  Hand coded("c", 5, {&all_but_the_last, indices.data()});
  coded.WithDictionary(&words);
  impossible = 0;
  EXPECT_EQ(
      ColumnToText(*ImportTimes(coded.schema, coded.array, nullptr, Rounding::kUp, &impossible)),
      "[null, null, 1970-01-01T00:00:07Z, null, null]");
  EXPECT_EQ(impossible, 3);
}

// Rule 1.1: a date is 00:00 UTC.
TEST(ImportTimesTest, DatesAreMidnight) {
  const std::array<std::int32_t, 2> days = {1, INT32_MAX};
  const Hand dates("tdD", 2, {nullptr, days.data()});
  std::int64_t impossible = 0;
  EXPECT_EQ(
      ColumnToText(*ImportTimes(dates.schema, dates.array, nullptr, Rounding::kUp, &impossible)),
      "[1970-01-02T00:00:00Z, null]");
  EXPECT_EQ(impossible, 1);
  const Hand numbers("l", 0, {nullptr, nullptr});
  const auto refused =
      ImportTimes(numbers.schema, numbers.array, nullptr, Rounding::kUp, &impossible);
  EXPECT_THAT(refused.status().message(),
              HasSubstr("a timestamp or a date is expected, not int64"));
}

TEST(ImportArrayTest, SmallNumbersWidenAndLargeOnesAreRefused) {
  const std::array<std::uint64_t, 2> large = {9223372036854775807U, 9223372036854775808U};
  EXPECT_EQ(Hand("L", 1, {nullptr, large.data()}).Text(), "int64 [9223372036854775807]");
  EXPECT_THAT(Hand("L", 2, {nullptr, large.data()}).Text(),
              HasSubstr("row 1: 9223372036854775808 (uint64) does not fit int64"));
  const std::array<std::uint32_t, 1> middle = {4294967295U};
  EXPECT_EQ(Hand("I", 1, {nullptr, middle.data()}).Text(), "int64 [4294967295]");
  const std::array<std::int8_t, 1> small = {-128};
  EXPECT_EQ(Hand("c", 1, {nullptr, small.data()}).Text(), "int32 [-128]");
}

TEST(ImportArrayTest, HalfFloatsAreExact) {
  const std::array<std::uint16_t, 9> halves = {0x3C00, 0xC000, 0x0001, 0x8000, 0x7BFF,
                                               0x7C00, 0xFC00, 0x7E01, 0x3555};
  const Column column = *Hand("e", 9, {nullptr, halves.data()}).Import();
  EXPECT_EQ(column.type(), TypeId::kFloat32);
  const auto values = column.values<float>();
  EXPECT_EQ(values[0], 1.0F);
  EXPECT_EQ(values[1], -2.0F);
  EXPECT_EQ(values[2], std::ldexp(1.0F, -24));
  EXPECT_TRUE(values[3] == 0 && std::signbit(values[3]));
  EXPECT_EQ(values[4], 65504.0F);
  EXPECT_EQ(values[5], std::numeric_limits<float>::infinity());
  EXPECT_EQ(values[6], -std::numeric_limits<float>::infinity());
  EXPECT_EQ(std::bit_cast<std::uint32_t>(values[7]), 0x7FC00000U);
  EXPECT_EQ(values[8], 0.333251953125F);
}

// Rule 1.5: every NaN becomes the one NaN; without an odd one the buffer is shared.
TEST(ImportArrayTest, FloatsAreSharedUnlessANanIsOdd) {
  std::array<double, 3> doubles = {1.5, CanonicalNan(), -0.0};
  const Hand floats("g", 3, {nullptr, doubles.data()});
  EXPECT_EQ(floats.Import()->values<double>().data(), doubles.data());
  doubles[1] = std::bit_cast<double>(std::uint64_t{0xFFF0000000000001});
  const Column copied = *floats.Import();
  EXPECT_NE(copied.values<double>().data(), doubles.data());
  EXPECT_TRUE(SameBits(copied, MakeColumn("float64", R"([1.5, {"f": "nan"}, -0.0])")));
}

TEST(ImportArrayTest, DecimalsOfAllWidths) {
  const std::array<std::int32_t, 2> narrow = {-1250, 7};
  EXPECT_EQ(Hand("d:5,2,32", 2, {nullptr, narrow.data()}).Text(), "decimal(5, 2) [-12.50, 0.07]");
  const std::array<std::int64_t, 1> middle = {-1250};
  EXPECT_EQ(Hand("d:18,-2,64", 1, {nullptr, middle.data()}).Text(), "decimal(18, -2) [-125000]");
  EXPECT_THAT(Hand("d:50,2,256", 1, {nullptr, middle.data()}).Text(), HasSubstr("decimal"));
  EXPECT_THAT(Hand("d:40,2", 1, {nullptr, middle.data()}).Text(), HasSubstr("no type for"));
}

TEST(ImportArrayTest, DatesOfMillisecondsMustBeWholeDays) {
  const std::array<std::int64_t, 2> millis = {-86'400'000, 1};
  EXPECT_EQ(Hand("tdm", 1, {nullptr, millis.data()}).Text(), "date [1969-12-31]");
  EXPECT_THAT(Hand("tdm", 2, {nullptr, millis.data()}).Text(), HasSubstr("row 1: 1 ms (date64)"));
}

TEST(ImportArrayTest, FixedListsOfFloatsAreVectorsUnlessAnElementIsNull) {
  const std::array<float, 6> floats = {1, 2, 3, 4, 5, 6};
  const std::uint8_t second_row = 0b101;
  const std::uint8_t third_null = 0b111011;
  Hand whole("f", 6, {nullptr, floats.data()});
  Hand vectors("+w:2", 3, {nullptr});
  EXPECT_EQ(vectors.With(&whole).Text(), "vector<float32, 2> [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]");
  Hand holes("f", 6, {&third_null, floats.data()});
  Hand lists("+w:2", 3, {nullptr});
  EXPECT_EQ(lists.With(&holes).Text(), "list<float32> [[1.0, 2.0], [null, 4.0], [5.0, 6.0]]");
  Hand hidden("+w:2", 3, {&second_row});
  EXPECT_EQ(hidden.With(&holes).Text(), "vector<float32, 2> [[1.0, 2.0], null, [5.0, 6.0]]");
  EXPECT_EQ(TypeFromArrow(lists.schema)->ToString(), "vector<float32, 2>");
}

TEST(ImportArrayTest, MapsComeInKeyOrderAndWithoutDoubts) {
  const std::array<std::int32_t, 2> offsets = {0, 2};
  const std::array<std::int64_t, 2> values = {10, 20};
  const auto text = [&](const std::array<std::int64_t, 2>& keys, const std::uint8_t* validity) {
    Hand key("l", 2, {validity, keys.data()});
    Hand value("l", 2, {nullptr, values.data()});
    Hand entries("+s", 2, {nullptr});
    entries.With(&key).With(&value);
    Hand map("+m", 1, {nullptr, offsets.data()});
    return map.With(&entries).Text();
  };
  EXPECT_EQ(text({2, 1}, nullptr), "map<int64, int64> [{1: 20, 2: 10}]");
  EXPECT_THAT(text({1, 1}, nullptr), HasSubstr("row 0: a map has the key 1 twice"));
  const std::uint8_t second_null = 1;
  EXPECT_THAT(text({1, 2}, &second_null), HasSubstr("row 0: a map has a null key"));
}

// Arrays that contradict themselves are refused; nothing outside of them is read.
TEST(ImportArrayTest, RefusesArraysThatContradictThemselves) {
  const std::array<std::int32_t, 3> backwards = {0, 5, 3};
  const std::array<std::int32_t, 3> negative = {-1, 0, 2};
  const std::array<std::int32_t, 3> offsets = {0, 1, 2};
  const std::string bytes = "abcdef";
  EXPECT_THAT(Hand("u", 2, {nullptr, backwards.data(), bytes.data()}).Text(),
              HasSubstr("row 1: the offsets of the Arrow array run backwards"));
  EXPECT_THAT(Hand("z", 2, {nullptr, negative.data(), bytes.data()}).Text(), HasSubstr("negative"));
  EXPECT_THAT(Hand("u", 2, {nullptr, offsets.data()}).Text(), HasSubstr("lacks its buffers"));
  EXPECT_THAT(Hand("l", 2, {nullptr, nullptr}).Text(), HasSubstr("lacks its buffers"));
  EXPECT_THAT(Hand("l", 2, {}).Text(), HasSubstr("lacks its buffers"));
  Hand lonely("+l", 2, {nullptr, offsets.data()});
  EXPECT_THAT(lonely.Text(), HasSubstr("no type for"));
  const std::array<std::int64_t, 1> one = {7};
  Hand child("l", 1, {nullptr, one.data()});
  Hand list("+l", 2, {nullptr, offsets.data()});
  EXPECT_THAT(list.With(&child).Text(), HasSubstr("shorter than what refers to it"));
  Hand fixed("+w:2", 1, {nullptr});
  EXPECT_THAT(fixed.With(&child).Text(), HasSubstr("shorter than what refers to it"));
  const std::array<std::int8_t, 1> index = {1};
  Hand coded("c", 1, {nullptr, index.data()});
  EXPECT_THAT(coded.WithDictionary(&child).Text(), HasSubstr("row 0: index 1 lies outside"));
  const std::array<std::int32_t, 4> view = {100, 0, 0, 0};
  const std::array<std::int64_t, 1> sizes = {50};
  EXPECT_THAT(Hand("vu", 1, {nullptr, view.data(), bytes.data(), sizes.data()}).Text(),
              HasSubstr("points outside"));
  const std::array<std::int32_t, 4> bad_view = {-1, 0, 0, 0};
  EXPECT_THAT(Hand("vu", 1, {nullptr, bad_view.data(), sizes.data()}).Text(),
              HasSubstr("points outside"));
}

TEST(ImportArrayTest, StringsMustBeUtf8) {
  const std::array<std::int32_t, 3> offsets = {0, 1, 2};
  // Each half of a character is invalid, though both together are not.
  EXPECT_THAT(Hand("u", 2, {nullptr, offsets.data(), "\xC3\xBC"}).Text(),
              HasSubstr("row 0: a string is not UTF-8"));
  EXPECT_EQ(Hand("z", 2, {nullptr, offsets.data(), "\xC3\xBC"}).Text(), "bytes [x'c3', x'bc']");
}

TEST(TypeFromArrowTest, NamesWhatHasNoType) {
  const auto message = [](const char* format) {
    return TypeFromArrow(Hand(format, 0, {}).schema).status().message();
  };
  EXPECT_THAT(message("ttu"), HasSubstr("column 'f' is of Arrow type time of day"));
  EXPECT_THAT(message("tDm"), HasSubstr("duration"));
  EXPECT_THAT(message("tiM"), HasSubstr("interval"));
  EXPECT_THAT(message("+s"), HasSubstr("struct"));
  EXPECT_THAT(message("+ud:0"), HasSubstr("dense union"));
  EXPECT_THAT(message("+r"), HasSubstr("run-end encoded"));
  EXPECT_THAT(message(""), HasSubstr("no type for"));
  EXPECT_THAT(message(nullptr), HasSubstr("no type for"));
  EXPECT_THAT(message("w:x"), HasSubstr("no type for"));
  EXPECT_THAT(message("tsx:"), HasSubstr("no type for"));
}

TEST(TypeFromArrowTest, DeepTypesAreRefused) {
  std::vector<std::unique_ptr<Hand>> levels;
  levels.push_back(std::make_unique<Hand>("l", 0, std::vector<const void*>{}));
  for (int i = 0; i < 1000; ++i) {
    auto next = std::make_unique<Hand>("+l", 0, std::vector<const void*>{});
    next->With(levels.back().get());
    levels.push_back(std::move(next));
  }
  EXPECT_THAT(TypeFromArrow(levels.back()->schema).status().message(),
              HasSubstr("nested more than"));
  EXPECT_FALSE(levels.back()->Import().ok());
}

TEST(TimestampOfTest, TellsUnitAndZone) {
  const auto zoned = TimestampOf(Hand("tsm:Europe/Berlin", 0, {}).schema);
  ASSERT_TRUE(zoned.has_value());
  EXPECT_EQ(zoned->unit, TimeUnit::kMilli);
  EXPECT_EQ(zoned->zone, "Europe/Berlin");
  EXPECT_EQ(TimestampOf(Hand("tsn:", 0, {}).schema)->zone, "");
  EXPECT_FALSE(TimestampOf(Hand("tdD", 0, {}).schema).has_value());
}

}  // namespace
}  // namespace coeval
