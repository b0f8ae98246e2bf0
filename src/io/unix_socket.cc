#include "io/unix_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <system_error>
#include <utility>

#include "io/files.h"
#include "io/system_error.h"

namespace coeval {
namespace {

constexpr int kBacklog = 128;

// An address, and what it leans on.
struct Address {
  sockaddr_un where{};
  Socket folder;  // open while the address is used; none where the path fits
};

Status Fill(const std::string& path, Address* address) {
  if (path.size() >= sizeof(address->where.sun_path)) {
    return Status::IoError("the socket's path '" + path + "' is too long");
  }
  address->where.sun_family = AF_UNIX;
  std::memcpy(address->where.sun_path, path.c_str(), path.size() + 1);
  return {};
}

Result<Address> AddressOf(const std::string& path) {
  Address address;
  if (path.size() < sizeof(address.where.sun_path)) {
    COEVAL_RETURN_IF_ERROR(Fill(path, &address));
    return address;
  }
  const std::string folder = ParentDirectory(path);
  address.folder = Socket(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!address.folder.is_open()) return SystemError(errno, "open", folder);
  const std::string name = path.substr(path.rfind('/') + 1);
  COEVAL_RETURN_IF_ERROR(
      Fill("/proc/self/fd/" + std::to_string(address.folder.fd()) + "/" + name, &address));
  return address;
}

const sockaddr* Plain(const Address& address) {
  return reinterpret_cast<const sockaddr*>(&address.where);
}

Result<bool> Wait(int fd, short events, DurationMicros timeout) {
  const DurationMicros milliseconds = (std::max<DurationMicros>(timeout, 0) + 999) / 1000;
  const int wait =
      static_cast<int>(std::min<DurationMicros>(milliseconds, std::numeric_limits<int>::max()));
  pollfd entry{.fd = fd, .events = events, .revents = 0};
  const int ready = ::poll(&entry, 1, wait);
  if (ready < 0 && errno != EINTR) return SystemError(errno, "wait for", "a socket");
  return ready > 0;
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) static_cast<void>(::close(fd_));
    fd_ = other.Release();
  }
  return *this;
}

Socket::~Socket() {
  if (fd_ >= 0) static_cast<void>(::close(fd_));
}

int Socket::Release() {
  return std::exchange(fd_, -1);
}

Result<Socket> ListenUnix(const std::string& path) {
  COEVAL_ASSIGN_OR_RETURN(const Address address, AddressOf(path));
  Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return SystemError(errno, "make", path);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return SystemError(errno, "remove", path);
  // Linux gives the file the permissions that the socket has; it is never open to others.
  if (::fchmod(socket.fd(), S_IRUSR | S_IWUSR) != 0) return SystemError(errno, "protect", path);
  if (::bind(socket.fd(), Plain(address), sizeof(address.where)) != 0) {
    return SystemError(errno, "listen at", path);
  }
  if (::listen(socket.fd(), kBacklog) != 0) return SystemError(errno, "listen at", path);
  return socket;
}

Result<Socket> ConnectUnix(const std::string& path) {
  COEVAL_ASSIGN_OR_RETURN(const Address address, AddressOf(path));
  Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return SystemError(errno, "make a socket for", path);
  if (::connect(socket.fd(), Plain(address), sizeof(address.where)) != 0) {
    if (errno == ECONNREFUSED) return Status::NotFound("nobody listens at '" + path + "'");
    if (errno == EAGAIN) {
      return Status::Unavailable("more wait at '" + path + "' than it takes at a time");
    }
    return SystemError(errno, "connect to", path);
  }
  return socket;
}

Result<SocketPeer> PeerOf(int fd) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return SystemError(errno, "ask for the peer of", "a socket");
  }
  return SocketPeer{.process = peer.pid, .user = peer.uid};
}

Result<bool> WaitReadable(int fd, DurationMicros timeout) {
  return Wait(fd, POLLIN, timeout);
}

Result<bool> WaitWritable(int fd, DurationMicros timeout) {
  return Wait(fd, POLLOUT, timeout);
}

}  // namespace coeval
