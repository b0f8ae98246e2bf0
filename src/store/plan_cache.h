// PlanCache: resolved plans by request, valid for one revision of the registry. A server asks the
// same few things again and again; resolving one takes longer than answering it.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/status.h"
#include "retrieval/feature_plan.h"

namespace coeval {

// At most `kLimit` plans; when full it starts again from nothing. Threads: internally locked.
class PlanCache {
 public:
  static constexpr std::size_t kLimit = 1024;

  // The plan of that request against that snapshot: kept, or made now.
  Result<SharedFeaturePlan> Get(const CatalogueSnapshot& catalogue, const FeatureRequest& request);

 private:
  std::mutex mutex_;
  std::int64_t revision_ = -1;
  std::map<std::string, SharedFeaturePlan, std::less<>> plans_;
};

}  // namespace coeval
