#include "retrieval/event_timeline.h"

#include <algorithm>
#include <compare>
#include <cstddef>

namespace coeval {
namespace {

constexpr std::uint32_t kNone = kAlone;

// Goes over one key's facts. Borrows all; one thread.
class Timeline {
 public:
  Timeline(std::span<const TimelineFact> facts, DurationMicros lateness,
           const CompareTieBytes& compare, std::vector<Appearance>* out)
      : facts_(facts), lateness_(lateness), compare_(compare), out_(out) {}

  [[nodiscard]] bool IsTooLate(std::uint32_t i) const {
    return SaturatingSubtract(facts_[i].declared, facts_[i].times.event_time) > lateness_;
  }

  void AddAlone(std::uint32_t i) {
    if (!facts_[i].is_retraction) out_->push_back({facts_[i].known, i, true});
  }

  // One identity's facts, at least two.
  void AddGroup(std::vector<std::uint32_t> group) {
    std::sort(group.begin(), group.end(),
              [this](std::uint32_t a, std::uint32_t b) { return BecomesKnownBefore(a, b); });
    const bool in_order = std::is_sorted(
        group.begin(), group.end(),
        [this](std::uint32_t a, std::uint32_t b) { return facts_[a].known < facts_[b].known; });
    if (in_order) {
      ReplaceInOrder(group);
    } else {
      ReplaceInAnyOrder(group);
    }
  }

 private:
  // The order in which facts of one identity are taken (rule 5.8).
  [[nodiscard]] bool BecomesKnownBefore(std::uint32_t a, std::uint32_t b) const {
    if (facts_[a].declared != facts_[b].declared) return facts_[a].declared < facts_[b].declared;
    return IsGreater(b, a);
  }

  // Rule 5.3: the greatest by (created time, sequence, tie bytes, event time) stands.
  [[nodiscard]] bool IsGreater(std::uint32_t a, std::uint32_t b) const {
    const TimelineFact& x = facts_[a];
    const TimelineFact& y = facts_[b];
    FactTimes of_x = x.times;
    FactTimes of_y = y.times;
    of_x.event_time = of_y.event_time = 0;
    const std::strong_ordering order = CompareTimes(of_x, x.sequence, of_y, y.sequence);
    if (order != 0) return order > 0;
    if (x.is_retraction != y.is_retraction) return x.is_retraction;  // as rule 3.7 has it
    const int ties = x.is_retraction ? 0 : compare_(a, b);
    if (ties != 0) return ties > 0;
    return x.times.event_time > y.times.event_time;
  }

  // Rule 5.8: what is older than its successor's known time by more than the lateness stays.
  [[nodiscard]] bool StaysForEver(std::uint32_t standing, std::uint32_t successor) const {
    return SaturatingSubtract(facts_[successor].declared, facts_[standing].times.event_time) >
           lateness_;
  }

  void Set(TimeMicros at, std::uint32_t i, bool counts) {
    if (!facts_[i].is_retraction) out_->push_back({at, i, counts});
  }

  // Replaced in the instant in which it became known: it never counted.
  void EndAt(TimeMicros at, std::uint32_t standing) {
    const bool at_once = !out_->empty() && out_->back() == Appearance{at, standing, true};
    if (at_once) {
      out_->pop_back();
    } else {
      Set(at, standing, false);
    }
  }

  void ReplaceInOrder(std::span<const std::uint32_t> group) {
    std::uint32_t standing = kNone;
    for (const std::uint32_t i : group) {
      const TimeMicros at = facts_[i].known;
      if (standing == kNone || StaysForEver(standing, i)) {
        standing = i;
        Set(at, i, true);
      } else if (IsGreater(i, standing)) {
        EndAt(at, standing);
        standing = i;
        Set(at, i, true);
      }
    }
  }

  // The questions see the facts in another order than their source declares (known="arrival" or
  // "hindsight"): at each time at which one more is seen, what stands among those seen is found
  // anew.
  void ReplaceInAnyOrder(std::span<const std::uint32_t> group) {
    std::vector<TimeMicros> times;
    for (const std::uint32_t i : group) times.push_back(facts_[i].known);
    std::sort(times.begin(), times.end());
    times.erase(std::unique(times.begin(), times.end()), times.end());
    std::vector<std::uint32_t> before;
    for (const TimeMicros at : times) {
      std::vector<std::uint32_t> now = StandingAt(group, at);
      std::sort(now.begin(), now.end());
      for (const std::uint32_t i : before) {
        if (!std::binary_search(now.begin(), now.end(), i)) out_->push_back({at, i, false});
      }
      for (const std::uint32_t i : now) {
        if (!std::binary_search(before.begin(), before.end(), i)) out_->push_back({at, i, true});
      }
      before = std::move(now);
    }
  }

  [[nodiscard]] std::vector<std::uint32_t> StandingAt(std::span<const std::uint32_t> group,
                                                      TimeMicros at) const {
    std::vector<std::uint32_t> found;
    std::uint32_t standing = kNone;
    const auto keep = [&] {
      if (standing != kNone && !facts_[standing].is_retraction) found.push_back(standing);
    };
    for (const std::uint32_t i : group) {
      if (facts_[i].known > at) continue;
      if (standing == kNone || StaysForEver(standing, i)) {
        keep();
        standing = i;
      } else if (IsGreater(i, standing)) {
        standing = i;
      }
    }
    keep();
    return found;
  }

  std::span<const TimelineFact> facts_;
  DurationMicros lateness_;
  const CompareTieBytes& compare_;
  std::vector<Appearance>* out_;
};

}  // namespace

void FindAppearances(std::span<const TimelineFact> facts, DurationMicros lateness,
                     const CompareTieBytes& compare, std::vector<Appearance>* appearances,
                     std::int64_t* too_late) {
  Timeline timeline(facts, lateness, compare, appearances);
  const auto first = static_cast<std::ptrdiff_t>(appearances->size());
  std::vector<std::uint32_t> shared;  // facts that have an identity
  for (std::uint32_t i = 0; i < facts.size(); ++i) {
    if (timeline.IsTooLate(i)) {
      ++*too_late;
    } else if (facts[i].identity == kAlone) {
      timeline.AddAlone(i);
    } else {
      shared.push_back(i);
    }
  }
  std::stable_sort(shared.begin(), shared.end(), [&facts](std::uint32_t a, std::uint32_t b) {
    return facts[a].identity < facts[b].identity;
  });
  for (auto begin = shared.begin(); begin != shared.end();) {
    const auto end = std::find_if(begin, shared.end(), [&facts, begin](std::uint32_t i) {
      return facts[i].identity != facts[*begin].identity;
    });
    if (end - begin == 1) {
      timeline.AddAlone(*begin);
    } else {
      timeline.AddGroup({begin, end});
    }
    begin = end;
  }
  const auto earlier = [](const Appearance& a, const Appearance& b) {
    if (a.at != b.at) return a.at < b.at;
    if (a.counts != b.counts) return !a.counts;
    return a.position < b.position;
  };
  if (!std::is_sorted(appearances->begin() + first, appearances->end(), earlier)) {
    std::sort(appearances->begin() + first, appearances->end(), earlier);
  }
}

}  // namespace coeval
