#include "ingest/push_check.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/suggest.h"
#include "definition/pushed_columns.h"
#include "definition/view_source.h"
#include "source/fact_reader.h"

namespace coeval {
namespace {

Result<Source> MeaningOfPush(const Catalogue& catalogue, const std::string& name) {
  const auto find = [&](const std::string& wanted) {
    return std::find_if(catalogue.sources.begin(), catalogue.sources.end(),
                        [&](const Source& source) { return source.name == wanted; });
  };
  const auto push = find(name);
  if (push == catalogue.sources.end() || push->kind != SourceKind::kPush) {
    std::vector<std::string> names;
    for (const Source& source : catalogue.sources) {
      if (source.kind == SourceKind::kPush) names.push_back(source.name);
    }
    if (push != catalogue.sources.end()) {
      return Status::InvalidArgument("source `" + name +
                                     "` is no push source: nothing can be pushed to it");
    }
    const std::string nearest = Nearest(name, names);
    return Status::NotFound("there is no push source `" + name + "`" +
                            (nearest.empty() ? "" : "; did you mean `" + nearest + "`?") +
                            "; `coeval apply` makes those that are declared");
  }
  const auto batch = find(push->batch_source);
  return PushMeaning(*push, batch == catalogue.sources.end() ? nullptr : &*batch);
}

void AddMissing(const std::string& name, const DataType& type, Schema* columns) {
  if (!columns->Find(name)) columns->Add(name, type);
}

// Every column is one that a push brings, and all of these are there.
Status CheckNames(const PushColumns& wanted, const ArrowTable& rows) {
  const std::string& time = wanted.meaning.timestamp_field;
  std::vector<std::string> names = wanted.columns.names();
  names.push_back(time);
  const std::vector<std::string> given = rows.names();
  for (const std::string& name : given) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    if (name == wanted.meaning.created_field && !name.empty()) {
      return Status::InvalidArgument("column `" + name +
                                     "`: the created time of a pushed row is when it arrives; "
                                     "leave the column out");
    }
    const std::string nearest = Nearest(name, names);
    return Status::InvalidArgument("column `" + name + "` is none of the push source's" +
                                   (nearest.empty() ? "" : "; did you mean `" + nearest + "`?") +
                                   " Leave it out, or declare it in the source's schema");
  }
  for (const std::string& name : names) {
    if (std::find(given.begin(), given.end(), name) != given.end()) continue;
    return Status::InvalidArgument("column `" + name +
                                   "` is missing; a push brings all columns of "
                                   "its source, with nulls where a value is not known");
  }
  return {};
}

// Of the column that is pushed under that name.
DataType TypeOfPushed(const PushColumns& all, const std::string& name) {
  const auto found = all.columns.Find(name);
  return found ? all.columns[*found].type : DataType(TypeId::kString);
}

}  // namespace

Result<PushColumns> PushColumnsOf(const Catalogue& catalogue, const std::string& push_source) {
  PushColumns wanted;
  COEVAL_ASSIGN_OR_RETURN(wanted.meaning, MeaningOfPush(catalogue, push_source));
  const std::string& time = wanted.meaning.timestamp_field;
  const auto add = [&](const std::string& name, const DataType& type) {
    if (name != time) AddMissing(name, type, &wanted.columns);
  };
  const Schema declared = PushedSchema(wanted.meaning);
  for (const ColumnSchema& column : declared.columns()) {
    add(column.name, column.type);
  }
  for (const ViewVersion* version : catalogue.VersionsFedBy(push_source)) {
    const PushedColumns columns = PushedColumnsOf(*version);
    for (std::size_t i = 0; i < columns.keys.size(); ++i) {
      add(columns.keys[i], version->join_keys[i].type);
    }
    const auto& features =
        version->view.is_aggregated() ? version->view.inputs : version->view.schema;
    for (std::size_t i = 0; i < columns.features.size(); ++i) {
      add(columns.features[i], features[i].type);
    }
  }
  return wanted;
}

Result<PushColumns> DeleteColumnsOf(const Catalogue& catalogue, const std::string& push_source) {
  COEVAL_ASSIGN_OR_RETURN(PushColumns all, PushColumnsOf(catalogue, push_source));
  const std::vector<const ViewVersion*> fed = catalogue.VersionsFedBy(push_source);
  if (fed.empty()) {
    return Status::InvalidArgument("no view reads the push source `" + push_source +
                                   "`: there is nothing to delete");
  }
  PushColumns wanted{.meaning = all.meaning, .columns = {}};
  for (const ViewVersion* version : fed) {
    const PushedColumns columns = PushedColumnsOf(*version);
    for (const std::string& key : columns.keys) {
      AddMissing(key, TypeOfPushed(all, key), &wanted.columns);
    }
    if (!version->view.is_aggregated()) continue;
    if (columns.event_id.empty()) {
      return Status::InvalidArgument(
          "feature view `" + version->view.name + "` aggregates events of the push source `" +
          push_source + "` without ids: none of them can be taken back; declare an event_id_field");
    }
    AddMissing(columns.event_id, TypeOfPushed(all, columns.event_id), &wanted.columns);
  }
  return wanted;
}

Result<Batch> CheckPushedRows(const PushColumns& columns, const ArrowTable& rows,
                              const Context& context) {
  const std::string where = "push source `" + columns.meaning.name + "`";
  if (const Status status = CheckNames(columns, rows); !status.ok()) {
    return status.WithContext(where);
  }
  Source source = columns.meaning;
  source.field_mapping.clear();
  source.created_field.clear();
  source.on_bad_time = OnBadTime::kError;
  FactRequest request;
  request.features = columns.columns.columns();
  const auto reader = FactReader::FromTable(source, rows, request, context);
  if (!reader.ok()) return reader.status().WithContext(where);
  Schema schema;
  schema.Add(source.timestamp_field, TypeId::kTimestamp);
  for (const ColumnSchema& column : request.features) schema.Add(column.name, column.type);
  std::vector<Batch> batches;
  while (true) {
    COEVAL_ASSIGN_OR_RETURN(std::optional<FactBatch> facts, (*reader)->Next());
    if (!facts) break;
    Batch batch{schema, {std::move(facts->event_time)}, facts->num_rows};
    for (Column& feature : facts->features) batch.columns.push_back(std::move(feature));
    batches.push_back(std::move(batch));
  }
  const auto stream = StreamOf(std::move(schema), std::move(batches));
  return CollectOne(*stream);
}

}  // namespace coeval
