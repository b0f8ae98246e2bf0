// What the parts of a FeatureStore share: configuration, context, registry, and the online store,
// which is opened when it is first needed. Inside store/ only.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/context.h"
#include "base/status.h"
#include "config/config.h"
#include "definition/catalogue.h"
#include "definition/object_kind.h"
#include "offline/facts_spine.h"
#include "online/online_store.h"
#include "registry/registry.h"
#include "source/fact_reader.h"
#include "store/feature_store.h"
#include "store/plan_cache.h"

namespace coeval {

// Threads: registry, online store and plans lock themselves.
struct FeatureStore::Impl {
  StoreOptions options;
  Config config;
  Context context;
  std::unique_ptr<Registry> registry;
  PlanCache plans;

  // The online store, opened once. Errors: as OpenRocksDbStore; tried again at the next call.
  Result<OnlineStore*> Online();
  // Null where it cannot be opened (another process has it): for telling, not for answering.
  OnlineStore* OnlineForLooking();

  Result<CatalogueSnapshot> Snapshot() const { return registry->Snapshot(); }

  // The facts of a view, its source's location bound; errors name view and source, and do not show
  // what is secret in the location.
  Result<std::unique_ptr<FactReader>> OpenFacts(const ViewVersion& view, FactRequest request,
                                                const Context& with) const;
  // The context with another cancel token where one is given.
  [[nodiscard]] Context With(const std::shared_ptr<CancelToken>& cancel) const;

  // Tells the registry that versions were served (rule 8.5); next to nothing after the first time.
  Status MarkServed(const FeaturePlan& plan);
  // The report of a promote or rollback that is done: the version that is active now, and the views
  // whose data lie behind where the online store can be looked into.
  Result<PlanReport> Moved(ObjectKind kind, const std::string& name, bool changed,
                           std::string_view verb);
  // Puts a training set and what it was made from into the registry (rule 4.6).
  Status Record(const FeaturePlan& plan, const TrainingSet& set);

 private:
  std::mutex online_mutex_;
  std::unique_ptr<OnlineStore> online_;
};

// Opens the facts of views, for the offline engine. Borrows both.
OpenView OpenerOf(const FeatureStore::Impl& impl, const Context& context);

// "ann@host": who does things, for the history.
std::string CurrentUser();

}  // namespace coeval
