// From the stored facts of many keys to the ViewAnswers of one question: what every store does with
// the bytes that it finds.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "column/builder.h"
#include "column/fixed_columns.h"
#include "column/row_encoding.h"
#include "online/fact_list.h"
#include "online/online_store.h"
#include "online/winner.h"
#include "retrieval/assemble.h"

namespace coeval {

// Add once for each key, in order; then Finish. Threads: one.
class ViewAnswersBuilder {
 public:
  // `rule`: of the view's data; its types are those of the question's version. All must outlive.
  ViewAnswersBuilder(const ViewQuestion& question, const KeepRule& rule, TimeMicros t);

  // Nothing is stored under the key (or the key is null).
  void AddNothing();
  // What is stored under key `row` of the question: its fact list; and, where there is one, the
  // greatest visible fact of those that are not in a list yet. Errors: Corruption naming view and
  // key.
  Status AddFacts(std::int64_t row, std::string_view bytes, const KeptFact* fresh = nullptr);
  // The same where no list is stored.
  Status AddFact(std::int64_t row, const KeptFact& fresh);

  ViewAnswers Finish();

 private:
  Status AppendFacts(std::int64_t row, const KeptFact* fresh);
  Status AppendWinner(const KeptFact& winner);

  const ViewQuestion& question_;
  const KeepRule rule_;
  const TimeMicros t_;
  FactList list_;
  RowView view_;                       // of the winner
  std::vector<DataType> fixed_types_;  // of the features that have a width
  FixedColumns fixed_;
  std::vector<bool> is_fixed_;  // of the question's features
  std::vector<ColumnBuilder> others_;
  ViewAnswers answers_;
};

// What a reader of damaged bytes under key `row` of the question is told.
Status DamagedKey(const ViewQuestion& question, std::int64_t row, const Status& status);

// "city='ams', hour=7": an encoded key for messages; the bytes in hex where it cannot be decoded.
std::string DescribeKey(std::string_view key, std::span<const JoinKey> join_keys);

}  // namespace coeval
