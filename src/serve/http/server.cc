#include "serve/http/server.h"

#include <sys/socket.h>

#include <chrono>
#include <csignal>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include "io/thread_priority.h"
#include "io/unix_socket.h"
#include "serve/http/session.h"

namespace coeval {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using Protocol = asio::generic::stream_protocol;
using ErrorCode = boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptPause{50};  // after an error

}  // namespace

struct HttpServer::Impl {
  explicit Impl(HttpServerOptions options)
      : shared(std::make_unique<HttpShared>()),
        strand(asio::make_strand(shared->loop)),
        acceptor(strand),
        accept_timer(strand),
        drain_timer(strand),
        poll_timer(strand) {
    shared->options = std::move(options);
    asio::post(shared->slow, GiveWay);  // materializing takes all processors, and reads go on
    if (shared->options.workers > 0) {
      shared->workers.emplace(static_cast<std::size_t>(shared->options.workers));
    }
  }

  Status Open() {
    ErrorCode error;
    const auto& options = shared->options;
    const std::string host = options.host == "localhost" ? "127.0.0.1" : options.host;
    const auto address = asio::ip::make_address(host, error);
    if (error || !address.is_loopback()) {
      return Status::InvalidArgument("'" + options.host +
                                     "' is not a loopback address; the server listens on 127.0.0.1 "
                                     "or ::1 only");
    }
    const tcp::endpoint endpoint(address, static_cast<std::uint16_t>(options.port));
    tcp::acceptor listening(strand);
    listening.open(endpoint.protocol(), error);
    if (!error) listening.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) listening.bind(endpoint, error);
    if (!error) listening.listen(asio::socket_base::max_listen_connections, error);
    if (error == asio::error::address_in_use) {
      return Status::IoError("port " + std::to_string(options.port) + " of " + options.host +
                             " is in use; stop the other process, or choose another with --port");
    }
    if (!error) port = listening.local_endpoint().port();
    if (!error) acceptor.assign(endpoint.protocol(), listening.release(), error);
    if (error) {
      return Status::IoError("cannot listen on " + options.host + ":" +
                             std::to_string(options.port) + ": " + error.message());
    }
    return {};
  }

  Status Take(Socket listening) {
    ErrorCode error;
    shared->local = true;
    acceptor.assign(Protocol(AF_UNIX, 0), listening.fd(), error);
    if (error) return Status::IoError("cannot listen on a socket: " + error.message());
    static_cast<void>(listening.Release());  // the acceptor closes it
    return {};
  }

  void Accept() {
    acceptor.async_accept(asio::make_strand(shared->loop),
                          [this](ErrorCode error, HttpSocket socket) {
                            if (!acceptor.is_open()) return;
                            if (error) return AcceptLater();
                            Welcome(std::move(socket));
                            Accept();
                          });
  }

  // Where the process has no descriptor left, the next one would fail as fast.
  void AcceptLater() {
    accept_timer.expires_after(kAcceptPause);
    accept_timer.async_wait([this](ErrorCode cancelled) {
      if (!cancelled && acceptor.is_open()) Accept();
    });
  }

  void Welcome(HttpSocket socket) {
    if (shared->connections.load() >= shared->options.max_connections) return;  // closes it
    auto session = HttpSession::Make(shared.get(), std::move(socket));
    {
      const std::lock_guard lock(mutex);
      sessions.remove_if([](const std::weak_ptr<HttpSession>& weak) { return weak.expired(); });
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
    drain_timer.async_wait([this](ErrorCode cancelled) {
      if (!cancelled) Finish();
    });
    WaitForSessions();
  }

  void Finish() {
    ErrorCode ignored;
    acceptor.close(ignored);
    shared->slow_calls.Cancel();
    shared->loop.stop();
  }

  void WaitForSessions() {
    if (shared->early.load() == 0) return Finish();
    poll_timer.expires_after(std::chrono::milliseconds(5));
    poll_timer.async_wait([this](ErrorCode cancelled) {
      if (!cancelled) WaitForSessions();
    });
  }

  std::unique_ptr<HttpShared> shared;
  asio::strand<asio::io_context::executor_type> strand;  // of all below but `mutex`'s
  asio::basic_socket_acceptor<Protocol> acceptor;
  asio::steady_timer accept_timer;
  asio::steady_timer drain_timer;
  asio::steady_timer poll_timer;
  std::optional<asio::signal_set> signals;
  std::mutex mutex;  // sessions
  std::list<std::weak_ptr<HttpSession>> sessions;
  int port = 0;
};

Result<std::unique_ptr<HttpServer>> HttpServer::Listen(
    HttpServerOptions options, HttpHandler handler, std::function<bool(std::string_view)> is_slow) {
  auto impl = std::make_unique<Impl>(std::move(options));
  impl->shared->handler = std::move(handler);
  if (is_slow) {
    impl->shared->speed = [is_slow = std::move(is_slow)](std::string_view path) {
      return is_slow(path) ? PathSpeed::kSlow : PathSpeed::kQuick;
    };
  }
  COEVAL_RETURN_IF_ERROR(impl->Open());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

Result<std::unique_ptr<HttpServer>> HttpServer::ListenOn(Socket listening,
                                                         HttpServerOptions options,
                                                         HttpHandler handler, SpeedOf speed) {
  auto impl = std::make_unique<Impl>(std::move(options));
  impl->shared->handler = std::move(handler);
  impl->shared->speed = std::move(speed);
  COEVAL_RETURN_IF_ERROR(impl->Take(std::move(listening)));
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() {
  impl_->shared->slow.join();
  if (impl_->shared->workers) impl_->shared->workers->join();
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
  impl_->signals->async_wait([this](ErrorCode error, int) {
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
