#include "source/fact_columns.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/suggest.h"
#include "base/time.h"
#include "column/arrow_bridge.h"
#include "column/arrow_c.h"
#include "column/batch.h"
#include "column/column.h"
#include "column/key.h"
#include "column/type.h"
#include "column/value.h"
#include "definition/field_mapping.h"
#include "definition/source.h"
#include "source/fact_reader.h"
#include "source/file_list.h"
#include "source/lossless_cast.h"
#include "source/time_column.h"

namespace coeval {

namespace {

class Resolver {
 public:
  Resolver(const Source& source, const std::vector<std::string>& columns,
           const std::vector<std::string>& partitions)
      : source_(source), columns_(columns), partitions_(partitions) {
    result_.csv_types = source.csv.types;
  }

  // `what`: "join key", "feature", "timestamp_field".
  Result<ColumnRef> Resolve(const std::string& column, const std::string& what,
                            const DataType& type) {
    if (Holds(partitions_, column)) return ColumnRef{column, 0, true};
    if (!Holds(columns_, column)) {
      std::vector<std::string> all = columns_;
      all.insert(all.end(), partitions_.begin(), partitions_.end());
      return Status::NotFound("no column `" + column + "` for " + what + DidYouMean(column, all) +
                              "; there are " + List(all));
    }
    if (std::count(columns_.begin(), columns_.end(), column) > 1) {
      return Status::InvalidArgument("column `" + column + "`, for " + what +
                                     ", occurs twice in the source");
    }
    const bool typed = std::any_of(result_.csv_types.begin(), result_.csv_types.end(),
                                   [&](const auto& known) { return known.first == column; });
    if (!typed) result_.csv_types.emplace_back(column, type);
    const auto found = std::find(result_.scanned.begin(), result_.scanned.end(), column);
    const auto position = static_cast<std::size_t>(found - result_.scanned.begin());
    if (found == result_.scanned.end()) result_.scanned.push_back(column);
    return ColumnRef{column, position, false};
  }

  // A feature or join key, which field_mapping may have renamed.
  Result<ColumnRef> ResolveMapped(const std::string& name, const std::string& what,
                                  const DataType& type) {
    const std::string column = SourceColumnOf(source_, name);
    const auto renamed = source_.field_mapping.find(column);
    if (column == name && renamed != source_.field_mapping.end() && renamed->second != name) {
      return Status::InvalidArgument("column `" + name + "`, for " + what + " `" + name +
                                     "`, is renamed to `" + renamed->second +
                                     "` by the source's field_mapping");
    }
    return Resolve(column, what + " `" + name + "`", type);
  }

  Status ResolveOptional(const std::string& column, const std::string& what, const DataType& type,
                         std::optional<ColumnRef>* out) {
    if (column.empty()) return {};
    COEVAL_ASSIGN_OR_RETURN(*out, Resolve(column, what, type));
    return {};
  }

  FactColumns& result() { return result_; }

 private:
  static bool Holds(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  static std::string List(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) {
      if (text.size() > 300) return text + ", ...";
      text += (text.empty() ? "" : ", ") + name;
    }
    return text;
  }

  const Source& source_;
  const std::vector<std::string>& columns_;
  const std::vector<std::string>& partitions_;
  FactColumns result_;
};

// Makes `fewer->scanned` the columns of `all` that the parts of `fewer` still need.
void Rescan(const FactColumns& all, FactColumns* fewer) {
  fewer->scanned.clear();
  const auto place = [&](ColumnRef* ref) {
    if (ref->is_partition) return;
    const std::string& name = all.scanned[ref->position];
    const auto found = std::find(fewer->scanned.begin(), fewer->scanned.end(), name);
    ref->position = static_cast<std::size_t>(found - fewer->scanned.begin());
    if (found == fewer->scanned.end()) fewer->scanned.push_back(name);
  };
  for (auto* part : {&fewer->event_time, &fewer->created, &fewer->sequence, &fewer->deleted}) {
    if (*part) place(&**part);
  }
  for (ColumnRef& key : fewer->keys) place(&key);
  for (ColumnRef& feature : fewer->features) place(&feature);
}

// The child of a struct schema by name; null where there is none.
const ArrowSchema* FieldOf(const ArrowSchema& schema, const std::string& name) {
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    if (schema.children[i]->name != nullptr && schema.children[i]->name == name) {
      return schema.children[i];
    }
  }
  return nullptr;
}

Status CheckValueType(const ArrowSchema& field, const DataType& to, bool text_times) {
  COEVAL_ASSIGN_OR_RETURN(const DataType from, TypeFromArrow(field));
  if (text_times && from.id() == TypeId::kString && to.id() == TypeId::kTimestamp) return {};
  return CheckCastable(from, to);
}

// Runs `check` over the field of each part that is read from files.
template <typename Check>
Status CheckPart(const ArrowSchema& schema, const ColumnRef& ref, const std::string& what,
                 const Check& check) {
  if (ref.is_partition) return {};
  const ArrowSchema* field = FieldOf(schema, ref.name);
  if (field == nullptr) return Status::NotFound("no column `" + ref.name + "`, for " + what);
  Status status = check(*field);
  if (status.ok()) return status;
  return status.WithContext("column `" + ref.name + "`, for " + what);
}

// Text as timestamps, keeping every digit.
std::optional<Column> ParseTexts(const Column& texts, CellFailure* failure) {
  std::vector<TimeMicros> times(static_cast<std::size_t>(texts.length()));
  for (std::int64_t row = 0; row < texts.length(); ++row) {
    if (texts.IsNull(row)) continue;
    const auto time = ParseTime(texts.bytes(row), Rounding::kExact);
    if (!time.ok()) {
      failure->row = row;
      failure->what = time.status().message();
      return std::nullopt;
    }
    times[static_cast<std::size_t>(row)] = *time;
  }
  return Column::FixedWidth(TypeId::kTimestamp, texts.length(), MakeBuffer(std::move(times)),
                            texts.validity_buffer());
}

// The column as it lies there, without conversion to a declared type.
std::optional<Column> ImportPart(const FactSource& from, const ColumnRef& ref,
                                 CellFailure* failure) {
  failure->column = ref.name;
  const ArrowSchema& field = *from.batch->schema->children[ref.position];
  const ArrowArray array = from.batch->column(ref.position);
  auto column = ImportArray(field, array, from.batch->rows);
  if (column.ok()) return *std::move(column);
  failure->what = column.status().message();
  // Which row: the first that does not import by itself.
  for (std::int64_t row = 0; row < array.length; ++row) {
    ArrowArray cell = array;
    cell.offset += row;
    cell.length = 1;
    cell.null_count = -1;
    if (const auto one = ImportArray(field, cell, from.batch->rows); !one.ok()) {
      failure->row = row;
      failure->what = one.status().message();
      break;
    }
  }
  return std::nullopt;
}

std::optional<Column> ConstantPart(const FactSource& from, const ColumnRef& ref,
                                   const DataType& type, CellFailure* failure) {
  failure->column = ref.name;
  const auto value = PartitionValue(*from.file, ref.name, type, Rounding::kExact);
  if (value.ok()) {
    auto column = Column::Constant(type, *value, from.batch->num_rows());
    if (column.ok()) return *std::move(column);
    failure->what = column.status().message();
  } else {
    failure->what = value.status().message();
  }
  return std::nullopt;
}

}  // namespace

Result<FactColumns> ResolveFactColumns(const Source& source, const FactRequest& request,
                                       const std::vector<std::string>& columns,
                                       const std::vector<std::string>& partitions) {
  Resolver resolver(source, columns, partitions);
  FactColumns& result = resolver.result();
  if (!source.timeless) {
    if (source.timestamp_field.empty()) {
      return Status::InvalidArgument(
          "no timestamp_field; name the column of event times, or declare the source timeless");
    }
    COEVAL_RETURN_IF_ERROR(resolver.ResolveOptional(source.timestamp_field, "timestamp_field",
                                                    TypeId::kTimestamp, &result.event_time));
  }
  COEVAL_RETURN_IF_ERROR(resolver.ResolveOptional(source.created_field, "created_field",
                                                  TypeId::kTimestamp, &result.created));
  for (const JoinKey& key : request.keys) {
    COEVAL_ASSIGN_OR_RETURN(ColumnRef ref, resolver.ResolveMapped(key.name, "join key", key.type));
    result.keys.push_back(std::move(ref));
  }
  COEVAL_RETURN_IF_ERROR(resolver.ResolveOptional(source.sequence_field, "sequence_field",
                                                  TypeId::kInt64, &result.sequence));
  COEVAL_RETURN_IF_ERROR(resolver.ResolveOptional(source.delete_field, "delete_field",
                                                  TypeId::kBool, &result.deleted));
  for (const ColumnSchema& feature : request.features) {
    COEVAL_ASSIGN_OR_RETURN(ColumnRef ref,
                            resolver.ResolveMapped(feature.name, "feature", feature.type));
    result.features.push_back(std::move(ref));
  }
  if (result.scanned.empty()) {  // all from folders: still count the rows
    if (columns.empty()) return Status::InvalidArgument("the source has no column");
    result.scanned.push_back(columns.front());
    if (source.format == FileFormat::kCsv) {
      result.csv_types.emplace_back(columns.front(), TypeId::kString);
    }
  }
  return std::move(result);
}

FactColumns WithoutFeatures(const FactColumns& columns) {
  FactColumns fewer = columns;
  fewer.features.clear();
  Rescan(columns, &fewer);
  // Else all from folders: still count the rows.
  if (fewer.scanned.empty()) fewer.scanned.push_back(columns.scanned.front());
  return fewer;
}

FactColumns FeaturesAlone(const FactColumns& columns, FeatureSpan features) {
  FactColumns fewer = columns;
  fewer.event_time = fewer.created = fewer.sequence = fewer.deleted = std::nullopt;
  fewer.keys.clear();
  const std::size_t n = columns.features.size();
  fewer.features = {columns.features.begin() + static_cast<std::ptrdiff_t>(features.begin(n)),
                    columns.features.begin() + static_cast<std::ptrdiff_t>(features.end(n))};
  Rescan(columns, &fewer);
  return fewer;
}

Status CheckFactColumns(const Source& source, const FactRequest& request,
                        const FactColumns& columns, const ArrowSchema& schema) {
  const bool text_times = source.format == FileFormat::kCsv;
  const auto castable_to = [text_times](const DataType& type) {
    return [text_times, type](const ArrowSchema& field) {
      return CheckValueType(field, type, text_times);
    };
  };
  if (columns.event_time) {
    COEVAL_RETURN_IF_ERROR(
        CheckPart(schema, *columns.event_time, "timestamp_field", CheckTimeType));
  }
  if (columns.created) {
    COEVAL_RETURN_IF_ERROR(CheckPart(schema, *columns.created, "created_field", CheckTimeType));
  }
  if (columns.sequence) {
    COEVAL_RETURN_IF_ERROR(
        CheckPart(schema, *columns.sequence, "sequence_field", castable_to(TypeId::kInt64)));
  }
  if (columns.deleted) {
    COEVAL_RETURN_IF_ERROR(
        CheckPart(schema, *columns.deleted, "delete_field", castable_to(TypeId::kBool)));
  }
  for (std::size_t i = 0; i < columns.keys.size(); ++i) {
    COEVAL_RETURN_IF_ERROR(
        CheckPart(schema, columns.keys[i], "join key `" + request.keys[i].name + "`",
                  [](const ArrowSchema& field) { return TypeFromArrow(field).status(); }));
  }
  for (std::size_t i = 0; i < columns.features.size(); ++i) {
    COEVAL_RETURN_IF_ERROR(CheckPart(schema, columns.features[i],
                                     "feature `" + request.features[i].name + "`",
                                     castable_to(request.features[i].type)));
  }
  return {};
}

std::optional<TimeColumn> ReadTimes(const FactSource& from, const ColumnRef& ref,
                                    CellFailure* failure) {
  failure->column = ref.name;
  if (!ref.is_partition) {
    auto times = ReadTimeColumn(*from.batch->schema->children[ref.position],
                                from.batch->column(ref.position), from.batch->rows);
    if (times.ok()) return *std::move(times);
    failure->what = times.status().message();
    return std::nullopt;
  }
  const std::int64_t rows = from.batch->num_rows();
  TimeColumn result;
  const auto value = PartitionValue(*from.file, ref.name, TypeId::kTimestamp, Rounding::kUp);
  if (value.ok()) {
    auto column = Column::Constant(TypeId::kTimestamp, *value, rows);
    COEVAL_CHECK(column.ok());
    result.times = *std::move(column);
    return result;
  }
  result.times = Column::Nulls(TypeId::kTimestamp, rows);
  for (std::int64_t row = 0; row < rows; ++row) result.impossible.push_back(row);
  return result;
}

std::optional<Column> ReadKey(const FactSource& from, const ColumnRef& ref, const JoinKey& key,
                              CellFailure* failure) {
  if (ref.is_partition) return ConstantPart(from, ref, key.type, failure);
  auto column = ImportPart(from, ref, failure);
  if (!column) return std::nullopt;
  if (from.text_times && column->type().id() == TypeId::kString &&
      key.type.id() == TypeId::kTimestamp) {
    return ParseTexts(*column, failure);
  }
  auto converted = ConvertKeyColumn(*column, key, ref.name);
  if (converted.ok()) return *std::move(converted);
  failure->what = converted.status().message();
  for (std::int64_t row = 0; row < column->length(); ++row) {
    const auto cell = ConvertKey(column->GetValue(row), column->type(), key.type);
    if (cell.ok()) continue;
    failure->row = row;
    failure->what = cell.status().message();
    break;
  }
  return std::nullopt;
}

std::optional<Column> ReadValues(const FactSource& from, const ColumnRef& ref, const DataType& type,
                                 CellFailure* failure) {
  if (ref.is_partition) return ConstantPart(from, ref, type, failure);
  auto column = ImportPart(from, ref, failure);
  if (!column) return std::nullopt;
  if (from.text_times && column->type().id() == TypeId::kString &&
      type.id() == TypeId::kTimestamp) {
    return ParseTexts(*column, failure);
  }
  auto cast = CastLossless(*column, type, &failure->row);
  if (cast.ok()) return *std::move(cast);
  failure->what = cast.status().message();
  return std::nullopt;
}

std::string ShowTime(const FactSource& from, const ColumnRef& ref, std::int64_t row) {
  if (!ref.is_partition) {
    return ShowTimeCell(*from.batch->schema->children[ref.position],
                        from.batch->column(ref.position), row);
  }
  for (const auto& [name, text] : from.file->partitions) {
    if (name == ref.name) return "'" + text + "'";
  }
  return "null";
}

Result<Value> PartitionValue(const SourceFile& file, const std::string& name, const DataType& type,
                             Rounding rounding) {
  const auto found = std::find_if(file.partitions.begin(), file.partitions.end(),
                                  [&name](const auto& part) { return part.first == name; });
  if (found == file.partitions.end() || found->second == kHiveNull) return Value();
  const std::string& text = found->second;
  switch (type.id()) {
    case TypeId::kString:
    case TypeId::kBytes:
      return Value::String(text);
    case TypeId::kBool:
      if (text == "true" || text == "false") return Value::Bool(text == "true");
      break;
    case TypeId::kInt32:
    case TypeId::kInt64: {
      std::int64_t value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      const bool fits = type.id() == TypeId::kInt64 || (value >= INT32_MIN && value <= INT32_MAX);
      if (error == std::errc() && end == text.data() + text.size() && fits) {
        return Value::Int(value);
      }
      break;
    }
    case TypeId::kFloat32:
    case TypeId::kFloat64: {
      double value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error == std::errc() && end == text.data() + text.size()) return Value::Double(value);
      break;
    }
    case TypeId::kTimestamp: {
      COEVAL_ASSIGN_OR_RETURN(const TimeMicros time, ParseTime(text, rounding));
      return Value::Int(time);
    }
    case TypeId::kDate: {
      COEVAL_ASSIGN_OR_RETURN(const std::int32_t day, ParseDate(text));
      return Value::Int(day);
    }
    default:
      break;
  }
  return Status::InvalidArgument("folder " + name + "=" + text + " holds no " + type.ToString());
}

}  // namespace coeval
