#include "online/rocksdb/walk.h"

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "base/hash.h"
#include "column/row_encoding.h"
#include "online/fact_list.h"
#include "online/rocksdb/fact_merge.h"
#include "online/rocksdb/status.h"
#include "online/view_answers.h"
#include "online/winner.h"

namespace coeval {
namespace {

constexpr std::int64_t kMostProblems = 10;
constexpr std::string_view kWalking = "walking over the online store";

// Calls `visit(entity key, value)` for each key of a view; stops at its first error.
Status ForEachKey(const StoreState& state, DataId id,
                  const std::function<Status(std::string_view, std::string_view)>& visit) {
  std::string begin;
  std::string end;
  AppendDataId(id, &begin);
  AppendDataId(id + 1, &end);
  const rocksdb::Slice upper(end);
  rocksdb::ReadOptions options = RowScanOptions(state.snapshot);
  options.iterate_upper_bound = &upper;
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> rows(
      state.db->rocks().NewIterator(options, state.db->facts()));
  for (rows->Seek(begin); rows->Valid(); rows->Next()) {
    COEVAL_RETURN_IF_ERROR(
        visit(rows->key().ToStringView().substr(sizeof(DataId)), rows->value().ToStringView()));
  }
  return FromRocksDb(rows->status(), kWalking);
}

// The entity key in a stored one.
Result<std::string_view> EntityOf(const ViewRecord& record, std::string_view key) {
  if (!record.events) return key;
  return EntityKeyOf(key, record.keys);
}

// What is wrong with a stored value, or OK.
Status CheckFacts(const ViewRecord& record, std::string_view key, std::string_view value,
                  VerifyReport* report) {
  FactList list;
  COEVAL_RETURN_IF_ERROR(DecodeFactList(value, &list));
  if (!list.asides.empty()) return Status::Corruption("a damaged piece was set aside");
  const auto entity = EntityOf(record, key);
  if (!entity.ok()) return entity.status();
  if (const auto keys = DecodeKey(*entity, record.keys); !keys.ok()) return keys.status();
  for (std::size_t i = 0; i < list.facts.size(); ++i) {
    const KeptFact& fact = list.facts[i];
    if (!fact.is_delete || record.events) {
      const Result<RowView> row = RowView::Parse(fact.row, record.types);
      if (!row.ok()) return row.status();
      if (const auto values = row->Values(); !values.ok()) return values.status();
    }
    if (i > 0 && !record.events && !MayFollow(fact, list.facts[i - 1])) {
      return Status::Corruption("facts are not in the order of their ranks");
    }
  }
  report->facts += static_cast<std::int64_t>(list.facts.size());
  return {};
}

void Report(const std::string& problem, VerifyReport* report) {
  if (report->problem_count++ < kMostProblems) report->first_problems.push_back(problem);
}

}  // namespace

Result<VerifyReport> VerifyFacts(const StoreState& state, const Context& context) {
  VerifyReport report;
  const rocksdb::Status blocks = state.db->rocks().VerifyChecksum();
  if (blocks.IsCorruption()) {
    Report(blocks.ToString(), &report);
  } else {
    COEVAL_RETURN_IF_ERROR(FromRocksDb(blocks, "verifying the online store"));
  }
  for (const auto& [identity, record] : state.meta->views) {
    const Status status =
        ForEachKey(state, record->id, [&](std::string_view key, std::string_view value) {
          if (++report.keys % 4096 == 0) COEVAL_RETURN_IF_ERROR(context.cancel->Check());
          const Status fact = CheckFacts(*record, key, value, &report);
          if (!fact.ok()) {
            const auto entity = EntityOf(*record, key);
            Report("view " + record->view + ", key " +
                       DescribeKey(entity.ok() ? *entity : key, record->keys) + ": " +
                       fact.message(),
                   &report);
          }
          return Status();
        });
    if (status.code() == StatusCode::kCorruption) {
      Report("view " + record->view + ": " + status.message(), &report);
    } else {
      COEVAL_RETURN_IF_ERROR(status);
    }
  }
  return report;
}

Result<std::string> HashFacts(const StoreState& state, const std::string& data_identity,
                              TimeMicros horizon) {
  if (horizon < state.meta->project.horizon) {
    return Status::InvalidArgument("the state at " + FormatTime(horizon) +
                                   " is gone, the horizon is " +
                                   FormatTime(state.meta->project.horizon));
  }
  Sha256 hash;
  const ViewRecord* record = state.meta->Find(data_identity);
  if (record == nullptr) return hash.HexDigest();
  FactList list;
  std::string bytes;
  const auto add = [&](std::string_view key, std::string_view value) -> Status {
    list.Clear();
    COEVAL_RETURN_IF_ERROR(DecodeFactList(value, &list));
    if (!list.asides.empty()) return Status::Corruption("a damaged piece was set aside");
    Collapse(record->RuleAt(horizon), &list.facts);
    if (list.facts.empty()) return {};
    bytes = std::to_string(key.size()) + ":";
    bytes += key;
    EncodeFactList(list, &bytes);
    hash.Update(bytes);
    return {};
  };
  COEVAL_RETURN_IF_ERROR(ForEachKey(state, record->id, add));
  return hash.HexDigest();
}

}  // namespace coeval
