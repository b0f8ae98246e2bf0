#include "offline/key_index.h"

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "offline/testing.h"

namespace coeval {
namespace {

using Ids = std::vector<KeyId>;

Column Ints(const DataType& type, const std::vector<std::int64_t>& values) {
  std::vector<Value> cells;
  for (const std::int64_t v : values) cells.push_back(Value::Int(v));
  return ColumnOf(type, cells);
}

Ids Find(const KeyIndex& index, const std::vector<Column>& columns) {
  Ids ids(static_cast<std::size_t>(columns[0].length()));
  index.Find(columns, 0, columns[0].length(), ids.data());
  return ids;
}

TEST(KeyIndexTest, NumbersKeysAsTheyAppear) {
  Ids ids;
  const Column spine =
      ColumnOf(TypeId::kString, {Value::String("jfk"), Value::String("lga"), Value::String("jfk"),
                                 Value(), Value::String("")});
  const Result<KeyIndex> index = KeyIndex::Build({{spine}}, 5, &ids);
  ASSERT_TRUE(index.ok());
  EXPECT_EQ(ids, (Ids{0, 1, 0, kNoKey, 2}));
  const Column facts = ColumnOf(
      TypeId::kString, {Value::String("lga"), Value::String("ewr"), Value(), Value::String("")});
  EXPECT_EQ(Find(*index, {facts}), (Ids{1, kNoKey, kNoKey, 2}));
}

TEST(KeyIndexTest, FindsFromTheMiddleOfABatch) {
  Ids ids;
  const Column spine = Ints(TypeId::kInt64, {5, 7});
  const Result<KeyIndex> index = KeyIndex::Build({{spine}}, 2, &ids);
  ASSERT_TRUE(index.ok());
  const std::vector<Column> facts = {Ints(TypeId::kInt64, {7, 7, 5, 1, 7})};
  Ids found(3);
  index->Find(facts, 2, 3, found.data());
  EXPECT_EQ(found, (Ids{0, kNoKey, 1}));
}

TEST(KeyIndexTest, WordsFarApartAndOnBothSidesOfZero) {
  const std::vector<std::int64_t> far = {0, -1, 1, INT64_MIN, INT64_MAX, 1LL << 40, -(1LL << 40)};
  Ids ids;
  const Column spine = Ints(TypeId::kInt64, far);
  const Result<KeyIndex> index = KeyIndex::Build({{spine}}, 7, &ids);
  ASSERT_TRUE(index.ok());
  EXPECT_EQ(Find(*index, {spine}), ids);
  EXPECT_EQ(Find(*index, {Ints(TypeId::kInt64, {2, INT64_MIN + 1})}), (Ids{kNoKey, kNoKey}));
}

TEST(KeyIndexTest, PartsDoNotRunIntoEachOther) {
  Ids ids;
  const std::vector<Column> text = {
      ColumnOf(TypeId::kString, {Value::String("ab"), Value::String("a")}),
      ColumnOf(TypeId::kString, {Value::String("c"), Value::String("bc")})};
  ASSERT_TRUE(KeyIndex::Build(text, 2, &ids).ok());
  EXPECT_EQ(ids, (Ids{0, 1}));
  const std::vector<Column> ints = {Ints(TypeId::kInt32, {1, -1, 0}),
                                    Ints(TypeId::kInt32, {0, 0, 1})};
  ASSERT_TRUE(KeyIndex::Build(ints, 3, &ids).ok());
  EXPECT_EQ(ids, (Ids{0, 1, 2}));
  const std::vector<Column> wide = {Ints(TypeId::kInt64, {1, 2, 1}),
                                    Ints(TypeId::kInt64, {2, 1, 2})};
  ASSERT_TRUE(KeyIndex::Build(wide, 3, &ids).ok());
  EXPECT_EQ(ids, (Ids{0, 1, 0}));
}

TEST(KeyIndexTest, AnEmptySpineFindsNothing) {
  Ids ids;
  for (const TypeId type : {TypeId::kInt64, TypeId::kString}) {
    const Result<KeyIndex> index = KeyIndex::Build({{Column::Nulls(type, 0)}}, 0, &ids);
    ASSERT_TRUE(index.ok());
    const Value value = type == TypeId::kInt64 ? Value::Int(3) : Value::String("x");
    EXPECT_EQ(Find(*index, {ColumnOf(type, {value})}), (Ids{kNoKey}));
  }
}

// Against a map, over sizes at which the tables grow, with keys near and far.
TEST(KeyIndexTest, AgreesWithAMap) {
  std::mt19937_64 random(TestSeed());
  for (const std::int64_t n : {1, 500, 600, 5000, 40000}) {
    for (const bool near : {true, false}) {
      for (const bool text : {true, false}) {
        std::vector<Value> cells;
        std::vector<std::int64_t> words;
        for (std::int64_t i = 0; i < 2 * n; ++i) {
          const auto word =
              static_cast<std::int64_t>(near ? random() % static_cast<std::uint64_t>(n)
                                        : random() % 50 == 0 ? 7
                                                             : random());
          words.push_back(word);
          cells.push_back(text ? Value::String(std::to_string(word)) : Value::Int(word));
        }
        const Column all = ColumnOf(text ? TypeId::kString : TypeId::kInt64, cells);
        const Column spine = all.Slice(0, n);
        Ids ids;
        const Result<KeyIndex> index = KeyIndex::Build({{spine}}, n, &ids);
        ASSERT_TRUE(index.ok());
        std::map<std::int64_t, KeyId> expected;
        for (std::int64_t i = 0; i < n; ++i) {
          const auto [at, added] = expected.try_emplace(words[static_cast<std::size_t>(i)],
                                                        static_cast<KeyId>(expected.size()));
          ASSERT_EQ(ids[static_cast<std::size_t>(i)], at->second);
        }
        ASSERT_EQ(index->size(), expected.size());
        const Ids found = Find(*index, {all});
        for (std::size_t i = 0; i < words.size(); ++i) {
          const auto at = expected.find(words[i]);
          ASSERT_EQ(found[i], at == expected.end() ? kNoKey : at->second);
        }
      }
    }
  }
}

// Keys that come early, late, and both; with nulls; as words and as bytes.
TEST(KeyIndexTest, TheNumberOfThreadsChangesNothing) {
  constexpr std::int64_t kRows = 200'000;
  std::mt19937_64 random(TestSeed());
  for (const TypeId type : {TypeId::kInt64, TypeId::kString}) {
    for (const std::int64_t late : {0, 3, 5000}) {
      std::vector<Value> cells;
      for (std::int64_t i = 0; i < kRows; ++i) {
        const auto key =
            static_cast<std::int64_t>(random() % 50) + (i > kRows / 2 && late > 0 ? i % late : 0);
        if (random() % 9 == 0) {
          cells.emplace_back();
        } else {
          cells.push_back(type == TypeId::kInt64 ? Value::Int(key)
                                                 : Value::String("key " + std::to_string(key)));
        }
      }
      const Column column = ColumnOf(type, cells);
      std::vector<KeyId> expected;
      ASSERT_TRUE(KeyIndex::Build({{column}}, kRows, &expected).ok());
      for (const int threads : {2, 3}) {
        std::vector<KeyId> ids;
        const Result<KeyIndex> index = KeyIndex::Build({{column}}, kRows, &ids, threads);
        ASSERT_TRUE(index.ok());
        ASSERT_EQ(ids, expected);
        std::vector<KeyId> found(kRows);
        index->Find({{column}}, 0, kRows, found.data());
        ASSERT_EQ(found, expected);
      }
    }
  }
}

}  // namespace
}  // namespace coeval
