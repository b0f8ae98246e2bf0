#include "serve/api/push_body.h"

#include <simdjson.h>

#include <algorithm>
#include <map>
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
  COEVAL_ASSIGN_OR_RETURN(const std::string on_error, TextMember(note, "on_error"));
  if (!on_error.empty()) push.options.on_error = on_error;
  const Json* deletes = note.Find("deletes");
  push.options.deletes = deletes != nullptr && deletes->is_bool() && deletes->AsBool();
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

Result<bool> Flag(const object& members, std::string_view name) {
  element json;
  bool flag = false;
  if (members[name].get(json) != simdjson::SUCCESS || json.is_null()) return false;
  if (json.get(flag) != simdjson::SUCCESS) {
    return Status::InvalidArgument("'" + std::string(name) + "' must be true or false");
  }
  return flag;
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

// Objects, row by row, brought to columns: as JSON again, so that both are read alike.
class RowsOfJson {
 public:
  Status Add(const element& json) {
    object row;
    if (json.get(row) != simdjson::SUCCESS) {
      return Status::InvalidArgument("row " + std::to_string(rows_) + " is no object");
    }
    for (const auto& [name, value] : row) {
      const auto [column, is_new] = columns_.try_emplace(std::string(name));
      if (is_new) names_.push_back(column->first);
      if (std::ssize(column->second) > rows_) {
        return Status::InvalidArgument("row " + std::to_string(rows_) + " has the column '" +
                                       column->first + "' twice");
      }
      column->second.resize(static_cast<std::size_t>(rows_), "null");
      column->second.push_back(simdjson::minify(value));
    }
    ++rows_;
    return {};
  }

  // {"code": ["EUR", "USD"], ...}
  std::string Columns() {
    std::string json = "{";
    for (const std::string& name : names_) {
      std::vector<std::string>& cells = columns_[name];
      cells.resize(static_cast<std::size_t>(rows_), "null");
      json += (json.size() > 1 ? "," : "") + Json(name).Write() + ":[";
      for (std::size_t i = 0; i < cells.size(); ++i) json += (i > 0 ? "," : "") + cells[i];
      json += "]";
    }
    return json + "}";
  }

 private:
  std::vector<std::string> names_;  // in the order in which they are met
  std::map<std::string, std::vector<std::string>> columns_;
  std::int64_t rows_ = 0;
};

Result<ArrowTable> TableOfColumns(std::string_view json, const Schema& known) {
  simdjson::dom::parser parser;
  object columns;
  if (parser.parse(simdjson::padded_string(json)).get(columns) != simdjson::SUCCESS) {
    return Status::InvalidArgument("rows are no JSON objects");
  }
  return TableOf(columns, known);
}

Result<ArrowTable> TableOfRows(const array& rows, const Schema& known) {
  RowsOfJson all;
  for (const element row : rows) COEVAL_RETURN_IF_ERROR(all.Add(row));
  return TableOfColumns(all.Columns(), known);
}

// {"code": ["EUR"]}, not {"code": "EUR"}: columns or one row?
bool HoldsColumns(const object& members) {
  for (const auto& [name, value] : members) {
    if (!value.is_array()) return false;
  }
  return members.size() > 0;
}

}  // namespace

Result<ArrowTable> RowsFromJson(std::string_view json, const Schema& known) {
  constexpr std::size_t kBatch = std::size_t{1} << 20;
  const simdjson::padded_string text(json);
  simdjson::dom::parser parser;
  element whole;
  if (parser.parse(text).get(whole) == simdjson::SUCCESS) {
    array rows;
    object members;
    if (whole.get(rows) == simdjson::SUCCESS) return TableOfRows(rows, known);
    if (whole.get(members) == simdjson::SUCCESS && HoldsColumns(members)) {
      return TableOf(members, known);
    }
  }
  RowsOfJson rows;
  simdjson::dom::document_stream documents;
  const std::size_t window = std::max(kBatch, text.size() + 1);
  if (parser.parse_many(text, window).get(documents) != simdjson::SUCCESS) {
    return Status::InvalidArgument("this is no JSON");
  }
  std::int64_t row = 0;
  for (const auto document : documents) {
    element json_row;
    if (const auto error = document.get(json_row); error != simdjson::SUCCESS) {
      return Status::InvalidArgument("row " + std::to_string(row) +
                                     " is no JSON: " + simdjson::error_message(error));
    }
    COEVAL_RETURN_IF_ERROR(rows.Add(json_row));
    ++row;
  }
  if (documents.truncated_bytes() > 0) {
    return Status::InvalidArgument("row " + std::to_string(row) + " is cut off");
  }
  return TableOfColumns(rows.Columns(), known);
}

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
  note.Set("deletes", options.deletes).Set("on_error", options.on_error);
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
  COEVAL_ASSIGN_OR_RETURN(const std::string on_error, Text(members, "on_error"));
  if (!on_error.empty()) push.options.on_error = on_error;
  COEVAL_ASSIGN_OR_RETURN(push.options.deletes, Flag(members, "deletes"));
  element rows;
  object columns;
  array list;
  const bool has_rows = members["rows"].get(rows) == simdjson::SUCCESS;
  if (!has_rows || (!rows.is_object() && !rows.is_array())) {
    return Malformed(
        "lacks 'rows', an object of columns: {\"code\": [\"EUR\"]}, or a list of rows");
  }
  COEVAL_ASSIGN_OR_RETURN(const Schema known,
                          store->PushedColumns(push.source, push.options.deletes));
  if (rows.get(columns) == simdjson::SUCCESS) {
    COEVAL_ASSIGN_OR_RETURN(push.rows, TableOf(columns, known));
  } else {
    COEVAL_RETURN_IF_ERROR(rows.get(list) == simdjson::SUCCESS ? Status()
                                                               : Malformed("has no rows"));
    COEVAL_ASSIGN_OR_RETURN(push.rows, TableOfRows(list, known));
  }
  return push;
}

}  // namespace coeval
