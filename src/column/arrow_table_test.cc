// A spine's own columns pass through untouched (rule 4.1).
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/arrow_bridge.h"
#include "column/testing.h"

namespace coeval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Pointers {
  std::vector<ArrowSchema*> schemas;
  std::vector<ArrowArray*> arrays;
  const void* no_validity = nullptr;
};

// A record batch schema or array whose children are moved into it.
void FillStruct(std::vector<ArrowSchema> children, ArrowSchema* out) {
  auto pointers = std::make_unique<Pointers>();
  for (const ArrowSchema& child : children) pointers->schemas.push_back(new ArrowSchema(child));
  *out = {};
  out->format = "+s";
  out->metadata = "\1\0\0\0\1\0\0\0k\1\0\0\0v";
  out->n_children = std::ssize(pointers->schemas);
  out->children = pointers->schemas.data();
  out->release = [](ArrowSchema* schema) {
    const std::unique_ptr<Pointers> owned(static_cast<Pointers*>(schema->private_data));
    for (ArrowSchema* child : owned->schemas) {
      if (child->release != nullptr) child->release(child);
      delete child;
    }
    schema->release = nullptr;
  };
  out->private_data = pointers.release();
}

void FillStruct(std::vector<ArrowArray> children, std::int64_t length, ArrowArray* out) {
  auto pointers = std::make_unique<Pointers>();
  for (const ArrowArray& child : children) pointers->arrays.push_back(new ArrowArray(child));
  *out = {};
  out->length = length;
  out->n_buffers = 1;
  out->buffers = &pointers->no_validity;
  out->n_children = std::ssize(pointers->arrays);
  out->children = pointers->arrays.data();
  out->release = [](ArrowArray* array) {
    const std::unique_ptr<Pointers> owned(static_cast<Pointers*>(array->private_data));
    for (ArrowArray* child : owned->arrays) {
      if (child->release != nullptr) child->release(child);
      delete child;
    }
    array->release = nullptr;
  };
  out->private_data = pointers.release();
}

// One batch of foreign columns "c0", "c1", ... as a stream.
ArrowArrayStream StreamOfColumns(const std::vector<Column>& columns, Random& random) {
  struct State {
    ArrowSchema schema{};
    ArrowArray batch{};

    ~State() {
      if (schema.release != nullptr) schema.release(&schema);
      if (batch.release != nullptr) batch.release(&batch);
    }
  };

  std::vector<ArrowSchema> schemas(columns.size());
  std::vector<ArrowArray> arrays(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    MakeForeignArray(columns[i], random, &schemas[i], &arrays[i]);
  }
  auto state = std::make_unique<State>();
  FillStruct(std::move(schemas), &state->schema);
  FillStruct(std::move(arrays), columns[0].length(), &state->batch);
  ArrowArrayStream stream{};
  stream.get_schema = [](ArrowArrayStream* self, ArrowSchema* out) {
    *out = std::exchange(static_cast<State*>(self->private_data)->schema, ArrowSchema{});
    return 0;
  };
  stream.get_next = [](ArrowArrayStream* self, ArrowArray* out) {
    *out = std::exchange(static_cast<State*>(self->private_data)->batch, ArrowArray{});
    return 0;
  };
  stream.get_last_error = [](ArrowArrayStream*) -> const char* { return ""; };
  stream.release = [](ArrowArrayStream* self) {
    delete static_cast<State*>(self->private_data);
    self->release = nullptr;
  };
  stream.private_data = state.release();
  return stream;
}

class ArrowTableTest : public ::testing::TestWithParam<int> {};

TEST_P(ArrowTableTest, PassesForeignColumnsOnBesideNewOnes) {
  const auto seed = static_cast<std::uint64_t>(GetParam());
  Random random(seed);
  const std::int64_t rows = Pick(random, 50);
  std::vector<Column> columns;
  for (std::int64_t n = 1 + Pick(random, 4); n > 0; --n) {
    columns.push_back(RandomColumn(RandomType(random, 2), rows, random()));
  }
  const Column added = RandomColumn(RandomType(random, 1), rows, random());
  ArrowArrayStream stream{};
  std::vector<const char*> formats;
  std::int64_t batch_rows = 1 + Pick(random, 20);
  {
    ArrowArrayStream foreign = StreamOfColumns(columns, random);
    const ArrowTable table = *ArrowTable::Read(&foreign);
    ASSERT_EQ(table.num_rows(), rows);
    ASSERT_EQ(table.num_columns(), columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
      formats.push_back(table.field(i).format);
      ASSERT_TRUE(SameBits(*table.ReadColumn(i, Rounding::kExact), columns[i])) << "seed " << seed;
    }
    Schema schema;
    schema.Add("added", added.type());
    stream = *table.ExportWith(schema, {added}, batch_rows);
  }  // the stream outlives the table

  const ArrowTable wide = *ArrowTable::Read(&stream);
  ASSERT_EQ(wide.num_rows(), rows);
  ASSERT_EQ(wide.num_columns(), columns.size() + 1);
  EXPECT_EQ(wide.Find("added"), columns.size());
  EXPECT_EQ(std::string(wide.schema().metadata, 4), std::string("\1\0\0\0", 4));
  for (const auto& batch : wide.batches()) EXPECT_LE(batch->length, batch_rows);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    EXPECT_STREQ(wide.field(i).format, formats[i]);  // their Arrow type is what it was
    const auto column = wide.ReadColumn(i, Rounding::kExact);
    ASSERT_TRUE(column.ok()) << "seed " << seed << ": " << column.status().ToString();
    EXPECT_TRUE(SameBits(*column, columns[i])) << "seed " << seed;
  }
  EXPECT_TRUE(SameBits(*wide.ReadColumn(columns.size(), Rounding::kExact), added));
}

TEST_P(ArrowTableTest, RangesAreTheRowsThatTheyName) {
  const auto seed = static_cast<std::uint64_t>(GetParam());
  Random random(seed);
  const std::int64_t rows = Pick(random, 50);
  const Column column = RandomColumn(RandomType(random, 2), rows, random());
  ArrowArrayStream foreign = StreamOfColumns({column}, random);
  const ArrowTable whole = *ArrowTable::Read(&foreign);
  ArrowArrayStream parted = *whole.ExportWith({}, std::vector<Column>(), 1 + Pick(random, 20));
  const ArrowTable table = *ArrowTable::Read(&parted);
  std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
  std::vector<Column> wanted;
  for (std::int64_t n = Pick(random, 5); n > 0; --n) {
    const std::int64_t first = Pick(random, rows + 1);
    const std::int64_t count = Pick(random, rows - first + 1);
    ranges.emplace_back(first, count);
    wanted.push_back(column.Slice(first, count));
  }
  const ArrowTable chosen = table.Ranges(ranges);
  if (chosen.num_rows() == 0) return;
  const auto found = chosen.ReadColumn(0, Rounding::kExact);
  ASSERT_TRUE(found.ok()) << "seed " << seed << ": " << found.status().ToString();
  EXPECT_TRUE(SameBits(*found, *Concatenate(wanted))) << "seed " << seed;
}

INSTANTIATE_TEST_SUITE_P(Seeds, ArrowTableTest, ::testing::Range(0, 100));

// No byte of the original is copied.
TEST(ArrowTableExportTest, SharesTheBuffersOfTheOriginal) {
  const Batch batch = MakeBatch({{"a", "int64", "[1, 2, 3, 4, 5]"}});
  ArrowArrayStream arrow{};
  ExportStream(StreamOf(batch.schema, {batch}), &arrow);
  const ArrowTable table = *ArrowTable::Read(&arrow);
  ArrowArrayStream wide = *table.ExportWith({}, {}, 2);
  const ArrowTable again = *ArrowTable::Read(&wide);
  ASSERT_EQ(again.batches().size(), 3U);
  EXPECT_EQ(again.batches()[1]->children[0]->buffers[1], batch.columns[0].values_buffer().data);
  EXPECT_EQ(again.batches()[1]->children[0]->offset, 2);
}

// The specification lets a consumer take children out of what it was given.
TEST(ArrowTableExportTest, ChildrenCanBeMovedOut) {
  const Batch batch = MakeBatch({{"a", "list<string>", R"([["x"], ["y", "z"]])"}});
  ArrowArrayStream arrow{};
  ExportStream(StreamOf(batch.schema, {batch}), &arrow);
  const ArrowTable table = *ArrowTable::Read(&arrow);
  for (int round = 0; round < 2; ++round) {
    ArrowArrayStream stream = *table.ExportWith({}, {}, 1);
    ArrowArray part{};
    ASSERT_EQ(stream.get_next(&stream, &part), 0);
    ArrowArray* strings = part.children[0]->children[0];
    const SharedArrowArray moved = OwnArrowArray(strings);
    part.release(&part);
    stream.release(&stream);
    EXPECT_EQ(moved->length, 3);
    EXPECT_EQ(std::string(static_cast<const char*>(moved->buffers[2]), 3), "xyz");
  }
  EXPECT_EQ(ColumnToText(*table.ReadColumn(0, Rounding::kExact)), "[['x'], ['y', 'z']]");
}

TEST(ArrowTableExportTest, ColumnsMustHaveTheRowsOfTheTable) {
  const Batch batch = MakeBatch({{"a", "int64", "[1, 2]"}});
  ArrowArrayStream arrow{};
  ExportStream(StreamOf(batch.schema, {batch}), &arrow);
  const ArrowTable table = *ArrowTable::Read(&arrow);
  Schema added;
  added.Add("b", TypeId::kInt64);
  EXPECT_THAT(table.ExportWith(added, {MakeColumn("int64", "[1]")}).status().message(),
              HasSubstr("column 'b' has 1 rows, the table 2"));
  EXPECT_FALSE(table.ExportWith({}, {}, 0).ok());
  EXPECT_THAT(table.names(), ElementsAre("a"));
}

TEST(ArrowTableExportTest, AnEmptyTableHasItsColumns) {
  const Batch batch = MakeBatch({{"a", "int64", "[]"}});
  ArrowArrayStream arrow{};
  ExportStream(StreamOf(batch.schema, {}), &arrow);
  const ArrowTable table = *ArrowTable::Read(&arrow);
  EXPECT_EQ(table.num_rows(), 0);
  EXPECT_EQ(table.ReadColumn(0, Rounding::kExact)->type(), TypeId::kInt64);
  ArrowArrayStream out = *table.ExportWith({}, {});
  EXPECT_EQ(ArrowTable::Read(&out)->num_columns(), 1U);
}

}  // namespace
}  // namespace coeval
