// Unix sockets: how processes of one user on one machine talk. Every path works, however long:
// where it does not fit into an address (108 bytes), its folder is opened and named by its
// descriptor, /proc/self/fd/N/name; the kernel then sees the same file, and nothing of the process
// changes (another working directory would).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/status.h"
#include "base/time.h"

namespace coeval {

// A descriptor, closed when dropped. Movable.
class Socket {
 public:
  Socket() = default;

  explicit Socket(int fd) : fd_(fd) {}

  Socket(Socket&& other) noexcept : fd_(other.Release()) {}

  Socket& operator=(Socket&& other) noexcept;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket();

  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

  [[nodiscard]] int fd() const { return fd_; }

  // The descriptor, which is the caller's from now on.
  int Release();

 private:
  int fd_ = -1;
};

// Who is at the other end, as the kernel tells it.
struct SocketPeer {
  pid_t process = 0;
  uid_t user = 0;
};

// Makes the socket file, with permissions 0600 from its first moment, and listens. What lies at the
// path is replaced: the caller knows that nobody else listens there. Not blocking, closed in
// programs that are started. Errors: IoError.
Result<Socket> ListenUnix(const std::string& path);

// Errors: NotFound (no such file, or nobody listens there); Unavailable (more wait than it takes);
// IoError (permission). Waits for nothing; nor does the socket.
Result<Socket> ConnectUnix(const std::string& path);

// Errors: IoError.
Result<SocketPeer> PeerOf(int fd);

// Waits until there is something to read (or the end), or room to write. False: `timeout` passed.
// Errors: IoError.
Result<bool> WaitReadable(int fd, DurationMicros timeout);
Result<bool> WaitWritable(int fd, DurationMicros timeout);

}  // namespace coeval
