#include "serve/api/errors.h"

#include <string>
#include <string_view>

#include "base/error_class.h"
#include "base/json.h"

namespace coeval {
namespace {

// The class of Feast's that its clients know for the case; ours for the rest.
struct FeastClass {
  std::string_view module;
  std::string_view name;
};

FeastClass ClassOf(const Status& status) {
  if (status.code() == StatusCode::kNotFound) {
    const std::string& message = status.message();
    if (message.find("feature service") != std::string::npos) {
      return {"feast.errors", "FeatureServiceNotFoundException"};
    }
    if (message.find("feature view") != std::string::npos) {
      return {"feast.errors", "FeatureViewNotFoundException"};
    }
  }
  return {"coeval.errors", ErrorClassOf(status.code())};
}

}  // namespace

int HttpStatusOf(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return 200;
    case StatusCode::kInvalidArgument:
      return 400;
    case StatusCode::kNotFound:
      return 404;
    case StatusCode::kAlreadyExists:
      return 409;
    case StatusCode::kTooOld:
      return 410;
    case StatusCode::kFailedPrecondition:
      return 412;
    case StatusCode::kUnavailable:
      return 503;
    case StatusCode::kCancelled:
      return 499;
    case StatusCode::kCorruption:
    case StatusCode::kIoError:
    case StatusCode::kInternal:
      return 500;
  }
  return 500;
}

HttpResponse ErrorResponse(const Status& status) {
  const FeastClass kind = ClassOf(status);
  std::string inner = "{\"module\": ";
  AppendJsonString(kind.module, &inner);
  inner += ", \"class\": ";
  AppendJsonString(kind.name, &inner);
  inner += ", \"message\": ";
  AppendJsonString(status.message(), &inner);
  inner += "}";
  HttpResponse response;
  response.status = HttpStatusOf(status.code());
  AppendJsonString(inner, &response.body);
  return response;
}

}  // namespace coeval
