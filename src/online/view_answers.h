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
  // `bytes`: the key's fact list. Errors: Corruption naming view and key `row` of the question.
  Status AddFacts(std::int64_t row, std::string_view bytes);

  ViewAnswers Finish();

 private:
  void Append(const KeptAnswer& answer);
  [[nodiscard]] Status Damaged(std::int64_t row, const Status& status) const;

  const ViewQuestion& question_;
  const KeepRule rule_;
  const TimeMicros t_;
  FactList list_;
  std::vector<ColumnBuilder> features_;
  ViewAnswers answers_;
};

// "city='ams', hour=7": an encoded key for messages; the bytes in hex where it cannot be decoded.
std::string DescribeKey(std::string_view key, std::span<const JoinKey> join_keys);

}  // namespace coeval
