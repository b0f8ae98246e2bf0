// What the parts of a FeatureStore share: configuration, context, registry, and the way to the
// online store. Inside store/ only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "config/config.h"
#include "definition/catalogue.h"
#include "definition/object_kind.h"
#include "ingest/ingester.h"
#include "offline/facts_spine.h"
#include "online/online_store.h"
#include "registry/registry.h"
#include "source/fact_reader.h"
#include "source/pushed_facts.h"
#include "store/feature_store.h"
#include "store/owner_link.h"
#include "store/plan_cache.h"
#include "store/store_access.h"
#include "store/store_places.h"

namespace coeval {

// Threads: registry, access and plans lock themselves.
struct FeatureStore::Impl {
  StoreOptions options;
  Config config;
  Context context;
  StorePlaces places;
  std::unique_ptr<Registry> registry;
  PlanCache plans;

  StoreAccess access;  // the last: what others still ask of it uses all above

  // Readies `access` for the store of the configuration.
  void Prepare(FeatureStore* store);

  // Does a thing with the online store: `here(OpenedStore&)` in this process, where it owns the
  // store or can; else `there(StoreOwner&)`. Where an owner goes away meanwhile, it is done again:
  // both must be such that this does no harm. Errors: theirs, and those of StoreAccess::Reach.
  template <typename T, typename Here, typename There>
  Result<T> AtStore(const Here& here, const There& there) {
    const auto give_up =
        std::chrono::steady_clock::now() + std::chrono::microseconds(access.patience());
    while (true) {
      COEVAL_ASSIGN_OR_RETURN(const StoreAccess::Reached reached, access.Reach());
      if (reached.here) return here(*reached.here);
      COEVAL_RETURN_IF_ERROR(CheckStoreEpoch(places));
      Result<T> answer = there(*reached.owner);
      if (answer.ok() || !reached.owner->gone()) return answer;
      if (std::chrono::steady_clock::now() >= give_up) return answer;
    }
  }

  // The door of pushes; the first push makes the log.
  Result<Ingester*> Pushes(OpenedStore& store);
  // What was pushed to a view, without what went offline alone unless with hindsight (rule 3.2);
  // nothing where nothing ever was.
  Result<LoggedPushes> PushedTo(const ViewVersion& view, bool hindsight);
  // The same for who has the store.
  Result<LoggedPushes> PushedHere(OpenedStore& store, const ViewVersion& view, bool hindsight);
  // Of these, what a run carries to a version that they did not come to when they were pushed.
  Result<LoggedPushes> PushesToCarry(OpenedStore& store, const ViewVersion& version);
  // Null where it cannot be opened (another process has it): for telling, not for answering.
  StoreUse OnlineForLooking();

  Result<CatalogueSnapshot> Snapshot() const { return registry->Snapshot(); }

  // The facts of a view, its source's location bound; errors name view and source, and do not show
  // what is secret in the location. TooOld where some of what was asked for was dropped from the
  // log; with `needed_from` only where it is dated from there on: the rest would just be shown.
  Result<std::unique_ptr<FactReader>> OpenFacts(const ViewVersion& view, const FactRequest& request,
                                                const Context& with,
                                                std::optional<TimeMicros> needed_from = {});
  // The context with another cancel token where one is given.
  [[nodiscard]] Context With(const std::shared_ptr<CancelToken>& cancel) const;

  // Tells the registry that versions were served (rule 8.5); next to nothing after the first time.
  Status MarkServed(const FeaturePlan& plan) const;
  // The report of a promote or rollback that is done: the version that is active now, and the views
  // whose data lie behind where the online store can be looked into.
  Result<PlanReport> Moved(ObjectKind kind, const std::string& name, bool changed,
                           std::string_view verb);
  // Of a version of `catalogue`, as FeatureStore::DataBehind.
  Result<std::vector<std::string>> DataBehind(const Catalogue& catalogue, ObjectKind kind,
                                              const std::string& name, int version);
  // Puts a training set and what it was made from into the registry (rule 4.6).
  Status Record(const FeaturePlan& plan, const TrainingSet& set) const;

  [[nodiscard]] const std::string& LogFolder() const { return places.log; }

  [[nodiscard]] Quarantine SetApart() const;

 private:
  Result<std::unique_ptr<OpenedStore>> OpenStore();
  Status OpenLog(OpenedStore* store) const;
};

// Opens the facts of views, for the offline engine. Borrows both.
OpenView OpenerOf(FeatureStore::Impl& impl, const Context& context);

// The answer to columns as FeatureStore::ReadOnline takes them, for one time: as training says it,
// with statuses and times; and as one moment of the online store does. Errors: those of
// MakeTrainingSet; of OnlineSnapshot::Read.
Result<FeatureTable> AskSources(FeatureStore::Impl& impl, const FeaturePlan& plan,
                                std::span<const Column> columns, std::int64_t n, TimeMicros at,
                                const Context& context);
Result<FeatureTable> AskSnapshot(const OnlineSnapshot& snapshot, const FeaturePlan& plan,
                                 std::span<const Column> columns, std::int64_t n, TimeMicros t);

// "ann@host": who does things, for the history.
std::string CurrentUser();

}  // namespace coeval
