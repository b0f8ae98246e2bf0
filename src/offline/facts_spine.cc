#include "offline/facts_spine.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "offline/spine_facts.h"

namespace coeval {
namespace {

// Distinct (key, time). Keys are encoded, in the plan's order of columns.
class Moments {
 public:
  void Add(std::string_view key, TimeMicros t) {
    auto found = keys_.find(std::string(key));
    if (found == keys_.end()) {
      found = keys_.emplace(std::string(key), keys_.size()).first;
      texts_.push_back(&found->first);
    }
    moments_.insert({found->second, t});
  }

  // By time, then by key.
  [[nodiscard]] std::vector<SpineMoment> Sorted() const {
    std::vector<SpineMoment> sorted(moments_.begin(), moments_.end());
    std::sort(sorted.begin(), sorted.end(), [this](const SpineMoment& a, const SpineMoment& b) {
      return std::tie(a.t, *texts_[a.key]) < std::tie(b.t, *texts_[b.key]);
    });
    return sorted;
  }

  [[nodiscard]] std::vector<std::string_view> keys() const {
    std::vector<std::string_view> keys;
    for (const std::string* text : texts_) keys.emplace_back(*text);
    return keys;
  }

 private:
  struct HashOf {
    std::size_t operator()(const SpineMoment& m) const {
      return std::hash<std::uint64_t>()(static_cast<std::uint64_t>(m.t) * 0x9E3779B97F4A7C15U +
                                        m.key);
    }
  };

  std::unordered_map<std::string, std::size_t> keys_;
  std::vector<const std::string*> texts_;
  std::unordered_set<SpineMoment, HashOf> moments_;
};

// The facts that can become visible in the range.
FactRange RangeOfFacts(const ViewVersion& view, TimeRange range, Known known) {
  const Source& source = view.source;
  FactRange facts;
  facts.event_max = range.end;
  facts.event_min = SaturatingSubtract(range.start, source.data_delay);
  // An arrival may be long after its event.
  const bool of_files = !source.created_field.empty() && KnownByCreatedTime(source, known);
  const bool of_pushes = view.push.has_value() && KnownByCreatedTime(source, known, true);
  if (of_files || of_pushes) facts.created_min = range.start;
  return facts;
}

Status AddView(const FeaturePlan& plan, const PlannedView& view, TimeRange range, Known known,
               const OpenView& open, const Context& context, Moments* moments) {
  const Source& source = view.version->source;
  if (source.timeless) return Status::Ok();  // visible since before any range
  return ForEachFact(plan, view, RangeOfFacts(*view.version, range, known), open, context,
                     [&](std::string_view key, const FactBatch& facts, std::int64_t row) {
                       const TimeMicros v = VisibleTime(facts.times(row), source, known);
                       if (v >= range.start && v <= range.end) moments->Add(key, v);
                     });
}

}  // namespace

Result<ArrowTable> MakeSpineFromFacts(const FeaturePlan& plan, TimeRange range, Known known,
                                      const OpenView& open, const Context& context) {
  if (range.start > range.end) {
    return Status::InvalidArgument("the time range begins at " + FormatTime(range.start) +
                                   ", after its end " + FormatTime(range.end));
  }
  COEVAL_RETURN_IF_ERROR(CheckSpineOfFacts(plan));
  Moments moments;
  for (const PlannedView& view : plan.views) {
    COEVAL_RETURN_IF_ERROR(AddView(plan, view, range, known, open, context, &moments));
  }
  return TableOfMoments(plan, moments.keys(), moments.Sorted());
}

}  // namespace coeval
