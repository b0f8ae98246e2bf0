// HttpServer: HTTP/1.1 with keep-alive and pipelining on the loopback interface, or on a Unix
// socket (Boost.Beast over Asio). It knows nothing of features: limits, timeouts, draining, and a
// handler.
//
// Limits, with the status that tells of them: header 431, body 413; what is no HTTP/1.1 is 400. A
// request that takes too long to arrive, and the newest of too many connections, are just closed.
// Threads: Run() and Stop() may be called from different threads; handlers run on the server's
// threads, except those of slow paths: these run on one thread of their own, which gives way to the
// others (io/thread_priority.h), so that reads go on. Where there are workers, all but instant
// paths run on these: then instant paths are answered whatever the others do.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/time.h"
#include "io/unix_socket.h"
#include "serve/http/message.h"

namespace coeval {

// How long the handler of a path may take.
enum class PathSpeed : std::uint8_t { kInstant, kQuick, kSlow };
using SpeedOf = std::function<PathSpeed(std::string_view path)>;

struct HttpServerOptions {
  std::string host = "127.0.0.1";  // loopback only
  int port = 0;                    // 0 = any free one
  int threads = 2;
  int workers = 0;  // 0: handlers run where requests are read
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
  // The same on a socket that listens (io/unix_socket.h). Only processes of this one's user, and of
  // the system's, are welcome: others are told so with 403 (the kernel says who they are).
  static Result<std::unique_ptr<HttpServer>> ListenOn(Socket listening, HttpServerOptions options,
                                                      HttpHandler handler, SpeedOf speed);

  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  [[nodiscard]] int port() const;  // 0 of a Unix socket
  // From now on SIGTERM and SIGINT are Stop(). To be called before anybody is told of the server.
  void StopOnSignals();
  // Serves until Stop(); then drains: idle connections are closed, requests that had arrived are
  // answered, for at most drain_timeout, and it returns; handlers of slow paths that are not done
  // then are cancelled. Until then requests still reach the
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
