#include "store/feature_store.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/clock.h"
#include "io/files.h"
#include "io/machine_limits.h"
#include "source/united_reader.h"
#include "store/definition_loader.h"
#include "store/store_core.h"

namespace coeval {
namespace {

// `config` must outlive the context.
Result<Context> MakeContext(const StoreOptions& options, const Config& config) {
  Context context = MachineContext();
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
  if (config.threads > 0) context.threads = config.threads;
  context.scratch_folder = JoinPath(config.state.value.Reveal(), "scratch");
  return context;
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
  const auto epoch = ReadStoreEpoch(impl->config.state.value.Reveal());
  if (!epoch.ok()) return impl->config.Redact(epoch.status());
  impl->places = PlacesOf(impl->config, *epoch);
  RegistryOptions registry;
  registry.path = impl->places.registry;
  registry.project = impl->config.project;
  registry.release = COEVAL_VERSION;
  const Status folder = MakeDirectories(ParentDirectory(registry.path), 0700);  // its owner's alone
  if (!folder.ok()) return impl->config.Redact(folder);
  auto opened = Registry::Open(std::move(registry));
  if (!opened.ok()) return impl->config.Redact(opened.status());
  impl->registry = std::move(opened).value();
  return std::unique_ptr<FeatureStore>(new FeatureStore(std::move(impl)));
}

FeatureStore::FeatureStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  impl_->Prepare(this);
}

// Others may be asking this very store.
FeatureStore::~FeatureStore() {
  impl_->access.Close();
}

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

Result<std::unique_ptr<FactReader>> FeatureStore::Impl::OpenFacts(
    const ViewVersion& view, const FactRequest& request, const Context& with,
    std::optional<TimeMicros> needed_from) {
  const LocateSource locate = [this](const Source& source) -> Result<std::string> {
    COEVAL_ASSIGN_OR_RETURN(BoundText location, config.BindPath(source.path));
    return location.value.Reveal();
  };
  COEVAL_RETURN_IF_ERROR(CheckStoreEpoch(places));
  COEVAL_ASSIGN_OR_RETURN(const LoggedPushes pushed, PushedTo(view, request.hindsight));
  FactRange needed = request.pushed_range.value_or(request.range);
  needed.event_min = std::max(needed.event_min, needed_from.value_or(kMinTime));
  COEVAL_RETURN_IF_ERROR(CheckNotDropped(pushed, needed, view.view.name));
  auto reader = OpenSourcesOf(view, request, locate, pushed, with);
  if (!reader.ok()) return config.Redact(reader.status());
  return reader;
}

Context FeatureStore::Impl::With(const std::shared_ptr<CancelToken>& cancel) const {
  Context with = context;
  if (cancel) with.cancel = cancel;
  return with;
}

Status FeatureStore::Impl::MarkServed(const FeaturePlan& plan) const {
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

Status FeatureStore::Impl::Record(const FeaturePlan& plan, const TrainingSet& set) const {
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
