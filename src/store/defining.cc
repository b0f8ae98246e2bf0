// FeatureStore: plan, apply, promote, rollback, delete (rule 8).
#include <utility>
#include <vector>

#include "retrieval/feature_reference.h"
#include "store/catalogue_lookup.h"
#include "store/data_behind.h"
#include "store/schema_inference.h"
#include "store/store_core.h"

namespace coeval {
namespace {

using Notes = std::vector<std::string>;

PlanReport ReportOf(const Plan& plan, bool done) {
  return {plan.ToJson(), plan.ToText(done), plan.empty(), plan.refused()};
}

// What one activation did, in the form of a plan's report.
PlanReport MovedReport(ObjectKind kind, const std::string& name, int version, bool changed,
                       std::string_view verb, const Notes& behind) {
  PlanReport report;
  report.empty = !changed;
  report.text = ObjectLabel(kind, name) + ": version " + std::to_string(version) +
                (changed ? " is active now" : " was active already");
  Json notes = Json::MakeArray();
  for (const std::string& note : behind) {
    notes.Append(note);
    report.text += "\nnote: " + note;
  }
  Json change = Json::MakeObject();
  change.Set("kind", ObjectKindName(kind)).Set("name", name).Set("action", verb);
  change.Set("version", version).Set("changed", changed);
  change.Set("data_behind", std::move(notes));
  report.changes = Json::MakeObject();
  report.changes.Set("changes", Json::MakeArray().Append(std::move(change)));
  return report;
}

Result<Definitions> CompleteDocument(FeatureStore* store, const Json* document) {
  Json loaded;
  const bool whole = document == nullptr;
  if (whole) {
    COEVAL_ASSIGN_OR_RETURN(loaded, store->LoadDefinitions());
    document = &loaded;
  }
  std::vector<DefinitionError> errors;
  Definitions definitions = ReadDefinitions(*document, &errors);
  if (whole && !errors.empty()) errors = AllMistakes(std::move(errors), definitions);
  COEVAL_RETURN_IF_ERROR(ToStatus(errors));
  COEVAL_ASSIGN_OR_RETURN(CatalogueSnapshot catalogue, store->Snapshot());
  errors = CompleteDefinitions(*catalogue, store->config(), store->context(), &definitions);
  if (whole && !errors.empty()) {
    // What does not fit the files may be the consequence of a mistake that the definitions show.
    std::vector<DefinitionError> all = CheckDefinitions(definitions);
    all.insert(all.end(), errors.begin(), errors.end());
    errors = std::move(all);
  }
  COEVAL_RETURN_IF_ERROR(ToStatus(errors));
  return definitions;
}

}  // namespace

Result<PlanReport> FeatureStore::Impl::Moved(ObjectKind kind, const std::string& name, bool changed,
                                             std::string_view verb) {
  COEVAL_ASSIGN_OR_RETURN(CatalogueSnapshot catalogue, Snapshot());
  const int version = ActiveVersionOf(*catalogue, kind, name);
  const auto behind = DataBehind(*catalogue, kind, name, version);
  return MovedReport(kind, name, version, changed, verb, behind.ok() ? *behind : Notes());
}

Result<Notes> FeatureStore::Impl::DataBehind(const Catalogue& catalogue, ObjectKind kind,
                                             const std::string& name, int version) {
  return AtStore<Notes>(
      [&](OpenedStore& store) -> Result<Notes> {
        Notes notes;
        for (const auto& view : FindDataBehind(catalogue, *store.online, kind, name, version)) {
          notes.push_back(DescribeDataBehind(view));
        }
        return notes;
      },
      [&](StoreOwner& owner) { return owner.DataBehind(kind, name, version); });
}

Result<Notes> FeatureStore::DataBehind(ObjectKind kind, const std::string& name, int version) {
  COEVAL_ASSIGN_OR_RETURN(CatalogueSnapshot catalogue, impl_->Snapshot());
  return impl_->DataBehind(*catalogue, kind, name, version);
}

Result<PlanReport> FeatureStore::PlanChanges(const Json* document, const ApplyOptions& options) {
  COEVAL_ASSIGN_OR_RETURN(Definitions definitions, CompleteDocument(this, document));
  COEVAL_ASSIGN_OR_RETURN(Plan plan, impl_->registry->MakePlan(definitions, options));
  return ReportOf(plan, /*done=*/false);
}

Result<PlanReport> FeatureStore::Apply(const Json* document, const ApplyOptions& options) {
  COEVAL_RETURN_IF_ERROR(CheckStoreEpoch(impl_->places));
  COEVAL_ASSIGN_OR_RETURN(Definitions definitions, CompleteDocument(this, document));
  ApplyOptions named = options;
  if (named.who.empty()) named.who = CurrentUser();
  COEVAL_ASSIGN_OR_RETURN(Plan plan, impl_->registry->Apply(definitions, named));
  return ReportOf(plan, /*done=*/true);
}

// What is active is the registry's business, which any process may change; but only the owner of
// the online store can tell whose data lie behind. Where it cannot be reached, that is left out.
Result<PlanReport> FeatureStore::Promote(const std::string& reference) {
  COEVAL_RETURN_IF_ERROR(CheckStoreEpoch(impl_->places));
  COEVAL_ASSIGN_OR_RETURN(auto named, ParseVersioned(reference));
  COEVAL_ASSIGN_OR_RETURN(ObjectKind kind, impl_->registry->FindVersioned(named.first));
  COEVAL_ASSIGN_OR_RETURN(bool changed,
                          impl_->registry->Promote(kind, named.first, named.second, CurrentUser()));
  return impl_->Moved(kind, named.first, changed, "promote");
}

Result<PlanReport> FeatureStore::Rollback(const std::string& name) {
  COEVAL_RETURN_IF_ERROR(CheckStoreEpoch(impl_->places));
  COEVAL_ASSIGN_OR_RETURN(ObjectKind kind, impl_->registry->FindVersioned(name));
  COEVAL_RETURN_IF_ERROR(impl_->registry->Rollback(kind, name, CurrentUser()).status());
  return impl_->Moved(kind, name, true, "rollback");
}

Result<PlanReport> FeatureStore::Delete(const std::string& name) {
  COEVAL_RETURN_IF_ERROR(CheckStoreEpoch(impl_->places));
  COEVAL_ASSIGN_OR_RETURN(CatalogueSnapshot catalogue, impl_->Snapshot());
  std::string plain = name;
  COEVAL_ASSIGN_OR_RETURN(ObjectKind kind, FindObject(*catalogue, &plain));
  COEVAL_ASSIGN_OR_RETURN(Plan plan, impl_->registry->Delete(kind, plain, CurrentUser()));
  return ReportOf(plan, /*done=*/true);
}

}  // namespace coeval
