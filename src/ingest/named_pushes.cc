#include "ingest/named_pushes.h"

#include "base/hash.h"
#include "column/batch.h"
#include "column/builder.h"
#include "ingest/sealed_table.h"

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

Result<SealedFile> WriteKeys(const std::string& folder, const std::string& name,
                             std::span<const NamedPush> named, const Context& context) {
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
  const Batch table{
      KeySchema(),
      {key.Finish(), fingerprint.Finish(), created.Finish(), rows.Finish(), fed.Finish()},
      std::ssize(named)};
  return WriteSealedTable(folder, name, table, {{"coeval: format", "1"}}, context);
}

Result<std::vector<NamedPush>> ReadKeys(const std::string& folder, const SealedFile& file,
                                        const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(const Batch table, ReadSealedTable(folder, file, context));
  bool whole = table.schema == KeySchema();
  for (std::size_t i = 0; whole && i < table.columns.size(); ++i) {
    whole = table.columns[i].CountNulls() == 0;
  }
  if (!whole) {
    return Status::Corruption("'" + file.name + "' holds no idempotency keys as this release has " +
                              "them");
  }
  const Column& fed = table.columns[4];
  std::vector<NamedPush> named(static_cast<std::size_t>(table.num_rows));
  for (std::int64_t row = 0; row < table.num_rows; ++row) {
    const auto at = static_cast<std::size_t>(row);
    NamedPush& push = named[at];
    push.key = table.columns[0].bytes(row);
    push.fingerprint = static_cast<std::uint64_t>(table.columns[1].values<std::int64_t>()[at]);
    push.c = table.columns[2].values<std::int64_t>()[at];
    push.rows = table.columns[3].values<std::int64_t>()[at];
    const Column::Extent extent = fed.elements(row);
    for (std::int64_t i = extent.first; i < extent.last; ++i) {
      push.fed.emplace_back(fed.child(0).bytes(i));
    }
  }
  return named;
}

void NamedPushes::Forget(TimeMicros since) {
  for (; !ages_.empty() && ages_.front().first < since; ages_.pop_front()) {
    const auto& [c, key] = ages_.front();
    const auto entry = entries_.find(key);
    // Else it names a newer push by now.
    if (entry != entries_.end() && entry->second.done && entry->second.c == c) {
      entries_.erase(entry);
    }
  }
}

const NamedPushes::Entry* NamedPushes::Find(const std::string& key) const {
  const auto entry = entries_.find(key);
  return entry == entries_.end() ? nullptr : &entry->second;
}

void NamedPushes::Begin(const std::string& key, std::uint64_t fingerprint) {
  entries_[key] = {.fingerprint = fingerprint};
}

void NamedPushes::Finish(NamedPush push) {
  const std::vector<std::string>* fed = &*fed_.insert(std::move(push.fed)).first;
  entries_[push.key] = {push.fingerprint, true, push.c, push.rows, fed};
  ages_.emplace_back(push.c, std::move(push.key));
}

}  // namespace coeval
