#include "serve/api/wire.h"

#include <array>
#include <utility>

#include "base/error_class.h"
#include "serve/api/errors.h"

namespace coeval {
namespace {

constexpr std::array<StatusCode, 10> kCodes{
    StatusCode::kInvalidArgument, StatusCode::kNotFound,   StatusCode::kAlreadyExists,
    StatusCode::kTooOld,          StatusCode::kCorruption, StatusCode::kFailedPrecondition,
    StatusCode::kIoError,         StatusCode::kCancelled,  StatusCode::kUnavailable,
    StatusCode::kInternal};

Status Lacks(std::string_view what, std::string_view kind) {
  return Status::InvalidArgument("'" + std::string(what) + "' is not there, or is no " +
                                 std::string(kind));
}

Result<std::int64_t> IntegerOf(const Json& json, std::string_view name) {
  const Json* member = json.Find(name);
  if (member == nullptr || !member->is_int()) return Lacks(name, "integer");
  return member->AsInt();
}

Result<bool> FlagOf(const Json& json, std::string_view name) {
  const Json* member = json.Find(name);
  if (member == nullptr || !member->is_bool()) return Lacks(name, "flag");
  return member->AsBool();
}

Result<MaterializeReport> ReportFromWire(const Json& json) {
  MaterializeReport report;
  COEVAL_ASSIGN_OR_RETURN(report.view, TextMember(json, "view"));
  COEVAL_ASSIGN_OR_RETURN(report.rows_read, IntegerOf(json, "rows_read"));
  COEVAL_ASSIGN_OR_RETURN(report.rows_written, IntegerOf(json, "rows_written"));
  COEVAL_ASSIGN_OR_RETURN(report.rows_refused, IntegerOf(json, "rows_refused"));
  COEVAL_ASSIGN_OR_RETURN(report.watermark, TimeFromWire(json, "watermark"));
  COEVAL_ASSIGN_OR_RETURN(report.detail, TextMember(json, "detail"));
  return report;
}

}  // namespace

Json TimeToWire(TimeMicros time) {
  return time == kMinTime ? Json(nullptr) : Json(FormatTime(time));
}

Result<TimeMicros> TimeFromWire(const Json& object, std::string_view member) {
  const Json* json = object.Find(member);
  if (json == nullptr || json->is_null()) return kMinTime;
  const std::string name(member);
  if (!json->is_string()) {
    return Status::InvalidArgument("'" + name +
                                   "' must be a time as text, for example 2013-10-01T00:00:00Z");
  }
  auto time = ParseTime(json->AsString());
  if (!time.ok()) return time.status().WithContext("'" + name + "'");
  return *time;
}

HttpResponse WireError(const Status& status) {
  Json error = Json::MakeObject();
  error.Set("class", ErrorClassOf(status.code())).Set("message", status.message());
  return {.status = HttpStatusOf(status.code()),
          .body = Json::MakeObject().Set("error", std::move(error)).Write()};
}

Status ErrorFromWire(int status, std::string_view body) {
  const auto json = ParseJson(body);
  const Json* error = json.ok() ? json->Find("error") : nullptr;
  if (error != nullptr) {
    for (const StatusCode code : kCodes) {
      if (error->GetString("class") != ErrorClassOf(code)) continue;
      return {code, error->GetString("message")};
    }
  }
  if (status == 413) {
    return Status::InvalidArgument(
        "the rows are more than the owner of the online store takes at a time; push them in parts");
  }
  return Status::Internal("the owner of the online store answers with status " +
                          std::to_string(status) + ": " + std::string(body.substr(0, 1000)));
}

Json ToWire(const PushOutcome& outcome) {
  Json views = Json::MakeArray();
  for (const std::string& view : outcome.views) views.Append(view);
  Json json = Json::MakeObject();
  json.Set("created", TimeToWire(outcome.c)).Set("rows", outcome.rows);
  json.Set("null_keys", outcome.null_keys).Set("views", std::move(views));
  json.Set("repeated", outcome.repeated).Set("quarantined", outcome.quarantined);
  return json.Set("quarantine", outcome.quarantine);
}

Json ToWire(const std::vector<MaterializeReport>& reports) {
  Json views = Json::MakeArray();
  for (const MaterializeReport& report : reports) {
    Json view = Json::MakeObject();
    view.Set("view", report.view).Set("rows_read", report.rows_read);
    view.Set("rows_written", report.rows_written).Set("rows_refused", report.rows_refused);
    view.Set("watermark", TimeToWire(report.watermark)).Set("detail", report.detail);
    views.Append(std::move(view));
  }
  return Json::MakeObject().Set("views", std::move(views));
}

Json ToWire(const PlanReport& report) {
  Json json = Json::MakeObject();
  json.Set("changes", report.changes).Set("text", report.text);
  return json.Set("empty", report.empty).Set("refused", report.refused);
}

Result<PushOutcome> PushOutcomeFromWire(const Json& json) {
  PushOutcome outcome;
  COEVAL_ASSIGN_OR_RETURN(outcome.c, TimeFromWire(json, "created"));
  COEVAL_ASSIGN_OR_RETURN(outcome.rows, IntegerOf(json, "rows"));
  COEVAL_ASSIGN_OR_RETURN(outcome.null_keys, IntegerOf(json, "null_keys"));
  COEVAL_ASSIGN_OR_RETURN(outcome.views, TextsMember(json, "views"));
  COEVAL_ASSIGN_OR_RETURN(outcome.repeated, FlagOf(json, "repeated"));
  COEVAL_ASSIGN_OR_RETURN(outcome.quarantined, IntegerOf(json, "quarantined"));
  COEVAL_ASSIGN_OR_RETURN(outcome.quarantine, TextMember(json, "quarantine"));
  return outcome;
}

Result<std::vector<MaterializeReport>> ReportsFromWire(const Json& json) {
  const Json* views = json.Find("views");
  if (views == nullptr || !views->is_array()) return Lacks("views", "list");
  std::vector<MaterializeReport> reports;
  for (const Json& view : views->array()) {
    COEVAL_ASSIGN_OR_RETURN(MaterializeReport report, ReportFromWire(view));
    reports.push_back(std::move(report));
  }
  return reports;
}

Result<std::string> TextMember(const Json& body, std::string_view name) {
  const Json* json = body.Find(name);
  if (json == nullptr || json->is_null()) return std::string();
  if (!json->is_string()) {
    return Status::InvalidArgument("'" + std::string(name) + "' must be a text");
  }
  return json->AsString();
}

Result<std::vector<std::string>> TextsMember(const Json& body, std::string_view name) {
  const Json* json = body.Find(name);
  std::vector<std::string> texts;
  if (json == nullptr || json->is_null()) return texts;
  const Status wrong =
      Status::InvalidArgument("'" + std::string(name) + "' must be a list of texts");
  if (!json->is_array()) return wrong;
  for (const Json& item : json->array()) {
    if (!item.is_string()) return wrong;
    texts.push_back(item.AsString());
  }
  return texts;
}

}  // namespace coeval
