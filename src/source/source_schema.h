// What columns a source has, over all of its files: for inferring a view's schema at apply, and
// for telling a user what is there.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "column/arrow_bridge.h"
#include "column/type.h"
#include "definition/field.h"
#include "definition/source.h"

namespace coeval {

struct SourceColumn {
  std::string name;                        // in the files
  std::string mapped_name;                 // after field_mapping
  DataType type;                           // kNull: only nulls, or unsupported
  std::optional<ArrowTimestamp> original;  // of timestamps: unit and zone in the files
  Status supported;                        // why not, where Coeval has no such type
  bool is_partition = false;               // from key=value folders
};

struct SourceSchema {
  std::vector<SourceColumn> columns;  // in the order of the first file, then partitions
  std::size_t files = 0;

  // By the name in the files.
  [[nodiscard]] const SourceColumn* Find(std::string_view name) const;
};

// Of a push source: what its schema declares; `location` is not looked at. Of a file source: looks
// into every file; of CSV it reads every value, so that types are those of all rows. Files
// may differ in int32 and int64, float32 and float64, and where one has only nulls.
// Errors: InvalidArgument naming both files where they differ otherwise; and those of ListFiles.
Result<SourceSchema> DescribeSource(const Source& source, const std::string& location,
                                    const Context& context);

// The features of a view over that source: every column, mapped, but those of the source itself
// (event and created time, sequence, delete) and the join keys, and names that begin with "__".
// Errors: InvalidArgument for a column without a type of Coeval's, with what to do.
Result<std::vector<Field>> InferFields(const Source& source, const SourceSchema& schema,
                                       std::span<const std::string> join_keys);

// The type of partition values: int64 where all texts are integers, else string.
DataType PartitionType(std::span<const std::string> texts);

}  // namespace coeval
