// FeatureStore: the online store and its log: opening them, or reaching who owns them.
#include <utility>
#include <vector>

#include "ingest/read_pushes.h"
#include "io/files.h"
#include "log/log_batch.h"
#include "online/rocksdb/open.h"
#include "source/pushed_facts.h"
#include "store/owner_address.h"
#include "store/store_core.h"

namespace coeval {
namespace {

constexpr std::int64_t kLeastCache = 1 << 20;

// What keeps the store from opening, with the address of its owner where that is known.
Status WithAddress(const Status& status, const std::string& folder) {
  if (status.code() != StatusCode::kUnavailable) return status;
  const std::string address = OwnerAddress(folder);
  if (address.empty() || status.message().find(address) != std::string::npos) return status;
  return Status::Unavailable(status.message() + ": it answers at " + address +
                             "/get-online-features");
}

LoggedPushes Shown(LoggedPushes pushed, bool hindsight) {
  std::erase_if(pushed.batches, [&](const LogBatch& batch) {
    return batch.destination == LogDestination::kOffline && !hindsight;
  });
  return pushed;
}

}  // namespace

void FeatureStore::Impl::Prepare(FeatureStore* store) {
  StoreAccess::Tools tools;
  tools.folder = places.online;
  tools.open = [this] { return OpenStore(); };
  tools.link = options.link;
  tools.patience = config.online_store.owner_timeout;
  tools.log = context.log;
  access.Prepare(store, std::move(tools));
}

Result<std::unique_ptr<OpenedStore>> FeatureStore::Impl::OpenStore() {
  const std::string& folder = places.online;
  COEVAL_RETURN_IF_ERROR(CheckStoreEpoch(places));
  OnlineStoreOptions settings;
  settings.fence = [places = places] { return CheckStoreEpoch(places); };
  settings.online_history = config.online_store.online_history;
  if (const std::int64_t cache = config.online_store.cache_bytes; cache > 0) {
    settings.cache_bytes = cache < kLeastCache ? 0 : static_cast<std::size_t>(cache);
  }
  const std::int64_t index = config.online_store.index_bytes;
  settings.index.bytes = index < kLeastCache ? 0 : static_cast<std::size_t>(index);
  auto online = OpenRocksDbStore(folder, config.project, context, settings);
  if (!online.ok()) return config.Redact(WithAddress(online.status(), folder));
  auto opened = std::make_unique<OpenedStore>();
  opened->online = std::move(online).value();
  if (IsDirectory(LogFolder())) COEVAL_RETURN_IF_ERROR(OpenLog(opened.get()));
  // This process owns the store, so runs that still count as running died with theirs.
  for (const char* kind : {"materialize", "materialize_incremental", "online_rebuild"}) {
    COEVAL_RETURN_IF_ERROR(registry->InterruptRuns(kind).status());
  }
  return opened;
}

Status FeatureStore::Impl::OpenLog(OpenedStore* store) const {
  COEVAL_ASSIGN_OR_RETURN(const CatalogueSnapshot catalogue, Snapshot());
  // What the online store may still be asked is kept in any case: it may have to be filled again.
  const DurationMicros retention =
      config.log.retention == 0
          ? 0
          : std::max(config.log.retention, config.online_store.online_history);
  const LogSettings settings = {
      .seal_bytes = config.log.seal_bytes,
      .segment_bytes = config.log.segment_bytes,
      .retention = retention,
      .reach_of = [this](const std::string& source) -> Result<PushReach> {
        COEVAL_ASSIGN_OR_RETURN(const CatalogueSnapshot now, Snapshot());
        return ReachOf(*now, source);
      },
      .keys = {.given = config.log.idempotency_retention, .made = config.log.made_key_retention},
      .least_epoch = static_cast<std::uint64_t>(places.epoch)};
  auto opened = Ingester::Open(LogFolder(), store->online.get(), *catalogue, settings, context);
  if (!opened.ok()) return config.Redact(opened.status());
  store->ingester = std::move(opened).value();
  return {};
}

Result<Ingester*> FeatureStore::Impl::Pushes(OpenedStore& store) {
  const std::lock_guard lock(store.log_mutex);
  if (!store.ingester) COEVAL_RETURN_IF_ERROR(OpenLog(&store));
  return store.ingester.get();
}

Result<LoggedPushes> FeatureStore::Impl::PushedTo(const ViewVersion& view, bool hindsight) {
  if (!view.push.has_value() || !IsDirectory(LogFolder())) return LoggedPushes();
  return AtStore<LoggedPushes>(
      [&](OpenedStore& store) { return PushedHere(store, view, hindsight); },
      [&](StoreOwner& owner) -> Result<LoggedPushes> {
        COEVAL_ASSIGN_OR_RETURN(const std::int64_t end, owner.LogEnd());
        COEVAL_ASSIGN_OR_RETURN(LoggedPushes pushed,
                                ReadPushes(LogFolder(), end, view.push->name, context));
        return Shown(std::move(pushed), hindsight);
      });
}

Result<LoggedPushes> FeatureStore::Impl::PushedHere(OpenedStore& store, const ViewVersion& view,
                                                    bool hindsight) {
  if (!view.push.has_value() || !IsDirectory(LogFolder())) return LoggedPushes();
  COEVAL_ASSIGN_OR_RETURN(const Ingester* pushes, Pushes(store));
  COEVAL_ASSIGN_OR_RETURN(LoggedPushes pushed, pushes->Logged(view.push->name));
  return Shown(std::move(pushed), hindsight);
}

StoreUse FeatureStore::Impl::OnlineForLooking() {
  auto online = access.Here();
  return online.ok() ? std::move(online).value() : StoreUse();
}

Status FeatureStore::OpenOnlineStore() {
  return impl_->config.Redact(WithAddress(impl_->access.TakeOver(), impl_->places.online));
}

bool FeatureStore::OwnsOnlineStore() const {
  return impl_->access.owns();
}

Status FeatureStore::HandOver() {
  return impl_->access.HandOver();
}

Result<std::int64_t> FeatureStore::LogEnd() {
  if (!IsDirectory(impl_->LogFolder())) return 0;
  COEVAL_ASSIGN_OR_RETURN(const StoreUse store, impl_->access.Here());
  COEVAL_ASSIGN_OR_RETURN(const Ingester* pushes, impl_->Pushes(*store));
  return pushes->LogEnd();
}

Status FeatureStore::TellAddress(const std::string& address) {
  return impl_->config.Redact(WriteOwnerAddress(impl_->places.online, address));
}

}  // namespace coeval
