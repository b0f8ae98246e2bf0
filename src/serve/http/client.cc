#include "serve/http/client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <limits>
#include <optional>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace coeval {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using End = HttpClient::End;
using Outcome = HttpClient::Outcome;

constexpr std::size_t kMostKept = 8;
constexpr std::size_t kReadBytes = 256 << 10;
constexpr DurationMicros kGlance = kSecond / 10;  // how often to look for a cancel
constexpr const char* kHealth = "/v1/health";

Outcome Ended(End end, std::string why) {
  return {.end = end, .answer = {}, .why = std::move(why)};
}

std::string HeadOf(const HttpCall& call) {
  std::string head;
  head.append(call.method).append(" ").append(call.target).append(" HTTP/1.1\r\nHost: coeval\r\n");
  if (!call.content_type.empty()) {
    head.append("Content-Type: ").append(call.content_type).append("\r\n");
  }
  if (!call.accept.empty()) head.append("Accept: ").append(call.accept).append("\r\n");
  return head + "Content-Length: " + std::to_string(call.body.size()) + "\r\n\r\n";
}

// One request and its answer over one connection.
class Exchange {
 public:
  Exchange(int fd, DurationMicros patience, const CancelToken* cancel)
      : fd_(fd), patience_(patience), cancel_(cancel) {}

  // Sends all of it; false where the other end stopped reading, whose answer may say why.
  std::optional<Outcome> Send(std::string_view bytes, const auto& look) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
        progress_ = Clock::now();
      } else if (errno == EAGAIN) {
        if (auto end = Wait(&WaitWritable, look)) return end;
      } else if (errno != EINTR) {
        return {};
      }
    }
    return {};
  }

  Outcome Receive(const auto& look) {
    http::response_parser<http::string_body> parser;
    parser.body_limit(boost::none);
    parser.eager(true);
    beast::flat_buffer buffer;
    bool any = false;
    while (!parser.is_done()) {
      const auto room = buffer.prepare(kReadBytes);
      const ssize_t size = ::recv(fd_, room.data(), room.size(), 0);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0 && errno == EAGAIN) {
        if (auto end = Wait(&WaitReadable, look)) return *end;
        continue;
      }
      if (size <= 0) return Ended(End::kGone, any ? "it ended amid its answer" : "it ended");
      any = true;
      progress_ = Clock::now();
      buffer.commit(static_cast<std::size_t>(size));
      beast::error_code error;
      buffer.consume(parser.put(buffer.data(), error));
      if (error && error != http::error::need_more) {
        return Ended(End::kRefused, "what it says is no HTTP: " + error.message());
      }
    }
    keep_ = parser.keep_alive() && buffer.size() == 0;
    auto& message = parser.get();
    const auto type = message[http::field::content_type];
    return {.end = End::kAnswered,
            .answer = {.status = static_cast<int>(message.result_int()),
                       .content_type = std::string(type.data(), type.size()),
                       .body = std::move(message.body())},
            .why = ""};
  }

  // May the connection be used again?
  [[nodiscard]] bool keep() const { return keep_; }

 private:
  using Clock = std::chrono::steady_clock;

  // Until there is something to do, or it is over. At half of the patience it asks, in another way,
  // whether anybody is there: as long as that is so, the work just takes its time.
  std::optional<Outcome> Wait(Result<bool> (*wait)(int, DurationMicros), const auto& look) {
    if (cancel_ != nullptr && cancel_->cancelled()) {
      return Ended(End::kCancelled, "stopped on request");
    }
    const auto ready = wait(fd_, std::min(kGlance, patience_ / 2));
    if (!ready.ok()) return Ended(End::kGone, ready.status().message());
    if (*ready) return {};
    if (Clock::now() - progress_ < std::chrono::microseconds(patience_ / 2)) return {};
    const End seen = look();
    if (seen == End::kNobody) return Ended(End::kGone, "nobody listens any more");
    if (seen != End::kAnswered) return Ended(End::kSilent, "it shows no sign of life");
    progress_ = Clock::now();
    return {};
  }

  const int fd_;
  const DurationMicros patience_;
  const CancelToken* const cancel_;
  Clock::time_point progress_ = Clock::now();
  bool keep_ = false;
};

}  // namespace

Outcome HttpClient::Connect(Socket* connection) const {
  auto connected = ConnectUnix(path_);
  if (!connected.ok()) {
    const StatusCode code = connected.status().code();
    const End end = code == StatusCode::kNotFound      ? End::kNobody
                    : code == StatusCode::kUnavailable ? End::kFull
                                                       : End::kRefused;
    return Ended(end, connected.status().message());
  }
  const auto peer = PeerOf(connected->fd());
  if (!peer.ok()) return Ended(End::kRefused, peer.status().message());
  if (peer->user != ::geteuid() && peer->user != 0) {
    return Ended(End::kRefused, "the process that listens at '" + path_ + "' belongs to user " +
                                    std::to_string(peer->user));
  }
  *connection = std::move(connected).value();
  return Ended(End::kAnswered, "");
}

Outcome HttpClient::CallOver(Socket* connection, const HttpCall& call, DurationMicros patience,
                             bool looks, const CancelToken* cancel) {
  const auto look = [this, looks] { return looks ? Look() : End::kSilent; };
  Exchange exchange(connection->fd(), patience, cancel);
  // In one piece where that costs nothing: it is one packet for the server to wake up for.
  std::string head = HeadOf(call);
  std::string_view body = call.body;
  if (body.size() <= kReadBytes) {
    head.append(body);
    body = {};
  }
  for (const std::string_view part : {std::string_view(head), body}) {
    if (auto end = exchange.Send(part, look)) return *std::move(end);
  }
  Outcome outcome = exchange.Receive(look);
  if (exchange.keep()) {
    const std::lock_guard lock(mutex_);
    if (kept_.size() < kMostKept) kept_.push_back(std::move(*connection));
  }
  return outcome;
}

Outcome HttpClient::Call(const HttpCall& call, const CancelToken* cancel) {
  Socket connection;
  {
    const std::lock_guard lock(mutex_);
    if (!kept_.empty()) {
      connection = std::move(kept_.back());
      kept_.pop_back();
    }
  }
  if (connection.is_open()) {
    Outcome outcome = CallOver(&connection, call, patience_, true, cancel);
    if (outcome.end != End::kGone) return outcome;
    const std::lock_guard lock(mutex_);
    kept_.clear();  // they are as old
  }
  if (Outcome connected = Connect(&connection); connected.end != End::kAnswered) return connected;
  return CallOver(&connection, call, patience_, true, cancel);
}

End HttpClient::Look() {
  Socket connection;
  End end = Connect(&connection).end;
  if (end == End::kNobody) return end;
  if (end == End::kAnswered) {
    const HttpCall health{.method = "GET", .target = kHealth};
    end = CallOver(&connection, health, patience_, false, nullptr).end;
  }
  // Who ends a connection, or is ending, is not stopped.
  return end == End::kAnswered || end == End::kGone ? End::kAnswered : End::kSilent;
}

}  // namespace coeval
