#include "online/rocksdb/key_facts.h"

#include <string>
#include <vector>

#include "online/fact_list.h"
#include "online/rocksdb/event_scan.h"
#include "online/rocksdb/fact_merge.h"
#include "online/rocksdb/status.h"

namespace coeval {
namespace {

constexpr EventSpan kAllTimes{kMinTime, kMaxTime};

Status AddEvents(const StoreState& state, const ViewRecord& record, std::string_view entity_key,
                 KeptFacts* facts) {
  EventScan scan(state);
  scan.Begin(record, entity_key);
  std::vector<KeptFact> found;
  COEVAL_RETURN_IF_ERROR(scan.AddFiles(kAllTimes, &found));
  scan.AddFresh(kAllTimes, &found);
  for (const KeptFact& fact : found) facts->Add(fact);
  return {};
}

}  // namespace

Status AddKeyFacts(const StoreState& state, const ViewRecord& record, std::string_view entity_key,
                   KeptFacts* facts) {
  if (record.events) return AddEvents(state, record, entity_key, facts);
  std::string key;
  AppendDataId(record.id, &key);
  key += entity_key;
  rocksdb::ReadOptions options;
  options.snapshot = state.snapshot;
  std::string stored;
  const rocksdb::Status read = state.db->rocks().Get(options, state.db->facts(), key, &stored);
  FactList list;
  if (!read.IsNotFound()) {
    COEVAL_RETURN_IF_ERROR(FromRocksDb(read, "reading facts online"));
    COEVAL_RETURN_IF_ERROR(DecodeFactList(stored, &list));
    if (!list.asides.empty()) {
      return Status::Corruption("a piece was set aside when facts were merged, it was damaged");
    }
  }
  for (const auto& fresh : state.fresh) {
    fresh->Between(key, kAllTimes.first, kAllTimes.last, &list.facts);
  }
  for (const KeptFact& fact : list.facts) facts->Add(fact);
  return {};
}

}  // namespace coeval
