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

// Rows as an Arrow IPC stream; its note {"source", "to", "idempotency_key"}. Errors:
// InvalidArgument.
Result<PushBody> ReadArrowPush(std::string_view body, const Context& context);
// The inverse.
Result<std::string> WriteArrowPush(const std::string& source, const ArrowTable& rows,
                                   const PushOptions& options, const Context& context);
// {"source": "rates", "rows": {"code": ["EUR"], "at": ["2024-05-01T12:00:00Z"]}, "to": ...}: values
// as in a read (json_column.h), of the columns of the source. Errors: InvalidArgument, NotFound.
Result<PushBody> ReadJsonPush(std::string_view body, FeatureStore* store);

}  // namespace coeval
