#include "source/wanted_keys.h"

#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "source/testing.h"

namespace coeval {
namespace {

using ::coeval::testing::Cells;
using ::coeval::testing::Table;

Column Ints(const Cells<std::int64_t>& cells) {
  return Table().Ints("v", cells).batch().columns[0];
}

Column Strings(const Cells<std::string>& cells) {
  return Table().Strings("v", cells).batch().columns[0];
}

WantedKeys Of(const Column& key) {
  return WantedKeys(std::vector<Column>{key});
}

ColumnStatistics Range(std::int64_t min, std::int64_t max) {
  return {.has_range = true, .min = min, .max = max, .nulls = 0};
}

ColumnStatistics Texts(const std::string& min, const std::string& max) {
  ColumnStatistics statistics;
  statistics.has_bytes = true;
  statistics.min_bytes = min;
  statistics.max_bytes = max;
  return statistics;
}

Column Fixed(TypeId type, std::vector<std::int32_t> values) {
  const auto length = static_cast<std::int64_t>(values.size());
  return Column::FixedWidth(type, length, MakeBuffer(std::move(values)));
}

TEST(WantedKeysTest, ARangeBetweenTwoWantedKeysHoldsNone) {
  const WantedKeys wanted = Of(Ints({900, 4, std::nullopt, 3, 4}));
  EXPECT_TRUE(wanted.MayBeIn(0, Range(0, 99)));
  EXPECT_TRUE(wanted.MayBeIn(0, Range(4, 4)));
  EXPECT_TRUE(wanted.MayBeIn(0, Range(-5, 3)));
  EXPECT_FALSE(wanted.MayBeIn(0, Range(5, 899)));
  EXPECT_TRUE(wanted.MayBeIn(0, Range(5, 900)));
  EXPECT_FALSE(wanted.MayBeIn(0, Range(901, 990)));
  EXPECT_FALSE(wanted.MayBeIn(0, Range(-9, 2)));
}

TEST(WantedKeysTest, WithoutStatisticsAKeyMayBeThere) {
  const WantedKeys wanted = Of(Ints({1}));
  EXPECT_TRUE(wanted.MayBeIn(0, {}));
  EXPECT_TRUE(wanted.MayBeIn(0, Range(9, 2))) << "such a range means nothing";
  EXPECT_TRUE(wanted.MayBeIn(0, Texts("a", "b")));
  EXPECT_TRUE(Of(Strings({"a"})).MayBeIn(0, Range(5, 6)));
}

TEST(WantedKeysTest, WhereNothingIsWantedNothingIsThere) {
  EXPECT_FALSE(Of(Ints({std::nullopt})).MayBeIn(0, Range(0, 9)));
  EXPECT_FALSE(Of(Strings({})).MayBeIn(0, Texts("", "z")));
}

TEST(WantedKeysTest, ThoseWithinTheRangeAreListed) {
  const WantedKeys wanted = Of(Ints({900, 4, std::nullopt, 3, 4}));
  const auto listed = wanted.ListedIn(0, Range(4, 950));
  ASSERT_TRUE(listed);
  EXPECT_EQ(std::vector<std::int64_t>(listed->numbers.begin(), listed->numbers.end()),
            (std::vector<std::int64_t>{4, 900}));
  EXPECT_EQ(wanted.ListedIn(0, Range(5, 899))->size(), 0U);
  EXPECT_FALSE(wanted.ListedIn(0, {})) << "no statistics";
  const auto texts = Of(Strings({"a", "bc", "bd", "c"})).ListedIn(0, Texts("aa", "b"));
  ASSERT_TRUE(texts);
  EXPECT_EQ(texts->texts.size(), 2U) << "what begins with the greatest is not beyond it";
}

TEST(WantedKeysTest, WhereOneCannotBeOfItsTypeNoneIsListed) {
  const WantedKeys narrow = Of(Fixed(TypeId::kInt32, {5}));
  EXPECT_TRUE(narrow.ListedIn(0, Range(0, 9)));
  EXPECT_FALSE(narrow.ListedIn(0, Range(0, std::int64_t{1} << 40)));
  const WantedKeys times = Of(Table().Times("t", {5}).batch().columns[0]);
  constexpr auto kEnd = std::numeric_limits<std::int64_t>::max();
  EXPECT_TRUE(times.ListedIn(0, Range(0, 9)));
  EXPECT_FALSE(times.ListedIn(0, Range(0, kEnd))) << "any time beyond stands there";
  EXPECT_TRUE(times.MayBeIn(0, Range(kEnd, kEnd))) << "an error to be seen";
}

TEST(WantedKeysTest, TooManyAreNotListed) {
  Cells<std::int64_t> many;
  for (std::size_t i = 0; i <= WantedKeys::kMostValues; ++i) {
    many.emplace_back(static_cast<std::int64_t>(i));
  }
  EXPECT_FALSE(Of(Ints(many)).ListedIn(0, Range(0, 9)));
  many.pop_back();
  EXPECT_EQ(Of(Ints(many)).ListedIn(0, Range(0, 9))->size(), 10U);
}

TEST(WantedKeysTest, TextsCompareAsUnsignedBytes) {
  const WantedKeys wanted = Of(Strings({"b", "\xC3\xA9t\xC3\xA9"}));
  EXPECT_TRUE(wanted.MayBeIn(0, Texts("a", "c")));
  EXPECT_FALSE(wanted.MayBeIn(0, Texts("c", "z")));
  EXPECT_TRUE(wanted.MayBeIn(0, Texts("z", "\xC3\xBF")));
}

TEST(WantedKeysTest, AGreatestTextMayBeCutShort) {
  const WantedKeys wanted = Of(Strings({"user-77"}));
  EXPECT_TRUE(wanted.MayBeIn(0, Texts("user", "user"))) << "of user-1 to user-99";
  EXPECT_TRUE(wanted.MayBeIn(0, Texts("", "")));
  EXPECT_FALSE(wanted.MayBeIn(0, Texts("a", "usep")));
}

TEST(WantedKeysTest, DaysAreComparedAsTimes) {
  const WantedKeys days = Of(Fixed(TypeId::kDate, {10, 2'000'000'000}));
  EXPECT_TRUE(days.MayBeIn(0, Range(10 * kDay, 10 * kDay)));
  EXPECT_FALSE(days.MayBeIn(0, Range(11 * kDay, 12 * kDay)));
  EXPECT_TRUE(days.MayBeIn(0, Range(kDay * 90'000'000, kMaxTime))) << "beyond the range of times";
}

TEST(WantedKeysTest, AValueThatItsDeclaredTypeCannotHoldIsRead) {
  const WantedKeys wanted = Of(Fixed(TypeId::kInt32, {7}));
  EXPECT_FALSE(wanted.MayBeIn(0, Range(8, std::numeric_limits<std::int32_t>::max())));
  EXPECT_TRUE(wanted.MayBeIn(0, Range(8, std::int64_t{1} << 40)));
  EXPECT_TRUE(wanted.MayBeIn(0, Range(-(std::int64_t{1} << 40), 6)));
}

TEST(WantedKeysTest, OnlyTypesThatKeepTheirOrderTell) {
  const WantedKeys wanted = Of(Ints({1}));
  EXPECT_TRUE(wanted.CanTell(0, TypeId::kInt32));
  EXPECT_FALSE(wanted.CanTell(0, TypeId::kFloat64));
  EXPECT_FALSE(wanted.CanTell(0, TypeId::kTimestamp));
  EXPECT_FALSE(wanted.CanTell(0, TypeId::kString));
  EXPECT_TRUE(Of(Strings({"a"})).CanTell(0, TypeId::kString));
  EXPECT_FALSE(Of(Strings({"a"})).CanTell(0, TypeId::kBytes));
  const WantedKeys days = Of(Fixed(TypeId::kDate, {10}));
  EXPECT_TRUE(days.CanTell(0, TypeId::kDate));
  EXPECT_FALSE(days.CanTell(0, TypeId::kTimestamp)) << "no date, which is an error";
}

TEST(WantedKeysTest, FoldersHaveOneValue) {
  const WantedKeys wanted = Of(Strings({"ams", "jfk"}));
  EXPECT_TRUE(wanted.Has(0, Value::String("jfk")));
  EXPECT_FALSE(wanted.Has(0, Value::String("ewr")));
  EXPECT_FALSE(wanted.Has(0, Value())) << "a null is no key";
  const WantedKeys days = Of(Fixed(TypeId::kDate, {10}));
  EXPECT_TRUE(days.Has(0, Value::Int(10)));
  EXPECT_FALSE(days.Has(0, Value::Int(11)));
}

// Few values are listed one by one, many are a range: neither leaves out a range that holds one.
TEST(WantedKeysTest, NoRangeWithAWantedKeyIsLeftOut) {
  const std::uint32_t seed = 11;
  std::mt19937 random(seed);
  for (const int count : {1, 50, 2000, static_cast<int>(WantedKeys::kMostValues) + 500}) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", " + std::to_string(count) + " values");
    Cells<std::int64_t> numbers;
    Cells<std::string> texts;
    for (int i = 0; i < count; ++i) {
      numbers.emplace_back(static_cast<std::int64_t>(random() % 1'000'000));
      texts.emplace_back(std::to_string(*numbers.back()));
    }
    const WantedKeys wanted(std::vector<Column>{Ints(numbers), Strings(texts)});
    int left_out = 0;
    for (int i = 0; i < 300; ++i) {
      const auto min = static_cast<std::int64_t>(random() % 1'100'000) - 50'000;
      const std::int64_t max = min + static_cast<std::int64_t>(random() % 3000);
      bool any = false;
      for (const auto& value : numbers) any = any || (*value >= min && *value <= max);
      EXPECT_TRUE(!any || wanted.MayBeIn(0, Range(min, max)));
      left_out += wanted.MayBeIn(0, Range(min, max)) ? 0 : 1;
      std::string low = std::to_string(random() % 1'000'000);
      std::string high = std::to_string(random() % 1'000'000);
      if (high < low) std::swap(low, high);
      any = false;
      for (const auto& text : texts) any = any || (*text >= low && *text <= high);
      EXPECT_TRUE(!any || wanted.MayBeIn(1, Texts(low.substr(0, 3), high.substr(0, 3))));
    }
    EXPECT_GT(left_out, 0);
  }
}

}  // namespace
}  // namespace coeval
