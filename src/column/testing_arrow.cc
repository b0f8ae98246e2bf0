// MakeForeignArray: one column in many foreign shapes.
#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "column/testing.h"
#include "column/testing_arrow_leaf.h"

namespace coeval {

namespace {

using Bytes = ForeignBytes;

struct SchemaParts {
  std::string format;
  std::string name;
  std::vector<std::unique_ptr<ArrowSchema>> children;
  std::vector<ArrowSchema*> pointers;
  std::unique_ptr<ArrowSchema> dictionary;
};

struct ArrayParts {
  std::vector<std::unique_ptr<Bytes>> storage;
  std::vector<const void*> buffers;
  std::vector<std::unique_ptr<ArrowArray>> children;
  std::vector<ArrowArray*> pointers;
  std::unique_ptr<ArrowArray> dictionary;
};

template <typename Node, typename Parts>
void ReleaseNode(Node* node) {
  const std::unique_ptr<Parts> parts(static_cast<Parts*>(node->private_data));
  for (const auto& child : parts->children) child->release(child.get());
  if (parts->dictionary) parts->dictionary->release(parts->dictionary.get());
  node->release = nullptr;
}

// Makes one array and its schema; children and dictionaries are made by further ones.
class Foreign {
 public:
  explicit Foreign(Random& random) : random_(random) {}

  void Make(const Column& column, bool may_be_dictionary, ArrowSchema* schema, ArrowArray* array) {
    // Rows before and after, which an offset and a length hide.
    const bool nulls = column.may_have_nulls();
    std::vector<std::int64_t> rows(static_cast<std::size_t>(column.length()));
    std::iota(rows.begin(), rows.end(), std::int64_t{0});
    const bool hidden = (column.length() > 0 || nulls) && Pick(random_, 2) == 0;
    const std::int64_t before = hidden ? Pick(random_, 10) : 0;
    const std::int64_t after = hidden ? Pick(random_, 10) : 0;
    const auto rubbish = [&] {
      return column.length() == 0 || (nulls && Pick(random_, 2) == 0)
                 ? -1
                 : Pick(random_, column.length());
    };
    for (std::int64_t i = 0; i < before; ++i) rows.insert(rows.begin(), rubbish());
    for (std::int64_t i = 0; i < after; ++i) rows.push_back(rubbish());
    column_ = column.Take(rows);
    array_ = std::make_unique<ArrayParts>();
    schema_ = std::make_unique<SchemaParts>();
    null_count_ = Pick(random_, 2) == 0 ? -1 : column.CountNulls();
    if (may_be_dictionary && column_.length() > 0 && Pick(random_, 4) == 0) {
      MakeDictionary();
    } else {
      MakePlain();
    }
    Finish(before, column.length(), schema, array);
  }

 private:
  // A buffer that begins anywhere; absent where there is nothing in it, at times.
  void AddBuffer(Bytes bytes) {
    if (column_.length() == 0 && Pick(random_, 2) == 0) {
      array_->buffers.push_back(nullptr);
      return;
    }
    const auto shift = static_cast<std::size_t>(Pick(random_, 4) == 0 ? Pick(random_, 8) : 0);
    bytes.insert(bytes.begin(), shift, 0xAA);
    bytes.reserve(bytes.size() + 1);  // a place even for nothing
    array_->storage.push_back(std::make_unique<Bytes>(std::move(bytes)));
    array_->buffers.push_back(array_->storage.back()->data() + shift);
  }

  void AddValidity(const Column& of) {
    const bool needed = of.CountNulls() > 0;
    if (!needed && Pick(random_, 2) == 0) {
      array_->buffers.push_back(nullptr);
      return;
    }
    Bytes bits(static_cast<std::size_t>((of.length() + 7) / 8), 0);
    for (std::int64_t row = 0; row < of.length(); ++row) {
      if (!of.IsNull(row)) {
        bits[static_cast<std::size_t>(row / 8)] |= static_cast<std::uint8_t>(1U << (row % 8));
      }
    }
    AddBuffer(std::move(bits));
  }

  void Finish(std::int64_t offset, std::int64_t length, ArrowSchema* schema, ArrowArray* array) {
    *schema = {};
    schema_->name = "f";
    for (const auto& child : schema_->children) schema_->pointers.push_back(child.get());
    schema->format = schema_->format.c_str();
    schema->name = schema_->name.c_str();
    schema->flags = ARROW_FLAG_NULLABLE;
    schema->n_children = std::ssize(schema_->pointers);
    schema->children = schema_->pointers.data();
    schema->dictionary = schema_->dictionary.get();
    schema->release = ReleaseNode<ArrowSchema, SchemaParts>;
    schema->private_data = schema_.release();
    *array = {};
    for (const auto& child : array_->children) array_->pointers.push_back(child.get());
    array->length = length;
    array->null_count = null_count_;
    array->offset = offset;
    array->n_buffers = std::ssize(array_->buffers);
    array->buffers = array_->buffers.data();
    array->n_children = std::ssize(array_->pointers);
    array->children = array_->pointers.data();
    array->dictionary = array_->dictionary.get();
    array->release = ReleaseNode<ArrowArray, ArrayParts>;
    array->private_data = array_.release();
  }

  void AddChild(const Column& child) {
    schema_->children.push_back(std::make_unique<ArrowSchema>());
    array_->children.push_back(std::make_unique<ArrowArray>());
    Foreign(random_).Make(child, true, schema_->children.back().get(),
                          array_->children.back().get());
  }

  // Rows of the child for each row of a list; `rows` gets what lies there. Elements also stand
  // before the first row and under nulls.
  template <typename Offset>
  Bytes ListOffsets(std::vector<std::int64_t>* rows, bool shuffle) {
    const std::int64_t children = column_.child(0).length();
    const auto add_rubbish = [&] {
      for (std::int64_t n = children > 0 ? Pick(random_, 3) : 0; n > 0; --n) {
        rows->push_back(Pick(random_, children));
      }
    };
    Bytes offsets;
    add_rubbish();
    Put(static_cast<Offset>(rows->size()), &offsets);
    for (std::int64_t row = 0; row < column_.length(); ++row) {
      if (column_.IsNull(row)) {
        add_rubbish();
      } else {
        const Column::Extent extent = column_.elements(row);
        const auto start = std::ssize(*rows);
        for (std::int64_t e = extent.first; e < extent.last; ++e) rows->push_back(e);
        if (shuffle) std::shuffle(rows->begin() + start, rows->end(), random_);
      }
      Put(static_cast<Offset>(rows->size()), &offsets);
    }
    return offsets;
  }

  template <typename Offset>
  void PutListView(const char* format) {
    Bytes offsets;
    Bytes sizes;
    const std::int64_t children = column_.child(0).length();
    for (std::int64_t row = 0; row < column_.length(); ++row) {
      const Column::Extent extent =
          column_.IsNull(row) ? Column::Extent{-5, children + 9} : column_.elements(row);
      Put(static_cast<Offset>(extent.first), &offsets);
      Put(static_cast<Offset>(extent.last - extent.first), &sizes);
    }
    schema_->format = format;
    AddBuffer(std::move(offsets));
    AddBuffer(std::move(sizes));
    AddChild(column_.child(0));
  }

  void PutFixedList(std::int64_t size) {
    std::vector<std::int64_t> rows;
    const std::int64_t children = column_.child(0).length();
    for (std::int64_t row = 0; row < column_.length(); ++row) {
      const bool null = column_.IsNull(row);
      const std::int64_t first = null ? 0 : column_.elements(row).first;
      for (std::int64_t e = 0; e < size; ++e) {
        rows.push_back(!null ? first + e : children > 0 ? Pick(random_, children) : -1);
      }
    }
    schema_->format = "+w:" + std::to_string(size);
    AddChild(column_.child(0).Take(rows));
  }

  void PutList() {
    const TypeId element = column_.type().child(0).id();
    const bool floats = element == TypeId::kFloat32 || element == TypeId::kFloat64;
    const std::int64_t size = CommonSize(column_);
    if (size >= 0 && (!floats || size == 0) && Pick(random_, 2) == 0) return PutFixedList(size);
    std::vector<std::int64_t> rows;
    switch (Pick(random_, 4)) {
      case 0:
        return PutListView<std::int32_t>("+vl");
      case 1:
        return PutListView<std::int64_t>("+vL");
      case 2:
        schema_->format = "+l";
        AddBuffer(ListOffsets<std::int32_t>(&rows, false));
        break;
      default:
        schema_->format = "+L";
        AddBuffer(ListOffsets<std::int64_t>(&rows, false));
    }
    AddChild(column_.child(0).Take(rows));
  }

  // Entries in any order.
  void PutMap() {
    std::vector<std::int64_t> rows;
    schema_->format = "+m";
    AddBuffer(ListOffsets<std::int32_t>(&rows, true));
    Foreign entries(random_);
    entries.schema_ = std::make_unique<SchemaParts>();
    entries.array_ = std::make_unique<ArrayParts>();
    // The struct has an offset of its own, above those of keys and values.
    const std::int64_t skipped = rows.empty() ? 0 : Pick(random_, 3);
    for (std::int64_t i = 0; i < skipped; ++i) rows.insert(rows.begin(), rows.back());
    entries.schema_->format = "+s";
    entries.array_->buffers.push_back(nullptr);
    entries.AddChild(column_.child(0).Take(rows));
    entries.AddChild(column_.child(1).Take(rows));
    schema_->children.push_back(std::make_unique<ArrowSchema>());
    array_->children.push_back(std::make_unique<ArrowArray>());
    entries.Finish(skipped, std::ssize(rows) - skipped, schema_->children.back().get(),
                   array_->children.back().get());
  }

  void MakePlain() {
    const TypeId id = column_.type().id();
    if (id == TypeId::kNull) {
      schema_->format = "n";
      return;
    }
    AddValidity(column_);
    switch (id) {
      case TypeId::kList:
        return PutList();
      case TypeId::kVector:
        return PutFixedList(column_.type().size());
      case TypeId::kMap:
        return PutMap();
      default:
        AddLeaf(MakeForeignLeaf(column_, random_));
    }
  }

  void AddLeaf(ForeignLeaf leaf) {
    schema_->format = leaf.format;
    for (Bytes& buffer : leaf.buffers) AddBuffer(std::move(buffer));
  }

  // Words in any order, some more than once, some of them null; indices of any integer type.
  void MakeDictionary() {
    const Column values = column_;
    std::vector<std::int64_t> rows(static_cast<std::size_t>(values.length()));
    std::iota(rows.begin(), rows.end(), std::int64_t{0});
    std::shuffle(rows.begin(), rows.end(), random_);
    std::vector<std::int64_t> indices(rows.size());
    for (std::size_t word = 0; word < rows.size(); ++word) {
      indices[static_cast<std::size_t>(rows[word])] = static_cast<std::int64_t>(word);
    }
    schema_->dictionary = std::make_unique<ArrowSchema>();
    array_->dictionary = std::make_unique<ArrowArray>();
    Foreign(random_).Make(values.Take(rows), false, schema_->dictionary.get(),
                          array_->dictionary.get());
    // A null may be one of the index or one of its word.
    std::vector<std::uint8_t> valid((rows.size() + 7) / 8, 0xFF);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (values.IsNull(static_cast<std::int64_t>(row)) && Pick(random_, 2) == 0) {
        valid[row / 8] &= static_cast<std::uint8_t>(~(1U << (row % 8)));
      }
    }
    column_ = Column::FixedWidth(TypeId::kInt64, values.length(), MakeBuffer(indices),
                                 MakeBuffer(std::move(valid)));
    null_count_ = -1;
    AddValidity(column_);
    AddLeaf(MakeForeignIndices(column_, random_));
  }

  Random& random_;
  Column column_;
  std::int64_t null_count_ = 0;
  std::unique_ptr<SchemaParts> schema_;
  std::unique_ptr<ArrayParts> array_;
};

}  // namespace

void MakeForeignArray(const Column& column, Random& random, ArrowSchema* schema,
                      ArrowArray* array) {
  Foreign(random).Make(column, true, schema, array);
}

}  // namespace coeval
