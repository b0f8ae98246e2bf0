#include "column/type.h"

#include <array>
#include <cctype>
#include <charconv>
#include <optional>

#include "base/suggest.h"

namespace coeval {

namespace {

struct TypeName {
  std::string_view name;
  TypeId id;
};

// Canonical names first, each type once, in the order of TypeId; then synonyms, in lower case.
// "int" and "float" are Python's and SQL's: the wide types, which lose nothing.
constexpr std::array<TypeName, 48> kTypeNames{{
    {"null", TypeId::kNull},
    {"bool", TypeId::kBool},
    {"int32", TypeId::kInt32},
    {"int64", TypeId::kInt64},
    {"float32", TypeId::kFloat32},
    {"float64", TypeId::kFloat64},
    {"string", TypeId::kString},
    {"bytes", TypeId::kBytes},
    {"timestamp", TypeId::kTimestamp},
    {"date", TypeId::kDate},
    {"decimal", TypeId::kDecimal128},
    {"list", TypeId::kList},
    {"vector", TypeId::kVector},
    {"map", TypeId::kMap},
    {"boolean", TypeId::kBool},
    {"tinyint", TypeId::kInt32},
    {"smallint", TypeId::kInt32},
    {"int8", TypeId::kInt32},
    {"int16", TypeId::kInt32},
    {"uint8", TypeId::kInt32},
    {"uint16", TypeId::kInt32},
    {"uint32", TypeId::kInt64},
    {"int", TypeId::kInt64},
    {"integer", TypeId::kInt64},
    {"bigint", TypeId::kInt64},
    {"long", TypeId::kInt64},
    {"real", TypeId::kFloat32},
    {"float", TypeId::kFloat64},
    {"double", TypeId::kFloat64},
    {"str", TypeId::kString},
    {"text", TypeId::kString},
    {"utf8", TypeId::kString},
    {"varchar", TypeId::kString},
    {"char", TypeId::kString},
    {"large_string", TypeId::kString},
    {"binary", TypeId::kBytes},
    {"blob", TypeId::kBytes},
    {"bytea", TypeId::kBytes},
    {"varbinary", TypeId::kBytes},
    {"large_binary", TypeId::kBytes},
    {"datetime", TypeId::kTimestamp},
    {"timestamptz", TypeId::kTimestamp},
    {"unixtimestamp", TypeId::kTimestamp},
    {"unix_timestamp", TypeId::kTimestamp},
    {"date32", TypeId::kDate},
    {"numeric", TypeId::kDecimal128},
    {"array", TypeId::kList},
    {"dict", TypeId::kMap},
}};

std::optional<TypeId> FindTypeName(std::string_view name) {
  std::string lower;
  for (const char c : name) {
    lower.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  }
  for (const TypeName& known : kTypeNames) {
    if (known.name == lower) return known.id;
  }
  return std::nullopt;
}

constexpr int kMaxTypeDepth = 16;
constexpr int kMaxVectorSize = 1 << 20;

class TypeParser {
 public:
  explicit TypeParser(std::string_view text) : text_(text), rest_(text) {}

  Result<DataType> Parse() {
    COEVAL_ASSIGN_OR_RETURN(DataType type, ParseOne(0));
    SkipSpace();
    if (!rest_.empty()) return Fail("unexpected '" + std::string(rest_) + "'");
    return type;
  }

 private:
  [[nodiscard]] Status Fail(const std::string& why) const {
    return Status::InvalidArgument("'" + std::string(text_) + "' is not a type: " + why);
  }

  void SkipSpace() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front())) != 0) {
      rest_.remove_prefix(1);
    }
  }

  bool Take(char c) {
    SkipSpace();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // The bracket that closes what opens here, or 0: list<x>, list[x] and list(x) are all in use.
  char TakeOpening() {
    if (Take('<')) return '>';
    if (Take('[')) return ']';
    if (Take('(')) return ')';
    return 0;
  }

  std::optional<int> TakeNumber() {
    SkipSpace();
    int number = 0;
    const auto parsed = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    if (parsed.ec != std::errc()) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(parsed.ptr - rest_.data()));
    return number;
  }

  [[nodiscard]] Status FailUnknown(std::string_view name) const {
    std::vector<std::string> known;
    for (const TypeName& type : kTypeNames) known.emplace_back(type.name);
    const std::string hint = DidYouMean(name, known);
    return Fail("unknown name '" + std::string(name) + "'" +
                (hint.empty() ? std::string("; types are bool, int32, int64, float32, float64, "
                                            "string, bytes, timestamp, date, decimal(p, s), "
                                            "list<T>, vector<T, n> and map<K, V>")
                              : hint));
  }

  Result<DataType> ParseOne(int depth) {
    if (depth > kMaxTypeDepth) return Fail("it is nested too deeply");
    SkipSpace();
    std::size_t n = 0;
    while (n < rest_.size() &&
           (std::isalnum(static_cast<unsigned char>(rest_[n])) != 0 || rest_[n] == '_')) {
      ++n;
    }
    const std::string_view name = rest_.substr(0, n);
    rest_.remove_prefix(n);
    if (name.empty()) return Fail("a name is missing");
    const auto id = FindTypeName(name == "decimal128" ? "decimal" : name);
    if (!id) return FailUnknown(name);
    switch (*id) {
      case TypeId::kDecimal128:
        return ParseDecimal();
      case TypeId::kList:
        return ParseList(depth);
      case TypeId::kVector:
        return ParseVector(depth);
      case TypeId::kMap:
        return ParseMap(depth);
      default:
        return DataType(*id);
    }
  }

  Result<DataType> ParseDecimal() {
    const char closing = TakeOpening();
    if (closing == 0) return Fail("a decimal needs precision and scale: decimal(38, 2)");
    const auto precision = TakeNumber();
    std::optional<int> scale = 0;
    if (Take(',')) scale = TakeNumber();
    if (!precision || !scale || !Take(closing)) {
      return Fail("a decimal needs precision and scale: decimal(38, 2)");
    }
    if (*precision < 1 || *precision > 38) return Fail("precision must be 1 to 38");
    if (*scale < -38 || *scale > 38) return Fail("scale must be -38 to 38");
    return DataType::Decimal(*precision, *scale);
  }

  Result<DataType> ParseList(int depth) {
    const char closing = TakeOpening();
    if (closing == 0) return Fail("a list needs its element: list<int64>");
    COEVAL_ASSIGN_OR_RETURN(DataType element, ParseOne(depth + 1));
    if (!Take(closing)) return Fail("a list is not closed");
    return DataType::List(std::move(element));
  }

  Result<DataType> ParseVector(int depth) {
    const char closing = TakeOpening();
    if (closing == 0) return Fail("a vector needs element and size: vector<float32, 8>");
    COEVAL_ASSIGN_OR_RETURN(DataType element, ParseOne(depth + 1));
    const auto size = Take(',') ? TakeNumber() : std::nullopt;
    if (!size || !Take(closing)) {
      return Fail("a vector needs element and size: vector<float32, 8>");
    }
    if (element.id() != TypeId::kFloat32 && element.id() != TypeId::kFloat64) {
      return Fail("a vector holds float32 or float64");
    }
    if (*size < 1 || *size > kMaxVectorSize) return Fail("a vector has 1 to 1048576 elements");
    return DataType::Vector(std::move(element), *size);
  }

  Result<DataType> ParseMap(int depth) {
    const char closing = TakeOpening();
    if (closing == 0) return Fail("a map needs key and value: map<string, float64>");
    COEVAL_ASSIGN_OR_RETURN(DataType key, ParseOne(depth + 1));
    if (!Take(',')) return Fail("a map needs key and value: map<string, float64>");
    COEVAL_ASSIGN_OR_RETURN(DataType value, ParseOne(depth + 1));
    if (!Take(closing)) return Fail("a map is not closed");
    if (key.is_nested() || key.id() == TypeId::kNull) return Fail("a map's key is a plain type");
    return DataType::Map(std::move(key), std::move(value));
  }

  std::string_view text_;
  std::string_view rest_;
};

}  // namespace

DataType DataType::Decimal(int precision, int scale) {
  COEVAL_CHECK(precision >= 1 && precision <= 38);
  DataType type(TypeId::kDecimal128);
  type.precision_ = precision;
  type.scale_ = scale;
  return type;
}

DataType DataType::List(DataType element) {
  DataType type(TypeId::kList);
  type.children_ =
      std::make_shared<const std::vector<DataType>>(std::vector<DataType>{std::move(element)});
  return type;
}

DataType DataType::Vector(DataType element, int size) {
  COEVAL_CHECK(element.id() == TypeId::kFloat32 || element.id() == TypeId::kFloat64);
  COEVAL_CHECK(size >= 1);
  DataType type(TypeId::kVector);
  type.size_ = size;
  type.children_ =
      std::make_shared<const std::vector<DataType>>(std::vector<DataType>{std::move(element)});
  return type;
}

DataType DataType::Map(DataType key, DataType value) {
  DataType type(TypeId::kMap);
  type.children_ = std::make_shared<const std::vector<DataType>>(
      std::vector<DataType>{std::move(key), std::move(value)});
  return type;
}

int DataType::width() const {
  switch (id_) {
    case TypeId::kBool:
      return 1;
    case TypeId::kInt32:
    case TypeId::kFloat32:
    case TypeId::kDate:
      return 4;
    case TypeId::kInt64:
    case TypeId::kFloat64:
    case TypeId::kTimestamp:
      return 8;
    case TypeId::kDecimal128:
      return 16;
    default:
      return 0;
  }
}

bool DataType::is_key_type() const {
  switch (id_) {
    case TypeId::kBool:
    case TypeId::kInt32:
    case TypeId::kInt64:
    case TypeId::kString:
    case TypeId::kBytes:
    case TypeId::kTimestamp:
    case TypeId::kDate:
      return true;
    default:
      return false;
  }
}

std::string DataType::ToString() const {
  std::string name(kTypeNames[static_cast<std::size_t>(id_)].name);
  switch (id_) {
    case TypeId::kDecimal128:
      return name + "(" + std::to_string(precision_) + ", " + std::to_string(scale_) + ")";
    case TypeId::kList:
      return name + "<" + child(0).ToString() + ">";
    case TypeId::kVector:
      return name + "<" + child(0).ToString() + ", " + std::to_string(size_) + ">";
    case TypeId::kMap:
      return name + "<" + child(0).ToString() + ", " + child(1).ToString() + ">";
    default:
      return name;
  }
}

bool operator==(const DataType& a, const DataType& b) {
  if (a.id_ != b.id_ || a.precision_ != b.precision_ || a.scale_ != b.scale_ ||
      a.size_ != b.size_) {
    return false;
  }
  return a.children_ == b.children_ ||
         (a.children_ != nullptr && b.children_ != nullptr && *a.children_ == *b.children_);
}

Result<DataType> ParseType(std::string_view text) {
  return TypeParser(text).Parse();
}

}  // namespace coeval
