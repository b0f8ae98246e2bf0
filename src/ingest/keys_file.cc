#include "ingest/keys_file.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "column/builder.h"
#include "ingest/key_table.h"
#include "ingest/sealed_table.h"
#include "log/log_record.h"

namespace coeval {
namespace {

Schema KeySchema() {
  Schema schema;
  schema.Add("key", TypeId::kBytes);
  schema.Add("fingerprint", TypeId::kInt64);
  schema.Add("created", TypeId::kTimestamp);
  schema.Add("rows", TypeId::kInt64);
  schema.Add("fed", DataType::List(TypeId::kString));
  return schema;
}

static_assert(kMaxLogPayload / 16 < KeyTable::kMostRows, "a row takes 16 bytes at least");

Status NoKeys() {
  return Status::Corruption("it holds no idempotency keys as this release has them");
}

}  // namespace

Result<std::uint64_t> FingerprintOf(const LogBatch& logged) {
  LogBatch alone = logged;
  alone.c = 0;
  alone.first_number = 0;
  alone.fed.clear();
  COEVAL_ASSIGN_OR_RETURN(const std::string bytes, EncodeLogBatch(alone));
  return Hash64(bytes);
}

Result<NamedPush> NamedPushOf(const LogBatch& logged) {
  COEVAL_ASSIGN_OR_RETURN(const std::uint64_t fingerprint, FingerprintOf(logged));
  return NamedPush{logged.idempotency_key, fingerprint, logged.c, logged.rows.num_rows, logged.fed};
}

Batch TableOfKeys(std::span<const NamedPush> named) {
  ColumnBuilder key(TypeId::kBytes);
  ColumnBuilder fingerprint(TypeId::kInt64);
  ColumnBuilder created(TypeId::kTimestamp);
  ColumnBuilder rows(TypeId::kInt64);
  ColumnBuilder fed(DataType::List(TypeId::kString));
  for (const NamedPush& push : named) {
    key.AppendBytes(push.key);
    fingerprint.AppendInt(static_cast<std::int64_t>(push.fingerprint));
    created.AppendInt(push.c);
    rows.AppendInt(push.rows);
    for (const std::string& identity : push.fed) fed.child(0).AppendBytes(identity);
    fed.AppendNested();
  }
  return {KeySchema(),
          {key.Finish(), fingerprint.Finish(), created.Finish(), rows.Finish(), fed.Finish()},
          std::ssize(named)};
}

Result<std::vector<NamedPush>> KeysOfTable(const Batch& table) {
  bool whole = table.schema == KeySchema();
  for (std::size_t i = 0; whole && i < table.columns.size(); ++i) {
    whole = table.columns[i].CountNulls() == 0;
  }
  if (!whole || table.columns[4].child(0).CountNulls() > 0) return NoKeys();
  const Column& fed = table.columns[4];
  std::vector<NamedPush> named(static_cast<std::size_t>(table.num_rows));
  for (std::int64_t row = 0; row < table.num_rows; ++row) {
    const auto at = static_cast<std::size_t>(row);
    NamedPush& push = named[at];
    push.key = table.columns[0].bytes(row);
    push.fingerprint = static_cast<std::uint64_t>(table.columns[1].values<std::int64_t>()[at]);
    push.c = table.columns[2].values<std::int64_t>()[at];
    push.rows = table.columns[3].values<std::int64_t>()[at];
    if (push.rows < 0 || push.rows >= KeyTable::kMostRows) return NoKeys();
    const Column::Extent extent = fed.elements(row);
    for (std::int64_t i = extent.first; i < extent.last; ++i) {
      push.fed.emplace_back(fed.child(0).bytes(i));
    }
  }
  return named;
}

Result<SealedFile> WriteKeys(const std::string& folder, const std::string& name,
                             std::span<const NamedPush> named, const Context& context) {
  return WriteSealedTable(folder, name, TableOfKeys(named), {{"coeval: format", "1"}}, context);
}

Result<std::vector<NamedPush>> ReadKeys(const std::string& folder, const SealedFile& file,
                                        const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(const Batch table, ReadSealedTable(folder, file, context));
  auto named = KeysOfTable(table);
  if (!named.ok()) return named.status().WithContext("'" + file.name + "'");
  return named;
}

}  // namespace coeval
