// One HTTP request and its answer, apart from any library.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/context.h"

namespace coeval {

// Borrows everything; valid during the call of a handler.
struct HttpRequest {
  std::string_view method;  // "GET", "POST"
  std::string_view path;    // "/get-online-features", without the query
  std::string_view query;   // "async=true", or ""
  std::string_view body;
  std::string_view content_type = {};  // as sent; "" where it was not
  std::string_view accept = {};
  bool draining = false;  // it came after the server was told to end; only probes are for then
  // Set where the client goes away before it has its answer; of slow paths only, else null.
  std::shared_ptr<CancelToken> cancel = {};
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  // What a log tells of an error in place of the body's message, which may quote keys.
  std::string log = {};
};

// Answers one request. Called from the server's threads, many at once. Must not throw.
using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

}  // namespace coeval
