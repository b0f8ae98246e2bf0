#include "online/rocksdb/fact_files.h"

#include <utility>

#include "online/rocksdb/fact_merge.h"
#include "online/rocksdb/status.h"

namespace coeval {
namespace {

constexpr std::uint64_t kFileBytes = 64 << 20;
constexpr std::string_view kWriting = "writing sorted files of the online store";

}  // namespace

FactFiles::FactFiles(Options options) : options_(std::move(options)) {
  AppendDataId(options_.id, &key_);
}

Status FactFiles::Add(std::string_view key, std::string_view fact_list) {
  if (writer_ == nullptr) {
    paths_.push_back(options_.path + "-" + std::to_string(paths_.size()) + ".sst");
    writer_ = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions(), options_.file,
                                                       nullptr, /*invalidate_page_cache=*/false);
    COEVAL_RETURN_IF_ERROR(FromRocksDb(writer_->Open(paths_.back()), kWriting));
  }
  key_.resize(sizeof(DataId));
  key_.append(key);
  const rocksdb::Slice value(fact_list.data(), fact_list.size());
  COEVAL_RETURN_IF_ERROR(FromRocksDb(
      options_.plain_values ? writer_->Put(key_, value) : writer_->Merge(key_, value), kWriting));
  return writer_->FileSize() >= kFileBytes ? FinishFile() : Status();
}

Status FactFiles::FinishFile() {
  rocksdb::ExternalSstFileInfo info;
  COEVAL_RETURN_IF_ERROR(FromRocksDb(writer_->Finish(&info), kWriting));
  bytes_ += static_cast<std::int64_t>(info.file_size);
  writer_.reset();
  return {};
}

Status FactFiles::Finish() {
  return writer_ == nullptr ? Status() : FinishFile();
}

}  // namespace coeval
