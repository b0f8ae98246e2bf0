#include "column/batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/testing.h"

namespace coeval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(BatchTest, FindsAndSlices) {
  const Batch batch =
      MakeBatch({{"a", "int64", "[1, 2, 3]"}, {"b", "string", R"(["x", null, "z"])"}});
  EXPECT_THAT(batch.schema.names(), ElementsAre("a", "b"));
  EXPECT_EQ(batch.schema.Find("b"), 1U);
  EXPECT_EQ(batch.schema.Find("B"), std::nullopt);
  EXPECT_EQ(batch.Find("c"), nullptr);
  const Batch slice = batch.Slice(1, 2);
  EXPECT_EQ(slice.num_rows, 2);
  EXPECT_EQ(ColumnToText(*slice.Find("b")), "[null, 'z']");
  EXPECT_EQ(batch.SizeBytes(), 24 + 2 + 16 + 1);
}

TEST(BatchTest, StreamsAndCollects) {
  const Batch batch = MakeBatch({{"a", "int64", "[1, 2, 3]"}});
  const auto stream =
      StreamOf(batch.schema, {batch.Slice(0, 1), batch.Slice(1, 0), batch.Slice(1, 2)});
  const Batch whole = *CollectOne(*stream);
  EXPECT_EQ(whole.num_rows, 3);
  EXPECT_EQ(ColumnToText(whole.columns[0]), "[1, 2, 3]");
  EXPECT_FALSE(stream->Next()->has_value());
  const Batch empty = *CollectOne(*StreamOf(batch.schema, {}));
  EXPECT_EQ(empty.num_rows, 0);
  EXPECT_EQ(empty.columns[0].type(), TypeId::kInt64);
}

TEST(BatchTest, CollectingNamesTheColumnThatDoesNotFit) {
  const Batch numbers = MakeBatch({{"a", "int64", "[1]"}});
  const Batch strings = MakeBatch({{"a", "string", R"(["x"])"}});
  const auto whole = CollectOne(*StreamOf(numbers.schema, {numbers, strings}));
  EXPECT_THAT(whole.status().message(), HasSubstr("column 'a'"));
}

}  // namespace
}  // namespace coeval
