#include "serve/http/session.h"

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "base/context.h"
#include "io/unix_socket.h"
#include "serve/api/errors.h"

namespace coeval {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using Stream = beast::basic_stream<asio::generic::stream_protocol>;

constexpr std::chrono::seconds kLinger{5};
constexpr std::size_t kDropBytes = 65536;

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

class Session : public HttpSession, public std::enable_shared_from_this<Session> {
 public:
  Session(HttpShared* shared, HttpSocket socket)
      : shared_(shared), stream_(std::move(socket)), early_(shared_->accepting) {
    shared_->connections.fetch_add(1);
    if (early_) shared_->early.fetch_add(1);
  }

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  ~Session() override {
    shared_->connections.fetch_sub(1);
    if (early_) shared_->early.fetch_sub(1);
  }

  void Start() override {
    beast::error_code ignored;
    if (!shared_->local) stream_.socket().set_option(tcp::no_delay(true), ignored);
    asio::dispatch(stream_.get_executor(), [self = shared_from_this()] {
      if (self->shared_->local && !self->IsWelcome()) return self->TurnAway();
      self->Read();
    });
  }

  void CloseIfIdle() override {
    asio::post(stream_.get_executor(), [self = shared_from_this()] {
      if (self->idle_) self->Close();
    });
  }

 private:
  // The permissions of the socket's file keep others away; this is for those that had a way round.
  bool IsWelcome() {
    const auto peer = PeerOf(stream_.socket().native_handle());
    return peer.ok() && (peer->user == ::geteuid() || peer->user == 0);
  }

  void TurnAway() {
    idle_ = false;
    Refuse(PlainError(403, "this socket is for processes of the user who owns the store"));
  }

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
    Refuse(*response);
  }

  void Refuse(const HttpResponse& response) {
    keep_alive_ = false;
    refused_ = true;
    stream_.expires_after(kLinger);
    Write(response, false);
  }

  void OnRequest() {
    const auto& request = parser_->get();
    keep_alive_ = request.keep_alive();
    const std::string_view target(request.target().data(), request.target().size());
    const std::string_view path = target.substr(0, target.find('?'));
    const PathSpeed speed = shared_->speed ? shared_->speed(path) : PathSpeed::kQuick;
    if (speed == PathSpeed::kSlow) {
      cancel_ = shared_->slow_calls.Begin();
      WatchForEnd();
      AnswerOn(shared_->slow);
    } else if (speed == PathSpeed::kQuick && shared_->workers) {
      AnswerOn(*shared_->workers);
    } else {
      WriteAnswer(Answer());
    }
  }

  // On another thread; the loop goes on.
  void AnswerOn(asio::thread_pool& pool) {
    stream_.expires_never();
    asio::post(pool, [self = shared_from_this()] {
      HttpResponse response = self->Answer();
      asio::post(self->stream_.get_executor(), [self, response = std::move(response)] {
        self->cancel_.reset();
        beast::error_code ignored;
        self->stream_.socket().cancel(ignored);  // of WatchForEnd
        self->WriteAnswer(response);
      });
    });
  }

  // Tells the handler of a slow path when nobody waits for it any more.
  void WatchForEnd() {
    stream_.socket().async_wait(asio::socket_base::wait_read,
                                [self = shared_from_this()](beast::error_code error) {
                                  if (error || !self->cancel_) return;
                                  if (self->PeerIsGone()) self->cancel_->Cancel();
                                });
  }

  // False also where more was sent, which is read after the answer.
  bool PeerIsGone() {
    char byte = 0;
    return ::recv(stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
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
    plain.content_type = FieldOf(http::field::content_type);
    plain.accept = FieldOf(http::field::accept);
    plain.draining = late_;
    plain.cancel = cancel_;
    if (plain.method == "HEAD") plain.method = "GET";
    return shared_->handler(plain);
  }

  std::string_view FieldOf(http::field name) {
    const auto value = parser_->get()[name];
    return {value.data(), value.size()};
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

  HttpShared* shared_;
  Stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::string_body>> response_;
  std::optional<http::response_serializer<http::string_body>> head_;
  std::optional<http::response<http::empty_body>> continue_;
  std::shared_ptr<CancelToken> cancel_;  // of a slow path that is on its way
  bool keep_alive_ = true;
  bool refused_ = false;  // the request could not be read; the connection ends
  bool idle_ = true;      // nothing is being answered
  bool late_ = false;     // the request came while draining
  const bool early_;      // the connection is from before draining
};

}  // namespace

std::shared_ptr<HttpSession> HttpSession::Make(HttpShared* shared, HttpSocket socket) {
  return std::make_shared<Session>(shared, std::move(socket));
}

}  // namespace coeval
