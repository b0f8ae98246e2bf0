#include "store/plan_cache.h"

#include <utility>

namespace coeval {
namespace {

// Injective: names cannot hold a line end.
std::string KeyOf(const FeatureRequest& request) {
  std::string key = request.full_feature_names ? "full\n" : "plain\n";
  key += request.service + "\n" + std::to_string(request.service_version);
  for (const std::string& feature : request.features) {
    key += '\n';
    key += feature;
  }
  return key;
}

}  // namespace

Result<SharedFeaturePlan> PlanCache::Get(const CatalogueSnapshot& catalogue,
                                         const FeatureRequest& request) {
  std::string key = KeyOf(request);
  {
    const std::lock_guard lock(mutex_);
    if (revision_ != catalogue->revision || plans_.size() >= kLimit) plans_.clear();
    revision_ = catalogue->revision;
    if (const auto it = plans_.find(key); it != plans_.end()) return it->second;
  }
  COEVAL_ASSIGN_OR_RETURN(SharedFeaturePlan plan, PlanFeatures(catalogue, request));
  const std::lock_guard lock(mutex_);
  if (revision_ == catalogue->revision) plans_.emplace(std::move(key), plan);
  return plan;
}

}  // namespace coeval
