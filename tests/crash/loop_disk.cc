#include "loop_disk.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <thread>
#include <utility>

#include "io/process.h"
#include "io/system_error.h"

namespace coeval {
namespace {

constexpr unsigned long kExt4Shutdown = _IOR('X', 125, std::uint32_t);
constexpr std::uint32_t kLogFlush = 1;
constexpr std::uint32_t kNoLogFlush = 2;
constexpr int kTries = 200;  // other processes take loop devices too; a killed one closes its files

Status Missing(const std::string& what) {
  return Status::Unavailable(what + ": " + SystemError(errno, "use", "it").message());
}

Status Run(const std::vector<std::string>& command) {
  COEVAL_ASSIGN_OR_RETURN(const ProcessOutput output, RunProcess(command, {}));
  if (output.exit_code == 0) return {};
  return Status::IoError(command.front() + " ended with " + std::to_string(output.exit_code) +
                         ": " + output.standard_output + output.standard_error);
}

}  // namespace

Result<LoopDisk> LoopDisk::Make(std::int64_t bytes) {
  if (::geteuid() != 0) return Status::Unavailable("a power cut needs root, to mount a disk");
  if (::unshare(CLONE_NEWNS) != 0) return Missing("no mount namespace of its own");
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return Missing("mounts that are its own");
  }
  COEVAL_ASSIGN_OR_RETURN(TempDirectory folder, TempDirectory::Make("coeval-power"));
  LoopDisk disk(std::move(folder));
  const int image = ::memfd_create("coeval-disk", MFD_CLOEXEC);
  if (image < 0 || ::ftruncate(image, bytes) != 0) return Missing("no memory for a disk");
  const Status attached = disk.Attach(image);
  ::close(image);  // the device holds it
  COEVAL_RETURN_IF_ERROR(attached);
  // Once, to see that all of it is there.
  Status usable = disk.Format();
  if (usable.ok()) usable = disk.Mount();
  if (usable.ok()) usable = disk.Unmount();
  if (!usable.ok()) return Status::Unavailable("no ext4 on a loop device: " + usable.message());
  return disk;
}

Status LoopDisk::Attach(int image) {
  const int control = ::open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  if (control < 0) return Missing("/dev/loop-control");
  Status status = Status::Unavailable("no free loop device");
  for (int i = 0; i < kTries && device_fd_ < 0; ++i) {
    const int number = ::ioctl(control, LOOP_CTL_GET_FREE);
    if (number < 0) {
      status = Missing("a free loop device");
      break;
    }
    device_ = "/dev/loop" + std::to_string(number);
    const int fd = ::open(device_.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) {
      status = Missing(device_);
      break;
    }
    ::loop_config config = {};
    config.fd = static_cast<__u32>(image);
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    if (::ioctl(fd, LOOP_CONFIGURE, &config) == 0) {
      device_fd_ = fd;
    } else {
      if (errno != EBUSY) status = Missing(device_);
      ::close(fd);
    }
  }
  ::close(control);
  return device_fd_ >= 0 ? Status() : status;
}

LoopDisk::LoopDisk(LoopDisk&& other) noexcept
    : folder_(std::move(other.folder_)),
      device_(std::move(other.device_)),
      device_fd_(std::exchange(other.device_fd_, -1)),
      mounted_(std::exchange(other.mounted_, false)) {}

LoopDisk::~LoopDisk() {
  if (mounted_) static_cast<void>(::umount2(folder().c_str(), MNT_DETACH));
  if (device_fd_ >= 0) ::close(device_fd_);
}

Status LoopDisk::Format() {
  return Run({"mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", device_});
}

Status LoopDisk::Mount() {
  if (::mount(device_.c_str(), folder().c_str(), "ext4", MS_NOATIME, "") != 0) {
    return SystemError(errno, "mount", device_);
  }
  mounted_ = true;
  return {};
}

Status LoopDisk::Cut(Journal journal) const {
  const int fd = ::open(folder().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return SystemError(errno, "open", folder());
  std::uint32_t how = journal == Journal::kLost ? kNoLogFlush : kLogFlush;
  const int result = ::ioctl(fd, kExt4Shutdown, &how);
  const int error = errno;
  ::close(fd);
  return result == 0 ? Status() : SystemError(error, "shut down", folder());
}

Status LoopDisk::Unmount() {
  for (int i = 0; i < kTries; ++i) {
    if (::umount2(folder().c_str(), 0) == 0) {
      mounted_ = false;
      return {};
    }
    if (errno != EBUSY) break;
    std::this_thread::yield();
  }
  return SystemError(errno, "unmount", folder());
}

}  // namespace coeval
