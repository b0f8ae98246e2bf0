#include "source/plugin_argument.h"

#include <cstdint>
#include <utility>

#include "column/type.h"

namespace coeval {

namespace {

// The format string of a type that CSV text can be read as.
Result<std::string> CsvFormat(const std::string& column, const DataType& type) {
  switch (type.id()) {
    case TypeId::kBool:
      return std::string("b");
    case TypeId::kInt32:
      return std::string("i");
    case TypeId::kInt64:
      return std::string("l");
    case TypeId::kFloat32:
      return std::string("f");
    case TypeId::kFloat64:
      return std::string("g");
    case TypeId::kNull:
    case TypeId::kString:
    case TypeId::kTimestamp:
      return std::string("u");
    case TypeId::kBytes:
      return std::string("z");
    case TypeId::kDate:
      return std::string("tdD");
    case TypeId::kDecimal128:
      return "d:" + std::to_string(type.precision()) + "," + std::to_string(type.scale());
    default:
      return Status::InvalidArgument("column `" + column + "` is declared " + type.ToString() +
                                     ", which CSV cannot hold; use Parquet or Arrow");
  }
}

}  // namespace

std::vector<const char*> Pointers(std::span<const std::string> texts) {
  std::vector<const char*> pointers;
  pointers.reserve(texts.size());
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  return pointers;
}

Result<std::unique_ptr<CsvArgument>> CsvArgument::Make(const FormatOptions& format) {
  std::unique_ptr<CsvArgument> self(new CsvArgument);
  if (format.format != FileFormat::kCsv) return self;
  const CsvOptions& options = format.csv;
  for (const auto& [name, type] : options.types) {
    COEVAL_ASSIGN_OR_RETURN(std::string text, CsvFormat(name, type));
    self->typed_names_.push_back(name);
    self->typed_formats_.push_back(std::move(text));
  }
  self->null_values_ = options.null_values;
  self->names_ = options.column_names;
  self->Point(options);
  return self;
}

void CsvArgument::Point(const CsvOptions& options) {
  pointers_ = {Pointers(null_values_), Pointers(names_), Pointers(typed_names_),
               Pointers(typed_formats_)};
  csv_.delimiter = options.delimiter;
  csv_.quote = options.quote;
  csv_.header = options.header ? 1 : 0;
  csv_.null_values = pointers_[0].data();
  csv_.n_null_values = static_cast<std::int64_t>(null_values_.size());
  csv_.names = pointers_[1].data();
  csv_.n_names = static_cast<std::int64_t>(names_.size());
  csv_.typed_names = pointers_[2].data();
  csv_.typed_formats = pointers_[3].data();
  csv_.n_typed = static_cast<std::int64_t>(typed_names_.size());
}

}  // namespace coeval
