// HttpServer: HTTP/1.1 with keep-alive and pipelining on the loopback interface (Boost.Beast over
// Asio). It knows nothing of features: limits, timeouts, draining, and a handler.
//
// Limits, with the status that tells of them: header 431, body 413; what is no HTTP/1.1 is 400. A
// request that takes too long to arrive, and the newest of too many connections, are just closed.
// Threads: Run() and Stop() may be called from different threads; handlers run on the server's
// threads, except those of slow paths, which run on a thread of their own, so that reads go on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/time.h"
#include "serve/http/message.h"

namespace coeval {

struct HttpServerOptions {
  std::string host = "127.0.0.1";  // loopback only
  int port = 0;                    // 0 = any free one
  int threads = 2;
  std::int64_t max_header_bytes = 16 << 10;
  std::int64_t max_body_bytes = 16 << 20;
  std::int64_t max_connections = 1024;
  DurationMicros request_timeout = 30 * kSecond;
  DurationMicros drain_timeout = 10 * kSecond;
};

class HttpServer {
 public:
  // Binds and listens; requests are answered from Run() on.
  // `is_slow` tells the paths whose handler may take long (materialization).
  // Errors: InvalidArgument (no loopback address), IoError (port in use, with what to do).
  static Result<std::unique_ptr<HttpServer>> Listen(HttpServerOptions options, HttpHandler handler,
                                                    std::function<bool(std::string_view)> is_slow);

  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  [[nodiscard]] int port() const;
  // From now on SIGTERM and SIGINT are Stop(). To be called before anybody is told of the server.
  void StopOnSignals();
  // Serves until Stop(); then drains: idle connections are closed, requests that had arrived are
  // answered, for at most drain_timeout, and it returns. Until then requests still reach the
  // handler, marked as draining, so that it can tell probes and clients to go elsewhere; they are
  // not waited for.
  void Run();
  void Stop();
  // False from the moment that draining starts.
  [[nodiscard]] bool accepting() const;

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace coeval
