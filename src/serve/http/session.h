// HttpSession: one connection of an HttpServer: reads a request, has it answered, and so on, one at
// a time. Inside http/ only.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/context.h"
#include "serve/http/message.h"
#include "serve/http/server.h"

namespace coeval {

// TCP and Unix sockets are streams of one kind to a session.
using HttpSocket = boost::asio::generic::stream_protocol::socket;

// The calls of slow paths that are on their way. Threads: any.
class OpenCalls {
 public:
  std::shared_ptr<CancelToken> Begin() {
    const std::lock_guard lock(mutex_);
    std::erase_if(tokens_, [](const auto& token) { return token.expired(); });
    auto token = std::make_shared<CancelToken>();
    if (cancelled_) token->Cancel();
    tokens_.push_back(token);
    return token;
  }

  // Those that are on their way, and all that follow.
  void Cancel() {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    for (const auto& weak : tokens_) {
      if (const auto token = weak.lock()) token->Cancel();
    }
  }

 private:
  std::mutex mutex_;
  std::vector<std::weak_ptr<CancelToken>> tokens_;
  bool cancelled_ = false;
};

// What all connections of a server share. It outlives them: what still waits in the loop when the
// server ends goes with the loop.
struct HttpShared {
  HttpServerOptions options;
  HttpHandler handler;
  SpeedOf speed;
  bool local = false;  // a Unix socket
  std::atomic<bool> accepting{true};
  std::atomic<std::int64_t> connections{0};
  std::atomic<std::int64_t> early{0};  // of connections: those from before draining
  OpenCalls slow_calls;
  boost::asio::thread_pool slow{1};
  std::optional<boost::asio::thread_pool> workers;
  boost::asio::io_context
      loop;  // the last: its end ends the connections, which count themselves above
};

// Lives as long as an operation of its own is under way. Threads: any.
class HttpSession {
 public:
  virtual ~HttpSession() = default;
  // `shared` must outlive it.
  static std::shared_ptr<HttpSession> Make(HttpShared* shared, HttpSocket socket);

  virtual void Start() = 0;
  // Ends the connection if no request is being answered.
  virtual void CloseIfIdle() = 0;
};

}  // namespace coeval
