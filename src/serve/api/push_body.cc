#include "serve/api/push_body.h"

#include <simdjson.h>

#include <optional>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/suggest.h"
#include "column/batch.h"
#include "serve/api/json_body.h"
#include "serve/api/json_column.h"
#include "serve/api/wire.h"
#include "source/ipc_bytes.h"

namespace coeval {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

Result<PushBody> OfNote(ArrowTable rows, const Json& note) {
  PushBody push{.source = "", .rows = std::move(rows), .options = {}};
  COEVAL_ASSIGN_OR_RETURN(push.source, TextMember(note, "source"));
  COEVAL_ASSIGN_OR_RETURN(const std::string to, TextMember(note, "to"));
  if (!to.empty()) push.options.to = to;
  COEVAL_ASSIGN_OR_RETURN(push.options.idempotency_key, TextMember(note, "idempotency_key"));
  return push;
}

Result<std::string> Text(const object& members, std::string_view name) {
  element json;
  std::string_view text;
  if (members[name].get(json) != simdjson::SUCCESS || json.is_null()) return std::string();
  if (json.get(text) != simdjson::SUCCESS) {
    return Status::InvalidArgument("'" + std::string(name) + "' must be a text");
  }
  return std::string(text);
}

Result<ArrowTable> TableOf(const object& columns, const Schema& known) {
  Batch batch;
  std::optional<std::int64_t> rows;
  for (const auto& [name, json] : columns) {
    const std::string text(name);
    const auto found = known.Find(text);
    if (!found) {
      const std::vector<std::string> names = known.names();
      return Status::InvalidArgument("the push source has no column '" + text + "'" +
                                     DidYouMean(text, names));
    }
    array values;
    if (json.get(values) != simdjson::SUCCESS) {
      return Status::InvalidArgument("column '" + text + "' must be a list of values");
    }
    const DataType& type = known[*found].type;
    COEVAL_ASSIGN_OR_RETURN(Column column, ColumnFromJson(values, type, text));
    if (rows.value_or(column.length()) != column.length()) {
      return Status::InvalidArgument("the columns of 'rows' differ in length: '" + text + "' has " +
                                     std::to_string(column.length()) + " values, others " +
                                     std::to_string(*rows));
    }
    rows = column.length();
    batch.schema.Add(text, type);
    batch.columns.push_back(std::move(column));
  }
  batch.num_rows = rows.value_or(0);
  ArrowArrayStream stream{};
  const Schema schema = batch.schema;
  std::vector<Batch> batches;
  batches.push_back(std::move(batch));
  ExportStream(StreamOf(schema, std::move(batches)), &stream);
  return ArrowTable::Read(&stream);
}

}  // namespace

Result<PushBody> ReadArrowPush(std::string_view body, const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(IpcTable table, DecodeIpc(body, context));
  if (table.note.empty()) {
    return Status::InvalidArgument("the stream's schema has no metadata `coeval`");
  }
  const auto note = ParseJson(table.note, 32);
  if (!note.ok()) return note.status().WithContext("the metadata `coeval`");
  return OfNote(std::move(table.rows), *note);
}

Result<std::string> WriteArrowPush(const std::string& source, const ArrowTable& rows,
                                   const PushOptions& options, const Context& context) {
  Json note = Json::MakeObject();
  note.Set("source", source).Set("to", options.to);
  note.Set("idempotency_key", options.idempotency_key);
  COEVAL_ASSIGN_OR_RETURN(ArrowArrayStream stream, rows.ExportWith({}, std::vector<Column>()));
  return EncodeIpc(&stream, note.Write(), context);
}

Result<PushBody> ReadJsonPush(std::string_view body, FeatureStore* store) {
  COEVAL_ASSIGN_OR_RETURN(const object members, ParseBody(body));
  PushBody push;
  COEVAL_ASSIGN_OR_RETURN(push.source, Text(members, "source"));
  COEVAL_ASSIGN_OR_RETURN(const std::string to, Text(members, "to"));
  if (!to.empty()) push.options.to = to;
  COEVAL_ASSIGN_OR_RETURN(push.options.idempotency_key, Text(members, "idempotency_key"));
  object columns;
  if (members["rows"].get(columns) != simdjson::SUCCESS) {
    return Malformed("lacks 'rows', an object of columns: {\"code\": [\"EUR\"]}");
  }
  COEVAL_ASSIGN_OR_RETURN(const Schema known, store->PushedColumns(push.source));
  COEVAL_ASSIGN_OR_RETURN(push.rows, TableOf(columns, known));
  return push;
}

}  // namespace coeval
