#include "online/rocksdb/event_scan.h"

#include <algorithm>
#include <utility>

#include "online/event_keeping.h"
#include "online/rocksdb/fact_merge.h"
#include "online/rocksdb/status.h"

namespace coeval {
namespace {

constexpr std::size_t kBlockBytes = 64 << 10;

// `upper`: so that nothing of the views behind is stepped over.
rocksdb::Iterator* NewRows(const StoreState& state, const rocksdb::Slice* upper) {
  rocksdb::ReadOptions options = RowScanOptions(state.snapshot);
  options.iterate_upper_bound = upper;
  return state.db->rocks().NewIterator(options, state.db->facts());
}

}  // namespace

EventScan::EventScan(const StoreState& state) : state_(state) {}

std::string_view EventScan::Copy(std::string_view bytes) {
  const bool fits =
      !blocks_.empty() && blocks_.back().capacity() - blocks_.back().size() >= bytes.size();
  if (!fits) blocks_.emplace_back().reserve(std::max(kBlockBytes, bytes.size()));
  std::string& block = blocks_.back();
  const std::size_t begin = block.size();
  block.append(bytes);
  return std::string_view(block).substr(begin);
}

void EventScan::Begin(const ViewRecord& record, std::string_view entity_key) {
  blocks_.clear();
  by_time_ = !record.events->id_column.has_value();
  prefix_.clear();
  AppendDataId(record.id, &prefix_);
  prefix_.append(entity_key);
  if (!end_.empty()) return;
  AppendDataId(record.id + 1, &end_);
  upper_ = end_;
}

void EventScan::AddFresh(EventSpan times, std::vector<KeptFact>* facts) const {
  for (const auto& fresh : state_.fresh) fresh->Between(prefix_, times.first, times.last, facts);
}

Status EventScan::AddFiles(EventSpan times, std::vector<KeptFact>* facts) {
  if (rows_ == nullptr) rows_.reset(NewRows(state_, &upper_));
  bound_ = prefix_;
  if (by_time_) AppendEventTime(times.first, &bound_);
  rows_->Seek(bound_);
  if (by_time_) {
    bound_.resize(prefix_.size());
    AppendEventTime(times.last, &bound_);
  }
  list_.Clear();
  for (; rows_->Valid(); rows_->Next()) {
    const std::string_view key = rows_->key().ToStringView();
    if (!key.starts_with(prefix_) || (by_time_ && key > bound_)) break;
    COEVAL_RETURN_IF_ERROR(DecodeFactList(Copy(rows_->value().ToStringView()), &list_));
    if (!list_.asides.empty()) {
      return Status::Corruption("a piece was set aside when facts were merged, it was damaged");
    }
  }
  COEVAL_RETURN_IF_ERROR(FromRocksDb(rows_->status(), "reading events online"));
  facts->insert(facts->end(), list_.facts.begin(), list_.facts.end());
  return {};
}

}  // namespace coeval
