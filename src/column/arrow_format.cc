#include "column/arrow_format.h"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace coeval {
namespace {

struct SimpleFormat {
  std::string_view format;
  std::string_view name;
  ArrowLayout layout;
  int width;
  bool is_signed;
  TypeId type;
};

constexpr std::array<SimpleFormat, 18> kSimple{{
    {"n", "null", ArrowLayout::kNull, 0, false, TypeId::kNull},
    {"b", "bool", ArrowLayout::kBits, 0, false, TypeId::kBool},
    {"c", "int8", ArrowLayout::kFixed, 1, true, TypeId::kInt32},
    {"C", "uint8", ArrowLayout::kFixed, 1, false, TypeId::kInt32},
    {"s", "int16", ArrowLayout::kFixed, 2, true, TypeId::kInt32},
    {"S", "uint16", ArrowLayout::kFixed, 2, false, TypeId::kInt32},
    {"i", "int32", ArrowLayout::kFixed, 4, true, TypeId::kInt32},
    {"I", "uint32", ArrowLayout::kFixed, 4, false, TypeId::kInt64},
    {"l", "int64", ArrowLayout::kFixed, 8, true, TypeId::kInt64},
    {"L", "uint64", ArrowLayout::kFixed, 8, false, TypeId::kInt64},
    {"e", "halffloat", ArrowLayout::kHalfFloat, 2, true, TypeId::kFloat32},
    {"f", "float", ArrowLayout::kFixed, 4, true, TypeId::kFloat32},
    {"g", "double", ArrowLayout::kFixed, 8, true, TypeId::kFloat64},
    {"u", "string", ArrowLayout::kOffsets32, 0, false, TypeId::kString},
    {"U", "large_string", ArrowLayout::kOffsets64, 0, false, TypeId::kString},
    {"z", "binary", ArrowLayout::kOffsets32, 0, false, TypeId::kBytes},
    {"Z", "large_binary", ArrowLayout::kOffsets64, 0, false, TypeId::kBytes},
    {"tdD", "date32", ArrowLayout::kFixed, 4, true, TypeId::kDate},
}};

Status NoTypeFor(const ArrowSchema& field) {
  return Status::InvalidArgument("column '" + std::string(field.name ? field.name : "") +
                                 "' is of Arrow type " + ArrowTypeName(field.format) +
                                 ", which Coeval has no type for; convert it before");
}

bool ParseSigned(std::string_view text, int* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

bool ParseNumber(std::string_view text, int* number) {
  return ParseSigned(text, number) && *number >= 0;
}

std::optional<TimeUnit> UnitOf(char c) {
  switch (c) {
    case 's':
      return TimeUnit::kSecond;
    case 'm':
      return TimeUnit::kMilli;
    case 'u':
      return TimeUnit::kMicro;
    case 'n':
      return TimeUnit::kNano;
    default:
      return {};
  }
}

// "d:19,10" or "d:19,10,64"
Result<ArrowFormat> ParseDecimal(const ArrowSchema& field, std::string_view rest) {
  int bits = 128;
  if (const std::size_t second = rest.rfind(','); second != rest.find(',')) {
    if (!ParseNumber(rest.substr(second + 1), &bits)) return NoTypeFor(field);
    rest = rest.substr(0, second);
  }
  const std::size_t comma = rest.find(',');
  int precision = 0;
  int scale = 0;
  if (comma == std::string_view::npos || !ParseNumber(rest.substr(0, comma), &precision) ||
      !ParseSigned(rest.substr(comma + 1), &scale) || precision < 1 || precision > 38 ||
      (bits != 32 && bits != 64 && bits != 128) || scale > 38 || scale < -38) {
    return NoTypeFor(field);
  }
  ArrowFormat format;
  format.layout = ArrowLayout::kFixed;
  format.width = bits / 8;
  format.is_signed = true;
  format.type = DataType::Decimal(precision, scale);
  return format;
}

Result<ArrowFormat> ParseTimestamp(const ArrowSchema& field, std::string_view text) {
  ArrowFormat format;
  format.time_unit = text.size() >= 4 ? UnitOf(text[2]) : std::nullopt;
  if (!format.time_unit || text[3] != ':') return NoTypeFor(field);
  format.layout = ArrowLayout::kFixed;
  format.width = 8;
  format.is_signed = true;
  format.zone = std::string(text.substr(4));
  format.type = TypeId::kTimestamp;
  return format;
}

Result<ArrowFormat> ParseNested(const ArrowSchema& field, std::string_view text) {
  ArrowFormat format;
  if (text == "+l" || text == "+L") {
    format.layout = text == "+l" ? ArrowLayout::kList32 : ArrowLayout::kList64;
    format.type = TypeId::kList;
    if (field.n_children == 1) return format;
  } else if (text == "+vl" || text == "+vL") {
    format.layout = text == "+vl" ? ArrowLayout::kListView32 : ArrowLayout::kListView64;
    format.type = TypeId::kList;
    if (field.n_children == 1) return format;
  } else if (text == "+m") {
    format.layout = ArrowLayout::kMap;
    format.type = TypeId::kMap;
    if (field.n_children == 1 && field.children[0]->n_children == 2) return format;
  } else if (text.starts_with("+w:")) {
    format.layout = ArrowLayout::kFixedList;
    format.type = TypeId::kList;
    if (field.n_children == 1 && ParseNumber(text.substr(3), &format.width)) return format;
  }
  return NoTypeFor(field);
}

}  // namespace

Result<ArrowFormat> ParseArrowFormat(const ArrowSchema& field) {
  const std::string_view text = field.format == nullptr ? "" : field.format;
  for (const SimpleFormat& simple : kSimple) {
    if (simple.format != text) continue;
    ArrowFormat format;
    format.layout = simple.layout;
    format.width = simple.width;
    format.is_signed = simple.is_signed;
    format.type = simple.type;
    return format;
  }
  ArrowFormat format;
  if (text == "vu" || text == "vz") {
    format.layout = ArrowLayout::kViews;
    format.type = text == "vu" ? TypeId::kString : TypeId::kBytes;
    return format;
  }
  if (text == "tdm") {  // milliseconds, whole days
    format.layout = ArrowLayout::kFixed;
    format.width = 8;
    format.is_signed = true;
    format.type = TypeId::kDate;
    return format;
  }
  if (text.starts_with("w:")) {
    format.layout = ArrowLayout::kFixedBinary;
    format.type = TypeId::kBytes;
    return ParseNumber(text.substr(2), &format.width) ? Result<ArrowFormat>(std::move(format))
                                                      : NoTypeFor(field);
  }
  if (text.starts_with("d:")) return ParseDecimal(field, text.substr(2));
  if (text.starts_with("ts")) return ParseTimestamp(field, text);
  if (text.starts_with("+")) return ParseNested(field, text);
  return NoTypeFor(field);
}

std::string ArrowTypeName(const char* format) {
  const std::string_view text = format == nullptr ? "" : format;
  for (const SimpleFormat& simple : kSimple) {
    if (simple.format == text) return std::string(simple.name);
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kPrefixes{
      {{"+s", "struct"},
       {"+ud", "dense union"},
       {"+us", "sparse union"},
       {"+r", "run-end encoded"},
       {"+vl", "list view"},
       {"+vL", "large list view"},
       {"+l", "list"},
       {"+L", "large_list"},
       {"+m", "map"},
       {"+w", "fixed_size_list"},
       {"tt", "time of day"},
       {"tD", "duration"},
       {"ti", "interval"},
       {"d:", "decimal"}}};
  for (const auto& [prefix, name] : kPrefixes) {
    if (text.starts_with(prefix)) return std::string(name) + " (" + std::string(text) + ")";
  }
  return "'" + std::string(text) + "'";
}

}  // namespace coeval
