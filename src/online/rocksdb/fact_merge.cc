#include "online/rocksdb/fact_merge.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "online/fact_list.h"
#include "online/winner.h"

namespace coeval {
namespace {

std::string_view View(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

class FactMergeOperator : public rocksdb::MergeOperator {
 public:
  explicit FactMergeOperator(std::shared_ptr<const KeepContext> context)
      : context_(std::move(context)) {}

  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    if (in.existing_value == nullptr && in.operand_list.size() == 1 && !HasIds(in.key)) {
      out->existing_operand = in.operand_list.front();  // nothing to merge; not even decoded
      return true;
    }
    std::vector<std::string_view> pieces;
    pieces.reserve(in.operand_list.size() + 1);
    if (in.existing_value != nullptr) pieces.push_back(View(*in.existing_value));
    for (const rocksdb::Slice& operand : in.operand_list) pieces.push_back(View(operand));
    out->new_value = MergeFactLists(*context_, View(in.key), pieces, /*whole=*/true);
    return true;
  }

  bool PartialMergeMulti(const rocksdb::Slice& key, const std::deque<rocksdb::Slice>& operands,
                         std::string* new_value, rocksdb::Logger* /*logger*/) const override {
    std::vector<std::string_view> pieces;
    pieces.reserve(operands.size());
    for (const rocksdb::Slice& operand : operands) pieces.push_back(View(operand));
    *new_value = MergeFactLists(*context_, View(key), pieces, /*whole=*/false);
    return true;
  }

  const char* Name() const override { return "coeval.facts"; }

 private:
  // All of an event may be out of reach, and nobody else sees that it is all.
  [[nodiscard]] bool HasIds(const rocksdb::Slice& key) const {
    const std::shared_ptr<const KeptView> view = context_->Find(DataIdOf(View(key)));
    return view != nullptr && view->events && view->events->id_column;
  }

  const std::shared_ptr<const KeepContext> context_;
};

// Made for one compaction, and used by one thread.
class FactFilter : public rocksdb::CompactionFilter {
 public:
  explicit FactFilter(std::shared_ptr<const KeepContext> context)
      : context_(std::move(context)), horizon_(context_->horizon()) {}

  Decision FilterV2(int /*level*/, const rocksdb::Slice& key, ValueType type,
                    const rocksdb::Slice& value, std::string* new_value,
                    std::string* /*skip_until*/) const override {
    if (type == ValueType::kBlobIndex) return Decision::kKeep;
    const DataId id = DataIdOf(View(key));
    if (id != id_) {
      id_ = id;
      view_ = context_->Find(id);
    }
    if (view_ == nullptr) return Decision::kKeep;
    list_.Clear();
    if (!DecodeFactList(View(value), &list_).ok() || !list_.asides.empty()) return Decision::kKeep;
    const std::size_t before = list_.facts.size();
    const bool whole = type == ValueType::kValue;
    Collapse(whole ? view_->RuleAt(horizon_) : view_->RuleOfPieceAt(horizon_), &list_.facts);
    if (list_.facts.empty()) return Decision::kRemove;
    if (list_.facts.size() == before) return Decision::kKeep;
    EncodeFactList(list_, new_value);
    return Decision::kChangeValue;
  }

  const char* Name() const override { return "coeval.facts.filter"; }

 private:
  const std::shared_ptr<const KeepContext> context_;
  const TimeMicros horizon_;
  mutable DataId id_ = 0;
  mutable std::shared_ptr<const KeptView> view_;
  mutable FactList list_;
};

class FactFilterFactory : public rocksdb::CompactionFilterFactory {
 public:
  explicit FactFilterFactory(std::shared_ptr<const KeepContext> context)
      : context_(std::move(context)) {}

  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context& /*context*/) override {
    return std::make_unique<FactFilter>(context_);
  }

  const char* Name() const override { return "coeval.facts.filter"; }

 private:
  const std::shared_ptr<const KeepContext> context_;
};

}  // namespace

DataId DataIdOf(std::string_view key) {
  if (key.size() < sizeof(DataId)) return 0;
  DataId id = 0;
  for (std::size_t i = 0; i < sizeof(DataId); ++i) {
    id = (id << 8) | static_cast<std::uint8_t>(key[i]);
  }
  return id;
}

void AppendDataId(DataId id, std::string* key) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    key->push_back(static_cast<char>((id >> shift) & 0xff));
  }
}

std::string MergeFactLists(const KeepContext& context, std::string_view key,
                           std::span<const std::string_view> pieces, bool whole) {
  FactList list;
  for (const std::string_view piece : pieces) {
    if (!DecodeFactList(piece, &list).ok()) list.asides.push_back(piece);
  }
  std::sort(list.asides.begin(), list.asides.end());
  list.asides.erase(std::unique(list.asides.begin(), list.asides.end()), list.asides.end());
  if (const std::shared_ptr<const KeptView> view = context.Find(DataIdOf(key))) {
    // Also where no piece tells, since none could be decoded.
    list.format = view->events ? FactListFormat::kEvents : FactListFormat::kFacts;
    const TimeMicros horizon = context.horizon();
    Collapse(whole ? view->RuleAt(horizon) : view->RuleOfPieceAt(horizon), &list.facts);
  } else {
    Unite(&list.facts);
  }
  std::string merged;
  EncodeFactList(list, &merged);
  return merged;
}

std::shared_ptr<rocksdb::MergeOperator> MakeFactMergeOperator(
    std::shared_ptr<const KeepContext> context) {
  return std::make_shared<FactMergeOperator>(std::move(context));
}

std::shared_ptr<rocksdb::CompactionFilterFactory> MakeFactFilterFactory(
    std::shared_ptr<const KeepContext> context) {
  return std::make_shared<FactFilterFactory>(std::move(context));
}

}  // namespace coeval
