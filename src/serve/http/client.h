// HttpClient: requests to the HTTP server that listens on a Unix socket, over connections that are
// kept. It tells a server that works long from one that does not run: while it waits, it asks for
// /v1/health over another connection.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "io/unix_socket.h"

namespace coeval {

// Borrows everything.
struct HttpCall {
  std::string_view method = "GET";
  std::string_view target;
  std::string_view content_type = {};
  std::string_view accept = {};
  std::string_view body = {};
};

struct HttpAnswer {
  int status = 0;
  std::string content_type = {};
  std::string body = {};
};

// Threads: any; each call has a connection of its own.
class HttpClient {
 public:
  // What became of a call.
  enum class End : std::uint8_t {
    kAnswered,
    kNobody,     // nobody listens
    kFull,       // somebody listens, and more wait than are taken
    kGone,       // it, or who listens, ended before the answer; the call may have been heard
    kSilent,     // somebody listens, and shows no sign of life
    kCancelled,  // by the caller
    kRefused,    // it is another user's, or what it says is no HTTP
  };

  struct Outcome {
    End end = End::kNobody;
    HttpAnswer answer = {};
    std::string why = {};  // where it was not answered
  };

  // `patience`: how long there may be no sign of life.
  HttpClient(std::string path, DurationMicros patience)
      : path_(std::move(path)), patience_(patience) {}

  // A call may be heard twice, where a kept connection ends under it.
  Outcome Call(const HttpCall& call, const CancelToken* cancel = nullptr);

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Outcome CallOver(Socket* connection, const HttpCall& call, DurationMicros patience, bool looks,
                   const CancelToken* cancel);
  Outcome Connect(Socket* connection) const;
  // Is anybody there? kAnswered, kNobody (nobody listens any more), else kSilent.
  End Look();

  const std::string path_;
  const DurationMicros patience_;
  std::mutex mutex_;
  std::vector<Socket> kept_;
};

}  // namespace coeval
