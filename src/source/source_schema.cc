#include "source/source_schema.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "column/arrow_bridge.h"
#include "column/arrow_c.h"
#include "column/batch.h"
#include "column/type.h"
#include "definition/field.h"
#include "definition/field_mapping.h"
#include "definition/pushed_columns.h"
#include "definition/source.h"
#include "source/arrow_plugin.h"
#include "source/file_list.h"

namespace coeval {

namespace {

SourceColumn ColumnOf(const Source& source, const ArrowSchema& field) {
  SourceColumn column;
  column.name = field.name == nullptr ? "" : field.name;
  column.mapped_name = MappedName(source, column.name);
  column.original = TimestampOf(field);
  auto type = TypeFromArrow(field);
  if (type.ok()) {
    column.type = *type;
  } else {
    column.supported = type.status();
  }
  return column;
}

// The one type that two files' columns share.
std::optional<DataType> Common(const DataType& a, const DataType& b) {
  if (a == b || b.id() == TypeId::kNull) return a;
  if (a.id() == TypeId::kNull) return b;
  const auto both = [&](TypeId narrow, TypeId wide) {
    return (a.id() == narrow && b.id() == wide) || (a.id() == wide && b.id() == narrow);
  };
  if (both(TypeId::kInt32, TypeId::kInt64)) return DataType(TypeId::kInt64);
  if (both(TypeId::kFloat32, TypeId::kFloat64)) return DataType(TypeId::kFloat64);
  return std::nullopt;
}

Status Differ(const Source& source, const std::string& what, const SourceFile& first,
              const SourceFile& other) {
  return Status::InvalidArgument("files of source `" + source.name + "` differ: " + what +
                                 "; first file " + first.path + ", other file " + other.path +
                                 ". Write them with one schema, or make two sources");
}

Status Merge(const Source& source, const FileInspection& inspected, const SourceFile& first,
             const SourceFile& file, SourceSchema* schema) {
  std::set<std::string> there;
  for (std::int64_t i = 0; i < inspected.schema->n_children; ++i) {
    SourceColumn column = ColumnOf(source, *inspected.schema->children[i]);
    if (!there.insert(column.name).second) {
      return Status::InvalidArgument("column `" + column.name + "` occurs twice in " + file.path);
    }
    const auto known =
        std::find_if(schema->columns.begin(), schema->columns.end(),
                     [&column](const SourceColumn& other) { return other.name == column.name; });
    if (schema->files == 0) {
      schema->columns.push_back(std::move(column));
      continue;
    }
    if (known == schema->columns.end()) {
      return Differ(source, "column `" + column.name + "` is only in the other", first, file);
    }
    const std::optional<DataType> common = Common(known->type, column.type);
    if (!common || known->supported.ok() != column.supported.ok()) {
      return Differ(source,
                    "column `" + column.name + "` is " + known->type.ToString() +
                        " in the first and " + column.type.ToString() + " in the other",
                    first, file);
    }
    known->type = *common;
    if (!known->original) known->original = column.original;
  }
  for (const SourceColumn& column : schema->columns) {
    if (!there.contains(column.name)) {
      return Differ(source, "column `" + column.name + "` is only in the first", first, file);
    }
  }
  schema->files += 1;
  return {};
}

void AddPartitions(const Source& source, const SourceFiles& files, SourceSchema* schema) {
  for (const auto& [name, text] : files.files.front().partitions) {
    std::vector<std::string> texts;
    for (const SourceFile& file : files.files) {
      for (const auto& [other, value] : file.partitions) {
        if (other == name && value != kHiveNull) texts.push_back(value);
      }
    }
    SourceColumn column;
    column.name = name;
    column.mapped_name = MappedName(source, name);
    column.type = PartitionType(texts);
    column.is_partition = true;
    std::erase_if(schema->columns,
                  [&column](const SourceColumn& other) { return other.name == column.name; });
    schema->columns.push_back(std::move(column));
  }
}

SourceSchema DescribePushed(const Source& push) {
  SourceSchema schema;
  const Schema pushed = PushedSchema(push);
  for (const ColumnSchema& declared : pushed.columns()) {
    SourceColumn column;
    column.name = declared.name;
    column.mapped_name = MappedName(push, declared.name);
    column.type = declared.type;
    schema.columns.push_back(std::move(column));
  }
  return schema;
}

}  // namespace

const SourceColumn* SourceSchema::Find(std::string_view name) const {
  const auto found =
      std::find_if(columns.begin(), columns.end(),
                   [name](const SourceColumn& column) { return column.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

Result<SourceSchema> DescribeSource(const Source& source, const std::string& location,
                                    const Context& context) {
  if (source.kind == SourceKind::kPush) return DescribePushed(source);
  COEVAL_ASSIGN_OR_RETURN(const SourceFiles files, ListFiles(source, location));
  COEVAL_ASSIGN_OR_RETURN(const ArrowPlugin* plugin, ArrowPlugin::Get(context));
  SourceSchema schema;
  const FormatOptions format{.format = source.format, .csv = source.csv};
  for (const SourceFile& file : files.files) {
    COEVAL_RETURN_IF_ERROR(context.cancel->Check());
    COEVAL_ASSIGN_OR_RETURN(
        const FileInspection inspected,
        plugin->Inspect(file.path, format, {.infer_csv = true, .statistics_of = {}, .columns = {}},
                        context));
    COEVAL_RETURN_IF_ERROR(Merge(source, inspected, files.files.front(), file, &schema));
  }
  // Text that the plugin was told to leave to Coeval.
  for (const auto& [name, type] : source.csv.types) {
    for (SourceColumn& column : schema.columns) {
      if (source.format == FileFormat::kCsv && column.name == name) column.type = type;
    }
  }
  AddPartitions(source, files, &schema);
  return schema;
}

Result<std::vector<Field>> InferFields(const Source& source, const SourceSchema& schema,
                                       std::span<const std::string> join_keys) {
  const std::set<std::string> own{source.timestamp_field, source.created_field,
                                  source.sequence_field, source.delete_field};
  std::vector<Field> fields;
  for (const SourceColumn& column : schema.columns) {
    if (own.contains(column.name) || column.mapped_name.starts_with("__")) continue;
    if (std::find(join_keys.begin(), join_keys.end(), column.mapped_name) != join_keys.end()) {
      continue;
    }
    const std::string where = "column `" + column.name + "` of source `" + source.name + "`";
    if (!column.supported.ok()) {
      return Status::InvalidArgument(where + ": " + column.supported.message() +
                                     "; declare the view's schema without it");
    }
    if (column.type.id() == TypeId::kNull) {
      return Status::InvalidArgument(where +
                                     " holds only nulls, so its type is not known; declare the "
                                     "view's schema");
    }
    Field field;
    field.name = column.mapped_name;
    field.type = column.type;
    fields.push_back(std::move(field));
  }
  return fields;
}

DataType PartitionType(std::span<const std::string> texts) {
  for (const std::string& text : texts) {
    std::int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [last, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || last != end) return TypeId::kString;
  }
  return texts.empty() ? TypeId::kString : TypeId::kInt64;
}

}  // namespace coeval
