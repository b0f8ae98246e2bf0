// Status -> HTTP: one table, and Feast's body (feast-compat 5.3): a JSON text that itself holds
// JSON.
#pragma once

#include "base/status.h"
#include "serve/http/message.h"

namespace coeval {

// kInvalidArgument 400, kNotFound 404, kAlreadyExists 409, kTooOld 410, kFailedPrecondition 412,
// kUnavailable 503, kCancelled 499, others 500. A caller's mistake is never a 5xx: clients retry
// those.
int HttpStatusOf(StatusCode code);

// "{\"module\": \"feast.errors\", \"class\": \"FeatureViewNotFoundException\", \"message\":
// \"...\"}" as one JSON string.
HttpResponse ErrorResponse(const Status& status);

}  // namespace coeval
