// POST /get-online-features with Feast's request and response (feast-compat 5.1, 5.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "column/column.h"
#include "retrieval/feature_plan.h"
#include "store/feature_store.h"

namespace coeval {

struct OnlineLimits {
  std::int64_t max_rows = 10'000;
  std::int64_t max_features = 5'000;
};

// A request, read and typed by the plan that it asks for.
struct OnlineRequest {
  SharedFeaturePlan plan;
  std::vector<Column> columns;  // as plan->request_columns
  std::int64_t num_rows = 0;
  std::optional<TimeMicros> at = {};  // of routes that take it; none = now
};

// Reads a body. Unknown members and unknown entity columns are ignored, as by Feast; a single-key
// entity's name is taken for its join key. Errors: InvalidArgument (malformed, too deep, wrong
// types, a missing column with who needs it, ragged columns, too many rows), NotFound (features,
// services). Of an error that quotes a value, `log` becomes what may be told without it.
Result<OnlineRequest> ReadOnlineRequest(std::string_view body, FeatureStore* store,
                                        const OnlineLimits& limits, std::string* log);

// The member `at` of a body that ReadOnlineRequest has read; none where it is absent or null.
// Errors: InvalidArgument.
Result<std::optional<TimeMicros>> ReadAt(std::string_view body);

// Feast's response: join keys first (PRESENT, epoch 0), then the features in the order asked for.
std::string WriteOnlineResponse(const OnlineRequest& request, const OnlineAnswer& answer);

}  // namespace coeval
