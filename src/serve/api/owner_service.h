// OwnerService: what the owner of an online store answers to other processes of its user, on its
// Unix socket: all routes of service.h, and
//
//   GET  /v1/health            {"process", "project", "clock", "api"}; never touches the store
//   POST /v1/online-features   reads (JSON as Feast's request, with "at"; or arrow_features.h)
//   POST /v1/push              {"source", "rows": {column: [...]}, "to", "idempotency_key",
//                              "deletes", "on_error"}; or Arrow rows with the rest as a note
//   POST /v1/materialize       {"start": time or null, "end": time, "views": [...]}
//   POST /v1/data-behind       {"kind": "feature_view", "name": "weather", "version": 2}; changes
//                              nothing
//   POST /v1/promote           {"reference": "weather@v2"}
//   POST /v1/rollback          {"name": "weather"}
//   POST /v1/describe          {"name": "weather"}
//   POST /v1/online/verify     {}: reads all of the store; what FeatureStore::VerifyOnline says
//   POST /v1/online/diff       {"references": [...], "keys": 1000, "seed": 7, "at": time or null}:
//                              what FeatureStore::DiffOnline says
//   POST /v1/online/rebuild    {"views": [...]}: makes their data again; as /v1/materialize
//   GET  /v1/log               {"end": 17}: the newest durable record
//   POST /v1/backup            {"folder": "/backups/monday"}, which the owner writes
//   POST /v1/hand-over         gives the store up
//
// Errors are those of wire.h. Where this process owns the store no more, or is about to end: 421,
// nothing was done, and whoever asks should look for the owner again.
//
// Threads: Handle may be called by many at once.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "base/status.h"
#include "serve/api/service.h"
#include "serve/http/message.h"
#include "serve/http/server.h"
#include "store/feature_store.h"

namespace coeval {

inline constexpr int kNotOwnerStatus = 421;
// Raised by a change after which older clients and owners do not understand each other.
inline constexpr int kOwnerApi = 3;

class OwnerService {
 public:
  // `store` must outlive it.
  OwnerService(FeatureStore* store, OnlineLimits limits);

  // Never fails: errors become answers.
  HttpResponse Handle(const HttpRequest& request);
  static PathSpeed SpeedOf(std::string_view path);

 private:
  Result<HttpResponse> Dispatch(const HttpRequest& request);
  [[nodiscard]] HttpResponse Health() const;
  Result<HttpResponse> Read(const HttpRequest& request);
  Result<HttpResponse> Push(const HttpRequest& request);
  Result<HttpResponse> Materialize(const HttpRequest& request);
  Result<HttpResponse> Promote(const HttpRequest& request, bool back);
  Result<HttpResponse> DataBehind(const HttpRequest& request);
  Result<HttpResponse> Describe(const HttpRequest& request);
  Result<HttpResponse> Log();
  Result<HttpResponse> Seal(const HttpRequest& request);
  Result<HttpResponse> VerifyOnline(const HttpRequest& request);
  Result<HttpResponse> DiffOnline(const HttpRequest& request);
  Result<HttpResponse> RebuildOnline(const HttpRequest& request);
  Result<HttpResponse> Backup(const HttpRequest& request);
  Result<HttpResponse> HandOver();

  FeatureStore* store_;
  OnlineLimits limits_;
  Service service_;
  std::mutex materialize_;
};

}  // namespace coeval
