#include "ingest/log_segment.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/hash.h"
#include "column/builder.h"
#include "column/column.h"

namespace coeval {
namespace {

// No pushed column's name holds a colon and a space.
constexpr std::string_view kMark = "coeval: ";
constexpr const char* kRecord = "coeval: record";
constexpr const char* kCreated = "coeval: created";
constexpr const char* kNumber = "coeval: number";
constexpr const char* kTo = "coeval: to";
constexpr const char* kDelete = "coeval: delete";
constexpr const char* kKey = "coeval: key";
constexpr const char* kFed = "coeval: fed";

// By LogDestination.
constexpr std::array<std::string_view, 3> kDestinations = {"online_and_offline", "online",
                                                           "offline"};

Schema SchemaOf(const Schema& pushed) {
  Schema schema;
  schema.Add(kRecord, TypeId::kInt64);
  schema.Add(kCreated, TypeId::kTimestamp);
  schema.Add(kNumber, TypeId::kInt64);
  schema.Add(kTo, TypeId::kString);
  schema.Add(kDelete, TypeId::kBool);
  schema.Add(kKey, TypeId::kBytes);
  schema.Add(kFed, DataType::List(TypeId::kString));
  for (const ColumnSchema& column : pushed.columns()) schema.Add(column.name, column.type);
  return schema;
}

// What is not a pushed column, row by row.
class Heads {
 public:
  void Add(const NumberedBatch& push) {
    const LogBatch& batch = push.batch;
    for (std::int64_t row = 0; row < batch.rows.num_rows; ++row) {
      record_.AppendInt(push.record);
      created_.AppendInt(batch.c);
      number_.AppendInt(batch.first_number + row);
      to_.AppendBytes(kDestinations[static_cast<std::size_t>(batch.destination)]);
      delete_.AppendBool(batch.deletes);
      if (row == 0) continue;
      key_.AppendNull();
      fed_.AppendNull();
    }
  }

  // Before the rows of the push.
  void AddFirst(const LogBatch& batch) {
    key_.AppendBytes(batch.idempotency_key);
    for (const std::string& identity : batch.fed) fed_.child(0).AppendBytes(identity);
    fed_.AppendNested();
  }

  std::vector<Column> Finish() {
    return {record_.Finish(), created_.Finish(), number_.Finish(), to_.Finish(),
            delete_.Finish(), key_.Finish(),     fed_.Finish()};
  }

 private:
  ColumnBuilder record_{TypeId::kInt64};
  ColumnBuilder created_{TypeId::kTimestamp};
  ColumnBuilder number_{TypeId::kInt64};
  ColumnBuilder to_{TypeId::kString};
  ColumnBuilder delete_{TypeId::kBool};
  ColumnBuilder key_{TypeId::kBytes};
  ColumnBuilder fed_{DataType::List(TypeId::kString)};
};

Status NoSegment(std::string_view what) {
  return Status::Corruption("it is no segment of the log: " + std::string(what));
}

// The columns of Heads, found again.
struct FoundHeads {
  std::span<const std::int64_t> record;
  std::span<const std::int64_t> created;
  std::span<const std::int64_t> number;
  const Column* to = nullptr;
  std::span<const std::uint8_t> deletes;
  const Column* key = nullptr;
  const Column* fed = nullptr;
  std::size_t count = 0;
};

Result<FoundHeads> FindHeads(const Batch& rows) {
  FoundHeads heads;
  const Schema expected = SchemaOf({});
  while (heads.count < rows.schema.size() && rows.schema[heads.count].name.starts_with(kMark)) {
    ++heads.count;
  }
  if (heads.count > expected.size()) {
    return Status::FailedPrecondition("a newer release wrote '" +
                                      rows.schema[expected.size()].name + "': run that release");
  }
  if (heads.count < expected.size()) return NoSegment("columns are missing");
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!(rows.schema[i] == expected[i])) return NoSegment("'" + expected[i].name + "' is missing");
  }
  for (std::size_t i = 0; i < 5; ++i) {
    if (rows.columns[i].CountNulls() > 0) return NoSegment("'" + expected[i].name + "' is null");
  }
  heads.record = rows.columns[0].values<std::int64_t>();
  heads.created = rows.columns[1].values<std::int64_t>();
  heads.number = rows.columns[2].values<std::int64_t>();
  heads.to = &rows.columns[3];
  heads.deletes = rows.columns[4].values<std::uint8_t>();
  heads.key = &rows.columns[5];
  heads.fed = &rows.columns[6];
  return heads;
}

Result<NumberedBatch> HeadAt(const FoundHeads& heads, std::int64_t row) {
  const auto at = static_cast<std::size_t>(row);
  NumberedBatch push;
  push.record = heads.record[at];
  push.batch.c = heads.created[at];
  push.batch.first_number = heads.number[at];
  if (heads.key->IsNull(row) || heads.fed->IsNull(row)) return NoSegment("a push has no beginning");
  push.batch.idempotency_key = heads.key->bytes(row);
  const Column::Extent fed = heads.fed->elements(row);
  for (std::int64_t i = fed.first; i < fed.last; ++i) {
    push.batch.fed.emplace_back(heads.fed->child(0).bytes(i));
  }
  std::size_t to = 0;
  while (to < kDestinations.size() && kDestinations[to] != heads.to->bytes(row)) ++to;
  if (to == kDestinations.size()) return NoSegment("'" + std::string(kTo) + "' is not known");
  push.batch.destination = static_cast<LogDestination>(to);
  push.batch.deletes = heads.deletes[at] != 0;
  return push;
}

// Rows as the log gives them: of their own, without validity where nothing is null.
Column CopyOf(const Column& column, std::int64_t first, std::int64_t count) {
  ColumnBuilder builder(column.type());
  builder.AppendColumn(column.Slice(first, count));
  return builder.Finish();
}

}  // namespace

Result<Batch> RowsOfSegment(std::span<const NumberedBatch> pushes) {
  const Schema& pushed = pushes.front().batch.rows.schema;
  Heads heads;
  Batch rows{SchemaOf(pushed), {}, 0};
  for (const NumberedBatch& push : pushes) {
    COEVAL_CHECK(push.batch.rows.schema == pushed);
    if (push.batch.rows.num_rows == 0) {
      return Status::InvalidArgument("record " + std::to_string(push.record) +
                                     " is a push without rows");
    }
    heads.AddFirst(push.batch);
    heads.Add(push);
    rows.num_rows += push.batch.rows.num_rows;
  }
  rows.columns = heads.Finish();
  for (std::size_t i = 0; i < pushed.size(); ++i) {
    std::vector<Column> parts;
    for (const NumberedBatch& push : pushes) parts.push_back(push.batch.rows.columns[i]);
    COEVAL_ASSIGN_OR_RETURN(Column column, Concatenate(parts));
    rows.columns.push_back(std::move(column));
  }
  return rows;
}

Result<std::vector<NumberedBatch>> PushesOfSegment(const std::string& source, const Batch& rows) {
  COEVAL_ASSIGN_OR_RETURN(const FoundHeads heads, FindHeads(rows));
  Schema pushed;
  for (std::size_t i = heads.count; i < rows.schema.size(); ++i) {
    pushed.Add(rows.schema[i].name, rows.schema[i].type);
  }
  std::vector<NumberedBatch> pushes;
  for (std::int64_t row = 0; row < rows.num_rows;) {
    std::int64_t end = row + 1;
    const auto record = heads.record[static_cast<std::size_t>(row)];
    while (end < rows.num_rows && heads.record[static_cast<std::size_t>(end)] == record) ++end;
    COEVAL_ASSIGN_OR_RETURN(NumberedBatch push, HeadAt(heads, row));
    if (!pushes.empty() && record <= pushes.back().record) return NoSegment("records go back");
    push.batch.source = source;
    push.batch.rows = {pushed, {}, end - row};
    for (std::size_t i = heads.count; i < rows.columns.size(); ++i) {
      push.batch.rows.columns.push_back(CopyOf(rows.columns[i], row, end - row));
    }
    pushes.push_back(std::move(push));
    row = end;
  }
  return pushes;
}

Result<std::span<const LogPosition>> RecordsOfSegment(const Batch& rows) {
  COEVAL_ASSIGN_OR_RETURN(const FoundHeads heads, FindHeads(rows));
  return heads.record;
}

std::uint64_t IdentityOfColumns(const Schema& segment) {
  std::string text;
  for (const ColumnSchema& column : segment.columns()) {
    text += column.name + '\0' + column.type.ToString() + '\0';
  }
  return std::max<std::uint64_t>(1, Hash64(text));
}

std::uint64_t IdentityOfPushed(const Schema& pushed) {
  return IdentityOfColumns(SchemaOf(pushed));
}

}  // namespace coeval
