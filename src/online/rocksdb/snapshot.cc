#include "online/rocksdb/snapshot.h"

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "online/rocksdb/fact_merge.h"
#include "online/rocksdb/status.h"
#include "online/rocksdb/window_read.h"
#include "online/view_answers.h"
#include "online/winner.h"

namespace coeval {
namespace {

// The keys of a request as RocksDB takes them, and what it found.
class Fetch {
 public:
  explicit Fetch(const StoreState& state) : state_(state) {}

  void AddKeys(DataId id, const KeyColumn& keys) {
    for (std::int64_t row = 0; row < keys.length(); ++row) {
      if (keys.IsNull(row)) continue;
      AppendDataId(id, &bytes_);
      bytes_.append(keys.bytes(row));
      ends_.push_back(bytes_.size());
    }
  }

  void Run() {
    std::vector<rocksdb::Slice> keys;
    keys.reserve(ends_.size());
    std::size_t begin = 0;
    for (const std::size_t end : ends_) {
      keys.emplace_back(bytes_.data() + begin, end - begin);
      begin = end;
    }
    values_.resize(keys.size());
    statuses_.resize(keys.size());
    rocksdb::ReadOptions options;
    options.snapshot = state_.snapshot;
    state_.db->rocks().MultiGet(options, state_.db->facts(), keys.size(), keys.data(),
                                values_.data(), statuses_.data());
  }

  // What was found for the next key that was added.
  const rocksdb::Status& status() const { return statuses_[next_]; }

  // The greatest fact of that key that is visible at t and not in the store's files.
  [[nodiscard]] std::optional<KeptFact> FreshAt(TimeMicros t,
                                                std::span<const DataType> types) const {
    const std::size_t begin = next_ == 0 ? 0 : ends_[next_ - 1];
    const std::string_view key = std::string_view(bytes_).substr(begin, ends_[next_] - begin);
    std::optional<KeptFact> newest;
    for (const auto& fresh : state_.fresh) {
      const std::optional<KeptFact> found = fresh->NewestVisible(key, t);
      if (!found) continue;
      if (!newest || CompareKept(*newest, *found, types) == std::strong_ordering::less) {
        newest = found;
      }
    }
    return newest;
  }

  std::string_view value() const { return values_[next_].ToStringView(); }

  void Advance() { ++next_; }

 private:
  const StoreState& state_;
  std::string bytes_;
  std::vector<std::size_t> ends_;
  std::vector<rocksdb::PinnableSlice> values_;
  std::vector<rocksdb::Status> statuses_;
  std::size_t next_ = 0;
};

Result<ViewAnswers> Answer(const ViewQuestion& question, const ViewRecord* record,
                           TimeMicros horizon, TimeMicros t, Fetch* fetch) {
  const KeepRule rule = record != nullptr ? record->RuleAt(horizon) : KeepRule();
  ViewAnswersBuilder answers(question, rule, t);
  for (std::int64_t row = 0; row < question.keys->length(); ++row) {
    if (record == nullptr || question.keys->IsNull(row)) {
      answers.AddNothing();
      continue;
    }
    const std::optional<KeptFact> fresh = fetch->FreshAt(t, rule.types);
    if (!fetch->status().IsNotFound()) {
      COEVAL_RETURN_IF_ERROR(
          FromRocksDb(fetch->status(), "reading view " + question.version->view.name + " online"));
      COEVAL_RETURN_IF_ERROR(answers.AddFacts(row, fetch->value(), fresh ? &*fresh : nullptr));
    } else if (fresh) {
      COEVAL_RETURN_IF_ERROR(answers.AddFact(row, *fresh));
    } else {
      answers.AddNothing();
    }
    fetch->Advance();
  }
  return answers.Finish();
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
    fetch.AddKeys(records.back()->id, *question.keys);
  }
  fetch.Run();
  std::vector<ViewAnswers> all;
  all.reserve(questions.size());
  for (std::size_t i = 0; i < questions.size(); ++i) {
    COEVAL_ASSIGN_OR_RETURN(ViewAnswers answers,
                            questions[i].version->view.is_aggregated()
                                ? ReadWindows(questions[i], records[i], *state_, t)
                                : Answer(questions[i], records[i], horizon(), t, &fetch));
    all.push_back(std::move(answers));
  }
  return all;
}

}  // namespace coeval
