#include "serve/owner/socket_link.h"

#include <unistd.h>

#include <string>
#include <thread>
#include <utility>

#include "base/json.h"
#include "io/files.h"
#include "io/fork_guard.h"
#include "io/unix_socket.h"
#include "serve/api/owner_service.h"
#include "serve/http/client.h"
#include "serve/http/server.h"
#include "serve/owner/remote_owner.h"

namespace coeval {
namespace {

constexpr const char* kSocketName = "owner.sock";
constexpr int kWorkers = 4;
constexpr std::int64_t kMaxConnections = 256;
// A push may bring as much as the log takes in one record, and what Arrow puts around it.
constexpr std::int64_t kMaxBodyBytes = std::int64_t{288} << 20;
constexpr std::int64_t kMaxRows = 1'000'000;
constexpr DurationMicros kDrain = 5 * kSecond;

class SocketDoor : public OwnerDoor {
 public:
  static Result<std::unique_ptr<OwnerDoor>> Open(FeatureStore* store, const std::string& path) {
    COEVAL_ASSIGN_OR_RETURN(Socket listening, ListenUnix(path));
    std::unique_ptr<SocketDoor> door(new SocketDoor(store, path));
    door->listening_ = listening.fd();
    HttpServerOptions options;
    options.threads = 1;
    options.workers = kWorkers;
    options.max_body_bytes = kMaxBodyBytes;
    options.max_connections = kMaxConnections;
    options.request_timeout = store->config().serve.request_timeout;
    options.drain_timeout = kDrain;
    SocketDoor* self = door.get();
    COEVAL_ASSIGN_OR_RETURN(door->server_, HttpServer::ListenOn(
                                               std::move(listening), std::move(options),
                                               [self](const HttpRequest& request) {
                                                 return self->service_.Handle(request);
                                               },
                                               &OwnerService::SpeedOf));
    CloseInChildren(door->listening_);
    door->loop_ = std::thread([self] { self->server_->Run(); });
    return std::unique_ptr<OwnerDoor>(std::move(door));
  }

  SocketDoor(const SocketDoor&) = delete;
  SocketDoor& operator=(const SocketDoor&) = delete;

  ~SocketDoor() override {
    Shut();
    if (loop_.joinable()) loop_.join();
  }

  void Shut() override {
    if (shut_ || server_ == nullptr) return;
    shut_ = true;
    // First the name, so that nobody comes who would not be heard; the store is still this
    // process's, so it cannot be the name of another owner's socket.
    static_cast<void>(::unlink(path_.c_str()));
    ForgetInChildren(listening_);
    server_->Stop();
  }

 private:
  SocketDoor(FeatureStore* store, std::string path)
      : path_(std::move(path)), service_(store, {.max_rows = kMaxRows}) {}

  const std::string path_;
  OwnerService service_;
  std::unique_ptr<HttpServer> server_;
  std::thread loop_;
  int listening_ = -1;
  bool shut_ = false;
};

class SocketLink : public OwnerLink {
 public:
  Result<std::unique_ptr<OwnerDoor>> Open(FeatureStore* store, const std::string& folder) override {
    return SocketDoor::Open(store, JoinPath(folder, kSocketName));
  }

  Result<std::shared_ptr<StoreOwner>> Reach(const FeatureStore& store, const std::string& folder,
                                            DurationMicros patience) override {
    return ReachOwner(store, JoinPath(folder, kSocketName), patience);
  }
};

}  // namespace

std::shared_ptr<OwnerLink> MakeSocketLink() {
  return std::make_shared<SocketLink>();
}

}  // namespace coeval
