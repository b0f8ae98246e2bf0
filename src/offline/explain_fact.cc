#include "offline/explain_fact.h"

#include <algorithm>
#include <compare>
#include <cstdint>
#include <numeric>

#include "column/tie_encoding.h"

namespace coeval {
namespace {

// The first part of rule 3.3 in which `a` and `b` differ.
RankPart FirstDifference(const FactRank& a, const FactRank& b) {
  if (a.times.event_time != b.times.event_time) return RankPart::kEventTime;
  if (CompareTimes(a.times, {}, b.times, {}) != 0) return RankPart::kCreatedTime;
  if (CompareTimes(a.times, a.sequence, b.times, b.sequence) != 0) return RankPart::kSequence;
  if (a.is_delete != b.is_delete) return RankPart::kDelete;
  return CompareRank(a, b) == 0 ? RankPart::kNothing : RankPart::kTieBytes;
}

// The first column whose tie bytes differ, with both values: "`temp` is 3.1, not 3.5".
std::string TieText(const KeyFacts& facts, std::size_t loser, std::size_t winner) {
  for (std::size_t i = 0; i < facts.columns().size(); ++i) {
    const Column& column = facts.columns()[i];
    std::string less;
    std::string greater;
    AppendTieBytes(column, static_cast<std::int64_t>(loser), &less);
    AppendTieBytes(column, static_cast<std::int64_t>(winner), &greater);
    if (less == greater) continue;
    const auto text = [&column](std::size_t fact) {
      return ToText(column.GetValue(static_cast<std::int64_t>(fact)), column.type());
    };
    return "`" + facts.schema()[i].name + "` is " + text(loser) + ", less than " + text(winner);
  }
  return "its tie bytes are less";
}

std::string Later(TimeMicros than, TimeMicros time) {
  return FormatDuration(SaturatingSubtract(time, than));
}

// Why a candidate loses against the winner.
std::string WhyLoses(const KeyFacts& facts, std::size_t loser, std::size_t winner, RankPart part) {
  const FactTimes a = facts.times(loser);
  const FactTimes b = facts.times(winner);
  switch (part) {
    case RankPart::kEventTime:
      return "loses: its event time is earlier, by " + Later(a.event_time, b.event_time);
    case RankPart::kCreatedTime:
      if (!a.has_created) return "loses: of the same event time, but without a created time";
      return "loses: of the same event time, but created earlier, by " +
             Later(a.created_time, b.created_time);
    case RankPart::kSequence:
      return "loses: of the same times, but of a lesser sequence";
    case RankPart::kDelete:
      return "loses: alike in times, and the other is a delete";
    case RankPart::kTieBytes:
      return "loses: alike in times; " + TieText(facts, loser, winner);
    case RankPart::kNothing:
      break;
  }
  return "the same as the winner in everything";
}

// Why the winner wins; `part`: what tells it from the one next to it.
std::string WhyWins(RankPart part, std::int64_t candidates) {
  const std::string of = " of " + CountOf(candidates, "candidate");
  switch (part) {
    case RankPart::kEventTime:
      return "wins: the latest event time" + of;
    case RankPart::kCreatedTime:
      return "wins: the latest event time" + of + ", and of those the latest created time";
    case RankPart::kSequence:
      return "wins: the latest times" + of + ", and of those the greatest sequence";
    case RankPart::kDelete:
      return "wins: the latest times" + of + ", and a delete wins a full tie";
    case RankPart::kTieBytes:
      return "wins: the latest times" + of + ", and of those the greatest tie bytes";
    case RankPart::kNothing:
      break;
  }
  return candidates == 1 ? "wins: the only candidate" : "wins: all" + of + " are the same";
}

// Judges one key's facts. Borrows all.
class Judge {
 public:
  Judge(const KeyFacts& facts, const FactQuestion& question) : facts_(facts), question_(question) {}

  FactAnswer Run() {
    answer_.verdicts.resize(facts_.size());
    for (std::size_t fact = 0; fact < facts_.size(); ++fact) Look(fact);
    if (answer_.winner.has_value()) {
      Rank();
    } else {
      Expired();
    }
    return std::move(answer_);
  }

 private:
  // Rules 3.1 and 3.2; the greatest candidate so far stays (3.3). Of equal ones the first.
  void Look(std::size_t fact) {
    if (auto refused = NotYet(facts_, fact, question_)) {
      answer_.verdicts[fact] = *std::move(refused);
      return;
    }
    if (!newest_.has_value() || IsGreater(fact, *newest_)) newest_ = fact;
    const TimeMicros time = facts_.times(fact).event_time;
    if (!WithinTtl(time, question_.t, question_.ttl)) {
      const TimeMicros oldest = SaturatingSubtract(question_.t, question_.ttl);
      answer_.verdicts[fact] = {Fate::kExpired, RankPart::kNothing,
                                "expired: older than the ttl, " + FormatDuration(question_.ttl) +
                                    ", by " + Later(time, oldest)};
      return;
    }
    candidates_.push_back(fact);
    if (!answer_.winner.has_value() || IsGreater(fact, *answer_.winner)) answer_.winner = fact;
  }

  [[nodiscard]] bool IsGreater(std::size_t a, std::size_t b) const {
    return CompareRank(facts_.rank(a), facts_.rank(b)) > 0;
  }

  void Rank() {
    const std::size_t winner = *answer_.winner;
    std::optional<std::size_t> second;  // the greatest that is less than the winner
    for (const std::size_t fact : candidates_) {
      if (fact == winner) continue;
      const RankPart part = FirstDifference(facts_.rank(fact), facts_.rank(winner));
      const Fate fate = part == RankPart::kNothing ? Fate::kSame : Fate::kLoses;
      answer_.verdicts[fact] = {fate, part, WhyLoses(facts_, fact, winner, part)};
      if (fate == Fate::kSame) continue;
      if (!second.has_value() || IsGreater(fact, *second)) second = fact;
    }
    const RankPart part = second.has_value()
                              ? FirstDifference(facts_.rank(winner), facts_.rank(*second))
                              : RankPart::kNothing;
    const std::string why = WhyWins(part, static_cast<std::int64_t>(candidates_.size()));
    answer_.verdicts[winner] = {Fate::kWins, part, why};
    if (facts_.is_delete(winner)) {
      answer_.because = "a delete " + why + "; so there is no fact";
      return;
    }
    answer_.because = "the fact that " + why;
    answer_.match = Match::kFound;
    answer_.event_time = facts_.times(winner).event_time;
  }

  // No candidate: why, and does the newest still count as expired (rule 7.2)?
  void Expired() {
    if (facts_.size() == 0) {
      answer_.because = "no fact of the source has this key";
      return;
    }
    if (!newest_.has_value()) {
      answer_.because = facts_.size() == 1
                            ? "no candidate: the key's only fact was not yet true, or not yet known"
                            : "no candidate: none of the key's facts was true and known by then";
      return;
    }
    answer_.because = "no candidate: all facts known by then are older than the ttl";
    const TimeMicros time = facts_.times(*newest_).event_time;
    if (facts_.is_delete(*newest_)) return;
    if (!WithinTwiceTtl(time, question_.t, question_.ttl)) {
      answer_.because += ", and than twice the ttl";
      return;
    }
    answer_.match = Match::kOutsideMaxAge;
    answer_.event_time = time;
  }

  const KeyFacts& facts_;
  const FactQuestion& question_;
  FactAnswer answer_;
  std::vector<std::size_t> candidates_;
  std::optional<std::size_t> newest_;  // without regard to the ttl
};

}  // namespace

std::optional<Verdict> NotYet(const KeyFacts& facts, std::size_t fact,
                              const FactQuestion& question) {
  const FactTimes times = facts.times(fact);
  if (times.event_time > question.t) {
    return Verdict{Fate::kFuture, RankPart::kNothing,
                   "of the future, by " + Later(question.t, times.event_time)};
  }
  const TimeMicros known = KnownTime(times, *question.source, question.known);
  if (known <= question.t) return std::nullopt;
  return Verdict{Fate::kKnownLater, RankPart::kNothing,
                 "not yet known: known " + Later(question.t, known) + " after the question"};
}

FactAnswer JudgeFacts(const KeyFacts& facts, const FactQuestion& question) {
  return Judge(facts, question).Run();
}

std::vector<std::size_t> OrderByRank(const KeyFacts& facts) {
  std::vector<std::size_t> order(facts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&facts](std::size_t a, std::size_t b) {
    return CompareRank(facts.rank(a), facts.rank(b)) < 0;
  });
  return order;
}

std::string CountOf(std::int64_t count, const std::string& what) {
  std::string text = std::to_string(count);
  for (auto at = static_cast<std::int64_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), ",");
  }
  return text + " " + what + (count == 1 ? "" : "s");
}

}  // namespace coeval
