// Arrow out, and streams both ways.
#include "column/arrow_bridge.h"

#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/testing.h"

namespace coeval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ExportTest : public ::testing::TestWithParam<int> {};

TEST_P(ExportTest, WhatGoesOutComesInAgain) {
  const auto seed = static_cast<std::uint64_t>(GetParam());
  Random random(seed);
  const DataType type = RandomType(random, 2);
  Column column = RandomColumn(type, Pick(random, 30), seed + 9000);
  const Column expected = column;
  ArrowSchema schema{};
  ArrowArray array{};
  ExportColumn(column, "name", &schema, &array);
  column = Column();  // what was exported owns what it needs
  EXPECT_STREQ(schema.name, "name");
  EXPECT_EQ(array.null_count, expected.CountNulls());
  const SharedArrowSchema field = OwnArrowSchema(&schema);
  const SharedArrowArray values = OwnArrowArray(&array);
  EXPECT_EQ(schema.release, nullptr);
  EXPECT_EQ(array.release, nullptr);
  const auto imported = ImportArray(*field, *values, values);
  ASSERT_TRUE(imported.ok()) << imported.status().ToString();
  EXPECT_TRUE(SameBits(*imported, expected)) << type.ToString() << "\n"
                                             << ColumnToText(*imported) << "\n"
                                             << ColumnToText(expected);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ExportTest, ::testing::Range(0, 200));

TEST(ExportTest, NamesTypesAsArrowDoes) {
  const auto format = [](std::string_view type) {
    ArrowSchema schema{};
    ExportColumn(Column::Nulls(MakeType(type), 0), "x", &schema, nullptr);
    const SharedArrowSchema owned = OwnArrowSchema(&schema);
    return std::string(owned->format);
  };
  EXPECT_EQ(format("bool"), "b");
  EXPECT_EQ(format("timestamp"), "tsu:UTC");
  EXPECT_EQ(format("date"), "tdD");
  EXPECT_EQ(format("bytes"), "z");
  EXPECT_EQ(format("decimal(38, 2)"), "d:38,2");
  EXPECT_EQ(format("vector<float32, 8>"), "+w:8");
  EXPECT_EQ(format("list<string>"), "+l");
  EXPECT_EQ(format("map<string, int64>"), "+m");
}

Batch Weather() {
  return MakeBatch({{"origin", "string", R"(["JFK", null, "EWR"])"},
                    {"hour", "timestamp", "[0, 1, 2]"},
                    {"temp", "float64", R"([1.5, {"f": "nan"}, -0.0])"}});
}

ArrowArrayStream Exported(std::vector<Batch> batches) {
  ArrowArrayStream stream{};
  const Schema schema = batches.front().schema;
  ExportStream(StreamOf(schema, std::move(batches)), &stream);
  return stream;
}

TEST(StreamTest, BatchesGoOutAndComeIn) {
  const Batch batch = Weather();
  ArrowArrayStream arrow = Exported({batch.Slice(0, 1), batch.Slice(1, 2)});
  auto stream = *ImportStream(&arrow, {});
  EXPECT_EQ(arrow.release, nullptr);
  EXPECT_EQ(stream->schema(), batch.schema);
  const Batch whole = *CollectOne(*stream);
  ASSERT_EQ(whole.num_rows, 3);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(SameBits(whole.columns[i], batch.columns[i]));
}

TEST(StreamTest, ReadsOnlyTheColumnsAskedForInTheirOrder) {
  ArrowArrayStream arrow = Exported({Weather()});
  auto stream = *ImportStream(&arrow, {.columns = {"temp", "origin"}, .times = {}});
  EXPECT_THAT(stream->schema().names(), ElementsAre("temp", "origin"));
  EXPECT_EQ(CollectOne(*stream)->columns.size(), 2U);
  arrow = Exported({Weather()});
  const auto missing = ImportStream(&arrow, {.columns = {"tmp"}, .times = {}});
  EXPECT_EQ(missing.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(missing.status().message(), HasSubstr("did you mean \"temp\"?"));
  EXPECT_EQ(arrow.release, nullptr);
}

TEST(StreamTest, AStreamIsUsedOnce) {
  ArrowArrayStream arrow = Exported({Weather()});
  auto first = *ImportStream(&arrow, {});
  EXPECT_THAT(ImportStream(&arrow, {}).status().message(), HasSubstr("used up"));
}

// A producer that fails as it is told to.
class FailingStream : public BatchStream {
 public:
  FailingStream(Batch first, Status status)
      : first_(std::move(first)), status_(std::move(status)) {}

  const Schema& schema() const override { return first_.schema; }

  Result<std::optional<Batch>> Next() override {
    if (calls_++ > 0) return status_;
    return std::optional<Batch>(first_);
  }

 private:
  Batch first_;
  Status status_;
  int calls_ = 0;
};

TEST(StreamTest, ErrorsKeepTheirKindAndText) {
  for (const StatusCode code :
       {StatusCode::kInvalidArgument, StatusCode::kNotFound, StatusCode::kCorruption,
        StatusCode::kIoError, StatusCode::kCancelled, StatusCode::kUnavailable,
        StatusCode::kInternal}) {
    ArrowArrayStream arrow{};
    ExportStream(std::make_unique<FailingStream>(Weather(), Status(code, "line 7 of x.csv")),
                 &arrow);
    auto stream = *ImportStream(&arrow, {});
    EXPECT_TRUE(stream->Next().ok());
    EXPECT_EQ(stream->Next().status(), Status(code, "line 7 of x.csv"));
  }
  EXPECT_EQ(StatusOfArrowErrno(ENOSPC, nullptr).code(), StatusCode::kIoError);
  EXPECT_THAT(StatusOfArrowErrno(ENOSPC, nullptr).message(), HasSubstr("No space"));
  EXPECT_EQ(StatusOfArrowErrno(ENOMEM, "x").code(), StatusCode::kUnavailable);
}

// A stream over arrays made by hand.
struct HandStream {
  SharedArrowSchema schema;
  std::vector<ArrowArray> batches;
  std::size_t next = 0;
};

ArrowArrayStream StreamOfHand(HandStream* hand) {
  ArrowArrayStream stream{};
  stream.get_schema = [](ArrowArrayStream* self, ArrowSchema* out) {
    *out = *static_cast<HandStream*>(self->private_data)->schema;
    out->release = [](ArrowSchema* schema) { schema->release = nullptr; };
    return 0;
  };
  stream.get_next = [](ArrowArrayStream* self, ArrowArray* out) {
    auto* of = static_cast<HandStream*>(self->private_data);
    *out = of->next < of->batches.size() ? of->batches[of->next++] : ArrowArray{};
    return 0;
  };
  stream.get_last_error = [](ArrowArrayStream*) -> const char* { return nullptr; };
  stream.release = [](ArrowArrayStream* self) { self->release = nullptr; };
  stream.private_data = hand;
  return stream;
}

SharedArrowSchema SchemaOf(const Schema& schema) {
  ArrowSchema out{};
  ExportSchema(schema, &out);
  return OwnArrowSchema(&out);
}

TEST(StreamTest, AStructsOffsetAppliesToItsColumns) {
  const Batch batch = Weather();
  HandStream hand{SchemaOf(batch.schema), {ArrowArray{}}};
  ExportBatch(batch, &hand.batches[0]);
  hand.batches[0].offset = 1;
  hand.batches[0].length = 2;
  ArrowArrayStream arrow = StreamOfHand(&hand);
  const Batch read = *CollectOne(**ImportStream(&arrow, {}));
  ASSERT_EQ(read.num_rows, 2);
  EXPECT_EQ(ColumnToText(read.columns[0]), "[null, 'EWR']");
  EXPECT_TRUE(SameBits(read.columns[2], batch.columns[2].Slice(1, 2)));
}

TEST(StreamTest, RefusesBatchesWithoutColumnsRowsOrValidity) {
  const auto error = [](const std::function<void(ArrowArray*)>& spoil) {
    const Batch batch = Weather();
    HandStream hand{SchemaOf(batch.schema), {ArrowArray{}}};
    ExportBatch(batch, &hand.batches[0]);
    spoil(&hand.batches[0]);
    ArrowArrayStream arrow = StreamOfHand(&hand);
    return CollectOne(**ImportStream(&arrow, {})).status().message();
  };
  EXPECT_EQ(error([](ArrowArray*) {}), "");
  EXPECT_THAT(error([](ArrowArray* array) { array->length = 4; }),
              HasSubstr("lacks columns or rows"));
  EXPECT_THAT(error([](ArrowArray* array) { array->offset = 1; }),
              HasSubstr("lacks columns or rows"));
  static const std::uint8_t kSecondNull = 0b101;
  static const void* buffers[] = {&kSecondNull};
  EXPECT_THAT(error([](ArrowArray* array) {
                array->null_count = 1;
                array->buffers = buffers;
              }),
              HasSubstr("null in row 1"));
}

TEST(StreamTest, RowErrorsNameTheirBatch) {
  const Batch fine = MakeBatch({{"v", "vector<float32, 2>", "[[1, 2], [3, 4]]"}});
  Batch holes = MakeBatch({{"v", "list<float32>", "[[1, 2], [null, 4]]"}});
  HandStream hand{SchemaOf(fine.schema), {ArrowArray{}, ArrowArray{}}};
  ExportBatch(fine, &hand.batches[0]);
  ExportBatch(fine, &hand.batches[1]);
  // The elements of the second batch get a hole.
  ArrowArray* element = hand.batches[1].children[0]->children[0];
  static const std::uint8_t kHole = 0b1011;
  element->buffers[0] = &kHole;
  element->null_count = 1;
  ArrowArrayStream arrow = StreamOfHand(&hand);
  auto stream = *ImportStream(&arrow, {});
  EXPECT_TRUE(stream->Next().ok());
  EXPECT_EQ(
      stream->Next().status().message(),
      "in the batch that begins at row 2: column 'v': a vector<float32, 2> has a null element");
}

TEST(StreamTest, OnlyRecordBatchesCanBeRead) {
  ArrowSchema number{};
  ExportColumn(MakeColumn("int64", "[]"), "x", &number, nullptr);
  HandStream hand{OwnArrowSchema(&number), {}};
  ArrowArrayStream arrow = StreamOfHand(&hand);
  EXPECT_THAT(ImportStream(&arrow, {}).status().message(), HasSubstr("no record batches"));
}

}  // namespace
}  // namespace coeval
