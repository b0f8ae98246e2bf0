#include "column/type.h"

#include <array>
#include <charconv>
#include <utility>

#include "base/suggest.h"

namespace coeval {
namespace {

struct NamedType {
  std::string_view name;
  TypeId id;
};

constexpr std::array<NamedType, 10> kNames{{{"null", TypeId::kNull},
                                            {"bool", TypeId::kBool},
                                            {"int32", TypeId::kInt32},
                                            {"int64", TypeId::kInt64},
                                            {"float32", TypeId::kFloat32},
                                            {"float64", TypeId::kFloat64},
                                            {"string", TypeId::kString},
                                            {"bytes", TypeId::kBytes},
                                            {"timestamp", TypeId::kTimestamp},
                                            {"date", TypeId::kDate}}};

constexpr std::array<NamedType, 22> kSynonyms{{{"boolean", TypeId::kBool},
                                               {"int", TypeId::kInt64},
                                               {"integer", TypeId::kInt32},
                                               {"bigint", TypeId::kInt64},
                                               {"long", TypeId::kInt64},
                                               {"i32", TypeId::kInt32},
                                               {"i64", TypeId::kInt64},
                                               {"float", TypeId::kFloat32},
                                               {"real", TypeId::kFloat32},
                                               {"double", TypeId::kFloat64},
                                               {"f32", TypeId::kFloat32},
                                               {"f64", TypeId::kFloat64},
                                               {"str", TypeId::kString},
                                               {"text", TypeId::kString},
                                               {"varchar", TypeId::kString},
                                               {"utf8", TypeId::kString},
                                               {"binary", TypeId::kBytes},
                                               {"blob", TypeId::kBytes},
                                               {"unixtimestamp", TypeId::kTimestamp},
                                               {"datetime", TypeId::kTimestamp},
                                               {"timestamptz", TypeId::kTimestamp},
                                               {"date32", TypeId::kDate}}};

constexpr int kMaxDepth = 16;

// Reads "map<string, list<float32>>" from left to right.
class TypeReader {
 public:
  explicit TypeReader(std::string_view text) : text_(text), rest_(text) {}

  Result<DataType> ReadAll() {
    COEVAL_ASSIGN_OR_RETURN(DataType type, Read(0));
    SkipSpace();
    if (!rest_.empty()) return Wrong("unexpected '" + std::string(rest_) + "'");
    return type;
  }

 private:
  Status Wrong(const std::string& what) const {
    return Status::InvalidArgument("'" + std::string(text_) + "' is not a type: " + what);
  }

  void SkipSpace() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
  }

  bool Take(char c) {
    SkipSpace();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string TakeName() {
    SkipSpace();
    std::string name;
    while (!rest_.empty()) {
      const char c = rest_.front();
      const bool upper = c >= 'A' && c <= 'Z';
      const bool part = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
      if (!part) break;
      name += upper ? static_cast<char>(c - 'A' + 'a') : c;
      rest_.remove_prefix(1);
    }
    return name;
  }

  Result<int> TakeNumber() {
    SkipSpace();
    int number = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    if (error != std::errc() || number < 0) return Wrong("a number is missing");
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return number;
  }

  Result<DataType> Read(int depth) {
    if (depth > kMaxDepth) return Wrong("nested more than 16 deep");
    const std::string name = TakeName();
    for (const NamedType& known : kNames) {
      if (known.name == name) return DataType(known.id);
    }
    if (name == "list" || name == "array") return ReadList(depth);
    if (name == "vector") return ReadVector(depth);
    if (name == "map") return ReadMap(depth);
    if (name == "decimal" || name == "decimal128" || name == "numeric") return ReadDecimal();
    for (const NamedType& known : kSynonyms) {
      if (known.name == name) return DataType(known.id);
    }
    std::vector<std::string> names{"list<...>", "vector<float32, n>", "map<...>", "decimal(p, s)"};
    for (const NamedType& known : kNames) names.emplace_back(known.name);
    return Wrong("there is no '" + name + "'" + DidYouMean(name, names));
  }

  bool Open() { return Take('<') || Take('('); }
  bool Close() { return Take('>') || Take(')'); }

  Result<DataType> ReadList(int depth) {
    if (!Open()) return Wrong("write list<element>");
    COEVAL_ASSIGN_OR_RETURN(DataType element, Read(depth + 1));
    if (!Close()) return Wrong("a '>' is missing");
    return DataType::List(std::move(element));
  }

  Result<DataType> ReadVector(int depth) {
    if (!Open()) return Wrong("write vector<float32, size>");
    COEVAL_ASSIGN_OR_RETURN(DataType element, Read(depth + 1));
    if (element.id() != TypeId::kFloat32 && element.id() != TypeId::kFloat64) {
      return Wrong("a vector holds float32 or float64");
    }
    if (!Take(',')) return Wrong("write vector<float32, size>");
    COEVAL_ASSIGN_OR_RETURN(int size, TakeNumber());
    if (size < 1 || size > 65536) return Wrong("a vector has 1 to 65536 elements");
    if (!Close()) return Wrong("a '>' is missing");
    return DataType::Vector(std::move(element), size);
  }

  Result<DataType> ReadMap(int depth) {
    if (!Open()) return Wrong("write map<key, value>");
    COEVAL_ASSIGN_OR_RETURN(DataType key, Read(depth + 1));
    if (key.is_nested() || key.id() == TypeId::kNull) return Wrong("a map's key is a plain type");
    if (!Take(',')) return Wrong("write map<key, value>");
    COEVAL_ASSIGN_OR_RETURN(DataType value, Read(depth + 1));
    if (!Close()) return Wrong("a '>' is missing");
    return DataType::Map(std::move(key), std::move(value));
  }

  Result<DataType> ReadDecimal() {
    if (!Open()) return DataType::Decimal(38, 10);
    COEVAL_ASSIGN_OR_RETURN(int precision, TakeNumber());
    int scale = 0;
    if (Take(',')) {
      COEVAL_ASSIGN_OR_RETURN(scale, TakeNumber());
    }
    if (!Close()) return Wrong("a ')' is missing");
    if (precision < 1 || precision > 38 || scale > precision) {
      return Wrong("a decimal has a precision of 1 to 38 and a scale of 0 to its precision");
    }
    return DataType::Decimal(precision, scale);
  }

  std::string_view text_;
  std::string_view rest_;
};

}  // namespace

DataType DataType::Decimal(int precision, int scale) {
  DataType type(TypeId::kDecimal128);
  type.precision_ = precision;
  type.scale_ = scale;
  return type;
}

DataType DataType::List(DataType element) {
  DataType type(TypeId::kList);
  type.children_ = std::make_shared<const std::vector<DataType>>(1, std::move(element));
  return type;
}

DataType DataType::Vector(DataType element, int size) {
  DataType type(TypeId::kVector);
  type.size_ = size;
  type.children_ = std::make_shared<const std::vector<DataType>>(1, std::move(element));
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
    case TypeId::kBool: return 1;
    case TypeId::kInt32:
    case TypeId::kFloat32:
    case TypeId::kDate: return 4;
    case TypeId::kInt64:
    case TypeId::kFloat64:
    case TypeId::kTimestamp: return 8;
    case TypeId::kDecimal128: return 16;
    default: return 0;
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
    case TypeId::kDate: return true;
    default: return false;
  }
}

std::string DataType::ToString() const {
  switch (id_) {
    case TypeId::kDecimal128:
      return "decimal(" + std::to_string(precision_) + ", " + std::to_string(scale_) + ")";
    case TypeId::kList: return "list<" + child(0).ToString() + ">";
    case TypeId::kVector:
      return "vector<" + child(0).ToString() + ", " + std::to_string(size_) + ">";
    case TypeId::kMap: return "map<" + child(0).ToString() + ", " + child(1).ToString() + ">";
    default: break;
  }
  return std::string(kNames[static_cast<std::size_t>(id_)].name);
}

bool operator==(const DataType& a, const DataType& b) {
  if (a.id_ != b.id_ || a.precision_ != b.precision_ || a.scale_ != b.scale_ ||
      a.size_ != b.size_) {
    return false;
  }
  return a.children_ == b.children_ || (a.children_ && b.children_ && *a.children_ == *b.children_);
}

Result<DataType> ParseType(std::string_view text) { return TypeReader(text).ReadAll(); }

}  // namespace coeval
