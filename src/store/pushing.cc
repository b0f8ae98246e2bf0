// FeatureStore: pushes.
#include <string_view>
#include <utility>

#include "ingest/bad_rows.h"
#include "ingest/ingester.h"
#include "ingest/named_pushes.h"
#include "ingest/push_check.h"
#include "ingest/quarantine.h"
#include "io/files.h"
#include "io/random_bytes.h"
#include "store/store_core.h"

namespace coeval {
namespace {

Status CheckOptions(const PushOptions& options) {
  COEVAL_RETURN_IF_ERROR(ParseDestination(options.to).status());
  if (options.on_error == "refuse" || options.on_error == "quarantine") return {};
  return Status::InvalidArgument("on_error: '" + options.on_error +
                                 "' is none of refuse, quarantine");
}

// One push, at the process that owns the store.
class PushHere {
 public:
  PushHere(FeatureStore::Impl& impl, CatalogueSnapshot catalogue, Ingester* pushes,
           PushRequest request)
      : impl_(impl),
        catalogue_(std::move(catalogue)),
        pushes_(pushes),
        request_(std::move(request)) {}

  Result<PushOutcome> Refusing() {
    auto report = pushes_->Push(catalogue_, request_);
    if (!report.ok()) return impl_.config.Redact(report.status());
    COEVAL_RETURN_IF_ERROR(MarkServed(*report));
    return PushOutcome{.c = report->c,
                       .rows = report->rows,
                       .null_keys = report->null_keys,
                       .views = std::move(report->views),
                       .repeated = report->repeated};
  }

  // What is bad is durably apart before what is well is taken: whoever repeats the push after a
  // crash sets the same rows apart under the same id.
  Result<PushOutcome> SettingApart() {
    Result<PushOutcome> outcome = Refusing();
    if (outcome.status().code() != StatusCode::kInvalidArgument) return outcome;
    const auto columns = request_.deletes ? DeleteColumnsOf(*catalogue_, request_.source)
                                          : PushColumnsOf(*catalogue_, request_.source);
    if (!columns.ok()) return columns.status();
    COEVAL_ASSIGN_OR_RETURN(SortedRows sorted, SortRows(*columns, request_.rows, impl_.context));
    if (sorted.faults.empty()) return outcome;  // all of them together are what is wrong
    QuarantinedPush apart;
    apart.source = request_.source;
    apart.to = request_.to;
    apart.deletes = request_.deletes;
    COEVAL_ASSIGN_OR_RETURN(apart.id, Quarantine::IdOf(request_.source, request_.idempotency_key,
                                                       sorted.bad, impl_.context));
    COEVAL_ASSIGN_OR_RETURN(apart.time, impl_.context.clock->Now());
    apart.faults = std::move(sorted.faults);
    apart.rows = std::move(sorted.bad);
    COEVAL_RETURN_IF_ERROR(impl_.SetApart().Keep(apart, impl_.context));
    COEVAL_RETURN_IF_ERROR(CheckStoreEpoch(impl_.places));  // else nobody will find them
    request_.rows = std::move(sorted.good);
    COEVAL_ASSIGN_OR_RETURN(PushOutcome taken, Refusing());
    taken.quarantined = std::ssize(apart.faults);
    taken.quarantine = apart.id;
    return taken;
  }

 private:
  // Rule 8.5: what was filled counts as served.
  Status MarkServed(const PushReport& report) const {
    for (const std::string& view : report.views) {
      const Result<const ViewVersion*> active = catalogue_->FindView(view, 0);
      if (!active.ok()) continue;  // none is active yet
      COEVAL_RETURN_IF_ERROR(
          impl_.registry->MarkServed(ObjectKind::kFeatureView, view, (*active)->version));
    }
    return {};
  }

  FeatureStore::Impl& impl_;
  const CatalogueSnapshot catalogue_;
  Ingester* const pushes_;
  PushRequest request_;
};

Result<PushOutcome> PushAtStore(FeatureStore::Impl& impl, OpenedStore& store,
                                const std::string& source, const ArrowTable& rows,
                                const PushOptions& options) {
  COEVAL_ASSIGN_OR_RETURN(CatalogueSnapshot catalogue, impl.Snapshot());
  COEVAL_ASSIGN_OR_RETURN(Ingester * pushes, impl.Pushes(store));
  COEVAL_ASSIGN_OR_RETURN(const LogDestination to, ParseDestination(options.to));
  PushRequest request{.source = source, .rows = rows, .to = to, .deletes = options.deletes};
  request.idempotency_key = options.idempotency_key;
  PushHere push(impl, std::move(catalogue), pushes, std::move(request));
  return options.on_error == "quarantine" ? push.SettingApart() : push.Refusing();
}

// For a push that may have to be said twice: nobody else makes the same.
Result<std::string> NewKey() {
  COEVAL_ASSIGN_OR_RETURN(const std::string bytes, RandomBytes(16));
  std::string key(kMadeKey);
  for (const char byte : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const auto number = static_cast<unsigned char>(byte);
    key += {kDigits[number >> 4U], kDigits[number & 15U]};
  }
  return key;
}

// Whether it was taken is not known; only who has the key can push it again safely.
Status WithKey(const Status& failed, const std::string& key) {
  const StatusCode code = failed.code();
  const bool in_doubt = code == StatusCode::kUnavailable || code == StatusCode::kIoError ||
                        code == StatusCode::kCancelled;
  if (!in_doubt) return failed;
  return {code, failed.message() +
                    "; it may have been taken: push again with the idempotency key '" + key + "'"};
}

}  // namespace

Result<PushOutcome> FeatureStore::Push(const std::string& source, ArrowTable rows,
                                       const PushOptions& options) {
  COEVAL_RETURN_IF_ERROR(CheckOptions(options));
  PushOptions named = options;
  bool sent = false;  // to an owner that went away: it may be there already
  Result<PushOutcome> outcome = impl_->AtStore<PushOutcome>(
      [&](OpenedStore& store) -> Result<PushOutcome> {
        return PushAtStore(*impl_, store, source, rows, sent ? named : options);
      },
      [&](StoreOwner& owner) -> Result<PushOutcome> {
        if (named.idempotency_key.empty()) {
          COEVAL_ASSIGN_OR_RETURN(named.idempotency_key, NewKey());
        }
        sent = true;
        return owner.Push(source, rows, named);
      });
  if (outcome.ok() || !sent || !options.idempotency_key.empty()) return outcome;
  return WithKey(outcome.status(), named.idempotency_key);
}

Quarantine FeatureStore::Impl::SetApart() const {
  return Quarantine(places.quarantine);
}

// Of a store that counts no more, nothing is shown, and nothing of it dropped: else who drops rows
// would believe that they are gone from the one that counts.
Result<std::vector<QuarantinedPush>> FeatureStore::Quarantined() {
  COEVAL_RETURN_IF_ERROR(CheckStoreEpoch(impl_->places));
  return impl_->SetApart().List(impl_->context);
}

Result<QuarantinedPush> FeatureStore::FindQuarantined(const std::string& id) {
  COEVAL_RETURN_IF_ERROR(CheckStoreEpoch(impl_->places));
  return impl_->SetApart().Find(id, impl_->context);
}

Result<PushOutcome> FeatureStore::ReplayQuarantined(const std::string& id,
                                                    std::optional<ArrowTable> corrected) {
  COEVAL_ASSIGN_OR_RETURN(QuarantinedPush apart, FindQuarantined(id));
  PushOptions options{.to = DestinationName(apart.to), .idempotency_key = "quarantine-" + id};
  options.deletes = apart.deletes;
  ArrowTable rows = corrected ? *std::move(corrected) : std::move(apart.rows);
  COEVAL_ASSIGN_OR_RETURN(PushOutcome outcome, Push(apart.source, std::move(rows), options));
  COEVAL_RETURN_IF_ERROR(DropQuarantined(id));
  return outcome;
}

Status FeatureStore::DropQuarantined(const std::string& id) {
  COEVAL_RETURN_IF_ERROR(CheckStoreEpoch(impl_->places));
  return impl_->SetApart().Drop(id);
}

Result<Json> FeatureStore::SealLog(bool merge) {
  return impl_->AtStore<Json>(
      [&](OpenedStore& store) -> Result<Json> {
        SealReport report;
        if (IsDirectory(impl_->LogFolder())) {
          COEVAL_ASSIGN_OR_RETURN(Ingester * pushes, impl_->Pushes(store));
          const auto sealed = pushes->Seal(merge ? MergeKind::kAll : MergeKind::kDue);
          if (!sealed.ok()) return impl_->config.Redact(sealed.status());
          report = *sealed;
        }
        Json json = Json::MakeObject();
        json.Set("records", report.records).Set("rows", report.rows);
        json.Set("segments", report.segments).Set("bytes", report.bytes);
        json.Set("log_bytes", report.log_bytes);
        json.Set("merged", report.merged).Set("merged_into", report.merged_into);
        json.Set("dropped", report.dropped).Set("dropped_rows", report.dropped_rows);
        Json kept = Json::MakeObject();
        for (const auto& [source, why] : report.kept) kept.Set(source, why);
        return json.Set("kept", std::move(kept));
      },
      [&](StoreOwner& owner) { return owner.SealLog(merge); });
}

Result<Schema> FeatureStore::PushedColumns(const std::string& source, bool deletes) {
  COEVAL_ASSIGN_OR_RETURN(const CatalogueSnapshot catalogue, impl_->Snapshot());
  COEVAL_ASSIGN_OR_RETURN(const PushColumns columns, deletes ? DeleteColumnsOf(*catalogue, source)
                                                             : PushColumnsOf(*catalogue, source));
  Schema schema;
  schema.Add(columns.meaning.timestamp_field, TypeId::kTimestamp);
  for (const ColumnSchema& column : columns.columns.columns()) schema.Add(column.name, column.type);
  return schema;
}

}  // namespace coeval
