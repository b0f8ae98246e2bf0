// What the routes under /v1/ say in JSON, both ways: the server writes it, the client of another
// process reads it. One place for each shape (docs/serving.md shows them).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "base/time.h"
#include "serve/http/message.h"
#include "store/feature_store.h"

namespace coeval {

// "2024-05-01T12:00:00.000001Z"; null where there is none (kMinTime).
Json TimeToWire(TimeMicros time);
// Null or nothing is kMinTime. Errors: InvalidArgument, naming the member.
Result<TimeMicros> TimeFromWire(const Json& object, std::string_view member);

// {"error": {"class": "NotFound", "message": "..."}} with the status of errors.h.
HttpResponse WireError(const Status& status);
// The inverse, of any answer that is no success. What does not look like one is Internal.
Status ErrorFromWire(int status, std::string_view body);

// {"created": time, "rows": 3, "null_keys": 0, "views": ["rates"], "repeated": false}
Json ToWire(const PushOutcome& outcome);
// {"views": [{"view": "rates@v1", "rows_read": 3, "rows_written": 3, "rows_refused": 0,
//             "watermark": time, "detail": ""}]}
Json ToWire(const std::vector<MaterializeReport>& reports);
// {"changes": {...}, "text": "...", "empty": false, "refused": false}
Json ToWire(const PlanReport& report);

// The inverses. Errors: InvalidArgument, naming what is missing.
Result<PushOutcome> PushOutcomeFromWire(const Json& json);
Result<std::vector<MaterializeReport>> ReportsFromWire(const Json& json);

// Members of a request. Errors: InvalidArgument that names the member.
Result<std::string> TextMember(const Json& body, std::string_view name);  // "" = not there
Result<std::vector<std::string>> TextsMember(const Json& body, std::string_view name);

}  // namespace coeval
