// MakeForeignArray: one column in many foreign shapes.
#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "column/testing.h"

namespace coeval {

namespace {

using Bytes = std::vector<std::uint8_t>;

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

template <typename T>
void Put(T value, Bytes* bytes) {
  const std::size_t at = bytes->size();
  bytes->resize(at + sizeof(T));
  std::memcpy(bytes->data() + at, &value, sizeof(T));
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

  // Values of `ints` that all fit T.
  template <typename T>
  bool Fits(const std::vector<std::int64_t>& ints) const {
    for (std::int64_t row = 0; row < column_.length(); ++row) {
      const std::int64_t value = ints[static_cast<std::size_t>(row)];
      if (!column_.IsNull(row) && !std::in_range<T>(value)) return false;
    }
    return true;
  }

  template <typename T>
  void PutInts(const char* format, const std::vector<std::int64_t>& ints) {
    Bytes bytes;
    for (std::int64_t row = 0; row < column_.length(); ++row) {
      // Under a null lies anything.
      const auto value = column_.IsNull(row) ? static_cast<std::int64_t>(random_())
                                             : ints[static_cast<std::size_t>(row)];
      Put(static_cast<T>(value), &bytes);
    }
    schema_->format = format;
    AddBuffer(std::move(bytes));
  }

  // `narrow`: as what comes in as int32; else as what comes in as int64.
  void PutIntegers(const std::vector<std::int64_t>& ints, bool narrow) {
    for (;;) {
      switch (Pick(random_, 8) + (narrow ? 0 : 10)) {
        case 0:
          if (Fits<std::int8_t>(ints)) return PutInts<std::int8_t>("c", ints);
          break;
        case 1:
          if (Fits<std::uint8_t>(ints)) return PutInts<std::uint8_t>("C", ints);
          break;
        case 2:
          if (Fits<std::int16_t>(ints)) return PutInts<std::int16_t>("s", ints);
          break;
        case 3:
          if (Fits<std::uint16_t>(ints)) return PutInts<std::uint16_t>("S", ints);
          break;
        case 4:
          return PutInts<std::int32_t>("i", ints);
        case 10:
          if (Fits<std::uint32_t>(ints)) return PutInts<std::uint32_t>("I", ints);
          break;
        case 11:
          if (Fits<std::uint64_t>(ints)) return PutInts<std::uint64_t>("L", ints);
          break;
        case 12:
          return PutInts<std::int64_t>("l", ints);
        default:
          break;
      }
    }
  }

  std::vector<std::int64_t> Ints() const {
    std::vector<std::int64_t> ints;
    for (std::int64_t row = 0; row < column_.length(); ++row) {
      ints.push_back(column_.IsNull(row) ? 0 : column_.GetValue(row).AsInt());
    }
    return ints;
  }

  // All but nulls divided by `divisor`, where that loses nothing.
  bool Divide(std::int64_t divisor, std::vector<std::int64_t>* ints) const {
    for (std::int64_t& value : *ints) {
      if (value % divisor != 0) return false;
      value /= divisor;
    }
    return true;
  }

  void PutTimes() {
    std::vector<std::int64_t> ints = Ints();
    const char* zones[] = {"", "UTC", "America/New_York"};
    const std::string zone = zones[Pick(random_, 3)];
    std::string format = "tsu:";
    switch (Pick(random_, 4)) {
      case 0:
        if (Divide(kSecond, &ints)) format = "tss:";
        break;
      case 1:
        if (Divide(1000, &ints)) format = "tsm:";
        break;
      case 2:
        if (std::all_of(ints.begin(), ints.end(), [](std::int64_t i) {
              return i > kMinTime / 1000 && i < kMaxTime / 1000;
            })) {
          for (std::int64_t& value : ints) value *= 1000;
          format = "tsn:";
        }
        break;
      default:
        break;
    }
    if (format == "tsu:") ints = Ints();
    PutInts<std::int64_t>((format + zone).c_str(), ints);
  }

  void PutDates() {
    std::vector<std::int64_t> ints = Ints();
    if (Pick(random_, 2) == 0) return PutInts<std::int32_t>("tdD", ints);
    for (std::int64_t& value : ints) value *= 86'400'000;
    PutInts<std::int64_t>("tdm", ints);
  }

  // NaNs with any sign and payload.
  template <typename Float, typename Bits>
  void PutFloats(const char* format) {
    constexpr Bits kNan =
        sizeof(Bits) == 8 ? static_cast<Bits>(0x7FF0000000000000U) : static_cast<Bits>(0x7F800000U);
    Bytes bytes;
    for (std::int64_t row = 0; row < column_.length(); ++row) {
      const Float value = column_.values<Float>()[static_cast<std::size_t>(row)];
      auto bits = std::bit_cast<Bits>(value);
      if (column_.IsNull(row)) bits = static_cast<Bits>(random_());
      if (value != value && !column_.IsNull(row) && Pick(random_, 2) == 0) {
        bits = kNan | static_cast<Bits>(1 + Pick(random_, 1000));
        if (Pick(random_, 2) == 0) bits |= static_cast<Bits>(Bits{1} << (sizeof(Bits) * 8 - 1));
      }
      Put(bits, &bytes);
    }
    schema_->format = format;
    AddBuffer(std::move(bytes));
  }

  void PutDecimals() {
    const DataType& type = column_.type();
    const std::string format =
        "d:" + std::to_string(type.precision()) + "," + std::to_string(type.scale());
    const std::int64_t choice = Pick(random_, 3);
    Bytes bytes;
    for (std::int64_t row = 0; row < column_.length(); ++row) {
      const Int128 value = column_.values<Int128>()[static_cast<std::size_t>(row)];
      if (choice == 0 && type.precision() <= 9) {
        Put(static_cast<std::int32_t>(value), &bytes);
      } else if (choice == 1 && type.precision() <= 18) {
        Put(static_cast<std::int64_t>(value), &bytes);
      } else {
        Put(value, &bytes);
      }
    }
    const bool narrow = choice == 0 && type.precision() <= 9;
    const bool middle = choice == 1 && type.precision() <= 18;
    schema_->format = format + (narrow                  ? ",32"
                                : middle                ? ",64"
                                : Pick(random_, 2) == 0 ? ",128"
                                                        : "");
    AddBuffer(std::move(bytes));
  }

  void PutBits() {
    Bytes bits(static_cast<std::size_t>((column_.length() + 7) / 8));
    for (std::int64_t row = 0; row < column_.length(); ++row) {
      const bool value =
          column_.IsNull(row) ? Pick(random_, 2) == 0 : column_.GetValue(row).AsBool();
      if (value) {
        bits[static_cast<std::size_t>(row / 8)] |= static_cast<std::uint8_t>(1U << (row % 8));
      }
    }
    schema_->format = "b";
    AddBuffer(std::move(bits));
  }

  // Offsets that do not begin at 0, and bytes under nulls.
  template <typename Offset>
  void PutStrings(const char* format) {
    Bytes offsets;
    Bytes bytes(static_cast<std::size_t>(Pick(random_, 9)), 'x');
    Put(static_cast<Offset>(bytes.size()), &offsets);
    for (std::int64_t row = 0; row < column_.length(); ++row) {
      const std::string_view value = column_.IsNull(row) ? "\xFFrubbish" : column_.bytes(row);
      if (!column_.IsNull(row) || Pick(random_, 2) == 0) {
        bytes.insert(bytes.end(), value.begin(), value.end());
      }
      Put(static_cast<Offset>(bytes.size()), &offsets);
    }
    schema_->format = format;
    AddBuffer(std::move(offsets));
    AddBuffer(std::move(bytes));
  }

  void PutViews(const char* format) {
    std::vector<Bytes> data(static_cast<std::size_t>(1 + Pick(random_, 3)));
    Bytes views;
    for (std::int64_t row = 0; row < column_.length(); ++row) {
      Bytes view;
      const std::string_view value = column_.IsNull(row) ? "" : column_.bytes(row);
      Put(static_cast<std::int32_t>(column_.IsNull(row) ? -7 : std::ssize(value)), &view);
      if (value.size() <= 12) {
        view.insert(view.end(), value.begin(), value.end());
        view.resize(16);
      } else {
        const auto b = static_cast<std::size_t>(Pick(random_, std::ssize(data)));
        view.insert(view.end(), value.begin(), value.begin() + 4);
        Put(static_cast<std::int32_t>(b), &view);
        Put(static_cast<std::int32_t>(data[b].size()), &view);
        data[b].insert(data[b].end(), value.begin(), value.end());
      }
      views.insert(views.end(), view.begin(), view.end());
    }
    schema_->format = format;
    AddBuffer(std::move(views));
    Bytes sizes;
    for (const Bytes& one : data) Put(std::int64_t{std::ssize(one)}, &sizes);
    for (Bytes& one : data) AddBuffer(std::move(one));
    AddBuffer(std::move(sizes));
  }

  // The one size of all values, or -1.
  std::int64_t CommonSize() const {
    std::int64_t size = -1;
    for (std::int64_t row = 0; row < column_.length(); ++row) {
      if (column_.IsNull(row)) continue;
      const Column::Extent extent = column_.elements(row);
      if (size >= 0 && size != extent.last - extent.first) return -1;
      size = extent.last - extent.first;
    }
    return size;
  }

  void PutBinary() {
    const bool text = column_.type().id() == TypeId::kString;
    const std::int64_t size = CommonSize();
    if (!text && size >= 0 && Pick(random_, 2) == 0) {
      Bytes bytes;
      for (std::int64_t row = 0; row < column_.length(); ++row) {
        const std::string value(column_.bytes(row));
        for (std::size_t i = 0; i < static_cast<std::size_t>(size); ++i) {
          bytes.push_back(i < value.size() ? static_cast<std::uint8_t>(value[i]) : 0xEE);
        }
      }
      schema_->format = "w:" + std::to_string(size);
      return AddBuffer(std::move(bytes));
    }
    switch (Pick(random_, 3)) {
      case 0:
        return PutStrings<std::int32_t>(text ? "u" : "z");
      case 1:
        return PutStrings<std::int64_t>(text ? "U" : "Z");
      default:
        return PutViews(text ? "vu" : "vz");
    }
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
    const std::int64_t size = CommonSize();
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
      case TypeId::kNull:
        return;
      case TypeId::kBool:
        return PutBits();
      case TypeId::kInt32:
        return PutIntegers(Ints(), true);
      case TypeId::kInt64:
        return PutIntegers(Ints(), false);
      case TypeId::kFloat32:
        return PutFloats<float, std::uint32_t>("f");
      case TypeId::kFloat64:
        return PutFloats<double, std::uint64_t>("g");
      case TypeId::kString:
      case TypeId::kBytes:
        return PutBinary();
      case TypeId::kTimestamp:
        return PutTimes();
      case TypeId::kDate:
        return PutDates();
      case TypeId::kDecimal128:
        return PutDecimals();
      case TypeId::kList:
        return PutList();
      case TypeId::kVector:
        return PutFixedList(column_.type().size());
      case TypeId::kMap:
        return PutMap();
    }
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
    PutIntegers(indices, Pick(random_, 2) == 0);
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
