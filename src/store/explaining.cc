// FeatureStore: why a feature has the value that it has.
#include <algorithm>
#include <optional>
#include <utility>

#include "definition/push_reach.h"
#include "offline/explain.h"
#include "offline/spine.h"
#include "store/store_core.h"

namespace coeval {
namespace {

// An explanation of a value at t shows all facts of a key, and needs those that the value may be
// of. A view over a view needs all of that one (rule 5.9).
OpenView ExplainerOf(FeatureStore::Impl& impl, const FeaturePlan& plan, TimeMicros t,
                     const Context& context) {
  const bool over_views = std::ranges::any_of(
      plan.views, [](const PlannedView& view) { return view.version->source_view != nullptr; });
  return [&impl, &context, t, over_views](const ViewVersion& view, const FactRequest& request) {
    std::optional<DurationMicros> reach;
    if (view.push.has_value() && !over_views) reach = ReachOf(view);
    std::optional<TimeMicros> needed_from;
    if (reach) needed_from = SaturatingSubtract(t, *reach);
    return impl.OpenFacts(view, request, context, needed_from);
  };
}

// Of a row; where there is none, that is told elsewhere.
TimeMicros TimeAt(const Spine& spine, std::int64_t row) {
  const bool is_there = row >= 0 && row < std::ssize(spine.times);
  return is_there ? spine.times[static_cast<std::size_t>(row)] : kMinTime;
}

}  // namespace

Result<Explanation> FeatureStore::Explain(const SharedFeaturePlan& plan,
                                          std::span<const Column> columns, TimeMicros at,
                                          const std::string& feature, const ExplainOptions& options,
                                          const std::shared_ptr<CancelToken>& cancel) {
  const Context context = impl_->With(cancel);
  COEVAL_ASSIGN_OR_RETURN(const std::size_t output, FindOutput(*plan, feature));
  return coeval::Explain(*plan, output, columns, at, options,
                         ExplainerOf(*impl_, *plan, at, context), context);
}

Result<Explanation> FeatureStore::Explain(const SharedFeaturePlan& plan, ArrowTable spine,
                                          const std::string& time_column, std::int64_t row,
                                          const std::string& feature, const ExplainOptions& options,
                                          const std::shared_ptr<CancelToken>& cancel) {
  const Context context = impl_->With(cancel);
  COEVAL_ASSIGN_OR_RETURN(const Spine read, ReadQuestions(std::move(spine), *plan, time_column));
  return ExplainRow(*plan, read, row, feature, options,
                    ExplainerOf(*impl_, *plan, TimeAt(read, row), context), context);
}

Result<Explanation> FeatureStore::Explain(const TrainingSet& set, std::int64_t row,
                                          const std::string& feature, ExplainOptions options,
                                          const std::shared_ptr<CancelToken>& cancel) {
  if (set.plan == nullptr) {
    return Status::FailedPrecondition("this training set was made by another store; make it again");
  }
  const Context context = impl_->With(cancel);
  options.known = set.known;
  return ExplainRow(*set.plan, set, row, feature, options,
                    ExplainerOf(*impl_, *set.plan, TimeAt(set.spine, row), context), context);
}

}  // namespace coeval
