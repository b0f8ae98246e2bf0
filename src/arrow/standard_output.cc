#include "arrow/standard_output.h"

#include <arrow/io/buffered.h>
#include <arrow/status.h>
#include <arrow/type_fwd.h>
#include <arrow/util/io_util.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace coeval::plugin {

using ::arrow::Result;
using ::arrow::Status;

namespace {

constexpr int64_t kBufferBytes = int64_t{1} << 20;

class StandardOutput : public ::arrow::io::OutputStream {
 public:
  StandardOutput() { set_mode(::arrow::io::FileMode::WRITE); }

  using OutputStream::Write;

  Status Write(const void* data, int64_t bytes) override {
    const char* at = static_cast<const char*>(data);
    while (bytes > 0) {
      const ssize_t done = ::write(STDOUT_FILENO, at, static_cast<size_t>(bytes));
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) {
        return ::arrow::internal::IOErrorFromErrno(errno, "standard output cannot be written");
      }
      at += done;
      bytes -= done;
      written_ += done;
    }
    return Status::OK();
  }

  Status Close() override {
    closed_ = true;
    return Status::OK();
  }

  [[nodiscard]] bool closed() const override { return closed_; }

  [[nodiscard]] Result<int64_t> Tell() const override { return written_; }

 private:
  int64_t written_ = 0;
  bool closed_ = false;
};

}  // namespace

Result<std::shared_ptr<::arrow::io::OutputStream>> OpenStandardOutput() {
  ARROW_ASSIGN_OR_RAISE(auto buffered, ::arrow::io::BufferedOutputStream::Create(
                                           kBufferBytes, ::arrow::default_memory_pool(),
                                           std::make_shared<StandardOutput>()));
  return std::shared_ptr<::arrow::io::OutputStream>(std::move(buffered));
}

}  // namespace coeval::plugin
