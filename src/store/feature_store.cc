#include "store/feature_store.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "io/files.h"
#include "online/rocksdb/open.h"
#include "source/united_reader.h"
#include "store/definition_loader.h"
#include "store/owner_address.h"
#include "store/store_core.h"

namespace coeval {
namespace {

// `config` must outlive the context.
Result<Context> MakeContext(const StoreOptions& options, const Config& config) {
  Context context;
  if (options.clock) {
    context.clock = options.clock;
  } else {
    COEVAL_ASSIGN_OR_RETURN(context.clock, ParseClock(config.clock));
  }
  if (options.log) {
    context.log = [sink = options.log, &config](LogLevel level, std::string_view message) {
      sink(level, config.Redact(std::string(message)));
    };
  }
  if (config.memory_bytes > 0) context.memory_budget_bytes = config.memory_bytes;
  const auto processors = static_cast<int>(std::thread::hardware_concurrency());
  context.threads = config.threads > 0 ? config.threads : std::max(1, processors);
  return context;
}

// What keeps the store from opening, with the address of its owner where that is known.
Status WithAddress(const Status& status, const std::string& folder) {
  if (status.code() != StatusCode::kUnavailable) return status;
  const std::string address = OwnerAddress(folder);
  if (address.empty()) return status;
  return Status::Unavailable(status.message() + ": it answers at " + address +
                             "/get-online-features");
}

std::string FolderOf(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

}  // namespace

std::string CurrentUser() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> buffer{};
  const bool known =
      ::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found;
  const std::string name = known ? entry.pw_name : std::to_string(::getuid());
  return name + "@" + host.data();
}

Result<std::unique_ptr<FeatureStore>> FeatureStore::Open(StoreOptions options) {
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  ConfigOptions config;
  config.environment = impl->options.environment;
  config.flags = impl->options.overrides;
  config.variables = ProcessEnvironment();
  COEVAL_ASSIGN_OR_RETURN(impl->config, LoadConfig(impl->options.repository, config));
  COEVAL_ASSIGN_OR_RETURN(impl->context, MakeContext(impl->options, impl->config));
  RegistryOptions registry;
  registry.path = impl->config.registry.value.Reveal();
  registry.project = impl->config.project;
  registry.release = COEVAL_VERSION;
  const Status folder = MakeDirectories(FolderOf(registry.path), 0700);  // its owner's alone
  if (!folder.ok()) return impl->config.Redact(folder);
  auto opened = Registry::Open(std::move(registry));
  if (!opened.ok()) return impl->config.Redact(opened.status());
  impl->registry = std::move(opened).value();
  return std::unique_ptr<FeatureStore>(new FeatureStore(std::move(impl)));
}

FeatureStore::FeatureStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

FeatureStore::~FeatureStore() = default;

const Config& FeatureStore::config() const {
  return impl_->config;
}

const Context& FeatureStore::context() const {
  return impl_->context;
}

const std::string& FeatureStore::project() const {
  return impl_->config.project;
}

Result<CatalogueSnapshot> FeatureStore::Snapshot() {
  return impl_->Snapshot();
}

Result<Json> FeatureStore::LoadDefinitions() {
  return LoadDefinitionDocument(impl_->config, impl_->options.python);
}

Result<OnlineStore*> FeatureStore::Impl::Online() {
  const std::lock_guard lock(online_mutex_);
  if (!online_) {
    const std::string folder = config.online_store.path.value.Reveal();
    auto opened = OpenRocksDbStore(folder, config.project, context,
                                   {.online_history = config.online_store.online_history});
    if (!opened.ok()) return config.Redact(WithAddress(opened.status(), folder));
    online_ = std::move(opened).value();
    // This process owns the store, so runs that still count as running died with theirs.
    for (const char* kind : {"materialize", "materialize_incremental"}) {
      COEVAL_RETURN_IF_ERROR(registry->InterruptRuns(kind).status());
    }
  }
  return online_.get();
}

Result<std::unique_ptr<FactReader>> FeatureStore::Impl::OpenFacts(const ViewVersion& view,
                                                                  FactRequest request,
                                                                  const Context& with) const {
  const LocateSource locate = [this](const Source& source) -> Result<std::string> {
    COEVAL_ASSIGN_OR_RETURN(BoundText location, config.BindPath(source.path));
    return location.value.Reveal();
  };
  auto reader = OpenSourcesOf(view, request, locate, with);
  if (!reader.ok()) return config.Redact(reader.status());
  return reader;
}

Context FeatureStore::Impl::With(const std::shared_ptr<CancelToken>& cancel) const {
  Context with = context;
  if (cancel) with.cancel = cancel;
  return with;
}

Status FeatureStore::Impl::MarkServed(const FeaturePlan& plan) {
  for (const PlannedView& view : plan.views) {
    COEVAL_RETURN_IF_ERROR(registry->MarkServed(ObjectKind::kFeatureView, view.version->view.name,
                                                view.version->version));
  }
  for (const PlannedOnDemand& view : plan.on_demand) {
    COEVAL_RETURN_IF_ERROR(registry->MarkServed(ObjectKind::kOnDemandFeatureView,
                                                view.version->view.name, view.version->version));
  }
  if (plan.request.service.empty()) return {};
  COEVAL_ASSIGN_OR_RETURN(
      const ServiceVersion* service,
      plan.catalogue->FindService(plan.request.service, plan.request.service_version));
  return registry->MarkServed(ObjectKind::kFeatureService, plan.request.service, service->version);
}

Status FeatureStore::Impl::Record(const FeaturePlan& plan, const TrainingSet& set) {
  TrainingSetRecord record;
  record.name = plan.request.service;
  record.created_by = CurrentUser();
  record.row_count = set.num_rows();
  record.content_hash = set.manifest.GetString("content_hash");
  record.manifest = set.manifest;
  std::vector<LineageSource> made_from;
  for (const PlannedView& view : plan.views) {
    made_from.push_back({ObjectKind::kFeatureView, view.version->view.name, view.version->version});
  }
  for (const PlannedOnDemand& view : plan.on_demand) {
    made_from.push_back(
        {ObjectKind::kOnDemandFeatureView, view.version->view.name, view.version->version});
  }
  return registry->RecordTrainingSet(record, made_from).status();
}

}  // namespace coeval
