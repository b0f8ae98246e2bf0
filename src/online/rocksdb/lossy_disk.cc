#include "online/rocksdb/lossy_disk.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include <rocksdb/file_system.h>

#include "base/status.h"

namespace coeval {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
namespace fs = std::filesystem;

constexpr std::size_t kSector = 512;

struct Piece {
  std::size_t at = 0;
  std::string bytes;
};

struct Content {
  std::string synced;
  std::vector<Piece> pieces;  // written since
  std::size_t size = 0;
};

using SharedContent = std::shared_ptr<Content>;
using Names = std::map<std::string, SharedContent>;

// `from` loses its name, `to` gets the content; "" = nothing.
struct Change {
  std::string from;
  std::string to;
  SharedContent content;
};

// RocksDB puts two slashes now and then.
std::string Plain(const std::string& path) {
  std::string plain = fs::path(path).lexically_normal().string();
  if (plain.ends_with('/')) plain.pop_back();
  return plain;
}

std::string FolderOf(const std::string& path) {
  return fs::path(path).parent_path().string();
}

void Put(const Piece& piece, std::string* bytes) {
  if (bytes->size() < piece.at + piece.bytes.size()) bytes->resize(piece.at + piece.bytes.size());
  std::copy(piece.bytes.begin(), piece.bytes.end(),
            bytes->begin() + static_cast<std::ptrdiff_t>(piece.at));
}

void Do(const Change& change, Names* names) {
  if (!change.from.empty()) names->erase(change.from);
  if (!change.to.empty()) (*names)[change.to] = change.content;
}

bool Chance(std::mt19937_64& random, double of) {
  return std::uniform_real_distribution<double>(0, 1)(random) < of;
}

// What may be there of a file after a cut.
std::string Left(const Content& content, std::mt19937_64& random, double kept) {
  std::string bytes = content.synced;
  for (Piece piece : content.pieces) {
    if (!Chance(random, kept)) {
      if (kept == 0 || random() % 2 == 0) continue;  // dropped; else a part of it
      if (random() % 2 == 0) {
        std::fill(piece.bytes.begin(), piece.bytes.end(), '\0');
      } else {
        const std::size_t whole = random() % (piece.bytes.size() / kSector + 1) * kSector;
        piece.bytes.resize(random() % 2 == 0 ? whole : random() % (piece.bytes.size() + 1));
      }
    }
    Put(piece, &bytes);
  }
  return bytes;
}

}  // namespace

struct LossyDisk::State {
  mutable std::mutex mutex;
  std::string folder;
  bool syncs = true;
  Names names;                  // as they are
  Names synced_names;           // as they would be found
  std::vector<Change> changes;  // of names, since
  std::int64_t steps = 0;
  std::set<std::int64_t> cuts;
  std::function<std::int64_t()> now;
  std::vector<Moment> moments;

  // REQUIRES: the lock, as all that follows.
  void Step() {
    ++steps;
    if (cuts.contains(steps)) moments.push_back(Freeze());
  }

  [[nodiscard]] Moment Freeze() const;

  void Rename(Change change) {
    Do(change, &names);
    changes.push_back(std::move(change));
  }

  void Sync(Content* content) const {
    if (!syncs) return;
    for (const Piece& piece : content->pieces) Put(piece, &content->synced);
    content->pieces.clear();
  }

  void SyncFolder(const std::string& path) {
    if (!syncs) return;
    std::erase_if(changes, [&](const Change& change) {
      const bool here = FolderOf(change.to.empty() ? change.from : change.to) == path;
      if (here) Do(change, &synced_names);
      return here;
    });
  }
};

LossyDisk::Moment LossyDisk::State::Freeze() const {
  // Copies, since the contents go on changing; one of each, whatever its names.
  std::map<const Content*, SharedContent> copies;
  const auto copy = [&](const SharedContent& content) -> SharedContent {
    if (content == nullptr) return nullptr;
    SharedContent& made = copies[content.get()];
    if (made == nullptr) made = std::make_shared<Content>(*content);
    return made;
  };
  Names then;
  for (const auto& [name, content] : synced_names) then[name] = copy(content);
  std::vector<Change> open;
  for (const Change& change : changes) {
    open.push_back({change.from, change.to, copy(change.content)});
  }
  // What was written past this disk.
  std::map<std::string, std::string> others;
  std::vector<std::string> folders;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_directory()) folders.push_back(entry.path().string());
    const std::string path = entry.path().string();
    if (!entry.is_regular_file() || names.contains(path)) continue;
    std::ifstream file(path, std::ios::binary);
    others[path] = {std::istreambuf_iterator<char>(file), {}};
  }
  const auto leave = [then, open, others, folders, root = folder](
                         std::mt19937_64& random, double kept, const std::string& to) {
    Names left = then;
    for (const Change& change : open) {
      if (Chance(random, kept)) Do(change, &left);
    }
    const auto place = [&](const std::string& path) { return to + path.substr(root.size()); };
    fs::remove_all(to);
    fs::create_directories(to);
    for (const std::string& path : folders) fs::create_directories(place(path));
    const auto write = [&](const std::string& path, const std::string& bytes) {
      std::ofstream file(place(path), std::ios::binary);
      file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
      COEVAL_CHECK(file.good());
    };
    for (const auto& [path, bytes] : others) write(path, bytes);
    for (const auto& [path, content] : left) write(path, Left(*content, random, kept));
  };
  return {.step = steps, .note = now(), .leave = leave};
}

namespace {

using SharedState = std::shared_ptr<LossyDisk::State>;

class File : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(std::unique_ptr<rocksdb::FSWritableFile> file, SharedState state, SharedContent content)
      : FSWritableFileOwnerWrapper(std::move(file)),
        state_(std::move(state)),
        content_(std::move(content)) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* context) override {
    Note(data);
    return FSWritableFileOwnerWrapper::Append(data, options, context);
  }

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& info, IODebugContext* context) override {
    Note(data);
    return FSWritableFileOwnerWrapper::Append(data, options, info, context);
  }

  IOStatus Sync(const IOOptions& options, IODebugContext* context) override {
    NoteSync();
    return FSWritableFileOwnerWrapper::Sync(options, context);
  }

  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    NoteSync();
    return FSWritableFileOwnerWrapper::Fsync(options, context);
  }

 private:
  void Note(const rocksdb::Slice& data) {
    const std::lock_guard lock(state_->mutex);
    state_->Step();
    content_->pieces.push_back({content_->size, data.ToString()});
    content_->size += data.size();
  }

  void NoteSync() {
    const std::lock_guard lock(state_->mutex);
    state_->Step();
    state_->Sync(content_.get());
  }

  SharedState state_;
  SharedContent content_;
};

class Directory : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(std::unique_ptr<rocksdb::FSDirectory> directory, SharedState state, std::string path)
      : FSDirectoryWrapper(std::move(directory)),
        state_(std::move(state)),
        path_(std::move(path)) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    Note();
    return FSDirectoryWrapper::Fsync(options, context);
  }

  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* context,
                               const rocksdb::DirFsyncOptions& directory) override {
    Note();
    return FSDirectoryWrapper::FsyncWithDirOptions(options, context, directory);
  }

 private:
  void Note() {
    const std::lock_guard lock(state_->mutex);
    state_->Step();
    state_->SyncFolder(path_);
  }

  SharedState state_;
  std::string path_;
};

class Disk : public rocksdb::FileSystemWrapper {
 public:
  explicit Disk(SharedState state)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), state_(std::move(state)) {}

  const char* Name() const override { return "coeval.lossy_disk"; }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           IODebugContext* context) override {
    const IOStatus status = FileSystemWrapper::NewWritableFile(path, options, file, context);
    if (!status.ok()) return status;
    const std::lock_guard lock(state_->mutex);
    state_->Step();
    auto content = std::make_shared<Content>();
    state_->Rename({.from = "", .to = Plain(path), .content = content});
    *file = std::make_unique<File>(std::move(*file), state_, std::move(content));
    return status;
  }

  IOStatus ReopenWritableFile(const std::string& path, const FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* file,
                              IODebugContext* context) override {
    const IOStatus status = FileSystemWrapper::ReopenWritableFile(path, options, file, context);
    if (!status.ok()) return status;
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->names.find(Plain(path));
    COEVAL_CHECK(found != state_->names.end());
    *file = std::make_unique<File>(std::move(*file), state_, found->second);
    return status;
  }

  IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* directory,
                        IODebugContext* context) override {
    const IOStatus status = FileSystemWrapper::NewDirectory(path, options, directory, context);
    if (status.ok()) {
      *directory = std::make_unique<Directory>(std::move(*directory), state_, Plain(path));
    }
    return status;
  }

  IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions& options,
                    IODebugContext* context) override {
    const IOStatus status = FileSystemWrapper::LinkFile(from, to, options, context);
    if (status.ok()) Note("", Plain(to), Plain(from));
    return status;
  }  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks): the status that is returned owns its text

  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* context) override {
    const IOStatus status = FileSystemWrapper::RenameFile(from, to, options, context);
    if (status.ok()) Note(Plain(from), Plain(to), Plain(from));
    return status;
  }

  IOStatus DeleteFile(const std::string& path, const IOOptions& options,
                      IODebugContext* context) override {
    const IOStatus status = FileSystemWrapper::DeleteFile(path, options, context);
    if (status.ok()) Note(Plain(path), "", Plain(path));
    return status;
  }

 private:
  void Note(const std::string& from, const std::string& to, const std::string& of) {
    const std::lock_guard lock(state_->mutex);
    const auto content = state_->names.find(of);
    if (content == state_->names.end()) return;  // not of this disk
    state_->Step();
    state_->Rename({.from = from, .to = to, .content = content->second});
  }

  SharedState state_;
};

}  // namespace

LossyDisk::LossyDisk(std::string folder, bool syncs)
    : state_(std::make_shared<State>()),
      env_(rocksdb::NewCompositeEnv(std::make_shared<Disk>(state_))) {
  state_->folder = std::move(folder);
  state_->syncs = syncs;
}

void LossyDisk::CutAt(std::set<std::int64_t> steps, std::function<std::int64_t()> now) {
  const std::lock_guard lock(state_->mutex);
  state_->cuts = std::move(steps);
  state_->now = std::move(now);
}

std::int64_t LossyDisk::steps() const {
  const std::lock_guard lock(state_->mutex);
  return state_->steps;
}

std::vector<LossyDisk::Moment> LossyDisk::moments() const {
  const std::lock_guard lock(state_->mutex);
  return state_->moments;
}

}  // namespace coeval
