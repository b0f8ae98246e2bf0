// From the stored facts of many keys to the ViewAnswers of one question: what every store does with
// the bytes that it finds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "column/builder.h"
#include "column/fixed_columns.h"
#include "column/row_encoding.h"
#include "column/row_layout.h"
#include "online/fact_list.h"
#include "online/online_store.h"
#include "online/winner.h"
#include "retrieval/assemble.h"

namespace coeval {

// One question after the other: Begin, Add once for each key, in order, Finish. What it needs
// itself uses its memory again: a request asks of several views for few rows. Threads: one.
class ViewAnswersBuilder {
 public:
  explicit ViewAnswersBuilder(TimeMicros t) : t_(t) {}

  // `rule`: of the view's data; its types are those of the question's version. What it borrows and
  // the question outlive the answers' making.
  void Begin(const ViewQuestion& question, const KeepRule& rule);

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
  // Where a feature's values come from and go to.
  struct Place {
    std::size_t column = 0;  // of the stored row
    bool is_fixed = false;
    std::size_t to = 0;  // in fixed_ or others_
  };

  Status AppendFacts(std::int64_t row, const KeptFact* fresh);
  Status AppendWinner(const KeptFact& winner);
  void AppendNulls();

  const TimeMicros t_;
  const ViewQuestion* question_ = nullptr;
  KeepRule rule_;
  std::vector<Place> places_;  // of the question's features
  bool mistyped_ = false;      // one of them is stored as another type
  std::vector<DataType> fixed_types_;
  RowLayout layout_;
  FactList list_;
  RowView view_;  // of the winner
  FixedColumns fixed_;
  std::vector<ColumnBuilder> others_;
  ViewAnswers answers_;
};

// What a reader of damaged bytes under key `row` of the question is told.
Status DamagedKey(const ViewQuestion& question, std::int64_t row, const Status& status);

// "city='ams', hour=7": an encoded key for messages; the bytes in hex where it cannot be decoded.
std::string DescribeKey(std::string_view key, std::span<const JoinKey> join_keys);

}  // namespace coeval
