// FeatureStore: the online store verified.
#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "io/files.h"
#include "store/store_core.h"

namespace coeval {
namespace {

Json DamageJson(StoreDamage damage, const Config& config) {
  damage.what = config.Redact(damage.what);
  Json json = Json::MakeObject();
  json.Set("view", damage.view).Set("file", damage.file);
  json.Set("first_key", damage.first_key).Set("last_key", damage.last_key);
  return json.Set("what", damage.what).Set("text", damage.ToText());
}

// Where it lies with the data of views alone, these can be made again while the store is in use.
std::string RebuildAdvice(const VerifyReport& report) {
  std::set<std::string> views;
  for (const StoreDamage& damage : report.problems) {
    if (damage.view.empty() || damage.view.find('/') != std::string::npos) return "";
    views.insert(damage.view);
  }
  std::string names;
  for (const std::string& view : views) names += (names.empty() ? "" : " ") + view;
  return "run `coeval online rebuild " + names +
         "`, or, where a damaged file holds rows of other views too, `coeval online rebuild`, and "
         "verify again; where damage is left, ";
}

// What to do about damage.
std::string Advice(const FeatureStore::Impl& impl, const VerifyReport& report) {
  const std::string& log = impl.LogFolder();
  const auto of_log = [&](const StoreDamage& damage) {
    return damage.what.find(log) != std::string::npos;
  };
  if (report.problem_count == 0) return "";
  if (std::any_of(report.problems.begin(), report.problems.end(), of_log)) {
    return "what was pushed is nowhere but in the log: bring the named file back from a backup";
  }
  return RebuildAdvice(report) +
         "bring the online store back from a backup, or make it anew: end every process that uses "
         "it, remove '" +
         impl.places.online +
         "' and run `coeval materialize-incremental now`; pushes come back from the log";
}

Json ReportJson(const FeatureStore::Impl& impl, const VerifyReport& report, Json notes) {
  Json views = Json::MakeArray();
  for (const VerifyReport::View& view : report.views) {
    Json json = Json::MakeObject();
    json.Set("view", view.name).Set("rows", view.keys).Set("facts", view.facts);
    json.Set("bytes", view.bytes).Set("problems", view.problems);
    views.Append(std::move(json));
  }
  Json problems = Json::MakeArray();
  for (const StoreDamage& damage : report.problems) {
    problems.Append(DamageJson(damage, impl.config));
  }
  Json json = Json::MakeObject();
  json.Set("ok", report.problem_count == 0).Set("views", std::move(views));
  json.Set("rows", report.keys).Set("facts", report.facts);
  json.Set("files", report.files).Set("file_bytes", report.bytes);
  json.Set("problem_count", report.problem_count).Set("problems", std::move(problems));
  json.Set("advice", impl.config.Redact(Advice(impl, report)));
  return json.Set("notes", std::move(notes));
}

// Where the registry and the data do not say the same: no damage, and told. `stored`: the data of
// this project.
Json NotesOn(const Catalogue& catalogue, const OnlineStats& stored) {
  std::set<std::string> known;
  std::set<std::string> with_data;
  for (const OnlineStats::View& view : stored.views) with_data.insert(view.data_identity);
  Json notes = Json::MakeArray();
  for (const auto& [name, versions] : catalogue.views) {
    for (const ViewVersion& version : versions) known.insert(version.data_identity);
    for (const ViewVersion* version : catalogue.VersionsToFeed(name)) {
      const bool served = version->view.is_served_online();
      if (!served || with_data.contains(version->data_identity)) continue;
      notes.Append(name + "@v" + std::to_string(version->version) + " holds no data yet");
    }
  }
  for (const OnlineStats::View& view : stored.views) {
    if (known.contains(view.data_identity)) continue;
    notes.Append("the registry has no version for the data " + view.data_identity + " of view " +
                 view.name + ", which was deleted");
  }
  return notes;
}

Result<Json> VerifyHere(FeatureStore::Impl& impl, OpenedStore& store, const Catalogue& catalogue,
                        const VerifyOptions& options) {
  COEVAL_ASSIGN_OR_RETURN(const VerifyReport report,
                          store.online->Verify(impl.With(options.cancel), options.progress));
  return ReportJson(impl, report, NotesOn(catalogue, store.online->Stats()));
}

// Opening the store reads the registry and EPOCH as well: what is wrong with these is no damage of
// the online store, and removing that would lose it for nothing.
bool IsOfOtherFiles(const FeatureStore::Impl& impl, const Status& status) {
  const std::string& text = status.message();
  const auto names = [&](const std::string& path) {  // and not one that goes on behind it
    return text.find(path + ":") != std::string::npos ||
           text.find("'" + path + "'") != std::string::npos;
  };
  return names(impl.places.registry) || names(JoinPath(impl.places.state, "EPOCH"));
}

// A store that does not even open is damaged, and what says so names the place.
Json DoesNotOpen(const FeatureStore::Impl& impl, const Status& status) {
  VerifyReport report;
  report.problem_count = 1;
  StoreDamage damage;
  damage.what = status.message();
  report.problems.push_back(std::move(damage));
  return ReportJson(impl, report, Json::MakeArray());
}

}  // namespace

Result<Json> FeatureStore::VerifyOnline(const VerifyOptions& options) {
  COEVAL_RETURN_IF_ERROR(CheckStoreEpoch(impl_->places));
  COEVAL_ASSIGN_OR_RETURN(const CatalogueSnapshot catalogue, impl_->Snapshot());
  bool asked = false;  // the owner, who reports damage himself
  auto report = impl_->AtStore<Json>(
      [&](OpenedStore& store) { return VerifyHere(*impl_, store, *catalogue, options); },
      [&](StoreOwner& owner) {
        asked = true;
        return owner.VerifyOnline(options.cancel);
      });
  const Status status = report.status();
  if (status.code() != StatusCode::kCorruption || asked || IsOfOtherFiles(*impl_, status)) {
    return report;
  }
  return DoesNotOpen(*impl_, status);
}

}  // namespace coeval
