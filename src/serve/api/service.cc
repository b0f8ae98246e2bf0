#include "serve/api/service.h"

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "serve/api/errors.h"

namespace coeval {
namespace {

struct Route {
  std::string_view method;
  std::string_view path;
};

constexpr std::array<Route, 6> kRoutes{{{"POST", "/get-online-features"},
                                        {"POST", "/materialize"},
                                        {"POST", "/materialize-incremental"},
                                        {"GET", "/health"},
                                        {"GET", "/ready"},
                                        {"GET", "/metrics"}}};

// "start_ts" or "end_ts": ISO 8601, no zone = UTC. Nothing where it is absent or null.
Result<std::optional<TimeMicros>> ReadTime(const Json& body, std::string_view name) {
  const Json* json = body.Find(name);
  if (json == nullptr || json->is_null()) return std::optional<TimeMicros>();
  if (!json->is_string()) {
    return Status::InvalidArgument("'" + std::string(name) +
                                   "' must be a time as text, for example 2013-10-01T00:00:00Z");
  }
  auto time = ParseTime(json->AsString());
  if (!time.ok()) return time.status().WithContext("'" + std::string(name) + "'");
  return std::optional<TimeMicros>(*time);
}

Result<std::vector<std::string>> ReadViews(const Json& body) {
  const Json* json = body.Find("feature_views");
  std::vector<std::string> views;
  if (json == nullptr || json->is_null()) return views;
  if (!json->is_array()) {
    return Status::InvalidArgument("'feature_views' must be a list of names");
  }
  for (const Json& view : json->array()) {
    if (!view.is_string()) {
      return Status::InvalidArgument("'feature_views' must be a list of names");
    }
    views.push_back(view.AsString());
  }
  return views;
}

struct MaterializeRequest {
  std::optional<TimeMicros> start;
  TimeMicros end = 0;
  MaterializeOptions options;
};

Result<MaterializeRequest> ReadMaterialize(std::string_view text, bool incremental) {
  COEVAL_ASSIGN_OR_RETURN(Json body, ParseJson(text));
  if (!body.is_object()) {
    return Status::InvalidArgument("the request's body must be a JSON object");
  }
  MaterializeRequest request;
  COEVAL_ASSIGN_OR_RETURN(request.options.views, ReadViews(body));
  COEVAL_ASSIGN_OR_RETURN(auto end, ReadTime(body, "end_ts"));
  if (!end) return Status::InvalidArgument("'end_ts' is missing");
  request.end = *end;
  if (incremental) return request;
  COEVAL_ASSIGN_OR_RETURN(request.start, ReadTime(body, "start_ts"));
  if (!request.start) return Status::InvalidArgument("'start_ts' is missing");
  return request;
}

}  // namespace

Service::Service(FeatureStore* store, OnlineLimits limits)
    : store_(store), limits_(limits), metrics_(store->project()) {}

bool Service::IsSlow(std::string_view path) {
  return path.starts_with("/materialize");
}

HttpResponse Service::Handle(const HttpRequest& request) {
  const auto start = std::chrono::steady_clock::now();
  std::string_view route = "other";
  HttpResponse response = Dispatch(request, &route);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  metrics_.CountRequest(route, response.status, seconds.count());
  return response;
}

HttpResponse Service::Dispatch(const HttpRequest& request, std::string_view* route) {
  const Route* found = nullptr;
  for (const Route& candidate : kRoutes) {
    if (candidate.path == request.path) found = &candidate;
  }
  if (found == nullptr) {
    return ErrorResponse(
        Status::NotFound("there is no route " + std::string(request.path.substr(0, 200))));
  }
  *route = found->path;
  if (found->method != request.method) {
    HttpResponse response = ErrorResponse(Status::InvalidArgument(
        std::string(found->path) + " takes " + std::string(found->method) + " requests"));
    response.status = 405;
    return response;
  }
  if (request.draining && request.method == "POST") {
    return ErrorResponse(
        Status::Unavailable("the server is shutting down; ask it again later, or "
                            "another one"));
  }
  if (request.path == "/get-online-features") return ReadOnline(request);
  if (request.path == "/materialize") return Materialize(request, false);
  if (request.path == "/materialize-incremental") return Materialize(request, true);
  if (request.path == "/ready") return Ready(request.draining);
  if (request.path == "/metrics") return Metrics();
  return {200, "application/json", ""};
}

HttpResponse Service::ReadOnline(const HttpRequest& request) {
  std::string log;
  auto online = ReadOnlineRequest(request.body, store_, limits_, &log);
  if (!online.ok()) {
    HttpResponse refused = ErrorResponse(online.status());
    refused.log = std::move(log);
    return refused;
  }
  auto answer = store_->ReadOnline(online->plan, online->columns, online->num_rows);
  if (!answer.ok()) return ErrorResponse(answer.status());
  metrics_.CountAnswer(answer->table);
  return {200, "application/json", WriteOnlineResponse(*online, *answer)};
}

HttpResponse Service::Materialize(const HttpRequest& request, bool incremental) {
  auto asked = ReadMaterialize(request.body, incremental);
  if (!asked.ok()) return ErrorResponse(asked.status());
  const std::lock_guard lock(materialize_);
  auto reports = incremental ? store_->MaterializeIncremental(asked->end, asked->options)
                             : store_->Materialize(*asked->start, asked->end, asked->options);
  if (!reports.ok()) return ErrorResponse(reports.status());
  return {200, "application/json", "null"};  // as Feast answers
}

HttpResponse Service::Ready(bool draining) {
  Json ready = store_->Ready();
  if (draining) ready.Set("ready", false).Set("draining", true);
  return {ready.GetBool("ready") ? 200 : 503, "application/json", ready.Write()};
}

HttpResponse Service::Metrics() {
  // A store that cannot be opened holds nothing to tell of; /ready gives the reason.
  auto stats = store_->OnlineStatistics();
  metrics_.ShowOnline(stats.ok() ? *stats : OnlineStats{});
  return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_.Text()};
}

}  // namespace coeval
