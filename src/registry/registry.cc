#include "registry/registry.h"

#include <utility>

#include "base/suggest.h"
#include "registry/apply.h"
#include "registry/registry_file.h"

namespace coeval {
namespace {

bool WritesAnything(const PlannedApply& planned) {
  for (const PlannedObject& object : planned.objects) {
    if (object.writes_definition || object.writes_version || object.activates) return true;
  }
  return !planned.deletes.empty();
}

Json FromTo(int from, int to) {
  Json detail = Json::MakeObject();
  detail.Set("from", from);
  detail.Set("to", to);
  return detail;
}

std::string VersionList(const StoredState& state, const ObjectKey& key) {
  std::string text;
  const auto known = state.versions.find(key);
  if (known == state.versions.end()) return text;
  for (const StoredVersion& version : known->second) {
    text.append(text.empty() ? "" : ", ").append(std::to_string(version.version));
  }
  return text;
}

Status NoSuchObject(const StoredState& state, const ObjectKey& key) {
  std::vector<std::string> names;
  for (const auto& [other, object] : state.objects) {
    if (other.first == key.first) names.push_back(other.second);
  }
  return Status::NotFound("there is no " + ObjectLabel(key.first, key.second) +
                          DidYouMean(key.second, names));
}

}  // namespace

Registry::Registry(RegistryOptions options)
    : options_(std::move(options)),
      catalogue_(options_.path, options_.project, options_.busy_timeout),
      at_fork_(
          [this] {
            mutex_.lock();
            served_mutex_.lock();
            database_.reset();
          },
          [this] {
            served_mutex_.unlock();
            mutex_.unlock();
          }) {}

Result<std::unique_ptr<Registry>> Registry::Open(RegistryOptions options) {
  std::unique_ptr<Registry> registry(new Registry(std::move(options)));
  const std::lock_guard lock(registry->mutex_);
  COEVAL_RETURN_IF_ERROR(registry->Connect());
  return registry;
}

Status Registry::Connect() {
  if (database_ != nullptr) return {};
  COEVAL_ASSIGN_OR_RETURN(const TimeMicros now, options_.clock->Now());
  COEVAL_ASSIGN_OR_RETURN(
      database_, OpenRegistryFile(options_.path, now, options_.release, options_.busy_timeout));
  return {};
}

Result<StoredState> Registry::ReadState() {
  COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<SqlTransaction> transaction,
                          SqlTransaction::Begin(database_.get(), SqlTransaction::Mode::kRead));
  COEVAL_ASSIGN_OR_RETURN(StoredState state, ReadStoredState(database_.get(), options_.project));
  COEVAL_RETURN_IF_ERROR(transaction->Commit());
  return state;
}

Result<Author> Registry::AuthorOf(const std::string& who) const {
  COEVAL_ASSIGN_OR_RETURN(const TimeMicros now, options_.clock->Now());
  return Author{options_.project, who, options_.release, now};
}

Result<CatalogueSnapshot> Registry::Snapshot() {
  COEVAL_ASSIGN_OR_RETURN(CatalogueSnapshot snapshot, catalogue_.Snapshot());
  const std::lock_guard lock(served_mutex_);
  if (snapshot->revision != served_revision_) served_.clear();
  served_revision_ = snapshot->revision;
  return snapshot;
}

Result<std::unique_ptr<RegistryCopy>> Registry::BeginCopy() {
  std::unique_lock lock(mutex_);
  COEVAL_RETURN_IF_ERROR(Connect());
  return RegistryCopy::Begin(std::move(lock), database_.get());
}

Result<Plan> Registry::MakePlan(const Definitions& definitions, const ApplyOptions& options) {
  const std::lock_guard lock(mutex_);
  COEVAL_RETURN_IF_ERROR(Connect());
  COEVAL_ASSIGN_OR_RETURN(const StoredState state, ReadState());
  COEVAL_ASSIGN_OR_RETURN(PlannedApply planned, coeval::MakePlan(state, definitions,
                                                                 {.complete = options.complete,
                                                                  .promote = options.promote}));
  return std::move(planned.plan);
}

Result<Plan> Registry::Apply(const Definitions& definitions, const ApplyOptions& options) {
  const PlanOptions plan_options{.complete = options.complete, .promote = options.promote};
  return Change(options.who, [&](const StoredState& state) {
    return coeval::MakePlan(state, definitions, plan_options);
  });
}

Result<Plan> Registry::Delete(ObjectKind kind, const std::string& name, const std::string& who) {
  return Change(who, [&](const StoredState& state) { return PlanDelete(state, kind, name); });
}

Result<Plan> Registry::Change(const std::string& who, const Planning& planning) {
  const std::lock_guard lock(mutex_);
  COEVAL_RETURN_IF_ERROR(Connect());
  COEVAL_ASSIGN_OR_RETURN(const Author author, AuthorOf(who));
  COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<SqlTransaction> transaction,
                          SqlTransaction::Begin(database_.get(), SqlTransaction::Mode::kWrite));
  COEVAL_ASSIGN_OR_RETURN(const StoredState state,
                          ReadStoredState(database_.get(), options_.project));
  COEVAL_ASSIGN_OR_RETURN(PlannedApply planned, planning(state));
  COEVAL_RETURN_IF_ERROR(planned.plan.ToStatus());
  if (!WritesAnything(planned)) return std::move(planned.plan);
  COEVAL_RETURN_IF_ERROR(WritePlan(database_.get(), planned, author));
  COEVAL_RETURN_IF_ERROR(transaction->Commit());
  return std::move(planned.plan);
}

Result<ObjectKind> Registry::FindVersioned(const std::string& name) {
  const std::lock_guard lock(mutex_);
  COEVAL_RETURN_IF_ERROR(Connect());
  COEVAL_ASSIGN_OR_RETURN(const StoredState state, ReadState());
  std::vector<std::string> names;
  std::optional<ObjectKind> found;
  for (const auto& [key, object] : state.objects) {
    if (!IsVersioned(key.first)) continue;
    names.push_back(key.second);
    if (key.second != name) continue;
    if (found) {
      return Status::InvalidArgument("'" + name + "' is both " + ObjectLabel(*found, name) +
                                     " and " + ObjectLabel(key.first, name) +
                                     "; say which with --kind");
    }
    found = key.first;
  }
  if (found) return *found;
  return Status::NotFound("there is no view or service '" + name + "'" + DidYouMean(name, names));
}

// What a version reads must still be there, or it could not answer.
Status Registry::CheckUpstream(const StoredState& state, const ObjectKey& key,
                               const StoredVersion& version) {
  for (const Pin& pin : PinsOf(version.content)) {
    const bool there = state.objects.contains({ObjectKind::kFeatureView, pin.view}) ||
                       state.objects.contains({ObjectKind::kOnDemandFeatureView, pin.view});
    if (there) continue;
    return Status::FailedPrecondition("version " + std::to_string(version.version) + " of " +
                                      ObjectLabel(key.first, key.second) + " reads the view '" +
                                      pin.view + "', which was deleted; apply it again first");
  }
  return {};
}

Result<bool> Registry::Promote(ObjectKind kind, const std::string& name, int version,
                               const std::string& who) {
  const ObjectKey key(kind, name);
  bool moved = false;
  const Status status =
      Move(key, who, [&](const StoredState& state, const Author& author) -> Status {
        const int wanted = version == 0 ? state.objects.at(key).version : version;
        const StoredVersion* stored = state.FindVersion(key, wanted);
        if (stored == nullptr) {
          return Status::NotFound(ObjectLabel(kind, name) + " has no version " +
                                  std::to_string(wanted) + "; it has " + VersionList(state, key));
        }
        const int active = state.ActiveVersion(key);
        if (active == wanted) return {};
        COEVAL_RETURN_IF_ERROR(CheckUpstream(state, key, *stored));
        COEVAL_RETURN_IF_ERROR(WriteActivation(database_.get(), key, wanted, author));
        moved = true;
        return WriteHistory(database_.get(), key, wanted, "promote", FromTo(active, wanted),
                            author);
      });
  if (!status.ok()) return status;
  return moved;
}

Result<int> Registry::Rollback(ObjectKind kind, const std::string& name, const std::string& who) {
  const ObjectKey key(kind, name);
  int before = 0;
  const Status status =
      Move(key, who, [&](const StoredState& state, const Author& author) -> Status {
        const auto stack = state.activations.find(key);
        if (stack == state.activations.end() || stack->second.size() < 2) {
          return Status::FailedPrecondition(ObjectLabel(kind, name) +
                                            " had no other active version before; promote one of " +
                                            VersionList(state, key) + " instead");
        }
        const int active = stack->second.back();
        before = stack->second[stack->second.size() - 2];
        const StoredVersion* stored = state.FindVersion(key, before);
        COEVAL_RETURN_IF_ERROR(CheckUpstream(state, key, *stored));
        COEVAL_RETURN_IF_ERROR(database_->Execute(
            "DELETE FROM activations WHERE project = ? AND kind = ? AND name = ? AND depth = ?",
            {options_.project, std::string(ObjectKindName(kind)), name,
             static_cast<std::int64_t>(stack->second.size())}));
        return WriteHistory(database_.get(), key, before, "rollback", FromTo(active, before),
                            author);
      });
  if (!status.ok()) return status;
  return before;
}

Result<bool> Registry::ActivateWhenCaughtUp(const std::string& view, int version,
                                            const std::string& who) {
  const ObjectKey key(ObjectKind::kFeatureView, view);
  bool moved = false;
  const Status status =
      Move(key, who, [&](const StoredState& state, const Author& author) -> Status {
        const int active = state.ActiveVersion(key);
        const StoredVersion* stored = state.FindVersion(key, version);
        const bool follows = stored != nullptr && state.objects.at(key).version == version &&
                             version > active && !stored->was_active;
        if (!follows) return {};
        COEVAL_RETURN_IF_ERROR(WriteActivation(database_.get(), key, version, author));
        moved = true;
        Json detail = FromTo(active, version);
        detail.Set("why", "its data has caught up");
        return WriteHistory(database_.get(), key, version, "activate", detail, author);
      });
  if (!status.ok()) return status;
  return moved;
}

// A change of what is active. `work` writes nothing where nothing moves.
Status Registry::Move(const ObjectKey& key, const std::string& who, const Moving& work) {
  const std::lock_guard lock(mutex_);
  COEVAL_RETURN_IF_ERROR(Connect());
  COEVAL_ASSIGN_OR_RETURN(const Author author, AuthorOf(who));
  COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<SqlTransaction> transaction,
                          SqlTransaction::Begin(database_.get(), SqlTransaction::Mode::kWrite));
  COEVAL_ASSIGN_OR_RETURN(const StoredState state,
                          ReadStoredState(database_.get(), options_.project));
  if (!state.objects.contains(key)) return NoSuchObject(state, key);
  COEVAL_ASSIGN_OR_RETURN(const std::int64_t before,
                          database_->QueryInt("SELECT coalesce(max(id), 0) FROM history"));
  COEVAL_RETURN_IF_ERROR(work(state, author));
  COEVAL_ASSIGN_OR_RETURN(const std::int64_t after,
                          database_->QueryInt("SELECT coalesce(max(id), 0) FROM history"));
  if (before == after) return {};
  COEVAL_RETURN_IF_ERROR(GrowRevision(database_.get(), options_.project));
  COEVAL_RETURN_IF_ERROR(transaction->Commit());
  return {};
}

Status Registry::MarkServed(ObjectKind kind, const std::string& name, int version) {
  const std::pair<ObjectKey, int> marked({kind, name}, version);
  {
    const std::lock_guard lock(served_mutex_);
    if (served_.contains(marked)) return {};
  }
  // Asked first, so that a reader of a registry that was marked long ago never waits for a writer.
  COEVAL_ASSIGN_OR_RETURN(const bool is_served, catalogue_.IsServed(kind, name, version));
  if (!is_served) COEVAL_RETURN_IF_ERROR(WriteServed(kind, name, version));
  const std::lock_guard lock(served_mutex_);
  served_.insert(marked);
  return {};
}

Status Registry::WriteServed(ObjectKind kind, const std::string& name, int version) {
  const std::lock_guard lock(mutex_);
  COEVAL_RETURN_IF_ERROR(Connect());
  COEVAL_ASSIGN_OR_RETURN(const Author author, AuthorOf(""));
  return database_->Execute(
      "UPDATE versions SET served_at = ? WHERE project = ? AND kind = ? AND name = ? AND "
      "version = ? AND served_at IS NULL",
      {author.now, options_.project, std::string(ObjectKindName(kind)), name,
       std::int64_t{version}});
}

}  // namespace coeval
