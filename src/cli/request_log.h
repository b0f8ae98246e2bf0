// What `coeval serve` tells of requests, a line each on standard error: those that failed, or all.
//
//   plain  2026-01-02T03:04:05Z POST /get-online-features 400 0.4 ms: the request's body is not
//   JSON JSON
//   {"time":"...","method":"POST","path":"...","status":400,"milliseconds":0.4,"error":"..."}
//
// Of a request its body and query are never told: they hold the users' keys.
#pragma once

#include <string>

#include "base/clock.h"
#include "serve/http/message.h"

namespace coeval {

// One line, without its end.
std::string RequestLine(const HttpRequest& request, const HttpResponse& response,
                        double milliseconds, const std::string& time, bool json);

// The handler with a line for each request that fails (status >= 400), or for all. Threads: any.
HttpHandler LogRequests(HttpHandler handler, bool all, bool json);

}  // namespace coeval
