#include "io/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <map>
#include <string_view>
#include <utility>

extern char** environ;  // NOLINT: POSIX

namespace coeval {
namespace {

Status SystemError(std::string_view what, int error) {
  std::array<char, 128> text{};
  return Status::IoError(std::string(what) + ": " + strerror_r(error, text.data(), text.size()));
}

// A file descriptor that is closed when dropped.
class Descriptor {
 public:
  Descriptor() = default;

  explicit Descriptor(int fd) : fd_(fd) {}

  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

  Descriptor& operator=(Descriptor&& other) noexcept {
    Close();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  ~Descriptor() { Close(); }

  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_ = -1;
};

struct Pipe {
  Descriptor read, write;
};

Result<Pipe> MakePipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return SystemError("cannot make a pipe", errno);
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

// This process's environment with some variables set otherwise.
std::vector<std::string> MergedEnvironment(const std::vector<std::string>& added) {
  std::map<std::string, std::string> variables;
  const auto set = [&variables](std::string_view entry) {
    const std::size_t equals = entry.find('=');
    variables[std::string(entry.substr(0, equals))] = std::string(entry);
  };
  for (char** entry = environ; *entry != nullptr; ++entry) set(*entry);
  for (const std::string& entry : added) set(entry);
  std::vector<std::string> merged;
  for (auto& [name, entry] : variables) merged.push_back(std::move(entry));
  return merged;
}

std::vector<char*> Pointers(std::vector<std::string>* texts) {
  std::vector<char*> pointers;
  for (std::string& text : *texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// What posix_spawn is told about descriptors and the folder.
class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&actions_); }

  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }

  void Prepare(const Pipe& output, const Pipe& error, const std::string& directory) {
    posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output.write.get(), 1);
    posix_spawn_file_actions_adddup2(&actions_, error.write.get(), 2);
    if (!directory.empty()) posix_spawn_file_actions_addchdir_np(&actions_, directory.c_str());
  }

  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

Result<pid_t> Spawn(const std::vector<std::string>& argv, const ProcessOptions& options,
                    const Pipe& output, const Pipe& error) {
  SpawnActions actions;
  actions.Prepare(output, error, options.directory);
  std::vector<std::string> arguments = argv;
  std::vector<std::string> environment = MergedEnvironment(options.environment);
  pid_t pid = -1;
  const int failed = ::posix_spawnp(&pid, argv[0].c_str(), actions.get(), nullptr,
                                    Pointers(&arguments).data(), Pointers(&environment).data());
  if (failed == ENOENT) {
    return Status::NotFound("cannot run '" + argv[0] + "': there is no such program (or folder '" +
                            options.directory + "')");
  }
  if (failed != 0) return SystemError("cannot run '" + argv[0] + "'", failed);
  return pid;
}

int WaitFor(pid_t pid) {
  int state = 0;
  while (::waitpid(pid, &state, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(state) ? 128 + WTERMSIG(state) : WEXITSTATUS(state);
}

// Reads what is there. False at the end of the stream.
bool ReadSome(int fd, std::string* text) {
  std::array<char, 65536> buffer{};
  const ssize_t size = ::read(fd, buffer.data(), buffer.size());
  if (size > 0) text->append(buffer.data(), static_cast<std::size_t>(size));
  return size > 0 || (size < 0 && (errno == EINTR || errno == EAGAIN));
}

// Both streams to their ends, or until time or space is used up.
Status Collect(Pipe* output, Pipe* error, const ProcessOptions& options, ProcessOutput* result) {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::microseconds(options.timeout);
  std::array<std::pair<Descriptor*, std::string*>, 2> streams{
      {{&output->read, &result->standard_output}, {&error->read, &result->standard_error}}};
  while (output->read.get() >= 0 || error->read.get() >= 0) {
    std::array<pollfd, 2> waiting{
        {{output->read.get(), POLLIN, 0}, {error->read.get(), POLLIN, 0}}};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Status::Unavailable("it did not end in time");
    if (::poll(waiting.data(), waiting.size(), static_cast<int>(left.count())) < 0) continue;
    for (std::size_t i = 0; i < streams.size(); ++i) {
      if (waiting[i].revents == 0) continue;
      if (!ReadSome(waiting[i].fd, streams[i].second)) streams[i].first->Close();
      if (static_cast<std::int64_t>(streams[i].second->size()) > options.max_output_bytes) {
        return Status::InvalidArgument("it printed more than " +
                                       std::to_string(options.max_output_bytes) + " bytes");
      }
    }
  }
  return {};
}

}  // namespace

Result<ProcessOutput> RunProcess(const std::vector<std::string>& argv,
                                 const ProcessOptions& options) {
  COEVAL_CHECK(!argv.empty());
  COEVAL_ASSIGN_OR_RETURN(Pipe output, MakePipe());
  COEVAL_ASSIGN_OR_RETURN(Pipe error, MakePipe());
  COEVAL_ASSIGN_OR_RETURN(pid_t pid, Spawn(argv, options, output, error));
  output.write.Close();
  error.write.Close();
  ProcessOutput result;
  const Status collected = Collect(&output, &error, options, &result);
  if (!collected.ok()) ::kill(pid, SIGKILL);
  result.exit_code = WaitFor(pid);
  if (!collected.ok()) return collected.WithContext("'" + argv[0] + "'");
  return result;
}

std::int64_t ProcessId() {
  return ::getpid();
}

std::string ProgramPath() {
  std::array<char, 4096> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  return size <= 0 ? "" : std::string(path.data(), static_cast<std::size_t>(size));
}

}  // namespace coeval
