// FeatureStore: doctor, readiness, and what the online store holds.
#include <array>
#include <cstdio>
#include <utility>
#include <vector>

#include "definition/definitions.h"
#include "io/files.h"
#include "io/scratch_file.h"
#include "log/log_file.h"
#include "log/sealed_log.h"
#include "source/file_list.h"
#include "store/store_core.h"
#include "store/versions.h"

namespace coeval {
namespace {

void AddCheck(std::string_view check, const Status& status, std::string detail,
              std::string_view advice, Json* checks) {
  Json row = Json::MakeObject();
  row.Set("check", check).Set("ok", status.ok());
  row.Set("detail", status.ok() ? Json(std::move(detail)) : Json(status.message()));
  row.Set("advice", status.ok() ? "" : advice);
  checks->Append(std::move(row));
}

std::string MebibytesText(std::int64_t bytes) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f MiB",
                static_cast<double>(bytes) / (std::int64_t{1} << 20));
  return text.data();
}

// "12.2 GiB for this process; 2 threads; what is more goes to /shop/.coeval/scratch"
std::string ResourcesText(const Context& context) {
  const double gib = static_cast<double>(context.memory_budget_bytes) / (std::int64_t{1} << 30);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f GiB", gib);
  return std::string(text.data()) + " for this process; " + std::to_string(context.threads) +
         (context.threads == 1 ? " thread" : " threads") + "; what is more goes to " +
         context.scratch_folder;
}

Status ArrowStatus(const Json& versions) {
  const Json* libraries = versions.Find("libraries");
  const std::string arrow = libraries == nullptr ? "" : libraries->GetString("arrow");
  const bool number = !arrow.empty() && arrow[0] >= '0' && arrow[0] <= '9';
  return number ? Status() : Status::NotFound(arrow);
}

}  // namespace

namespace {

// Those of the registry; before the first apply, those that the repository's files declare.
std::vector<Source> SourcesToCheck(FeatureStore* store, const Catalogue& catalogue, Json* checks) {
  if (!catalogue.sources.empty()) return catalogue.sources;
  const auto document = store->LoadDefinitions();
  if (document.status().code() == StatusCode::kNotFound) return {};  // nothing is declared yet
  std::vector<DefinitionError> errors;
  Definitions definitions;
  if (document.ok()) definitions = ReadDefinitions(*document, &errors);
  AddCheck("definitions", document.ok() ? ToStatus(errors) : document.status(),
           "not applied yet; `coeval apply` puts them into the registry",
           "correct the definitions; `coeval plan` shows all that is wrong with them", checks);
  return definitions.sources;
}

// How this process gets at the online store: "opens", or who has it.
Result<std::string> Found(FeatureStore::Impl& impl) {
  COEVAL_RETURN_IF_ERROR(CheckStoreEpoch(impl.places));
  COEVAL_ASSIGN_OR_RETURN(const StoreAccess::Reached reached, impl.access.Reach());
  if (reached.here) return std::string("opens");
  return reached.owner->name() + " has it, and answers";
}

// "1.2 MiB of log; 3 sealed segments of 10.1 MiB", "no pushes".
Result<std::string> LogText(const std::string& folder) {
  if (!IsDirectory(folder)) return std::string("no pushes");
  COEVAL_ASSIGN_OR_RETURN(const SealedLog sealed, ReadSealedLog(folder));
  COEVAL_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(folder));
  std::int64_t bytes = 0;
  for (const std::string& name : names) {
    if (!ParseLogFileName(name)) continue;
    const auto size = FileSize(JoinPath(folder, name));
    bytes += size.ok() ? *size : 0;  // it may have been sealed just now
  }
  const std::size_t segments = sealed.segments.size();
  return MebibytesText(bytes) + " of log; " + std::to_string(segments) +
         (segments == 1 ? " sealed segment" : " sealed segments") + " of " +
         MebibytesText(sealed.bytes());
}

}  // namespace

Json FeatureStore::Doctor() {
  Json checks = Json::MakeArray();
  AddCheck("configuration", Status(), impl_->config.repository + "/coeval.yaml", "", &checks);
  const auto now = impl_->context.clock->Now();
  AddCheck("clock", now.status(),
           now.ok() ? impl_->context.clock->Describe() + "; now is " + FormatTime(*now) : "",
           "correct `clock` in coeval.yaml, or --clock", &checks);
  const Json versions = Versions(impl_->context);
  AddCheck("memory and threads", ScratchFile::Make(impl_->context.scratch_folder).status(),
           ResourcesText(impl_->context),
           "training sets that are larger than `memory` need a folder to write to", &checks);
  AddCheck("Arrow plugin", ArrowStatus(versions), "opens",
           "reinstall, or set COEVAL_ARROW_PLUGIN to libcoeval_arrow.so", &checks);
  auto catalogue = impl_->Snapshot();
  AddCheck("registry", impl_->config.Redact(catalogue.status()),
           catalogue.ok() ? "revision " + std::to_string((*catalogue)->revision) : "",
           "restore .coeval/registry.db, or apply again", &checks);
  const auto online = Found(*impl_);
  // A store that another process has open is in use, not broken.
  const bool in_use = online.status().code() == StatusCode::kUnavailable;
  AddCheck("online store", in_use ? Status() : online.status(),
           online.ok() ? *online : online.status().message(),
           "mend what the message names, or remove the folder and materialize again", &checks);
  const auto log = LogText(impl_->LogFolder());
  AddCheck("log of pushes", impl_->config.Redact(log.status()), log.ok() ? *log : "",
           "mend what the message names, or bring the files back from a backup", &checks);
  if (!catalogue.ok()) return checks;
  for (const Source& source : SourcesToCheck(this, **catalogue, &checks)) {
    if (source.kind != SourceKind::kFile) continue;
    auto location = impl_->config.BindPath(source.path);
    Status status = location.status();
    std::string detail;
    if (status.ok()) {
      const auto files = ListFiles(source, location->value.Reveal());
      status = impl_->config.Redact(files.status());
      if (files.ok()) {
        detail =
            std::to_string(files->files.size()) + (files->files.size() == 1 ? " file" : " files");
      }
    }
    AddCheck("source " + source.name, status, std::move(detail),
             "bring the files, or correct the source's path or the locations of coeval.yaml",
             &checks);
  }
  return checks;
}

Json FeatureStore::Ready() {
  Json ready = Json::MakeObject();
  const auto now = impl_->context.clock->Now();
  const auto catalogue = impl_->Snapshot();
  const auto online = Found(*impl_);
  ready.Set("ready", now.ok() && catalogue.ok() && online.ok());
  const std::string clock = impl_->context.clock->Describe();
  ready.Set("clock", clock).Set("now", now.ok() ? FormatTime(*now) : now.status().message());
  ready.Set("registry", catalogue.ok() ? "ok" : impl_->config.Redact(catalogue.status()).message());
  ready.Set("online_store", online.ok() ? "ok" : online.status().message());
  return ready;
}

Result<OnlineStats> FeatureStore::OnlineStatistics() {
  COEVAL_ASSIGN_OR_RETURN(const StoreUse store, impl_->access.Here());
  return store->online->Stats();
}

}  // namespace coeval
