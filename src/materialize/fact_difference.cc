#include "materialize/fact_difference.h"

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "definition/fact.h"
#include "online/event_keeping.h"
#include "online/winner.h"

namespace coeval {
namespace {

struct ReasonWords {
  std::string_view name;
  std::string_view text;
};

constexpr std::array<ReasonWords, 8> kReasons{{
    {"not_materialized", "not materialized yet"},
    {"landed_late", "landed late: the next incremental run carries it"},
    {"lost", "landed too late for incremental runs, or lost online"},
    {"not_fed", "pushed before this version was fed"},
    {"changed", "another value in place of it: the source was changed in place"},
    {"gone", "no longer in the source: it changed under the online store"},
    {"expired", "expired by age: the values are the same"},
    {"unexplained", "the facts are the same, the answers are not"},
}};

const ReasonWords& WordsOf(DifferenceReason reason) {
  return kReasons.at(static_cast<std::size_t>(reason));
}

bool SameTimes(const KeptFact& a, const KeptFact& b) {
  return CompareTimes(a.times, a.sequence, b.times, b.sequence) == std::strong_ordering::equal;
}

class Comparison {
 public:
  explicit Comparison(const FactComparison& comparison)
      : with_(comparison),
        version_(*comparison.version),
        events_(KeepingOf(version_)),
        format_(events_ ? FactListFormat::kEvents : FactListFormat::kFacts) {
    for (const Field& field : KeptColumns(version_)) types_.push_back(field.type);
  }

  FactDifference Run(std::span<const KeptFact> sources, std::span<const KeptFact> stored) {
    for (const KeptFact& fact : sources) Take(fact, &sources_);
    std::set<std::string> once;
    for (const KeptFact& fact : stored) {
      std::string bytes;
      EncodeOneFact(fact, &bytes, format_);
      if (once.insert(std::move(bytes)).second) Take(fact, &stored_);
    }
    if (events_) {
      CompareEvents();
    } else {
      CompareWinners();
    }
    return result_;
  }

 private:
  using Facts = std::vector<const KeptFact*>;

  // Leaves out what cannot matter at t.
  void Take(const KeptFact& fact, Facts* facts) const {
    if (fact.visible_time > with_.t) return;
    const TimeMicros time = fact.times.event_time;
    if (events_ && IsOutOfReach(time, with_.t, *events_)) return;
    if (events_ && !events_->id_column && (time < with_.reach_first || time > with_.reach_last)) {
      return;
    }
    facts->push_back(&fact);
  }

  [[nodiscard]] bool IsPushed(const KeptFact& fact) const { return !fact.sequence.log.empty(); }

  [[nodiscard]] bool IsUnfed(const KeptFact& fact) const {
    return IsPushed(fact) && with_.unfed.contains(fact.times.created_time);
  }

  [[nodiscard]] bool NextRunCarries(const KeptFact& fact) const {
    if (IsPushed(fact)) return with_.carried.contains(fact.times.created_time);
    if (version_.source.timeless) return with_.replaced || !with_.watermark;
    return IsCarried(with_.next, fact.times);
  }

  // Why the store does not have it, where no other fact stands in its place.
  [[nodiscard]] DifferenceReason WhyMissing(const KeptFact& fact) const {
    if (IsUnfed(fact)) return DifferenceReason::kNotFed;
    if (!NextRunCarries(fact)) return DifferenceReason::kLost;
    const bool before =
        with_.watermark && fact.times.event_time <= *with_.watermark && !version_.source.timeless;
    return before ? DifferenceReason::kLandedLate : DifferenceReason::kNotMaterialized;
  }

  void Tell(DifferenceReason reason, bool explained) {
    result_.reason = reason;
    result_.explained = explained;
  }

  // A run over a range carries batch facts whatever the watermark.
  void TellLost(const KeptFact& fact) {
    if (IsPushed(fact) || version_.source.timeless) return;
    result_.lost_first = std::min(result_.lost_first, fact.times.event_time);
    result_.lost_last = std::max(result_.lost_last, fact.times.event_time);
  }

  // --- a view of winners

  [[nodiscard]] bool Loses(const KeptFact* a, const KeptFact* b) const {
    if (a == nullptr || b == nullptr) return a == nullptr && b != nullptr;
    return CompareKept(*a, *b, types_) == std::strong_ordering::less;
  }

  [[nodiscard]] const KeptFact* WinnerOf(const Facts& facts) const {
    const KeptFact* winner = nullptr;
    for (const KeptFact* fact : facts) {
      if (Loses(winner, fact)) winner = fact;
    }
    return winner;
  }

  [[nodiscard]] bool IsExpiredNow(const KeptFact* fact) const {
    return fact == nullptr || !WithinTtl(fact->times.event_time, with_.t, version_.view.ttl);
  }

  [[nodiscard]] bool InSources(const KeptFact& fact) const {
    return std::any_of(sources_.begin(), sources_.end(), [&](const KeptFact* other) {
      return CompareKept(*other, fact, types_) == std::strong_ordering::equal;
    });
  }

  void CompareWinners() {
    const KeptFact* wanted = WinnerOf(sources_);
    const KeptFact* served = WinnerOf(stored_);
    const bool both_expired = IsExpiredNow(wanted) && IsExpiredNow(served);
    if (Loses(served, wanted)) {
      result_.missing = 1;
      MissWinner(*wanted, served, both_expired);
    } else if (Loses(wanted, served)) {
      result_.extra = 1;
      if (with_.replaced) return Tell(DifferenceReason::kNotMaterialized, /*explained=*/true);
      if (both_expired) return Tell(DifferenceReason::kExpired, /*explained=*/true);
      const bool same_time = std::any_of(
          sources_.begin(), sources_.end(),
          [&](const KeptFact* fact) { return fact->times.event_time == served->times.event_time; });
      Tell(same_time ? DifferenceReason::kChanged : DifferenceReason::kGone, /*explained=*/false);
    }
  }

  void MissWinner(const KeptFact& wanted, const KeptFact* served, bool both_expired) {
    const bool carried = NextRunCarries(wanted);
    if (!carried && both_expired) return Tell(DifferenceReason::kExpired, /*explained=*/true);
    const bool in_place =
        served != nullptr && !with_.replaced && SameTimes(*served, wanted) && !InSources(*served);
    if (in_place) return Tell(DifferenceReason::kChanged, /*explained=*/false);
    if (!carried) TellLost(wanted);
    Tell(WhyMissing(wanted), carried);
  }

  // --- a view of events

  // Bytes that are equal for the same event, however often it is there.
  [[nodiscard]] std::string BytesOf(KeptFact fact) const {
    fact.copy = 0;
    std::string bytes;
    EncodeOneFact(fact, &bytes, format_);
    return bytes;
  }

  // Those of `facts` that are not among `others`. Equal events without ids count as often as they
  // are there (rule 5.3).
  [[nodiscard]] Facts Without(const Facts& facts, const Facts& others) const {
    std::map<std::string, std::int64_t> left;
    for (const KeptFact* other : others) ++left[BytesOf(*other)];
    Facts rest;
    for (const KeptFact* fact : facts) {
      const auto found = left.find(BytesOf(*fact));
      if (found == left.end() || found->second == 0) {
        rest.push_back(fact);
      } else if (!events_->id_column) {
        --found->second;
      }
    }
    return rest;
  }

  // "" where the view has no ids, or the row cannot be read.
  [[nodiscard]] std::string IdOf(const KeptFact& fact) const {
    std::string id;
    if (!events_->id_column) return id;
    if (!AppendId(fact.row, types_, *events_->id_column, &id).ok()) id.clear();
    return id;
  }

  // What the store alone has of an event that the sources have newer news of does not stand.
  void LeaveOutReplaced(Facts* extra) const {
    if (!events_->id_column) return;
    std::erase_if(*extra, [&](const KeptFact* old) {
      const std::string id = IdOf(*old);
      return std::any_of(sources_.begin(), sources_.end(), [&](const KeptFact* fact) {
        return fact->times.has_created && IdOf(*fact) == id &&
               (!old->times.has_created || fact->times.created_time > old->times.created_time);
      });
    });
  }

  void CompareEvents() {
    const Facts missing = Without(sources_, stored_);
    Facts extra = Without(stored_, sources_);
    LeaveOutReplaced(&extra);
    result_.missing = std::ssize(missing);
    result_.extra = std::ssize(extra);
    if (!extra.empty()) return TellExtra(missing, extra);
    std::set<DifferenceReason> reasons;
    bool carried = true;
    for (const KeptFact* fact : missing) {
      reasons.insert(WhyMissing(*fact));
      if (NextRunCarries(*fact)) continue;
      carried = false;
      TellLost(*fact);
    }
    if (missing.empty()) return;
    // The gravest, and of what the next run carries what came first.
    for (const DifferenceReason reason :
         {DifferenceReason::kLost, DifferenceReason::kNotFed, DifferenceReason::kLandedLate,
          DifferenceReason::kNotMaterialized}) {
      if (reasons.contains(reason)) return Tell(reason, carried);
    }
  }

  void TellExtra(const Facts& missing, const Facts& extra) {
    const bool in_place = std::any_of(missing.begin(), missing.end(), [&](const KeptFact* fact) {
      return std::any_of(extra.begin(), extra.end(), [&](const KeptFact* other) {
        return fact->times.event_time == other->times.event_time;
      });
    });
    Tell(in_place ? DifferenceReason::kChanged : DifferenceReason::kGone, /*explained=*/false);
  }

  const FactComparison& with_;
  const ViewVersion& version_;
  const std::optional<EventKeeping> events_;
  const FactListFormat format_;
  std::vector<DataType> types_;
  Facts sources_;
  Facts stored_;
  FactDifference result_;
};

}  // namespace

std::string_view DifferenceReasonName(DifferenceReason reason) {
  return WordsOf(reason).name;
}

std::string_view DifferenceReasonText(DifferenceReason reason) {
  return WordsOf(reason).text;
}

FactDifference ExplainDifference(const FactComparison& comparison,
                                 std::span<const KeptFact> sources,
                                 std::span<const KeptFact> stored) {
  return Comparison(comparison).Run(sources, stored);
}

}  // namespace coeval
