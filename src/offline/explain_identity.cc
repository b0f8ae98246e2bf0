#include "offline/explain_identity.h"

#include <algorithm>
#include <compare>
#include <cstdint>
#include <map>
#include <string>

#include "column/tie_encoding.h"

namespace coeval {
namespace {

// Judges one key's facts. Borrows all.
class Judge {
 public:
  Judge(const KeyFacts& facts, const FactQuestion& question)
      : facts_(facts), question_(question), verdicts_(facts.size()) {}

  std::vector<std::optional<Verdict>> Run(std::optional<std::size_t> id_column) {
    std::map<std::string, std::vector<std::size_t>> of_identity;
    for (std::size_t fact = 0; fact < facts_.size(); ++fact) {
      if (Refused(fact)) continue;
      const auto row = static_cast<std::int64_t>(fact);
      if (!id_column.has_value() || facts_.columns()[*id_column].IsNull(row)) {
        Settle({fact});
        continue;
      }
      std::string id;
      AppendTieBytes(facts_.columns()[*id_column], row, &id);
      of_identity[id].push_back(fact);
    }
    for (auto& [id, members] : of_identity) Settle(std::move(members));
    return std::move(verdicts_);
  }

 private:
  // When the source says that a fact became known: what lateness and the order of facts go by, also
  // where the training set chose another `known`.
  [[nodiscard]] TimeMicros Declared(std::size_t fact) const {
    return KnownTime(facts_.times(fact), *question_.source, Known::kDeclared);
  }

  // Rule 5.8, and what is not known yet.
  bool Refused(std::size_t fact) {
    const TimeMicros event = facts_.times(fact).event_time;
    const DurationMicros lateness = question_.source->effective_lateness();
    const DurationMicros late = SaturatingSubtract(Declared(fact), event);
    if (late > lateness) {
      verdicts_[fact] = {Fate::kTooLate, RankPart::kNothing,
                         "too late: known " + FormatDuration(late) +
                             " after its event time; the source's lateness is " +
                             FormatDuration(lateness)};
      return true;
    }
    const TimeMicros known = KnownTime(facts_.times(fact), *question_.source, question_.known);
    if (known <= question_.t) return false;
    verdicts_[fact] = {Fate::kKnownLater, RankPart::kNothing,
                       "not yet known: known " +
                           FormatDuration(SaturatingSubtract(known, question_.t)) +
                           " after the question"};
    return true;
  }

  // Rule 5.3: by created time, sequence, tie bytes, event time.
  [[nodiscard]] bool IsGreater(std::size_t a, std::size_t b) const {
    FactRank x = facts_.rank(a);
    FactRank y = facts_.rank(b);
    x.times.event_time = y.times.event_time = 0;
    const std::strong_ordering order = CompareRank(x, y);
    if (order != 0) return order > 0;
    return facts_.times(a).event_time > facts_.times(b).event_time;
  }

  // The facts of one identity that are known at t: which stands?
  void Settle(std::vector<std::size_t> members) {
    std::stable_sort(members.begin(), members.end(), [this](std::size_t a, std::size_t b) {
      const TimeMicros of_a = Declared(a);
      const TimeMicros of_b = Declared(b);
      return of_a != of_b ? of_a < of_b : IsGreater(b, a);
    });
    std::size_t standing = members.front();
    Stand(standing);
    for (std::size_t i = 1; i < members.size(); ++i) {
      const std::size_t next = members[i];
      const DurationMicros age =
          SaturatingSubtract(Declared(next), facts_.times(standing).event_time);
      if (age > question_.source->effective_lateness()) {
        standing = next;  // what stood until now stands for ever
        Stand(standing);
      } else if (IsGreater(next, standing)) {
        Replace(standing, next);
        standing = next;
        Stand(standing);
      } else {
        Replace(next, standing);
      }
    }
  }

  void Stand(std::size_t fact) {
    verdicts_[fact].reset();
    if (!facts_.is_delete(fact)) return;
    verdicts_[fact] = {Fate::kRetraction, RankPart::kNothing, "a retraction"};
  }

  void Replace(std::size_t fact, std::size_t by) {
    const TimeMicros known = KnownTime(facts_.times(by), *question_.source, question_.known);
    const std::string since = known == kMinTime ? std::string() : ", known " + FormatTime(known);
    if (facts_.is_delete(by)) {
      verdicts_[fact] = {Fate::kRetracted, RankPart::kNothing,
                         "taken back by a retraction" + since};
    } else {
      verdicts_[fact] = {Fate::kReplaced, RankPart::kNothing, "replaced by a correction" + since};
    }
  }

  const KeyFacts& facts_;
  const FactQuestion& question_;
  std::vector<std::optional<Verdict>> verdicts_;
};

}  // namespace

std::vector<std::optional<Verdict>> JudgeIdentities(const KeyFacts& facts,
                                                    const FactQuestion& question,
                                                    std::optional<std::size_t> id_column) {
  return Judge(facts, question).Run(id_column);
}

}  // namespace coeval
