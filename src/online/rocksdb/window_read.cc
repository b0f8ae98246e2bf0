#include "online/rocksdb/window_read.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "online/event_answers.h"
#include "online/event_index.h"
#include "online/rocksdb/event_scan.h"
#include "online/standing_events.h"
#include "online/view_answers.h"

namespace coeval {
namespace {

// One use. Borrows all.
class WindowReader {
 public:
  WindowReader(const ViewQuestion& question, const ViewRecord& record, const StoreState& state,
               TimeMicros t)
      : question_(question),
        record_(record),
        state_(state),
        t_(t),
        rule_(record.RuleAt(state.meta->project.horizon)),
        answers_(question, rule_, t),
        times_(answers_.event_times()),
        events_(state) {}

  Result<ViewAnswers> Run() {
    std::unordered_map<std::string_view, std::size_t> asked;
    for (std::int64_t row = 0; row < question_.keys->length(); ++row) {
      if (question_.keys->IsNull(row)) {
        answers_.AddNothing();
        continue;
      }
      const auto [first, is_new] =
          asked.try_emplace(question_.keys->bytes(row), static_cast<std::size_t>(row));
      if (!is_new) {
        answers_.AddSame(first->second);
        continue;
      }
      events_.Begin(record_, question_.keys->bytes(row));
      const Status status = AddKey(row);
      if (status.code() == StatusCode::kCorruption) return DamagedKey(question_, row, status);
      COEVAL_RETURN_IF_ERROR(status);
    }
    return answers_.Finish();
  }

 private:
  Status AddKey(std::int64_t row) {
    if (state_.indexes == nullptr || record_.events->id_column) return AddPlainly(row);
    const EventIndexCache::Found found = state_.indexes->Find(events_.store_key(), record_.files);
    if (found.index != nullptr && found.index->Covers(times_, t_)) {
      return AddIndexed(row, found.index);
    }
    if (found.is_too_large || !(found.asked_before || options().at_once)) return AddPlainly(row);
    // Of every question that may still be asked: none is of a time before the horizon.
    const EventSpan all = answers_.event_times_since(state_.meta->project.horizon);
    std::vector<KeptFact> facts;
    COEVAL_RETURN_IF_ERROR(events_.AddFiles(all, &facts));
    if (facts.size() < options().least_events) return AddFacts(row, &facts);
    COEVAL_ASSIGN_OR_RETURN(auto index, MakeIndex(all, std::move(facts)));
    state_.indexes->Put(events_.store_key(), record_.files, index);
    return AddIndexed(row, std::move(index));
  }

  Status AddPlainly(std::int64_t row) {
    std::vector<KeptFact> facts;
    COEVAL_RETURN_IF_ERROR(events_.AddFiles(times_, &facts));
    return AddFacts(row, &facts);
  }

  // `facts`: those of the files.
  Status AddFacts(std::int64_t row, std::vector<KeptFact>* facts) {
    events_.AddFresh(times_, facts);
    return answers_.AddFacts(row, facts);
  }

  Status AddIndexed(std::int64_t row, std::shared_ptr<const EventIndex> index) {
    std::vector<KeptFact> beside;
    events_.AddFresh(times_, &beside);
    for (const KeptFact& fact : index->pending()) {
      if (times_.Holds(fact.times.event_time)) beside.push_back(fact);
    }
    std::set<TimeMicros> shared;
    for (const KeptFact& fact : beside) {
      if (index->Has(fact.times.event_time)) shared.insert(fact.times.event_time);
    }
    for (const TimeMicros time : shared) {
      COEVAL_RETURN_IF_ERROR(events_.AddFiles({time, time}, &beside));
    }
    return answers_.AddIndexed(row, std::move(index), &beside);
  }

  // `facts`: of these times.
  Result<std::shared_ptr<const EventIndex>> MakeIndex(EventSpan times,
                                                      std::vector<KeptFact> facts) {
    const TimeMicros known = state_.meta->project.horizon;
    std::vector<KeptFact> pending;
    for (const KeptFact& fact : facts) {
      if (fact.visible_time > known) pending.push_back(fact);
    }
    StandingEvents standing(*question_.aggregated, rule_);
    COEVAL_RETURN_IF_ERROR(standing.Leave(known, &facts));
    return EventIndex::Make(*question_.aggregated, rule_.types, options(), times, known, facts,
                            pending);
  }

  [[nodiscard]] const EventIndexOptions& options() const { return state_.indexes->options(); }

  const ViewQuestion& question_;
  const ViewRecord& record_;
  const StoreState& state_;
  const TimeMicros t_;
  const KeepRule rule_;
  EventAnswersBuilder answers_;
  const EventSpan times_;
  EventScan events_;
};

}  // namespace

Result<ViewAnswers> ReadWindows(const ViewQuestion& question, const ViewRecord* record,
                                const StoreState& state, TimeMicros t) {
  if (question.aggregated == nullptr || (record != nullptr && !record->events)) {
    return Status::InvalidArgument("view " + question.version->view.name +
                                   " was not planned as the aggregated view that it is");
  }
  if (record != nullptr) return WindowReader(question, *record, state, t).Run();
  const KeepRule rule;
  EventAnswersBuilder answers(question, rule, t);
  for (std::int64_t row = 0; row < question.keys->length(); ++row) {
    if (question.keys->IsNull(row)) {
      answers.AddNothing();
      continue;
    }
    std::vector<KeptFact> none;  // nothing was carried yet: empty windows
    COEVAL_RETURN_IF_ERROR(answers.AddFacts(row, &none));
  }
  return answers.Finish();
}

}  // namespace coeval
