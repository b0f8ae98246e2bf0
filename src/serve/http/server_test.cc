// The server on a real socket: what well-behaved, clumsy and hostile clients get.
#include "serve/http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <fstream>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temp_directory.h"
#include "io/unix_socket.h"
#include "serve/api/service.h"
#include "serve/http/client.h"
#include "store/feature_store.h"

namespace coeval {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr int kPatienceSeconds = 20;  // a read that takes so long has failed

// One connection, byte by byte.
class Client {
 public:
  explicit Client(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ =
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    const timeval patience{.tv_sec = kPatienceSeconds, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  }

  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  ~Client() { ::close(socket_); }

  [[nodiscard]] bool connected() const { return connected_; }

  // How much was taken before the server closed.
  std::size_t Send(std::string_view bytes) const {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t n = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) break;
      sent += static_cast<std::size_t>(n);
    }
    return sent;
  }

  // One answer: head and body. "" where the connection closed instead.
  std::string Receive(bool head_only = false) {
    while (waiting_.find("\r\n\r\n") == std::string::npos) {
      if (!ReadSome()) return std::exchange(waiting_, "");
    }
    const std::size_t head = waiting_.find("\r\n\r\n") + 4;
    std::size_t length = 0;
    const std::size_t field = waiting_.find("Content-Length: ");
    if (!head_only && field < head) length = std::stoul(waiting_.substr(field + 16));
    while (waiting_.size() < head + length && ReadSome()) {
    }
    std::string answer = waiting_.substr(0, head + length);
    waiting_.erase(0, head + length);
    return answer;
  }

  // The server has closed, and says nothing more.
  bool AtEnd() { return waiting_.empty() && !ReadSome(); }

 private:
  bool ReadSome() {
    std::array<char, 4096> bytes{};
    const ssize_t n = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (n <= 0) return false;
    waiting_.append(bytes.data(), static_cast<std::size_t>(n));
    return true;
  }

  int socket_;
  bool connected_ = false;
  std::string waiting_;
};

HttpResponse Echo(const HttpRequest& request) {
  return {200, "text/plain",
          std::string(request.method) + " " + std::string(request.path) + " ?" +
              std::string(request.query) + " " + std::string(request.body)};
}

// A server that runs until the end of the test.
class Running {
 public:
  explicit Running(HttpServerOptions options, HttpHandler handler = Echo,
                   std::function<bool(std::string_view)> is_slow = nullptr) {
    auto listening = HttpServer::Listen(std::move(options), std::move(handler), std::move(is_slow));
    COEVAL_CHECK(listening.ok());
    server_ = *std::move(listening);
    thread_ = std::thread([this] { server_->Run(); });
  }

  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  ~Running() { Stop(); }

  HttpServer& server() { return *server_; }

  [[nodiscard]] int port() const { return server_->port(); }

  void Stop() {
    if (!thread_.joinable()) return;
    server_->Stop();
    thread_.join();
  }

 private:
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
};

std::string Get(const std::string& path, const std::string& fields = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n";
}

std::string Post(const std::string& path, const std::string& body) {
  return "POST " + path +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

TEST(HttpServerTest, APortInUseSaysWhatToDo) {
  const Running first({});
  const auto second = HttpServer::Listen({.port = first.port()}, Echo, nullptr);
  ASSERT_EQ(second.status().code(), StatusCode::kIoError);
  EXPECT_THAT(second.status().message(), HasSubstr(std::to_string(first.port())));
  EXPECT_THAT(second.status().message(), HasSubstr("--port"));
}

TEST(HttpServerTest, OnlyLoopbackAddresses) {
  for (const char* host : {"0.0.0.0", "::", "192.0.2.1", "example.org", ""}) {
    const auto server = HttpServer::Listen({.host = host}, Echo, nullptr);
    EXPECT_EQ(server.status().code(), StatusCode::kInvalidArgument) << host;
  }
  EXPECT_TRUE(HttpServer::Listen({.host = "localhost"}, Echo, nullptr).ok());
}

TEST(HttpServerTest, KeepAliveAnswersOneAfterTheOther) {
  const Running running({});
  Client client(running.port());
  for (int i = 0; i < 3; ++i) {
    client.Send(Post("/echo?x=1", std::to_string(i)));
    EXPECT_THAT(client.Receive(), EndsWith("POST /echo ?x=1 " + std::to_string(i)));
  }
  client.Send(Get("/last", "Connection: close\r\n"));
  EXPECT_THAT(client.Receive(), HasSubstr("Connection: close"));
  EXPECT_TRUE(client.AtEnd());
}

TEST(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  const Running running({});
  Client client(running.port());
  client.Send(Post("/one", "1") + Get("/two") + Post("/three", "333"));
  EXPECT_THAT(client.Receive(), EndsWith("POST /one ? 1"));
  EXPECT_THAT(client.Receive(), EndsWith("GET /two ? "));
  EXPECT_THAT(client.Receive(), EndsWith("POST /three ? 333"));
}

TEST(HttpServerTest, AChunkedBodyIsPutTogether) {
  const Running running({});
  Client client(running.port());
  client.Send(
      "POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_THAT(client.Receive(), EndsWith("POST /x ? abcde"));
}

TEST(HttpServerTest, AHeadHasTheLengthAndNoBody) {
  const Running running({});
  Client client(running.port());
  client.Send("HEAD /x HTTP/1.1\r\nHost: localhost\r\n\r\n" + Get("/next"));
  const std::string head = client.Receive(true);
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(head, HasSubstr("Content-Length: 9\r\n"));
  EXPECT_THAT(head, EndsWith("\r\n\r\n"));
  EXPECT_THAT(client.Receive(), EndsWith("GET /next ? "));
}

TEST(HttpServerTest, ExpectContinueIsAnswered) {
  const Running running({});
  Client client(running.port());
  client.Send(
      "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 100"));
  client.Send("ab");
  EXPECT_THAT(client.Receive(), EndsWith("POST /x ? ab"));
}

// All of it is sent, and the answer can still be read: no reset that would lose it.
TEST(HttpServerTest, ABodyOf100MiBIsTooLarge) {
  const Running running({});
  Client client(running.port());
  const std::string body(std::size_t{100} << 20, 'x');
  const std::string request = Post("/get-online-features", body);
  EXPECT_EQ(client.Send(request), request.size());
  const std::string answer = client.Receive();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(answer, HasSubstr("too large"));
  EXPECT_TRUE(client.AtEnd());
}

TEST(HttpServerTest, AChunkedBodyMayNotGrowPastTheLimit) {
  const Running running({.max_body_bytes = 1000});
  Client client(running.port());
  client.Send("POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "190\r\n" + std::string(400, 'x') + "\r\n";
  for (int i = 0; i < 3; ++i) client.Send(chunk);
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 413"));
}

TEST(HttpServerTest, AHeaderMayNotGrowPastTheLimit) {
  const Running running({.max_header_bytes = 2000});
  Client client(running.port());
  client.Send(Get("/x", "Cookie: " + std::string(4000, 'c') + "\r\n"));
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 431"));
  EXPECT_TRUE(client.AtEnd());
}

TEST(HttpServerTest, WhatIsNoHttpIsABadRequest) {
  const Running running({});
  for (const char* bytes :
       {"GARBAGE\r\n\r\n", "GET\r\n\r\n", "\x16\x03\x01\x02\x01\xFC\x03\x03 TLS\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n", "GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"}) {
    Client client(running.port());
    client.Send(bytes);
    EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 400")) << bytes;
    EXPECT_TRUE(client.AtEnd()) << bytes;
  }
}

// Two readings of where a body ends are how requests are smuggled past a proxy.
TEST(HttpServerTest, AmbiguousLengthsAreRefusedAndNothingBehindThemIsRead) {
  std::atomic<int> handled{0};
  const Running running({}, [&handled](const HttpRequest& request) {
    ++handled;
    return Echo(request);
  });
  for (const char* fields : {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                             "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                             "Content-Length: 5\r\nContent-Length: 6\r\n"}) {
    Client client(running.port());
    client.Send("POST / HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields) + "\r\n0\r\n\r\n" +
                Get("/smuggled"));
    EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 400")) << fields;
    EXPECT_TRUE(client.AtEnd()) << fields;
  }
  EXPECT_EQ(handled, 0);
}

TEST(HttpServerTest, ASlowHeaderEndsTheConnection) {
  const Running running({.request_timeout = 50 * kSecond / 1000});
  Client client(running.port());
  client.Send("GET / HTTP/1.1\r\nHost: local");
  EXPECT_THAT(client.Receive(), Not(HasSubstr("200")));
  EXPECT_TRUE(client.AtEnd());
  Client body(running.port());
  body.Send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_THAT(body.Receive(), Not(HasSubstr("200")));
  EXPECT_TRUE(body.AtEnd());
}

TEST(HttpServerTest, AClientThatGoesAwayHarmsNobody) {
  const Running running({});
  {
    const Client client(running.port());
    client.Send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc");
  }
  Client other(running.port());
  other.Send(Get("/x"));
  EXPECT_THAT(other.Receive(), StartsWith("HTTP/1.1 200"));
}

TEST(HttpServerTest, ConnectionsAreLimited) {
  const Running running({.max_connections = 2});
  Client first(running.port());
  Client second(running.port());
  for (Client* client : {&first, &second}) {
    client->Send(Get("/x"));
    EXPECT_THAT(client->Receive(), StartsWith("HTTP/1.1 200"));
  }
  Client third(running.port());
  third.Send(Get("/x"));
  EXPECT_EQ(third.Receive(), "");
}

TEST(HttpServerTest, ReadsGoOnWhileASlowPathWorks) {
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  const Running running(
      {.threads = 1},
      [released](const HttpRequest& request) {
        if (request.path == "/slow") released.wait();
        return Echo(request);
      },
      [](std::string_view path) { return path == "/slow"; });
  Client slow(running.port());
  slow.Send(Get("/slow"));
  Client quick(running.port());
  quick.Send(Get("/quick"));
  EXPECT_THAT(quick.Receive(), EndsWith("GET /quick ? "));
  release.set_value();
  EXPECT_THAT(slow.Receive(), EndsWith("GET /slow ? "));
}

TEST(HttpServerTest, StopLetsARequestFinishAndTellsOthersThatItDrains) {
  std::promise<void> entered;
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  Running running({}, [&entered, released](const HttpRequest& request) {
    if (request.path != "/busy") {
      return HttpResponse{request.draining ? 503 : 200, "text/plain", ""};
    }
    entered.set_value();
    released.wait();
    EXPECT_FALSE(request.draining);
    return Echo(request);
  });
  Client idle(running.port());
  Client busy(running.port());
  busy.Send(Get("/busy"));
  entered.get_future().wait();
  running.server().Stop();
  EXPECT_TRUE(idle.AtEnd());  // closed at once, for nothing was asked
  EXPECT_FALSE(running.server().accepting());
  Client probe(running.port());
  probe.Send(Get("/ready"));
  const std::string refusal = probe.Receive();
  EXPECT_THAT(refusal, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(refusal, HasSubstr("Connection: close"));
  Client silent(running.port());  // asks nothing, and is not waited for
  release.set_value();
  const std::string answer = busy.Receive();
  EXPECT_THAT(answer, EndsWith("GET /busy ? "));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  running.Stop();  // returns: Run has ended
  EXPECT_FALSE(Client(running.port()).connected());
}

TEST(HttpServerTest, ASlowCallThatOutlivesTheDrainIsCancelled) {
  std::promise<void> entered;
  std::atomic<bool> cancelled = false;
  Running running(
      {.drain_timeout = kSecond / 100},
      [&](const HttpRequest& request) {
        entered.set_value();
        while (!request.cancel->cancelled()) std::this_thread::yield();
        cancelled = true;
        return Echo(request);
      },
      [](std::string_view path) { return path == "/slow"; });
  Client client(running.port());
  client.Send(Get("/slow"));
  entered.get_future().wait();
  running.Stop();
  EXPECT_EQ(client.Receive(), "");  // nobody waits for what it still had to say
  while (!cancelled) std::this_thread::yield();
}

// A client that never sends the rest of its request is not waited for beyond the drain timeout, and
// nothing of it stays behind.
TEST(HttpServerTest, TheEndOfTheServerEndsWhatStillWaits) {
  const auto held = std::make_shared<int>(0);
  {
    Running running({.drain_timeout = kSecond / 100},
                    [held](const HttpRequest& request) { return Echo(request); });
    Client client(running.port());
    client.Send(Get("/x") + "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc");
    EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 200"));
    running.Stop();
  }
  EXPECT_EQ(held.use_count(), 1);
}

// The service's own answers over the wire, of a repository in which nothing was applied yet.
TEST(HttpServerTest, UnknownRoutesAndMethods) {
  const Result<TempDirectory> folder = TempDirectory::Make("coeval_server_test");
  ASSERT_TRUE(folder.ok()) << folder.status().message();
  std::ofstream(folder->File("coeval.yaml")) << "project: shop\n";
  StoreOptions options;
  options.repository = folder->path();
  auto store = FeatureStore::Open(std::move(options));
  ASSERT_TRUE(store.ok()) << store.status().message();
  Service service(store->get(), {});
  const Running running({}, [&service](const HttpRequest& r) { return service.Handle(r); });
  Client client(running.port());
  client.Send(Get("/health"));
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 200"));
  client.Send(Get("/nothing"));
  const std::string missing = client.Receive();
  EXPECT_THAT(missing, StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(missing, HasSubstr("there is no route /nothing"));
  client.Send(Get("/get-online-features"));
  const std::string method = client.Receive();
  EXPECT_THAT(method, StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(method, HasSubstr("takes POST requests"));
  client.Send(Post("/metrics", ""));
  EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 405"));
  client.Send(Get("/metrics"));
  EXPECT_THAT(client.Receive(), HasSubstr(R"(coeval_http_requests_total{project="shop")"));
}

// A connection may outlive who listened, where a child of that process holds it.
TEST(HttpClientTest, WhoEndsUnderACallIsGoneAndNotStopped) {
  const TempDirectory folder = *TempDirectory::Make("coeval-client");
  const std::string path = folder.File("s");
  auto listening = ListenUnix(path);
  ASSERT_TRUE(listening.ok());
  Socket held;
  std::thread ending([&] {
    COEVAL_CHECK(*WaitReadable(listening->fd(), 20 * kSecond));
    held = Socket(::accept(listening->fd(), nullptr, nullptr));
    *listening = Socket();
  });
  HttpClient client(path, kSecond / 5);
  const HttpClient::Outcome outcome = client.Call({.method = "GET", .target = "/v1/log"});
  ending.join();
  EXPECT_EQ(outcome.end, HttpClient::End::kGone) << outcome.why;
  EXPECT_EQ(outcome.why, "nobody listens any more");
}

}  // namespace
}  // namespace coeval
