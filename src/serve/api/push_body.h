// What a push over HTTP says: rows, and where they go.
#pragma once

#include <string>
#include <string_view>

#include "base/context.h"
#include "base/status.h"
#include "column/arrow_bridge.h"
#include "store/feature_store.h"

namespace coeval {

struct PushBody {
  std::string source;
  ArrowTable rows;
  PushOptions options;
};

// Rows as an Arrow IPC stream; its note {"source", "to", "idempotency_key", "deletes", "on_error"}.
// Errors: InvalidArgument.
Result<PushBody> ReadArrowPush(std::string_view body, const Context& context);
// The inverse.
Result<std::string> WriteArrowPush(const std::string& source, const ArrowTable& rows,
                                   const PushOptions& options, const Context& context);
// {"source": "rates", "rows": {"code": ["EUR"], "at": ["2024-05-01T12:00:00Z"]}, "to": ...}: values
// as in a read (json_column.h), of the columns of the source; or "rows": [{"code": "EUR", ...}].
// Errors: InvalidArgument, NotFound.
Result<PushBody> ReadJsonPush(std::string_view body, FeatureStore* store);

// Rows as JSON: an object of columns, a list of objects, or objects one after the other, such as
// one a line. What an object leaves out is null. `known`: the source's columns. Errors:
// InvalidArgument that names column and row.
Result<ArrowTable> RowsFromJson(std::string_view json, const Schema& known);

}  // namespace coeval
