// What is checked of sources: times that make sense together, columns, CSV options (rules 1.3, 3.2,
// 3.5, 5.8, 7.7). Push sources: check_push_source.cc.
#include <set>

#include "base/suggest.h"
#include "base/utf8.h"
#include "definition/checker.h"
#include "definition/name.h"

namespace coeval {

void DefinitionChecker::CheckSource(const Source& source) {
  Begin(ObjectKind::kSource, source.name);
  if (source.kind == SourceKind::kRequest) {
    if (source.schema.empty()) Fail("schema", "a request source has at least one field");
    CheckFields("schema", source.schema);
    return;
  }
  if (source.kind == SourceKind::kPush) {
    CheckPush(source);
    return;
  }
  if (source.path.empty()) Fail("path", "may not be empty");
  CheckFileTimes(source);
  CheckFileColumns(source);
  CheckCsv(source);
}

void DefinitionChecker::CheckFileTimes(const Source& source) {
  if (source.timeless) {
    if (!source.timestamp_field.empty()) {
      Fail("timestamp_field", "a timeless source has none: its facts are true since for ever");
    }
    if (source.data_delay != 0) Fail("data_delay", "a timeless source has none");
    if (source.lateness >= 0) Fail("lateness", "a timeless source has none");
  } else if (source.timestamp_field.empty()) {
    Fail("timestamp_field",
         "is missing: name the column that says when a row was true, or declare the "
         "source timeless");
  }
  if (source.created == CreatedMeaning::kArrival && source.created_field.empty()) {
    Fail("created", "\"arrival\" needs created_timestamp_column");
  }
  if (source.data_delay < 0) Fail("data_delay", "may not be negative");
  if (source.lateness < -1) Fail("lateness", "may not be negative");
  if (source.overlap < 0) Fail("overlap", "may not be negative");
  if (source.max_future <= 0) Fail("max_future", "must be positive");
}

void DefinitionChecker::CheckColumnName(const std::string& field, const std::string& column) {
  if (!column.empty() && !IsUtf8(column)) Fail(field, "a column's name must be UTF-8");
}

void DefinitionChecker::CheckFileColumns(const Source& source) {
  CheckColumnName("timestamp_field", source.timestamp_field);
  CheckColumnName("created_timestamp_column", source.created_field);
  CheckColumnName("sequence_field", source.sequence_field);
  CheckColumnName("delete_field", source.delete_field);
  std::map<std::string, std::string> roles;
  for (const auto& [role, column] :
       {std::pair<std::string, std::string>{"timestamp_field", source.timestamp_field},
        {"sequence_field", source.sequence_field},
        {"delete_field", source.delete_field}}) {
    if (column.empty()) continue;
    const auto [first, added] = roles.emplace(column, role);
    if (!added) Fail(role, "the column '" + column + "' is the " + first->second + " already");
  }
  CheckFieldMapping(source);
}

void DefinitionChecker::CheckFieldMapping(const Source& source) {
  std::set<std::string> targets;
  for (const auto& [column, name] : source.field_mapping) {
    const std::string place = "field_mapping." + column;
    if (const std::string why = WhyBadFieldName(name); !why.empty()) Fail(place, why);
    if (!targets.insert(FoldName(name)).second) {
      Fail(place, "two columns are mapped to '" + name + "'");
    }
  }
}

void DefinitionChecker::CheckCsv(const Source& source) {
  const CsvOptions fallback;
  const CsvOptions& csv = source.csv;
  if (source.format != FileFormat::kCsv) {
    const bool any = csv.delimiter != fallback.delimiter || csv.quote != fallback.quote ||
                     csv.header != fallback.header || csv.null_values != fallback.null_values ||
                     !csv.types.empty() || !csv.column_names.empty();
    if (any) Fail("csv", "options for CSV, but the format is another");
    return;
  }
  for (const auto& [name, c] :
       {std::pair<std::string, char>{"csv.delimiter", csv.delimiter}, {"csv.quote", csv.quote}}) {
    if (c == '\n' || c == '\r' || c == '\0') Fail(name, "may not end a line");
  }
  if (csv.delimiter == csv.quote) Fail("csv.delimiter", "is the quote too");
  if (csv.header && !csv.column_names.empty()) {
    Fail("csv.column_names",
         "the file's header names the columns; leave them out, or say header: false");
  }
  if (!csv.header && csv.column_names.empty()) {
    Fail("csv.column_names", "is missing: without a header nothing else names the columns");
  }
  std::set<std::string> seen;
  for (const std::string& column : csv.column_names) {
    if (!seen.insert(column).second) Fail("csv.column_names", "'" + column + "' is there twice");
  }
  for (const auto& [column, type] : csv.types) {
    if (type.is_nested()) {
      Fail("csv.types." + column, "CSV has no " + type.ToString());
    }
    if (!csv.column_names.empty() && !seen.contains(column)) {
      Fail("csv.types." + column, "no such column" + DidYouMean(column, csv.column_names));
    }
  }
}

}  // namespace coeval
