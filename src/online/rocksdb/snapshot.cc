#include "online/rocksdb/snapshot.h"

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "base/hash.h"
#include "online/rocksdb/fact_merge.h"
#include "online/rocksdb/key_facts.h"
#include "online/rocksdb/status.h"
#include "online/rocksdb/walk.h"
#include "online/rocksdb/window_read.h"
#include "online/row_cache.h"
#include "online/view_answers.h"
#include "online/winner.h"

namespace coeval {
namespace {

// The keys of a request, and what the store's files hold under them: from memory where it lies
// there, else from RocksDB.
class Fetch {
 public:
  explicit Fetch(const StoreState& state) : state_(state) {
    if (state.rows != nullptr) reading_.emplace(state.rows->epochs());
    for (const auto& fresh : state.fresh) has_fresh_ = has_fresh_ || !fresh->empty();
  }

  void AddKeys(const ViewRecord& record, const KeyColumn& keys) {
    const std::size_t count = ends_.size() + static_cast<std::size_t>(keys.length());
    if (ends_.capacity() < count) {  // mostly several views are asked by the same keys
      ends_.reserve(count * 4);
      lookups_.reserve(count * 4);
    }
    for (std::int64_t row = 0; row < keys.length(); ++row) {
      if (keys.IsNull(row)) continue;
      AppendDataId(record.id, &bytes_);
      bytes_.append(keys.bytes(row));
      ends_.push_back(bytes_.size());
      lookups_.push_back({.key = {}, .files = record.files, .changes = &record.changes});
    }
  }

  void Run() {
    std::size_t begin = 0;
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      lookups_[i].key = std::string_view(bytes_).substr(begin, ends_[i] - begin);
      begin = ends_[i];
    }
    if (reading_) {
      for (RowCache::Lookup& lookup : lookups_) lookup.hash = Hash64(lookup.key);
      state_.rows->Find(*reading_, lookups_);
    }
    std::vector<rocksdb::Slice> keys;
    for (const RowCache::Lookup& lookup : lookups_) {
      if (!lookup.found) keys.emplace_back(lookup.key.data(), lookup.key.size());
    }
    if (keys.empty()) return;
    values_.resize(keys.size());
    statuses_.resize(keys.size());
    rocksdb::ReadOptions options;
    options.snapshot = state_.snapshot;
    state_.db->rocks().MultiGet(options, state_.db->facts(), keys.size(), keys.data(),
                                values_.data(), statuses_.data());
  }

  // What follows is of the next key that was added.

  // What the files hold; "" for nothing. Errors: Corruption, IoError, naming the view.
  [[nodiscard]] Result<std::string_view> Stored(const std::string& view) const {
    const RowCache::Lookup& lookup = lookups_[next_];
    if (lookup.found) return *lookup.found;
    const rocksdb::Status& status = statuses_[next_read_];
    if (status.IsNotFound()) return std::string_view();
    if (!status.ok()) return FromRocksDb(status, "reading view " + view + " online");
    return values_[next_read_].ToStringView();
  }

  // The greatest fact that is visible at t and not in the store's files.
  [[nodiscard]] std::optional<KeptFact> FreshAt(TimeMicros t,
                                                std::span<const DataType> types) const {
    if (!has_fresh_) return std::nullopt;
    std::optional<KeptFact> newest;
    for (const auto& fresh : state_.fresh) {
      const std::optional<KeptFact> found = fresh->NewestVisible(lookups_[next_].key, t);
      if (!found) continue;
      if (!newest || CompareKept(*newest, *found, types) == std::strong_ordering::less) {
        newest = found;
      }
    }
    return newest;
  }

  // Goes on to the next one. What was read and found sound is kept for others.
  void Advance(std::string_view stored) {
    const RowCache::Lookup& lookup = lookups_[next_++];
    if (lookup.found) return;
    ++next_read_;
    if (reading_) state_.rows->Put(lookup.key, lookup.hash, lookup.files, stored);
  }

 private:
  const StoreState& state_;
  bool has_fresh_ = false;
  std::string bytes_;
  std::vector<std::size_t> ends_;
  std::vector<RowCache::Lookup> lookups_;
  std::vector<rocksdb::PinnableSlice> values_;  // of those that are not in memory
  std::vector<rocksdb::Status> statuses_;
  std::size_t next_ = 0;
  std::size_t next_read_ = 0;
  std::optional<ReaderEpochs::Reading> reading_;
};

Result<ViewAnswers> Answer(const ViewQuestion& question, const ViewRecord* record,
                           TimeMicros horizon, TimeMicros t, Fetch* fetch,
                           ViewAnswersBuilder* answers) {
  const KeepRule rule = record != nullptr ? record->RuleAt(horizon) : KeepRule();
  answers->Begin(question, rule);
  for (std::int64_t row = 0; row < question.keys->length(); ++row) {
    if (record == nullptr || question.keys->IsNull(row)) {
      answers->AddNothing();
      continue;
    }
    COEVAL_ASSIGN_OR_RETURN(const std::string_view stored,
                            fetch->Stored(question.version->view.name));
    const std::optional<KeptFact> fresh = fetch->FreshAt(t, rule.types);
    if (!stored.empty()) {
      COEVAL_RETURN_IF_ERROR(answers->AddFacts(row, stored, fresh ? &*fresh : nullptr));
    } else if (fresh) {
      COEVAL_RETURN_IF_ERROR(answers->AddFact(row, *fresh));
    } else {
      answers->AddNothing();
    }
    fetch->Advance(stored);
  }
  return answers->Finish();
}

}  // namespace

RocksDbSnapshot::RocksDbSnapshot(TimeMicros time, SharedState state)
    : time_(time), state_(std::move(state)) {}

Result<std::vector<ViewAnswers>> RocksDbSnapshot::Read(std::span<const ViewQuestion> questions,
                                                       TimeMicros t) const {
  if (t < horizon()) {
    return Status::TooOld("the online store answers from its horizon " + FormatTime(horizon()) +
                          " on, and was asked for " + FormatTime(t) +
                          ": ask the offline store (a training set) for earlier times");
  }
  if (t > time_) {
    return Status::InvalidArgument("the online store was asked for " + FormatTime(t) +
                                   ", which lies after now, " + FormatTime(time_));
  }
  std::vector<const ViewRecord*> records;
  Fetch fetch(*state_);
  for (const ViewQuestion& question : questions) {
    records.push_back(state_->meta->Find(question.version->data_identity));
    if (question.version->view.is_aggregated() || records.back() == nullptr) continue;
    fetch.AddKeys(*records.back(), *question.keys);
  }
  fetch.Run();
  ViewAnswersBuilder builder(t);
  std::vector<ViewAnswers> all;
  all.reserve(questions.size());
  for (std::size_t i = 0; i < questions.size(); ++i) {
    COEVAL_ASSIGN_OR_RETURN(ViewAnswers answers,
                            questions[i].version->view.is_aggregated()
                                ? ReadWindows(questions[i], records[i], *state_, t)
                                : Answer(questions[i], records[i], horizon(), t, &fetch, &builder));
    all.push_back(std::move(answers));
  }
  return all;
}

ViewProgress RocksDbSnapshot::Progress(const ViewVersion& version) const {
  return state_->meta->ProgressOf(version);
}

Result<std::int64_t> RocksDbSnapshot::ForEachEntity(
    const ViewVersion& version, const std::function<Status(std::string_view key)>& visit) const {
  const ViewRecord* record = state_->meta->Find(version.data_identity);
  if (record == nullptr) return 0;
  std::int64_t missed = 0;
  COEVAL_RETURN_IF_ERROR(ForEachReadableRow(
      *state_, record->id,
      [&](std::string_view key, std::string_view) -> Status {
        const Result<std::string_view> entity = EntityOf(*record, key);
        if (entity.ok()) return visit(*entity);
        ++missed;
        return {};
      },
      [&](const UnreadableRows&) { ++missed; }));
  return missed;
}

Status RocksDbSnapshot::AddFacts(const ViewVersion& version, std::string_view key,
                                 KeptFacts* facts) const {
  const ViewRecord* record = state_->meta->Find(version.data_identity);
  if (record == nullptr) return {};
  return AddKeyFacts(*state_, *record, key, facts);
}

}  // namespace coeval
