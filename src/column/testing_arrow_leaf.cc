// Plain values in the shapes that producers give them: numbers of all widths, NaNs of all kinds,
// times of all units, strings by offsets and by views.
#include "column/testing_arrow_leaf.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace coeval {

namespace {

class Leaf {
 public:
  Leaf(const Column& column, Random& random) : column_(column), random_(random) {}

  ForeignLeaf Make() {
    switch (column_.type().id()) {
      case TypeId::kBool:
        PutBits();
        break;
      case TypeId::kInt32:
        PutIntegers(Ints(), true);
        break;
      case TypeId::kInt64:
        PutIntegers(Ints(), false);
        break;
      case TypeId::kFloat32:
        PutFloats<float, std::uint32_t>("f");
        break;
      case TypeId::kFloat64:
        PutFloats<double, std::uint64_t>("g");
        break;
      case TypeId::kTimestamp:
        PutTimes();
        break;
      case TypeId::kDate:
        PutDates();
        break;
      case TypeId::kDecimal128:
        PutDecimals();
        break;
      default:
        PutBinary();
    }
    return std::move(leaf_);
  }

  ForeignLeaf MakeIndices() {
    PutIntegers(Ints(), Pick(random_, 2) == 0);
    return std::move(leaf_);
  }

 private:
  void AddBuffer(ForeignBytes bytes) { leaf_.buffers.push_back(std::move(bytes)); }

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
    ForeignBytes bytes;
    for (std::int64_t row = 0; row < column_.length(); ++row) {
      // Under a null lies anything.
      const auto value = column_.IsNull(row) ? static_cast<std::int64_t>(random_())
                                             : ints[static_cast<std::size_t>(row)];
      Put(static_cast<T>(value), &bytes);
    }
    leaf_.format = format;
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
    ForeignBytes bytes;
    for (std::int64_t row = 0; row < column_.length(); ++row) {
      const Float value = column_.values<Float>()[static_cast<std::size_t>(row)];
      auto bits = std::bit_cast<Bits>(value);
      if (column_.IsNull(row)) bits = static_cast<Bits>(random_());
      if (std::isnan(value) && !column_.IsNull(row) && Pick(random_, 2) == 0) {
        bits = kNan | static_cast<Bits>(1 + Pick(random_, 1000));
        if (Pick(random_, 2) == 0) bits |= static_cast<Bits>(Bits{1} << (sizeof(Bits) * 8 - 1));
      }
      Put(bits, &bytes);
    }
    leaf_.format = format;
    AddBuffer(std::move(bytes));
  }

  void PutDecimals() {
    const DataType& type = column_.type();
    const std::string format =
        "d:" + std::to_string(type.precision()) + "," + std::to_string(type.scale());
    const std::int64_t choice = Pick(random_, 3);
    ForeignBytes bytes;
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
    leaf_.format = format + (narrow ? ",32" : middle ? ",64" : Pick(random_, 2) == 0 ? ",128" : "");
    AddBuffer(std::move(bytes));
  }

  void PutBits() {
    ForeignBytes bits(static_cast<std::size_t>((column_.length() + 7) / 8));
    for (std::int64_t row = 0; row < column_.length(); ++row) {
      const bool value =
          column_.IsNull(row) ? Pick(random_, 2) == 0 : column_.GetValue(row).AsBool();
      if (value) {
        bits[static_cast<std::size_t>(row / 8)] |= static_cast<std::uint8_t>(1U << (row % 8));
      }
    }
    leaf_.format = "b";
    AddBuffer(std::move(bits));
  }

  // Offsets that do not begin at 0, and bytes under nulls.
  template <typename Offset>
  void PutStrings(const char* format) {
    ForeignBytes offsets;
    ForeignBytes bytes(static_cast<std::size_t>(Pick(random_, 9)), 'x');
    Put(static_cast<Offset>(bytes.size()), &offsets);
    for (std::int64_t row = 0; row < column_.length(); ++row) {
      const std::string_view value = column_.IsNull(row) ? "\xFFrubbish" : column_.bytes(row);
      if (!column_.IsNull(row) || Pick(random_, 2) == 0) {
        bytes.insert(bytes.end(), value.begin(), value.end());
      }
      Put(static_cast<Offset>(bytes.size()), &offsets);
    }
    leaf_.format = format;
    AddBuffer(std::move(offsets));
    AddBuffer(std::move(bytes));
  }

  void PutViews(const char* format) {
    std::vector<ForeignBytes> data(static_cast<std::size_t>(1 + Pick(random_, 3)));
    ForeignBytes views;
    for (std::int64_t row = 0; row < column_.length(); ++row) {
      ForeignBytes view;
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
    leaf_.format = format;
    AddBuffer(std::move(views));
    ForeignBytes sizes;
    for (const ForeignBytes& one : data) Put(std::int64_t{std::ssize(one)}, &sizes);
    for (ForeignBytes& one : data) AddBuffer(std::move(one));
    AddBuffer(std::move(sizes));
  }

  void PutBinary() {
    const bool text = column_.type().id() == TypeId::kString;
    const std::int64_t size = CommonSize(column_);
    if (!text && size >= 0 && Pick(random_, 2) == 0) {
      ForeignBytes bytes;
      for (std::int64_t row = 0; row < column_.length(); ++row) {
        const std::string value(column_.bytes(row));
        for (std::size_t i = 0; i < static_cast<std::size_t>(size); ++i) {
          bytes.push_back(i < value.size() ? static_cast<std::uint8_t>(value[i]) : 0xEE);
        }
      }
      leaf_.format = "w:" + std::to_string(size);
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

  const Column& column_;
  Random& random_;
  ForeignLeaf leaf_;
};

}  // namespace

std::int64_t CommonSize(const Column& column) {
  std::int64_t size = -1;
  for (std::int64_t row = 0; row < column.length(); ++row) {
    if (column.IsNull(row)) continue;
    const Column::Extent extent = column.elements(row);
    if (size >= 0 && size != extent.last - extent.first) return -1;
    size = extent.last - extent.first;
  }
  return size;
}

ForeignLeaf MakeForeignLeaf(const Column& column, Random& random) {
  return Leaf(column, random).Make();
}

ForeignLeaf MakeForeignIndices(const Column& indices, Random& random) {
  return Leaf(indices, random).MakeIndices();
}

}  // namespace coeval
