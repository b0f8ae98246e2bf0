#include "offline/explain_window.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "aggregation/aggregate_function.h"
#include "aggregation/events.h"
#include "column/builder.h"
#include "column/tie_encoding.h"
#include "offline/explain_identity.h"

namespace coeval {
namespace {

// An expression over an event reads no clock.
constexpr std::array<TimeMicros, 1> kNoTime{0};

// Judges one key's facts for one aggregation. Borrows all.
class Judge {
 public:
  Judge(const KeyFacts& facts, const AggregatedView& view, const ResolvedAggregation& aggregation,
        const Aggregation& declared, const FactQuestion& question)
      : facts_(facts),
        view_(view),
        aggregation_(aggregation),
        declared_(declared),
        question_(question) {}

  WindowAnswer Run() {
    Describe();
    answer_.verdicts.resize(facts_.size());
    std::vector<std::optional<Verdict>> identities =
        JudgeIdentities(facts_, question_, view_.id_column);
    const Column kept = Where();
    for (std::size_t fact = 0; fact < facts_.size(); ++fact) {
      std::optional<Verdict> refused = Outside(fact);
      if (!refused.has_value()) refused = std::move(identities[fact]);
      if (!refused.has_value()) refused = Filtered(kept, fact);
      if (refused.has_value()) {
        answer_.verdicts[fact] = *std::move(refused);
      } else {
        counted_.push_back(fact);
      }
    }
    Order();
    KeepLast();
    Count();
    Compute();
    return std::move(answer_);
  }

 private:
  void Describe() {
    const Window& window = aggregation_.window.window();
    ExplainedWindow& out = answer_.window;
    out.function = FunctionText(declared_);
    out.span = aggregation_.window.At(question_.t);
    out.closed = window.closed;
    out.bounded = window.length.has_value();
    out.lateness = question_.source->effective_lateness();
  }

  // Which events `where` is true for; of no use without one.
  [[nodiscard]] Column Where() const {
    if (aggregation_.where == nullptr) return {};
    const auto n = static_cast<std::int64_t>(facts_.size());
    return aggregation_.where->Evaluate(facts_.columns(), n, kNoTime).values;
  }

  // Rule 5.1: by event time alone.
  [[nodiscard]] std::optional<Verdict> Outside(std::size_t fact) const {
    const TimeMicros time = facts_.times(fact).event_time;
    const EventSpan& span = answer_.window.span;
    const Closed closed = answer_.window.closed;
    if (span.Holds(time)) return std::nullopt;
    if (span.empty()) return Verdict{Fate::kBefore, RankPart::kNothing, "the window is empty"};
    if (time < span.first) {
      const bool open = closed == Closed::kRight || closed == Closed::kNeither;
      const DurationMicros by = SaturatingSubtract(span.first, time) - (open ? 1 : 0);
      return Verdict{Fate::kBefore, RankPart::kNothing, "too old: " + Beside(by, "before")};
    }
    if (time > question_.t) {
      return Verdict{Fate::kFuture, RankPart::kNothing,
                     "of the future, by " + FormatDuration(SaturatingSubtract(time, question_.t))};
    }
    const bool open = closed == Closed::kLeft || closed == Closed::kNeither;
    const DurationMicros by = SaturatingSubtract(time, span.last) - (open ? 1 : 0);
    return Verdict{Fate::kAfter, RankPart::kNothing, "too new: " + Beside(by, "after")};
  }

  // 0: at an end that is open.
  static std::string Beside(DurationMicros by, const char* side) {
    if (by == 0) return std::string("just ") + side + " the window";
    return FormatDuration(by) + " " + side + " the window";
  }

  // Rule 5.4.
  [[nodiscard]] std::optional<Verdict> Filtered(const Column& kept, std::size_t fact) const {
    if (aggregation_.where == nullptr) return std::nullopt;
    if (kept.IsNull(static_cast<std::int64_t>(fact))) {
      return Verdict{Fate::kFiltered, RankPart::kNothing,
                     "filtered: `" + declared_.where + "` is null"};
    }
    if (kept.values<std::uint8_t>()[fact] != 0) return std::nullopt;
    return Verdict{Fate::kFiltered, RankPart::kNothing,
                   "filtered: `" + declared_.where + "` is false"};
  }

  // The order of rule 3.3; events that are alike in all of it, by their ids.
  void Order() {
    const auto id = [this](std::size_t fact) {
      std::string bytes;
      if (view_.id_column.has_value()) {
        AppendTieBytes(facts_.columns()[*view_.id_column], static_cast<std::int64_t>(fact), &bytes);
      }
      return bytes;
    };
    std::stable_sort(counted_.begin(), counted_.end(), [&](std::size_t a, std::size_t b) {
      const auto order = CompareRank(facts_.rank(a), facts_.rank(b));
      return order != 0 ? order < 0 : id(a) < id(b);
    });
  }

  // `last n` (rule 5.1).
  void KeepLast() {
    const std::optional<std::int64_t>& last = aggregation_.window.window().last;
    if (!last.has_value() || std::ssize(counted_) <= *last) return;
    const auto first_kept = counted_.end() - static_cast<std::ptrdiff_t>(*last);
    for (auto fact = counted_.begin(); fact != first_kept; ++fact) {
      answer_.verdicts[*fact] = {Fate::kBeyondLast, RankPart::kNothing,
                                 "older than the newest " + std::to_string(*last)};
    }
    counted_.erase(counted_.begin(), first_kept);
  }

  // Rule 5.5: nulls are in the window, but the function skips them.
  void Count() {
    std::int64_t skipped = 0;
    for (const std::size_t fact : counted_) {
      answer_.verdicts[fact] = {Fate::kCounted, RankPart::kNothing, "in the window"};
      for (const std::size_t column : aggregation_.columns) {
        if (!facts_.columns()[column].IsNull(static_cast<std::int64_t>(fact))) continue;
        answer_.verdicts[fact] = {
            Fate::kNullInput, RankPart::kNothing,
            "in the window, but skipped: `" + facts_.schema()[column].name + "` is null"};
        ++skipped;
        break;
      }
    }
    answer_.window.events = std::ssize(counted_) - skipped;
    if (!counted_.empty()) answer_.newest = facts_.times(counted_.back()).event_time;
    answer_.because = declared_.function + " of " + CountOf(answer_.window.events, "event");
    if (skipped > 0) {
      answer_.because += ", and " + std::to_string(skipped) + " in the window skipped for a null";
    }
    if (facts_.size() == 0) answer_.because += ": no fact of the source has this key";
  }

  // All counted events into an empty state, once.
  void Compute() {
    std::vector<Column> arguments;
    for (const std::size_t column : aggregation_.columns) {
      arguments.push_back(facts_.columns()[column]);
    }
    if (aggregation_.by != nullptr) {
      const auto n = static_cast<std::int64_t>(facts_.size());
      arguments.push_back(aggregation_.by->Evaluate(facts_.columns(), n, kNoTime).values);
    }
    std::vector<std::int64_t> rows;
    for (const std::size_t fact : counted_) rows.push_back(static_cast<std::int64_t>(fact));
    const Events events{.arguments = arguments, .times = facts_.event_times(), .rows = rows.data()};
    const Question question{.t = question_.t,
                            .length = aggregation_.window.window().length,
                            .events = &events,
                            .first = 0,
                            .last = std::ssize(rows)};
    AggregateState state(*aggregation_.function.function);
    if (!rows.empty()) state.Add(events, 0, std::ssize(rows));
    ColumnBuilder value(aggregation_.function.result);
    answer_.invalid = state.Append(question, &value) == Outcome::kInvalid;
    answer_.value = value.Finish();
  }

  const KeyFacts& facts_;
  const AggregatedView& view_;
  const ResolvedAggregation& aggregation_;
  const Aggregation& declared_;
  const FactQuestion& question_;
  WindowAnswer answer_;
  std::vector<std::size_t> counted_;
};

}  // namespace

WindowAnswer JudgeWindow(const KeyFacts& facts, const AggregatedView& view,
                         const ResolvedAggregation& aggregation, const Aggregation& declared,
                         const FactQuestion& question) {
  return Judge(facts, view, aggregation, declared, question).Run();
}

std::string FunctionText(const Aggregation& aggregation) {
  std::string text = aggregation.function + "(";
  for (const std::string& column : aggregation.columns) {
    text += (text.back() == '(' ? "" : ", ") + column;
  }
  if (aggregation.params.is_object()) {
    for (const auto& [name, value] : aggregation.params.object()) {
      text += (text.back() == '(' ? "" : ", ") + name + "=" + value.Write();
    }
  }
  text += ")";
  if (!aggregation.by.empty()) text += " by " + aggregation.by;
  const Window& window = aggregation.window;
  text += window.length.has_value() ? " over " + FormatDuration(*window.length)
                                    : std::string(" over all history");
  if (window.offset != 0) text += ", offset " + FormatDuration(window.offset);
  if (window.slide_interval > 0) {
    text += ", sliding by " + FormatDuration(window.slide_interval);
    if (window.zone != "UTC") text += " in " + window.zone;
  }
  if (window.last.has_value()) text += ", the last " + std::to_string(*window.last);
  if (!aggregation.where.empty()) text += ", where " + aggregation.where;
  return text;
}

}  // namespace coeval
