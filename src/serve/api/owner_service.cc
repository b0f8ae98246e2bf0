#include "serve/api/owner_service.h"

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "io/process.h"
#include "serve/api/arrow_features.h"
#include "serve/api/push_body.h"
#include "serve/api/wire.h"
#include "source/ipc_bytes.h"

namespace coeval {
namespace {

struct Route {
  std::string_view method;
  std::string_view path;
};

constexpr std::array<Route, 15> kRoutes{{{"GET", "/v1/health"},
                                         {"POST", "/v1/online-features"},
                                         {"POST", "/v1/push"},
                                         {"POST", "/v1/materialize"},
                                         {"POST", "/v1/data-behind"},
                                         {"POST", "/v1/promote"},
                                         {"POST", "/v1/rollback"},
                                         {"POST", "/v1/describe"},
                                         {"GET", "/v1/log"},
                                         {"POST", "/v1/seal"},
                                         {"POST", "/v1/online/verify"},
                                         {"POST", "/v1/online/diff"},
                                         {"POST", "/v1/online/rebuild"},
                                         {"POST", "/v1/backup"},
                                         {"POST", "/v1/hand-over"}}};

constexpr std::string_view kPrefix = "/v1/";

HttpResponse Plain(const Json& json) {
  return {.body = json.Write()};
}

Result<Json> BodyOf(const HttpRequest& request) {
  auto body = ParseJson(request.body, 32);
  if (!body.ok()) return body.status().WithContext("the request's body");
  if (!body->is_object()) {
    return Status::InvalidArgument("the request's body must be a JSON object");
  }
  return body;
}

HttpResponse NotOwner() {
  HttpResponse response =
      WireError(Status::Unavailable("this process is not the owner of the online store"));
  response.status = kNotOwnerStatus;
  return response;
}

bool IsArrow(std::string_view media_type) {
  return media_type.substr(0, media_type.find(';')) == kArrowStreamType;
}

}  // namespace

OwnerService::OwnerService(FeatureStore* store, OnlineLimits limits)
    : store_(store), limits_(limits), service_(store, limits) {}

PathSpeed OwnerService::SpeedOf(std::string_view path) {
  if (path == "/v1/health" || path == "/health") return PathSpeed::kInstant;
  if (path == "/v1/materialize" || path == "/v1/seal" || path == "/v1/backup" ||
      path == "/v1/online/verify" || path == "/v1/online/diff" || path == "/v1/online/rebuild" ||
      Service::IsSlow(path)) {
    return PathSpeed::kSlow;
  }
  return PathSpeed::kQuick;
}

HttpResponse OwnerService::Handle(const HttpRequest& request) {
  if (!request.path.starts_with(kPrefix)) return service_.Handle(request);
  auto response = Dispatch(request);
  if (response.ok()) return *std::move(response);
  // It may have been given up while the request was waiting for it.
  const bool lost = response.status().code() == StatusCode::kUnavailable;
  if (lost && !store_->OwnsOnlineStore()) return NotOwner();
  return WireError(response.status());
}

Result<HttpResponse> OwnerService::Dispatch(const HttpRequest& request) {
  const Route* found = nullptr;
  for (const Route& candidate : kRoutes) {
    if (candidate.path == request.path) found = &candidate;
  }
  if (found == nullptr) {
    return Status::NotFound("there is no route " + std::string(request.path.substr(0, 200)));
  }
  if (found->method != request.method) {
    HttpResponse response = WireError(Status::InvalidArgument(
        std::string(found->path) + " takes " + std::string(found->method) + " requests"));
    response.status = 405;
    return response;
  }
  if (request.path == "/v1/health") return Health();
  if (request.draining || !store_->OwnsOnlineStore()) return NotOwner();
  if (request.path == "/v1/online-features") return Read(request);
  if (request.path == "/v1/push") return Push(request);
  if (request.path == "/v1/materialize") return Materialize(request);
  if (request.path == "/v1/data-behind") return DataBehind(request);
  if (request.path == "/v1/promote") return Promote(request, false);
  if (request.path == "/v1/rollback") return Promote(request, true);
  if (request.path == "/v1/describe") return Describe(request);
  if (request.path == "/v1/log") return Log();
  if (request.path == "/v1/seal") return Seal(request);
  if (request.path == "/v1/online/verify") return VerifyOnline(request);
  if (request.path == "/v1/online/diff") return DiffOnline(request);
  if (request.path == "/v1/online/rebuild") return RebuildOnline(request);
  if (request.path == "/v1/backup") return Backup(request);
  return HandOver();
}

HttpResponse OwnerService::Health() const {
  Json json = Json::MakeObject();
  json.Set("process", ProcessId()).Set("project", store_->project());
  json.Set("clock", store_->context().clock->Describe());
  return Plain(json.Set("api", kOwnerApi));
}

Result<HttpResponse> OwnerService::Read(const HttpRequest& request) {
  OnlineRequest asked;
  if (IsArrow(request.content_type)) {
    COEVAL_ASSIGN_OR_RETURN(asked, DecodeQuestion(request.body, store_, limits_));
  } else {
    std::string log;
    COEVAL_ASSIGN_OR_RETURN(asked, ReadOnlineRequest(request.body, store_, limits_, &log));
    COEVAL_ASSIGN_OR_RETURN(asked.at, ReadAt(request.body));
  }
  COEVAL_ASSIGN_OR_RETURN(const OnlineAnswer answer,
                          store_->ReadOnline(asked.plan, asked.columns, asked.num_rows, asked.at));
  if (IsArrow(request.accept)) {
    COEVAL_ASSIGN_OR_RETURN(std::string body, EncodeAnswer(answer, store_->context()));
    return HttpResponse{.content_type = std::string(kArrowStreamType), .body = std::move(body)};
  }
  // Feast's answer, and when it was given.
  std::string body = WriteOnlineResponse(asked, answer);
  body.pop_back();
  body += ",\"time\":\"" + FormatTime(answer.t) + "\",\"from_offline\":";
  return HttpResponse{.body = body + (answer.from_offline ? "true}" : "false}")};
}

Result<HttpResponse> OwnerService::Push(const HttpRequest& request) {
  PushBody push;
  if (IsArrow(request.content_type)) {
    COEVAL_ASSIGN_OR_RETURN(push, ReadArrowPush(request.body, store_->context()));
  } else {
    COEVAL_ASSIGN_OR_RETURN(push, ReadJsonPush(request.body, store_));
  }
  COEVAL_ASSIGN_OR_RETURN(const PushOutcome outcome,
                          store_->Push(push.source, std::move(push.rows), push.options));
  return Plain(ToWire(outcome));
}

Result<HttpResponse> OwnerService::Materialize(const HttpRequest& request) {
  COEVAL_ASSIGN_OR_RETURN(const Json body, BodyOf(request));
  MaterializeOptions options;
  COEVAL_ASSIGN_OR_RETURN(options.views, TextsMember(body, "views"));
  options.cancel = request.cancel;
  COEVAL_ASSIGN_OR_RETURN(const TimeMicros start, TimeFromWire(body, "start"));
  COEVAL_ASSIGN_OR_RETURN(const TimeMicros end, TimeFromWire(body, "end"));
  if (end == kMinTime) return Status::InvalidArgument("'end' is missing");
  const std::lock_guard lock(materialize_);
  COEVAL_ASSIGN_OR_RETURN(const auto reports, start == kMinTime
                                                  ? store_->MaterializeIncremental(end, options)
                                                  : store_->Materialize(start, end, options));
  return Plain(ToWire(reports));
}

Result<HttpResponse> OwnerService::Promote(const HttpRequest& request, bool back) {
  COEVAL_ASSIGN_OR_RETURN(const Json body, BodyOf(request));
  COEVAL_ASSIGN_OR_RETURN(const std::string name, TextMember(body, back ? "name" : "reference"));
  COEVAL_ASSIGN_OR_RETURN(const PlanReport report,
                          back ? store_->Rollback(name) : store_->Promote(name));
  return Plain(ToWire(report));
}

Result<HttpResponse> OwnerService::DataBehind(const HttpRequest& request) {
  COEVAL_ASSIGN_OR_RETURN(const Json body, BodyOf(request));
  COEVAL_ASSIGN_OR_RETURN(const std::string kind_name, TextMember(body, "kind"));
  COEVAL_ASSIGN_OR_RETURN(const ObjectKind kind, ParseObjectKind(kind_name));
  COEVAL_ASSIGN_OR_RETURN(const std::string name, TextMember(body, "name"));
  const auto version = static_cast<int>(body.GetInt("version"));
  COEVAL_ASSIGN_OR_RETURN(const std::vector<std::string> behind,
                          store_->DataBehind(kind, name, version));
  Json notes = Json::MakeArray();
  for (const std::string& note : behind) notes.Append(note);
  return Plain(Json::MakeObject().Set("data_behind", std::move(notes)));
}

Result<HttpResponse> OwnerService::Describe(const HttpRequest& request) {
  COEVAL_ASSIGN_OR_RETURN(const Json body, BodyOf(request));
  COEVAL_ASSIGN_OR_RETURN(const std::string name, TextMember(body, "name"));
  COEVAL_ASSIGN_OR_RETURN(const Json record, store_->Describe(name));
  return Plain(record);
}

Result<HttpResponse> OwnerService::Log() {
  COEVAL_ASSIGN_OR_RETURN(const std::int64_t end, store_->LogEnd());
  return Plain(Json::MakeObject().Set("end", end));
}

Result<HttpResponse> OwnerService::Seal(const HttpRequest& request) {
  COEVAL_ASSIGN_OR_RETURN(const Json body, BodyOf(request));
  COEVAL_ASSIGN_OR_RETURN(const Json sealed, store_->SealLog(body.GetBool("merge")));
  return Plain(sealed);
}

Result<HttpResponse> OwnerService::VerifyOnline(const HttpRequest& request) {
  VerifyOptions options;
  options.cancel = request.cancel;
  COEVAL_ASSIGN_OR_RETURN(const Json report, store_->VerifyOnline(options));
  return Plain(report);
}

Result<HttpResponse> OwnerService::DiffOnline(const HttpRequest& request) {
  COEVAL_ASSIGN_OR_RETURN(const Json body, BodyOf(request));
  DiffOptions options;
  COEVAL_ASSIGN_OR_RETURN(options.references, TextsMember(body, "references"));
  options.keys = body.GetInt("keys", options.keys);
  if (const Json* seed = body.Find("seed"); seed != nullptr && seed->is_int()) {
    options.seed = seed->AsInt();
  }
  COEVAL_ASSIGN_OR_RETURN(const TimeMicros at, TimeFromWire(body, "at"));
  if (at != kMinTime) options.at = at;
  options.cancel = request.cancel;
  COEVAL_ASSIGN_OR_RETURN(const Json report, store_->DiffOnline(options));
  return Plain(report);
}

Result<HttpResponse> OwnerService::RebuildOnline(const HttpRequest& request) {
  COEVAL_ASSIGN_OR_RETURN(const Json body, BodyOf(request));
  MaterializeOptions options;
  COEVAL_ASSIGN_OR_RETURN(options.views, TextsMember(body, "views"));
  options.cancel = request.cancel;
  const std::lock_guard lock(materialize_);
  COEVAL_ASSIGN_OR_RETURN(const auto reports, store_->RebuildOnline(options));
  return Plain(ToWire(reports));
}

Result<HttpResponse> OwnerService::Backup(const HttpRequest& request) {
  COEVAL_ASSIGN_OR_RETURN(const Json body, BodyOf(request));
  COEVAL_ASSIGN_OR_RETURN(const std::string folder, TextMember(body, "folder"));
  if (!folder.starts_with('/')) {
    return Status::InvalidArgument(
        "'folder' must be an absolute path: this process may run in "
        "another folder");
  }
  COEVAL_ASSIGN_OR_RETURN(const Json done, store_->Backup(folder, request.cancel));
  return Plain(done);
}

Result<HttpResponse> OwnerService::HandOver() {
  COEVAL_RETURN_IF_ERROR(store_->HandOver());
  return Plain(Json::MakeObject().Set("process", ProcessId()));
}

}  // namespace coeval
