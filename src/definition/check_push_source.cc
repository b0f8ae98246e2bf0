// What is checked of push sources: that it is known what is pushed, and that nothing is declared
// which a push cannot have (rules 1.3, 3.2, 3.7).
#include <algorithm>
#include <string>
#include <vector>

#include "base/suggest.h"
#include "definition/checker.h"
#include "definition/object_json.h"

namespace coeval {

void DefinitionChecker::CheckPush(const Source& source) {
  const bool alone = source.batch_source.empty();
  if (alone && source.schema.empty()) {
    Fail("schema",
         "is missing: name the columns that are pushed, with their types, or a batch_source that "
         "has them");
  }
  if (alone && source.timestamp_field.empty()) {
    Fail("timestamp_field",
         "is missing: name the pushed column that says when a row was true, or a batch_source that "
         "has it");
  }
  const Source* batch = CheckBatchSource(source);
  const std::string given = "the created time of a push is given by Coeval, when it arrives";
  if (!source.created_field.empty()) Fail("created_timestamp_column", given + "; leave it out");
  if (source.created != CreatedMeaning::kArrival) Fail("created", given + "; it is an arrival");
  if (source.data_delay != 0) {
    Fail("data_delay", "a push source has none: what is pushed is known when it arrives");
  }
  if (source.timeless) Fail("timeless", "a push source is not: what is pushed has an event time");
  if (!source.sequence_field.empty()) {
    Fail("sequence_field", "a push source has none: Coeval numbers what is pushed");
  }
  if (!source.delete_field.empty()) {
    Fail("delete_field", "a push source has none: deletes are sent apart from rows");
  }
  if (source.lateness < -1) Fail("lateness", "may not be negative");
  if (source.max_future <= 0) Fail("max_future", "must be positive");
  CheckPushedColumns(source, PushMeaning(source, batch));
}

const Source* DefinitionChecker::CheckBatchSource(const Source& push) {
  if (push.batch_source.empty()) return nullptr;
  const Source* batch = FindSource(all_, push.batch_source);
  if (batch == nullptr) {
    Fail("batch_source", "there is no source '" + push.batch_source + "'" +
                             DidYouMean(push.batch_source, Names(ObjectKind::kSource)));
    return nullptr;
  }
  if (batch->kind != SourceKind::kFile) {
    Fail("batch_source", "'" + push.batch_source + "' is a " +
                             std::string(SourceKindName(batch->kind)) +
                             " source; the history of what is pushed lies in a file source");
    return nullptr;
  }
  if (batch->timeless) {
    Fail("batch_source", "'" + push.batch_source +
                             "' is timeless: its facts are true since for ever, and what is pushed "
                             "has an event time");
  }
  return batch;
}

void DefinitionChecker::CheckPushedColumns(const Source& push, const Source& meaning) {
  CheckColumnName("timestamp_field", push.timestamp_field);
  CheckColumnName("event_id_field", push.event_id_field);
  CheckFieldMapping(push);
  CheckFields("schema", push.schema);
  if (push.schema.empty()) return;
  std::vector<std::string> columns;
  for (const Field& field : push.schema) {
    columns.push_back(field.name);
    if (field.default_value.has_value()) {
      Fail("schema." + field.name, "a default is declared in the view that has the feature");
    }
    const TypeId type = field.type.id();
    if (field.name == meaning.timestamp_field && type != TypeId::kNull &&
        type != TypeId::kTimestamp && type != TypeId::kDate && type != TypeId::kString) {
      Fail("schema." + field.name, "is the timestamp_field, and " + field.type.ToString() +
                                       " is no time: declare it timestamp");
    }
  }
  const auto is_pushed = [&](const std::string& column) {
    return column == meaning.timestamp_field ||
           std::find(columns.begin(), columns.end(), column) != columns.end();
  };
  if (!meaning.event_id_field.empty() && !is_pushed(meaning.event_id_field)) {
    Fail("event_id_field", "the schema has no column '" + meaning.event_id_field + "'" +
                               DidYouMean(meaning.event_id_field, columns));
  }
  for (const auto& [column, name] : push.field_mapping) {
    if (is_pushed(column)) continue;
    Fail("field_mapping." + column, "the schema has no such column" + DidYouMean(column, columns));
  }
}

}  // namespace coeval
