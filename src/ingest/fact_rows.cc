#include "ingest/fact_rows.h"

#include "online/event_keeping.h"

namespace coeval {

FactRequest FactsOf(const ViewVersion& version) {
  FactRequest request;
  request.view = version.view.name;
  request.keys = version.join_keys;
  for (const Field& field : KeptColumns(version)) {
    request.features.push_back({field.name, field.type});
  }
  return request;
}

FactRows FactRowsOf(const FactBatch& batch) {
  FactRows rows;
  rows.num_rows = batch.num_rows;
  rows.keys = batch.keys;
  rows.event_time = batch.event_time;
  rows.created_time = batch.created_time;
  rows.sequence = batch.sequence;
  rows.log = batch.log;
  rows.deleted = batch.deleted;
  rows.features = batch.features;
  return rows;
}

}  // namespace coeval
