#include "materialize/keyed_facts.h"

#include <cstdint>
#include <optional>
#include <string_view>

#include "column/key.h"
#include "ingest/fact_rows.h"
#include "online/event_keeping.h"
#include "online/fact_encoder.h"

namespace coeval {
namespace {

void AddBatch(const FactBatch& batch, const ViewVersion& version,
              const std::set<std::string, std::less<>>& keys, KeyedFacts* kept) {
  const FactRows rows = FactRowsOf(batch);
  const std::optional<EventKeeping> events = KeepingOf(version);
  FactEncoder encoder(rows, version.source, events);
  const KeyColumn encoded = KeyColumn::Encode(batch.keys, batch.num_rows);
  for (std::int64_t row = 0; row < batch.num_rows; ++row) {
    const std::string_view key = encoded.bytes(row);
    if (encoded.IsNull(row) || !keys.contains(key)) continue;
    KeptFact fact = encoder.FactOf(row);
    if (events && encoder.IsTooLate(fact)) continue;
    fact.row = encoder.RowOf(fact, row);
    (*kept)[std::string(key)].Add(fact);
  }
}

}  // namespace

Result<KeyedFacts> ReadKeyedFacts(FactStream& facts, const ViewVersion& version,
                                  const std::set<std::string, std::less<>>& keys,
                                  const Context& context) {
  KeyedFacts kept;
  while (true) {
    COEVAL_RETURN_IF_ERROR(context.cancel->Check());
    COEVAL_ASSIGN_OR_RETURN(const std::optional<FactBatch> batch, facts.Next());
    if (!batch) return kept;
    AddBatch(*batch, version, keys, &kept);
  }
}

}  // namespace coeval
