// FeatureStore: pushes.
#include <string_view>
#include <utility>

#include "ingest/push_check.h"
#include "io/random_bytes.h"
#include "store/store_core.h"

namespace coeval {
namespace {

Result<LogDestination> DestinationOf(const std::string& text) {
  if (text == "online_and_offline") return LogDestination::kOnlineAndOffline;
  if (text == "online") return LogDestination::kOnline;
  if (text == "offline") return LogDestination::kOffline;
  return Status::InvalidArgument("to: '" + text +
                                 "' is none of online_and_offline, online, offline");
}

Result<PushOutcome> PushHere(FeatureStore::Impl& impl, OpenedStore& store,
                             const std::string& source, const ArrowTable& rows, LogDestination to,
                             const std::string& key) {
  COEVAL_ASSIGN_OR_RETURN(const CatalogueSnapshot catalogue, impl.Snapshot());
  COEVAL_ASSIGN_OR_RETURN(Ingester * pushes, impl.Pushes(store));
  auto report =
      pushes->Push(catalogue, {.source = source, .rows = rows, .to = to, .idempotency_key = key});
  if (!report.ok()) return impl.config.Redact(report.status());
  // Rule 8.5: what was filled counts as served.
  for (const std::string& view : report->views) {
    const Result<const ViewVersion*> active = catalogue->FindView(view, 0);
    if (!active.ok()) continue;  // none is active yet
    COEVAL_RETURN_IF_ERROR(
        impl.registry->MarkServed(ObjectKind::kFeatureView, view, (*active)->version));
  }
  return PushOutcome{.c = report->c,
                     .rows = report->rows,
                     .null_keys = report->null_keys,
                     .views = std::move(report->views),
                     .repeated = report->repeated};
}

// For a push that may have to be said twice: nobody else makes the same.
Result<std::string> NewKey() {
  COEVAL_ASSIGN_OR_RETURN(const std::string bytes, RandomBytes(16));
  std::string key = "push-";
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
  COEVAL_ASSIGN_OR_RETURN(const LogDestination to, DestinationOf(options.to));
  PushOptions named = options;
  bool sent = false;  // to an owner that went away: it may be there already
  Result<PushOutcome> outcome = impl_->AtStore<PushOutcome>(
      [&](OpenedStore& store) -> Result<PushOutcome> {
        const std::string& key = sent ? named.idempotency_key : options.idempotency_key;
        return PushHere(*impl_, store, source, rows, to, key);
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

Result<Schema> FeatureStore::PushedColumns(const std::string& source) {
  COEVAL_ASSIGN_OR_RETURN(const CatalogueSnapshot catalogue, impl_->Snapshot());
  COEVAL_ASSIGN_OR_RETURN(const PushColumns columns, PushColumnsOf(*catalogue, source));
  Schema schema;
  schema.Add(columns.meaning.timestamp_field, TypeId::kTimestamp);
  for (const ColumnSchema& column : columns.columns.columns()) schema.Add(column.name, column.type);
  return schema;
}

}  // namespace coeval
