// ViewWindows: from the events of an aggregated view to the answers of its features, but for the
// sweep itself (rules 5.4, 5.5, 6, 7.2): which aggregates are needed, over which columns and with
// which events counted; and, of what came out, the features asked for. Training sets and serving
// both go through here.
//
//   features  spend_high = "spend_7d > 1000"        needs   spend_7d
//   events    amount [3, 5], status [ok, failed]    sweep   sum(amount) over 7d, mask [1, 0]
//   swept     spend_7d [3]                          answer  spend_high [false]
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "aggregation/window.h"
#include "base/status.h"
#include "base/time.h"
#include "column/column.h"
#include "definition/aggregated_view.h"
#include "retrieval/assemble.h"
#include "retrieval/key_window.h"

namespace coeval {

// Of a question whose join key is null: its windows are empty (rules 2.2, 5.5).
inline constexpr std::uint32_t kNoWindows = 0xffff'ffff;

// One use. Threads: one, but for AnswerFeature.
class ViewWindows {
 public:
  // `features`: positions in the view's schema that are asked for. Borrows both.
  ViewWindows(const AggregatedView& view, std::span<const std::size_t> features);

  // The event times that some needed window may hold at a t in [first, last]; where the events have
  // ids, facts of other times decide of them too.
  [[nodiscard]] EventSpan EventTimes(TimeMicros first, TimeMicros last) const;
  // Per input of the view, of which there are so many: does a needed aggregate read it?
  [[nodiscard]] std::vector<bool> InputsRead(std::size_t inputs) const;

  // Their positions among the view's aggregations, ascending.
  [[nodiscard]] std::vector<std::size_t> AggregatesNeeded() const;

  // The aggregates to be swept, over events whose columns are the view's inputs, each [rows]; those
  // that are not read may be of type null.
  std::vector<SweepFeature> Aggregates(std::span<const Column> inputs, std::int64_t rows);
  // What Aggregates gave, swept: one entry for each of `times`. Computes the expressions over them,
  // where an error in an input is one too.
  Status Take(std::vector<SweptFeature> swept, std::span<const TimeMicros> times);

  // Makes room in *answers for as many questions. Every match is kFound (rule 7.2).
  void Prepare(std::size_t questions, ViewAnswers* answers) const;
  // Fills in the i-th feature asked for. `of`: per question its entry, or kNoWindows. Threads: any,
  // each with a feature of its own.
  Status AnswerFeature(std::size_t i, std::span<const std::uint32_t> of,
                       ViewAnswers* answers) const;

 private:
  [[nodiscard]] std::size_t PositionOf(const std::string& name) const;
  [[nodiscard]] const Expression& ExpressionOf(std::size_t feature) const;
  std::shared_ptr<const std::vector<std::uint8_t>> MaskOf(const ResolvedAggregation& aggregation,
                                                          std::span<const Column> inputs,
                                                          std::int64_t rows);
  [[nodiscard]] Result<Column> ToQuestions(std::size_t feature, const SweptFeature& made,
                                           std::span<const std::uint32_t> of) const;
  [[nodiscard]] Column OfNoEvents(std::size_t feature) const;

  const AggregatedView& view_;
  const std::span<const std::size_t> features_;
  std::vector<bool> needed_;  // of the schema: asked for, or read by what is
  std::map<std::string, std::shared_ptr<const std::vector<std::uint8_t>>> masks_;
  std::vector<SweptFeature> made_;  // of the schema, those that are needed
};

}  // namespace coeval
