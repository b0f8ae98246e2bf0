#include "online/rocksdb/fact_run.h"

#include <algorithm>
#include <cstring>

#include "base/hash.h"
#include "online/fact_list.h"
#include "online/rocksdb/status.h"

namespace coeval {
namespace {

constexpr std::size_t kBlockBytes = 64 << 10;
constexpr std::size_t kSamples = 64;
constexpr std::size_t kBlockHeader = 8;

void AppendUint32(std::uint32_t value, std::string* out) {
  char bytes[sizeof(value)];
  std::memcpy(bytes, &value, sizeof(value));
  out->append(bytes, sizeof(bytes));
}

std::uint32_t ReadUint32(std::string_view bytes) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

class MemoryRun : public FactRun, public std::enable_shared_from_this<MemoryRun> {
 public:
  explicit MemoryRun(std::unique_ptr<FactBuffer> buffer) : buffer_(std::move(buffer)) {}

  // Pairs lie in the order in which they came, so that each is a walk to main memory: they are
  // asked for some steps ahead.
  class Cursor : public RunCursor {
   public:
    Cursor(std::shared_ptr<const MemoryRun> run, std::size_t i) : run_(std::move(run)), i_(i) {
      for (std::size_t ahead = 1; ahead < kAhead; ++ahead) run_->buffer_->Prefetch(i_ + ahead);
      if (valid()) key_ = run_->buffer_->key(i_);
    }

    [[nodiscard]] bool valid() const override { return i_ < run_->buffer_->size(); }

    [[nodiscard]] std::string_view key() const override { return key_; }

    [[nodiscard]] std::string_view value() const override { return run_->buffer_->value(i_); }

    Status Next() override {
      ++i_;
      run_->buffer_->Prefetch(i_ + kAhead - 1);
      if (valid()) key_ = run_->buffer_->key(i_);
      return {};
    }

   private:
    static constexpr std::size_t kAhead = 8;

    std::shared_ptr<const MemoryRun> run_;
    std::size_t i_;
    std::string_view key_;
  };

  [[nodiscard]] Result<std::unique_ptr<RunCursor>> Seek(std::string_view key) const override {
    return std::unique_ptr<RunCursor>(
        std::make_unique<Cursor>(shared_from_this(), buffer_->LowerBound(key)));
  }

  [[nodiscard]] std::vector<std::string> SampleKeys() const override {
    std::vector<std::string> keys;
    const std::size_t step = std::max<std::size_t>(1, buffer_->size() / kSamples);
    for (std::size_t i = 0; i < buffer_->size(); i += step) keys.emplace_back(buffer_->key(i));
    return keys;
  }

 private:
  std::unique_ptr<FactBuffer> buffer_;
};

class SpilledRun : public FactRun, public std::enable_shared_from_this<SpilledRun> {
 public:
  using Index = std::vector<std::pair<std::string, std::uint64_t>>;

  SpilledRun(rocksdb::Env* env, std::string path, std::unique_ptr<rocksdb::RandomAccessFile> file,
             Index index, std::uint64_t size)
      : env_(env),
        path_(std::move(path)),
        file_(std::move(file)),
        index_(std::move(index)),
        size_(size) {}

  ~SpilledRun() override {
    file_.reset();
    (void)env_->DeleteFile(path_);  // else the next open removes it
  }

  // Keeps the block before, so that what the last call gave stays for one more.
  class Cursor : public RunCursor {
   public:
    Cursor(std::shared_ptr<const SpilledRun> run, std::size_t block)
        : run_(std::move(run)), next_block_(block) {}

    [[nodiscard]] bool valid() const override { return valid_; }

    [[nodiscard]] std::string_view key() const override { return key_; }

    [[nodiscard]] std::string_view value() const override { return value_; }

    Status Next() override {
      if (rest_.empty()) {
        valid_ = next_block_ < run_->index_.size();
        if (!valid_) return {};
        std::swap(block_, before_);
        COEVAL_RETURN_IF_ERROR(run_->ReadBlock(next_block_++, &block_));
        rest_ = std::string_view(block_.data(), block_.size()).substr(kBlockHeader);
      }
      if (rest_.size() < 8) return run_->Damaged();
      const std::size_t key_size = ReadUint32(rest_);
      const std::size_t value_size = ReadUint32(rest_.substr(4));
      if (rest_.size() - 8 < key_size + value_size) return run_->Damaged();
      key_ = rest_.substr(8, key_size);
      value_ = rest_.substr(8 + key_size, value_size);
      rest_.remove_prefix(8 + key_size + value_size);
      return {};
    }

   private:
    std::shared_ptr<const SpilledRun> run_;
    std::size_t next_block_;
    std::vector<char> block_;  // header included
    std::vector<char> before_;
    std::string_view rest_;
    std::string_view key_;
    std::string_view value_;
    bool valid_ = true;
  };

  [[nodiscard]] Result<std::unique_ptr<RunCursor>> Seek(std::string_view key) const override {
    const auto after =
        std::partition_point(index_.begin(), index_.end(),
                             [&](const Index::value_type& block) { return block.first <= key; });
    const auto block = static_cast<std::size_t>(after - index_.begin());
    auto cursor = std::make_unique<Cursor>(shared_from_this(), block == 0 ? 0 : block - 1);
    do {
      COEVAL_RETURN_IF_ERROR(cursor->Next());
    } while (cursor->valid() && cursor->key() < key);
    return std::unique_ptr<RunCursor>(std::move(cursor));
  }

  [[nodiscard]] std::vector<std::string> SampleKeys() const override {
    std::vector<std::string> keys;
    const std::size_t step = std::max<std::size_t>(1, index_.size() / kSamples);
    for (std::size_t i = 0; i < index_.size(); i += step) keys.push_back(index_[i].first);
    return keys;
  }

 private:
  Status ReadBlock(std::size_t block, std::vector<char>* bytes) const {
    const std::uint64_t begin = index_[block].second;
    const std::uint64_t end = block + 1 < index_.size() ? index_[block + 1].second : size_;
    bytes->resize(end - begin);
    rocksdb::Slice read;
    COEVAL_RETURN_IF_ERROR(FromRocksDb(file_->Read(begin, bytes->size(), &read, bytes->data()),
                                       "reading sorted facts back from " + path_));
    if (read.size() != bytes->size() || read.size() < kBlockHeader) return Damaged();
    if (read.data() != bytes->data()) bytes->assign(read.data(), read.data() + read.size());
    const std::string_view all(bytes->data(), bytes->size());
    const std::string_view payload = all.substr(kBlockHeader);
    if (ReadUint32(all) != payload.size() || ReadUint32(all.substr(4)) != Checksum32(payload)) {
      return Damaged();
    }
    return {};
  }

  [[nodiscard]] Status Damaged() const {
    return Status::Corruption("the scratch file " + path_ +
                              " is not what was written to it: check the disk, and run it again");
  }

  rocksdb::Env* env_;
  std::string path_;
  std::unique_ptr<rocksdb::RandomAccessFile> file_;
  Index index_;
  std::uint64_t size_;
};

// The facts of one key, from several runs, collapsed.
class Collapser {
 public:
  explicit Collapser(const KeepRule& rule) : rule_(rule) {}

  Status Emit(std::string_view key, const std::vector<std::string_view>& pieces,
              const EmitFacts& emit) {
    if (pieces.size() == 1 && HoldsOneFact(pieces[0])) return emit(key, pieces[0], 1);
    list_.Clear();
    for (const std::string_view piece : pieces) {
      COEVAL_RETURN_IF_ERROR(DecodeFactList(piece, &list_));
    }
    const std::size_t before = list_.facts.size();
    if (before > 1) Collapse(rule_, &list_.facts);
    if (list_.facts.empty()) return {};
    const auto facts = static_cast<std::int64_t>(list_.facts.size());
    const bool as_it_was = pieces.size() == 1 && list_.facts.size() == before;
    if (as_it_was && rule_.equals != Equals::kAreNumbered) return emit(key, pieces[0], facts);
    encoded_.clear();
    EncodeFactList(list_, &encoded_);
    return emit(key, encoded_, facts);
  }

 private:
  const KeepRule rule_;
  FactList list_;
  std::string encoded_;
};

struct LaterKey {
  bool operator()(const RunCursor* a, const RunCursor* b) const { return a->key() > b->key(); }
};

}  // namespace

std::shared_ptr<const FactRun> MakeMemoryRun(std::unique_ptr<FactBuffer> buffer) {
  return std::make_shared<MemoryRun>(std::move(buffer));
}

SpillWriter::SpillWriter(rocksdb::Env* env, std::string path,
                         std::unique_ptr<rocksdb::WritableFile> file)
    : env_(env), path_(std::move(path)), file_(std::move(file)) {}

Result<std::unique_ptr<SpillWriter>> SpillWriter::Create(rocksdb::Env* env, std::string path) {
  std::unique_ptr<rocksdb::WritableFile> file;
  COEVAL_RETURN_IF_ERROR(FromRocksDb(env->NewWritableFile(path, &file, rocksdb::EnvOptions()),
                                     "writing sorted facts to " + path));
  return std::unique_ptr<SpillWriter>(new SpillWriter(env, std::move(path), std::move(file)));
}

Status SpillWriter::Add(std::string_view key, std::string_view value) {
  if (block_.empty()) first_key_ = key;
  AppendUint32(static_cast<std::uint32_t>(key.size()), &block_);
  AppendUint32(static_cast<std::uint32_t>(value.size()), &block_);
  block_.append(key);
  block_.append(value);
  return block_.size() >= kBlockBytes ? WriteBlock() : Status();
}

Status SpillWriter::WriteBlock() {
  std::string header;
  AppendUint32(static_cast<std::uint32_t>(block_.size()), &header);
  AppendUint32(Checksum32(block_), &header);
  rocksdb::Status status = file_->Append(header);
  if (status.ok()) status = file_->Append(block_);
  COEVAL_RETURN_IF_ERROR(FromRocksDb(status, "writing sorted facts to " + path_));
  index_.emplace_back(std::move(first_key_), offset_);
  offset_ += header.size() + block_.size();
  block_.clear();
  return {};
}

Result<std::shared_ptr<const FactRun>> SpillWriter::Finish() {
  if (!block_.empty()) COEVAL_RETURN_IF_ERROR(WriteBlock());
  COEVAL_RETURN_IF_ERROR(FromRocksDb(file_->Close(), "writing sorted facts to " + path_));
  std::unique_ptr<rocksdb::RandomAccessFile> file;
  COEVAL_RETURN_IF_ERROR(FromRocksDb(env_->NewRandomAccessFile(path_, &file, rocksdb::EnvOptions()),
                                     "reading sorted facts back from " + path_));
  return std::shared_ptr<const FactRun>(std::make_shared<SpilledRun>(
      env_, std::move(path_), std::move(file), std::move(index_), offset_));
}

Status MergeRuns(const std::vector<std::shared_ptr<const FactRun>>& runs, const KeepRule& rule,
                 std::string_view from, std::string_view to, const EmitFacts& emit) {
  std::vector<std::unique_ptr<RunCursor>> cursors;
  std::vector<RunCursor*> heap;
  for (const auto& run : runs) {
    COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<RunCursor> cursor, run->Seek(from));
    if (!cursor->valid()) continue;
    heap.push_back(cursor.get());
    cursors.push_back(std::move(cursor));
  }
  std::make_heap(heap.begin(), heap.end(), LaterKey());
  Collapser collapser(rule);
  std::vector<std::string_view> pieces;
  while (!heap.empty()) {
    const std::string_view key = heap.front()->key();
    if (!to.empty() && key >= to) break;
    pieces.clear();
    // A spilled run holds a key once, and keeps what it gave for one more step; memory stays.
    while (!heap.empty() && heap.front()->key() == key) {
      std::pop_heap(heap.begin(), heap.end(), LaterKey());
      RunCursor* const cursor = heap.back();
      do {
        pieces.push_back(cursor->value());
        COEVAL_RETURN_IF_ERROR(cursor->Next());
      } while (cursor->valid() && cursor->key() == key);
      if (cursor->valid()) {
        std::push_heap(heap.begin(), heap.end(), LaterKey());
      } else {
        heap.pop_back();
      }
    }
    COEVAL_RETURN_IF_ERROR(collapser.Emit(key, pieces, emit));
  }
  return {};
}

}  // namespace coeval
