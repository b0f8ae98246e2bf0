#include "online/rocksdb/faulty_disk.h"

#include <csignal>
#include <string>
#include <utility>

namespace coeval {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

class File : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(std::unique_ptr<rocksdb::FSWritableFile> file, FaultyDisk* disk)
      : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* context) override {
    const IOStatus status = disk_->Step();
    return status.ok() ? FSWritableFileOwnerWrapper::Append(data, options, context) : status;
  }

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& info, IODebugContext* context) override {
    const IOStatus status = disk_->Step();
    return status.ok() ? FSWritableFileOwnerWrapper::Append(data, options, info, context) : status;
  }

  IOStatus Sync(const IOOptions& options, IODebugContext* context) override {
    const IOStatus status = disk_->Step();
    return status.ok() ? FSWritableFileOwnerWrapper::Sync(options, context) : status;
  }

  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    const IOStatus status = disk_->Step();
    return status.ok() ? FSWritableFileOwnerWrapper::Fsync(options, context) : status;
  }

 private:
  FaultyDisk* disk_;
};

class Directory : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(std::unique_ptr<rocksdb::FSDirectory> directory, FaultyDisk* disk)
      : FSDirectoryWrapper(std::move(directory)), disk_(disk) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    const IOStatus status = disk_->Step();
    return status.ok() ? FSDirectoryWrapper::Fsync(options, context) : status;
  }

  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* context,
                               const rocksdb::DirFsyncOptions& directory) override {
    const IOStatus status = disk_->Step();
    return status.ok() ? FSDirectoryWrapper::FsyncWithDirOptions(options, context, directory)
                       : status;
  }

 private:
  FaultyDisk* disk_;
};

class Disk : public rocksdb::FileSystemWrapper {
 public:
  explicit Disk(FaultyDisk* disk)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), disk_(disk) {}

  const char* Name() const override { return "coeval.faulty_disk"; }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           IODebugContext* context) override {
    IOStatus status = disk_->Step();
    if (status.ok()) status = FileSystemWrapper::NewWritableFile(path, options, file, context);
    if (status.ok()) *file = std::make_unique<File>(std::move(*file), disk_);
    return status;
  }

  IOStatus ReopenWritableFile(const std::string& path, const FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* file,
                              IODebugContext* context) override {
    IOStatus status = disk_->Step();
    if (status.ok()) status = FileSystemWrapper::ReopenWritableFile(path, options, file, context);
    if (status.ok()) *file = std::make_unique<File>(std::move(*file), disk_);
    return status;
  }

  IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* directory,
                        IODebugContext* context) override {
    const IOStatus status = FileSystemWrapper::NewDirectory(path, options, directory, context);
    if (status.ok()) *directory = std::make_unique<Directory>(std::move(*directory), disk_);
    return status;
  }

  IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions& options,
                    IODebugContext* context) override {
    const IOStatus status = disk_->Step();
    return status.ok() ? FileSystemWrapper::LinkFile(from, to, options, context) : status;
  }  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks): the status that is returned owns its text

  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* context) override {
    const IOStatus status = disk_->Step();
    return status.ok() ? FileSystemWrapper::RenameFile(from, to, options, context) : status;
  }

  IOStatus DeleteFile(const std::string& path, const IOOptions& options,
                      IODebugContext* context) override {
    const IOStatus status = disk_->Step();
    return status.ok() ? FileSystemWrapper::DeleteFile(path, options, context) : status;
  }

 private:
  FaultyDisk* disk_;
};

}  // namespace

FaultyDisk::FaultyDisk() : env_(rocksdb::NewCompositeEnv(std::make_shared<Disk>(this))) {}

void FaultyDisk::FailAt(std::int64_t n, Fault fault, bool sticky) {
  fault_ = fault;
  sticky_ = sticky;
  at_ = n;
  steps_ = 0;
  happened_ = false;
}

rocksdb::IOStatus FaultyDisk::Step() {
  const std::int64_t step = ++steps_;
  const Fault fault = fault_;
  if (fault == Fault::kNone || step < at_ || (step > at_ && !sticky_)) return IOStatus::OK();
  happened_ = true;
  if (fault == Fault::kKill) (void)std::raise(SIGKILL);
  if (fault == Fault::kFull) return IOStatus::NoSpace("No space left on device (a test's)");
  return IOStatus::IOError("input/output error (a test's)");
}

}  // namespace coeval
