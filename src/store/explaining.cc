// FeatureStore: why a feature has the value that it has.
#include <utility>

#include "offline/explain.h"
#include "offline/spine.h"
#include "store/store_core.h"

namespace coeval {

Result<Explanation> FeatureStore::Explain(const SharedFeaturePlan& plan,
                                          std::span<const Column> columns, TimeMicros at,
                                          const std::string& feature, const ExplainOptions& options,
                                          const std::shared_ptr<CancelToken>& cancel) {
  const Context context = impl_->With(cancel);
  COEVAL_ASSIGN_OR_RETURN(const std::size_t output, FindOutput(*plan, feature));
  return coeval::Explain(*plan, output, columns, at, options, OpenerOf(*impl_, context), context);
}

Result<Explanation> FeatureStore::Explain(const SharedFeaturePlan& plan, ArrowTable spine,
                                          const std::string& time_column, std::int64_t row,
                                          const std::string& feature, const ExplainOptions& options,
                                          const std::shared_ptr<CancelToken>& cancel) {
  const Context context = impl_->With(cancel);
  COEVAL_ASSIGN_OR_RETURN(const Spine read, ReadQuestions(std::move(spine), *plan, time_column));
  return ExplainRow(*plan, read, row, feature, options, OpenerOf(*impl_, context), context);
}

Result<Explanation> FeatureStore::Explain(const TrainingSet& set, std::int64_t row,
                                          const std::string& feature, ExplainOptions options,
                                          const std::shared_ptr<CancelToken>& cancel) {
  if (set.plan == nullptr) {
    return Status::FailedPrecondition("this training set was made by another store; make it again");
  }
  const Context context = impl_->With(cancel);
  options.known = set.known;
  return ExplainRow(*set.plan, set, row, feature, options, OpenerOf(*impl_, context), context);
}

}  // namespace coeval
