#include "serve/http/server.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "serve/api/errors.h"

namespace coeval {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

constexpr std::chrono::seconds kLinger{5};
constexpr std::size_t kDropBytes = 65536;

// What all connections of a server share. It outlives them: what still waits in the loop when the
// server ends goes with the loop.
struct Shared {
  HttpServerOptions options;
  HttpHandler handler;
  std::function<bool(std::string_view)> is_slow;
  std::atomic<bool> accepting{true};
  std::atomic<std::int64_t> connections{0};
  std::atomic<std::int64_t> early{0};  // of connections: those from before draining
  asio::thread_pool slow{1};
  asio::io_context loop;  // the last: its end ends the connections, which count themselves above
};

HttpResponse PlainError(int status, std::string_view text) {
  HttpResponse response = ErrorResponse(Status::InvalidArgument(std::string(text)));
  response.status = status;
  return response;
}

// The status that tells why a request could not be read; none: just close the connection.
std::optional<HttpResponse> ReadFailure(beast::error_code error) {
  if (error == http::error::body_limit) {
    return PlainError(413, "the request's body is too large; send fewer rows");
  }
  if (error == http::error::header_limit) {
    return PlainError(431, "the request's header is too large");
  }
  if (error.category() == make_error_code(http::error::bad_method).category() &&
      error != http::error::end_of_stream && error != http::error::partial_message) {
    return PlainError(400, "the request is not HTTP/1.1: " + error.message());
  }
  return {};
}

// One connection: reads a request, answers it, and so on, one at a time.
// Lives as long as an operation of its own is under way.
class Session : public std::enable_shared_from_this<Session> {
 public:
  // `shared` must outlive it.
  Session(Shared* shared, tcp::socket socket)
      : shared_(shared), stream_(std::move(socket)), early_(shared_->accepting) {
    shared_->connections.fetch_add(1);
    if (early_) shared_->early.fetch_add(1);
  }

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  ~Session() {
    shared_->connections.fetch_sub(1);
    if (early_) shared_->early.fetch_sub(1);
  }

  void Start() {
    beast::error_code ignored;
    stream_.socket().set_option(tcp::no_delay(true), ignored);
    asio::dispatch(stream_.get_executor(), [self = shared_from_this()] { self->Read(); });
  }

  // Ends the connection if no request is being answered.
  void CloseIfIdle() {
    asio::post(stream_.get_executor(), [self = shared_from_this()] {
      if (self->idle_) self->Close();
    });
  }

 private:
  void ReadNext() {
    if (!shared_->accepting) return Close();
    Read();
  }

  void Read() {
    idle_ = true;
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(shared_->options.max_header_bytes));
    parser_->body_limit(static_cast<std::uint64_t>(shared_->options.max_body_bytes));
    stream_.expires_after(std::chrono::microseconds(shared_->options.request_timeout));
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](beast::error_code error, std::size_t) {
                              self->OnHeader(error);
                            });
  }

  void OnHeader(beast::error_code error) {
    if (error) return OnReadError(error);
    idle_ = false;
    late_ = !shared_->accepting;
    if (beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
      continue_.emplace(http::status::continue_, 11);
      http::async_write(stream_, *continue_,
                        [self = shared_from_this()](beast::error_code failed, std::size_t) {
                          if (!failed) self->ReadBody();
                        });
      return;
    }
    ReadBody();
  }

  void ReadBody() {
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](beast::error_code error, std::size_t) {
                       if (error) {
                         self->OnReadError(error);
                       } else {
                         self->OnRequest();
                       }
                     });
  }

  void OnReadError(beast::error_code error) {
    idle_ = false;
    const auto response = ReadFailure(error);
    if (!response) return Close();
    keep_alive_ = false;
    refused_ = true;
    stream_.expires_after(kLinger);
    Write(*response, false);
  }

  void OnRequest() {
    const auto& request = parser_->get();
    keep_alive_ = request.keep_alive();
    const std::string_view target(request.target().data(), request.target().size());
    const std::string_view path = target.substr(0, target.find('?'));
    if (shared_->is_slow && shared_->is_slow(path)) {
      stream_.expires_never();
      asio::post(shared_->slow, [self = shared_from_this()] {
        HttpResponse response = self->Answer();
        asio::post(self->stream_.get_executor(),
                   [self, response = std::move(response)] { self->WriteAnswer(response); });
      });
      return;
    }
    WriteAnswer(Answer());
  }

  HttpResponse Answer() {
    const auto& request = parser_->get();
    const std::string_view target(request.target().data(), request.target().size());
    const std::size_t mark = target.find('?');
    HttpRequest plain;
    plain.method = {request.method_string().data(), request.method_string().size()};
    plain.path = target.substr(0, mark);
    if (mark != std::string_view::npos) plain.query = target.substr(mark + 1);
    plain.body = request.body();
    plain.draining = late_;
    if (plain.method == "HEAD") plain.method = "GET";
    return shared_->handler(plain);
  }

  void WriteAnswer(const HttpResponse& answer) {
    if (!shared_->accepting) keep_alive_ = false;
    stream_.expires_after(std::chrono::microseconds(shared_->options.request_timeout));
    Write(answer, parser_->get().method() == http::verb::head);
  }

  void Write(const HttpResponse& answer, bool head_only) {
    response_.emplace(static_cast<http::status>(answer.status), 11);
    response_->set(http::field::server, "coeval");
    response_->set(http::field::content_type, answer.content_type);
    response_->keep_alive(keep_alive_);
    response_->body() = answer.body;
    response_->prepare_payload();
    const auto done = [self = shared_from_this()](beast::error_code error, std::size_t) {
      self->OnWritten(error);
    };
    if (head_only) {
      head_.emplace(*response_);
      http::async_write_header(stream_, *head_, done);
    } else {
      http::async_write(stream_, *response_, done);
    }
  }

  void OnWritten(beast::error_code error) {
    if (!error && refused_) return Linger();
    if (error || !keep_alive_) return Close();
    ReadNext();
  }

  // The client of a refused request may still be sending: to close now would reset the connection,
  // and the answer would be lost on its way. So the rest is read and dropped, for a while.
  void Linger() {
    idle_ = true;
    if (!shared_->accepting) return Close();
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream_.expires_after(kLinger);
    buffer_.clear();
    DropRest();
  }

  void DropRest() {
    stream_.async_read_some(buffer_.prepare(kDropBytes),
                            [self = shared_from_this()](beast::error_code error, std::size_t) {
                              if (error) return self->Close();
                              self->DropRest();
                            });
  }

  void Close() {
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream_.close();
  }

  Shared* shared_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::string_body>> response_;
  std::optional<http::response_serializer<http::string_body>> head_;
  std::optional<http::response<http::empty_body>> continue_;
  bool keep_alive_ = true;
  bool refused_ = false;  // the request could not be read; the connection ends
  bool idle_ = true;      // nothing is being answered
  bool late_ = false;     // the request came while draining
  const bool early_;      // the connection is from before draining
};

}  // namespace

struct HttpServer::Impl {
  explicit Impl(HttpServerOptions options)
      : shared(std::make_unique<Shared>()),
        strand(asio::make_strand(shared->loop)),
        acceptor(strand),
        drain_timer(strand),
        poll_timer(strand) {
    shared->options = std::move(options);
  }

  Status Open() {
    beast::error_code error;
    const auto& options = shared->options;
    const std::string host = options.host == "localhost" ? "127.0.0.1" : options.host;
    const auto address = asio::ip::make_address(host, error);
    if (error || !address.is_loopback()) {
      return Status::InvalidArgument("'" + options.host +
                                     "' is not a loopback address; the server listens on 127.0.0.1 "
                                     "or ::1 only");
    }
    const tcp::endpoint endpoint(address, static_cast<std::uint16_t>(options.port));
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error == asio::error::address_in_use) {
      return Status::IoError("port " + std::to_string(options.port) + " of " + options.host +
                             " is in use; stop the other process, or choose another with --port");
    }
    if (error) {
      return Status::IoError("cannot listen on " + options.host + ":" +
                             std::to_string(options.port) + ": " + error.message());
    }
    port = acceptor.local_endpoint().port();
    return {};
  }

  void Accept() {
    acceptor.async_accept(asio::make_strand(shared->loop),
                          [this](beast::error_code error, tcp::socket socket) {
                            if (!acceptor.is_open()) return;
                            if (!error) Welcome(std::move(socket));
                            Accept();
                          });
  }

  void Welcome(tcp::socket socket) {
    if (shared->connections.load() >= shared->options.max_connections) return;  // closes it
    auto session = std::make_shared<Session>(shared.get(), std::move(socket));
    {
      const std::lock_guard lock(mutex);
      sessions.remove_if([](const std::weak_ptr<Session>& weak) { return weak.expired(); });
      sessions.push_back(session);
    }
    session->Start();
  }

  // Idle connections closed; the loop ends when the last one from before is gone.
  void Drain() {
    if (!shared->accepting.exchange(false)) return;
    {
      const std::lock_guard lock(mutex);
      for (const auto& weak : sessions) {
        if (const auto session = weak.lock()) session->CloseIfIdle();
      }
    }
    drain_timer.expires_after(std::chrono::microseconds(shared->options.drain_timeout));
    drain_timer.async_wait([this](beast::error_code cancelled) {
      if (!cancelled) Finish();
    });
    WaitForSessions();
  }

  void Finish() {
    beast::error_code ignored;
    acceptor.close(ignored);
    shared->loop.stop();
  }

  void WaitForSessions() {
    if (shared->early.load() == 0) return Finish();
    poll_timer.expires_after(std::chrono::milliseconds(5));
    poll_timer.async_wait([this](beast::error_code cancelled) {
      if (!cancelled) WaitForSessions();
    });
  }

  std::unique_ptr<Shared> shared;
  asio::strand<asio::io_context::executor_type> strand;  // of all below but `mutex`'s
  tcp::acceptor acceptor;
  asio::steady_timer drain_timer;
  asio::steady_timer poll_timer;
  std::optional<asio::signal_set> signals;
  std::mutex mutex;  // sessions
  std::list<std::weak_ptr<Session>> sessions;
  int port = 0;
};

Result<std::unique_ptr<HttpServer>> HttpServer::Listen(
    HttpServerOptions options, HttpHandler handler, std::function<bool(std::string_view)> is_slow) {
  auto impl = std::make_unique<Impl>(std::move(options));
  impl->shared->handler = std::move(handler);
  impl->shared->is_slow = std::move(is_slow);
  COEVAL_RETURN_IF_ERROR(impl->Open());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() {
  impl_->shared->slow.join();
  impl_->shared->loop.stop();
}

int HttpServer::port() const {
  return impl_->port;
}

bool HttpServer::accepting() const {
  return impl_->shared->accepting;
}

void HttpServer::StopOnSignals() {
  impl_->signals.emplace(impl_->shared->loop, SIGTERM, SIGINT);
  impl_->signals->async_wait([this](beast::error_code error, int) {
    if (!error) Stop();
  });
}

void HttpServer::Run() {
  asio::post(impl_->strand, [this] { impl_->Accept(); });
  std::vector<std::thread> threads;
  for (int i = 1; i < impl_->shared->options.threads; ++i) {
    threads.emplace_back([this] { impl_->shared->loop.run(); });
  }
  impl_->shared->loop.run();
  for (std::thread& thread : threads) thread.join();
  impl_->signals.reset();  // another one ends the process
}

void HttpServer::Stop() {
  asio::post(impl_->strand, [this] { impl_->Drain(); });
}

}  // namespace coeval
