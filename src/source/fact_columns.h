// FactColumns: which column of the files each part of a fact comes from, and how it is read.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "column/column.h"
#include "column/key.h"
#include "column/type.h"
#include "definition/source.h"
#include "source/arrow_plugin.h"
#include "source/fact_reader.h"
#include "source/file_list.h"
#include "source/scan.h"
#include "source/time_column.h"

namespace coeval {

// A column of the files, or a folder key=value, which wins over a column of the same name.
struct ColumnRef {
  std::string name;          // in the files
  std::size_t position = 0;  // among FactColumns::scanned; unused for partitions
  bool is_partition = false;
};

struct FactColumns {
  std::optional<ColumnRef> event_time;  // none where timeless
  std::optional<ColumnRef> created;
  std::optional<ColumnRef> sequence;
  std::optional<ColumnRef> deleted;
  std::vector<ColumnRef> keys;
  std::vector<ColumnRef> features;
  std::vector<std::string> scanned;  // the columns to read from files, each once; at least one
  // Types that CSV text is to be read as, by the parts above; those of the source come first.
  std::vector<std::pair<std::string, DataType>> csv_types;
};

// `columns`: the names in the files; `partitions`: those of the folders. Errors: NotFound with the
// nearest name, InvalidArgument where a column is renamed away.
Result<FactColumns> ResolveFactColumns(const Source& source, const FactRequest& request,
                                       const std::vector<std::string>& columns,
                                       const std::vector<std::string>& partitions);

// The same with fewer columns scanned: what decides who wins, and the values of the winners. The
// latter may have no column to scan, where all features come from folders.
FactColumns WithoutFeatures(const FactColumns& columns);
FactColumns FeaturesAlone(const FactColumns& columns, FeatureSpan features = kAllFeatures);

// Can what a file holds be what the request declares? Errors: NotFound, InvalidArgument naming
// column and types; the caller adds the file.
Status CheckFactColumns(const Source& source, const FactRequest& request,
                        const FactColumns& columns, const ArrowSchema& schema);

// -- one part of a batch --------------------------------------------------------------------------

// A failure in one row of a batch, for the caller to give its name. row -1: no row in particular.
struct CellFailure {
  std::int64_t row = -1;
  std::string column;
  std::string what;
};

// A batch with the folders of its file.
struct FactSource {
  const RawBatch* batch = nullptr;
  const SourceFile* file = nullptr;  // null for a stream
  bool text_times = false;           // timestamps may come as text (CSV)
};

// Each answers nothing and fills `*failure` where a row does not convert.
std::optional<TimeColumn> ReadTimes(const FactSource& from, const ColumnRef& ref,
                                    CellFailure* failure);
std::optional<Column> ReadKey(const FactSource& from, const ColumnRef& ref, const JoinKey& key,
                              CellFailure* failure);
// A feature, a sequence, a delete flag: losing nothing.
std::optional<Column> ReadValues(const FactSource& from, const ColumnRef& ref, const DataType& type,
                                 CellFailure* failure);
// What an event or created time of a row shows in an error text.
std::string ShowTime(const FactSource& from, const ColumnRef& ref, std::int64_t row);

// The text of a partition of that file as a value of `type`; null for Hive's null.
Result<Value> PartitionValue(const SourceFile& file, const std::string& name, const DataType& type,
                             Rounding rounding);

}  // namespace coeval
