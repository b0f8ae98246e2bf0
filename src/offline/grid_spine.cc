#include "offline/grid_spine.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "offline/event_presence.h"
#include "offline/question_index.h"
#include "offline/spine.h"
#include "offline/spine_facts.h"

namespace coeval {
namespace {

// No instant: there is no fact.
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

// From when on a row is an event; none: a delete, or, in an aggregated view, too late (rule 5.8).
std::optional<TimeMicros> EventVisibleFrom(const PlannedView& view, const FactBatch& facts,
                                           std::int64_t row, Known known) {
  if (facts.is_delete(row)) return std::nullopt;
  const Source& source = view.version->source;
  const FactTimes times = facts.times(row);
  if (view.version->view.is_aggregated()) {
    const TimeMicros declared = KnownTime(times, source, Known::kDeclared);
    if (SaturatingSubtract(declared, times.event_time) > source.effective_lateness()) {
      return std::nullopt;
    }
  }
  return VisibleTime(times, source, known);
}

// Makes one spine. Borrows all; one use.
class Maker {
 public:
  Maker(const FeaturePlan& plan, const TimeGrid& grid, Known known, const OpenView& open,
        const Context& context)
      : plan_(plan), grid_(grid), known_(known), open_(open), context_(context) {}

  Result<ArrowTable> Run() {
    bool may_go = false;
    first_.resize(plan_.views.size());
    for (std::size_t view = 0; view < plan_.views.size(); ++view) {
      COEVAL_RETURN_IF_ERROR(FindFirst(view));
      may_go = may_go || EventsMayGo(plan_.views[view]);
    }
    COEVAL_RETURN_IF_ERROR(FillMoments());
    COEVAL_ASSIGN_OR_RETURN(ArrowTable table, TableOfMoments(plan_, keys_, moments_));
    if (!may_go) return table;
    COEVAL_RETURN_IF_ERROR(LeaveOutGone(std::move(table)));
    return TableOfMoments(plan_, keys_, moments_);
  }

 private:
  std::size_t KeyOf(std::string_view key) {
    const auto found = numbers_.find(std::string(key));
    if (found != numbers_.end()) return found->second;
    const auto made = numbers_.emplace(std::string(key), numbers_.size()).first;
    keys_.emplace_back(made->first);
    return made->second;
  }

  // The first instant of the grid at or after t.
  [[nodiscard]] std::int64_t InstantOf(TimeMicros t) const {
    if (t <= grid_.start) return 0;
    const std::uint64_t distance =
        static_cast<std::uint64_t>(t) - static_cast<std::uint64_t>(grid_.start);
    return static_cast<std::int64_t>((distance - 1) / static_cast<std::uint64_t>(grid_.every)) + 1;
  }

  // For each key the first instant at which a fact of the view is true and known.
  Status FindFirst(std::size_t number) {
    const PlannedView& view = plan_.views[number];
    std::vector<std::int64_t>& first = first_[number];
    const std::int64_t instants = grid_.num_instants();
    const auto take = [&](std::string_view key, const FactBatch& facts, std::int64_t row) {
      const std::optional<TimeMicros> visible = EventVisibleFrom(view, facts, row, known_);
      if (!visible.has_value() || *visible > grid_.end) return;
      const std::int64_t instant = InstantOf(*visible);
      if (instant >= instants) return;
      const std::size_t i = KeyOf(key);
      if (i >= first.size()) first.resize(i + 1, kNever);
      first[i] = std::min(first[i], instant);
    };
    return ForEachFact(plan_, view, {.event_max = grid_.end}, open_, context_, take);
  }

  [[nodiscard]] std::int64_t First(std::size_t view, std::size_t key) const {
    return key < first_[view].size() ? first_[view][key] : kNever;
  }

  Status FillMoments() {
    std::vector<std::pair<std::int64_t, std::size_t>> begins;  // a key and its first instant
    std::int64_t rows = 0;
    for (std::size_t key = 0; key < keys_.size(); ++key) {
      std::int64_t first = kNever;
      for (std::size_t view = 0; view < first_.size(); ++view) {
        first = std::min(first, First(view, key));
      }
      begins.emplace_back(first, key);
      rows += grid_.num_instants() - first;
      if (rows > kMaxGridRows) {
        return Status::InvalidArgument(
            "the grid of " + std::to_string(grid_.num_instants()) + " instants has more than " +
            std::to_string(kMaxGridRows) +
            " rows with all keys; take a longer `every` or a shorter range");
      }
    }
    std::sort(begins.begin(), begins.end(),
              [this](const auto& a, const auto& b) { return keys_[a.second] < keys_[b.second]; });
    moments_.reserve(static_cast<std::size_t>(rows));
    for (std::int64_t instant = 0; instant < grid_.num_instants(); ++instant) {
      for (const auto& [first, key] : begins) {
        if (first <= instant) moments_.push_back({key, grid_.At(instant)});
      }
      COEVAL_RETURN_IF_ERROR(context_.cancel->Check());
    }
    return Status::Ok();
  }

  // Keeps the rows whose key has an event in some view.
  Status LeaveOutGone(ArrowTable candidates) {
    COEVAL_ASSIGN_OR_RETURN(const Spine spine,
                            ReadSpine(std::move(candidates), plan_, kFactTimeColumn));
    std::vector<std::uint8_t> present(moments_.size(), 0);
    for (std::size_t view = 0; view < plan_.views.size(); ++view) {
      COEVAL_RETURN_IF_ERROR(AddPresence(view, spine, &present));
    }
    std::size_t kept = 0;
    for (std::size_t row = 0; row < moments_.size(); ++row) {
      if (present[row] != 0) moments_[kept++] = moments_[row];
    }
    moments_.resize(kept);
    return Status::Ok();
  }

  Status AddPresence(std::size_t number, const Spine& spine, std::vector<std::uint8_t>* present) {
    const PlannedView& view = plan_.views[number];
    if (!EventsMayGo(view)) {
      for (std::size_t row = 0; row < moments_.size(); ++row) {
        const std::int64_t first = First(number, moments_[row].key);
        if (first != kNever && grid_.At(first) <= moments_[row].t) (*present)[row] = 1;
      }
      return Status::Ok();
    }
    std::vector<Column> keys;
    for (const std::string& name : view.key_columns) {
      keys.push_back(spine.request[plan_.RequestColumn(name)]);
    }
    COEVAL_ASSIGN_OR_RETURN(const QuestionIndex index, QuestionIndex::Build(keys, spine.times));
    const OpenFacts open = [&](const std::vector<ColumnSchema>& features,
                               const FactRange& range) -> Result<std::unique_ptr<FactStream>> {
      FactRequest request;
      request.view = view.shown_name;
      request.keys = view.version->join_keys;
      request.features = features;
      request.range = range;
      COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<FactReader> reader,
                              open_(*view.version, std::move(request)));
      return std::unique_ptr<FactStream>(std::move(reader));
    };
    COEVAL_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> found,
                            FindPresence(index, view, known_, open, context_));
    for (std::size_t row = 0; row < found.size(); ++row) (*present)[row] |= found[row];
    return Status::Ok();
  }

  const FeaturePlan& plan_;
  const TimeGrid& grid_;
  const Known known_;
  const OpenView& open_;
  const Context& context_;
  std::unordered_map<std::string, std::size_t> numbers_;  // encoded key -> its number
  std::vector<std::string_view> keys_;                    // by number; into numbers_
  std::vector<std::vector<std::int64_t>> first_;          // per view and key: an instant
  std::vector<SpineMoment> moments_;
};

}  // namespace

Result<std::optional<TimeMicros>> FirstVisibleTime(const FeaturePlan& plan, TimeMicros end,
                                                   Known known, const OpenView& open,
                                                   const Context& context) {
  std::optional<TimeMicros> first;
  for (const PlannedView& view : plan.views) {
    const auto take = [&](std::string_view, const FactBatch& facts, std::int64_t row) {
      const std::optional<TimeMicros> visible = EventVisibleFrom(view, facts, row, known);
      if (!visible.has_value() || *visible > end) return;
      if (!first.has_value() || *visible < *first) first = visible;
    };
    COEVAL_RETURN_IF_ERROR(ForEachFact(plan, view, {.event_max = end}, open, context, take));
  }
  return first;
}

Result<ArrowTable> MakeSpineFromGrid(const FeaturePlan& plan, const TimeGrid& grid, Known known,
                                     const OpenView& open, const Context& context) {
  COEVAL_RETURN_IF_ERROR(grid.Check());
  COEVAL_RETURN_IF_ERROR(CheckSpineOfFacts(plan));
  return Maker(plan, grid, known, open, context).Run();
}

}  // namespace coeval
