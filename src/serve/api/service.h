// Service: the routes over one FeatureStore; what `coeval serve` answers.
//
//   POST /get-online-features        Feast's request and response
//   POST /materialize                {"start_ts", "end_ts", "feature_views"}
//   POST /materialize-incremental    {"end_ts", "feature_views"}
//   GET  /health   200 as long as the process answers; never touches the store
//   GET  /ready    200 or 503 with the reasons, one of them that the server is draining; shows the
//                  clock
//   GET  /metrics  Prometheus
//
// Threads: Handle may be called by many at once; a second materialization waits its turn.
#pragma once

#include <memory>
#include <mutex>
#include <string_view>

#include "serve/api/metrics.h"
#include "serve/api/online_features.h"
#include "serve/http/message.h"
#include "store/feature_store.h"

namespace coeval {

class Service {
 public:
  // `store` must outlive the service.
  Service(FeatureStore* store, OnlineLimits limits);

  // Never fails: errors become answers (errors.h).
  HttpResponse Handle(const HttpRequest& request);
  // Paths whose handler may take long.
  static bool IsSlow(std::string_view path);

 private:
  HttpResponse Dispatch(const HttpRequest& request, std::string_view* route);
  HttpResponse ReadOnline(const HttpRequest& request);
  HttpResponse Materialize(const HttpRequest& request, bool incremental);
  HttpResponse Ready(bool draining);
  HttpResponse Metrics();

  FeatureStore* store_;
  OnlineLimits limits_;
  ServerMetrics metrics_;
  std::mutex materialize_;
};

}  // namespace coeval
