// Reading features with Arrow IPC bodies (source/ipc_bytes.h): questions and answers keep every
// bit.
//
//   question  one column for each join key and field of request data; its note says what is asked:
//             {"features": ["weather:temp"], "feature_service": "", "full_feature_names": false,
//              "at": "2024-05-01T12:00:00Z"}
//   answer    for each feature, in the order asked for, a column of its values; then for each a
//             column `name__status`, text; then for each a column `name__time`, the time of rule
//             7.2, null where there is none. Its note: {"time", "from_offline", "invalid_count",
//             "first_errors"}
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "column/column.h"
#include "retrieval/feature_plan.h"
#include "serve/api/online_features.h"
#include "store/feature_store.h"

namespace coeval {

// The client's. What the plan's references stand for is told too, so that another process, which
// may know another active version by now, answers with the versions of this plan.
Result<std::string> EncodeQuestion(const FeaturePlan& plan, std::span<const Column> columns,
                                   std::int64_t n, std::optional<TimeMicros> at,
                                   const Context& context);
Result<OnlineAnswer> DecodeAnswer(std::string_view body, const SharedFeaturePlan& plan,
                                  std::int64_t n, const Context& context);

// The server's. Errors: as ReadOnlineRequest.
Result<OnlineRequest> DecodeQuestion(std::string_view body, FeatureStore* store,
                                     const OnlineLimits& limits);
Result<std::string> EncodeAnswer(const OnlineAnswer& answer, const Context& context);

}  // namespace coeval
