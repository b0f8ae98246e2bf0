#include "definition/pushed_columns.h"

#include "base/status.h"
#include "definition/field_mapping.h"

namespace coeval {

PushedColumns PushedColumnsOf(const ViewVersion& version) {
  COEVAL_CHECK(version.push.has_value());
  const Source& push = *version.push;
  PushedColumns columns;
  columns.event_time = push.timestamp_field;
  columns.event_id = push.event_id_field;
  for (const JoinKey& key : version.join_keys) {
    columns.keys.push_back(SourceColumnOf(push, key.name));
  }
  const bool aggregated = version.view.is_aggregated();
  for (const Field& field : aggregated ? version.view.inputs : version.view.schema) {
    columns.features.push_back(SourceColumnOf(push, field.name));
  }
  return columns;
}

Schema PushedSchema(const Source& push) {
  Schema schema;
  for (const Field& field : push.schema) schema.Add(field.name, field.type);
  if (!schema.Find(push.timestamp_field)) schema.Add(push.timestamp_field, TypeId::kTimestamp);
  return schema;
}

}  // namespace coeval
