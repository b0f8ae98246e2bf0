// From the stored events of many keys to the ViewAnswers of one question about an aggregated view:
// which of them stand at t, what the windows hold, and what the functions make of it, all by the
// code that training sets use (retrieval/event_timeline.h, key_window.h, view_windows.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "column/builder.h"
#include "column/row_encoding.h"
#include "column/row_layout.h"
#include "online/event_index.h"
#include "online/online_store.h"
#include "online/standing_events.h"
#include "online/winner.h"
#include "retrieval/assemble.h"
#include "retrieval/view_windows.h"

namespace coeval {

// Add once for each key, in order; then Finish. Threads: one. Cost: O(events added), a sort of each
// key's unless they come in order.
class EventAnswersBuilder {
 public:
  // `rule`: of the view's data, where there is any. All must outlive. REQUIRES:
  // question.aggregated.
  EventAnswersBuilder(const ViewQuestion& question, const KeepRule& rule, TimeMicros t);

  // Facts of other event times need not be added; where events have ids, all must.
  [[nodiscard]] EventSpan event_times() const;

  // The same of every question from `since` on to this one and later ones: what an index is of.
  // REQUIRES: no ids.
  [[nodiscard]] EventSpan event_times_since(TimeMicros since) const;

  // The key is null.
  void AddNothing();

  // The key is that of an earlier question.
  void AddSame(std::size_t question) { entry_of_.push_back(entry_of_[question]); }

  // The facts of key `row` of the question, in any order, some perhaps twice. They are used up.
  // Errors: Corruption naming view and key.
  Status AddFacts(std::int64_t row, std::vector<KeptFact>* facts) {
    return Add(row, nullptr, facts);
  }

  // The same where the others are in the index. REQUIRES: it covers event_times() at t.
  Status AddIndexed(std::int64_t row, std::shared_ptr<const EventIndex> index,
                    std::vector<KeptFact>* facts) {
    return Add(row, std::move(index), facts);
  }

  Result<ViewAnswers> Finish();

 private:
  // Rows of columns_ that are one key's, beside those of the index.
  struct Key {
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::shared_ptr<const EventIndex> index = {};
  };

  Status Add(std::int64_t row, std::shared_ptr<const EventIndex> index,
             std::vector<KeptFact>* facts);
  Status Append(const KeptFact& fact);
  void Answer(const Key& key, const std::vector<SweepFeature>& features,
              std::vector<SweptBuilder>* builders) const;

  const ViewQuestion& question_;
  const AggregatedView& view_;
  const KeepRule rule_;
  const RowLayout layout_;
  const TimeMicros t_;
  ViewWindows windows_;
  StandingEvents standing_;
  const EventSpan span_;
  const std::vector<bool> read_;  // of the inputs
  RowView row_;                   // of the event that is being appended
  std::vector<ColumnBuilder> columns_;
  std::vector<TimeMicros> times_;
  std::vector<Key> keys_;
  std::vector<std::uint32_t> entry_of_;  // per question its place in keys_, or kNoWindows
};

}  // namespace coeval
