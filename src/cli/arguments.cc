#include "cli/arguments.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>

#include "base/json.h"
#include "base/suggest.h"
#include "definition/fact.h"
#include "definition/value_json.h"

namespace coeval {
namespace {

// Typed as JSON; the others as plain text.
bool IsTypedAsJson(const DataType& type) {
  switch (type.id()) {
    case TypeId::kNull:
    case TypeId::kBool:
    case TypeId::kInt32:
    case TypeId::kInt64:
    case TypeId::kList:
    case TypeId::kVector:
    case TypeId::kMap:
      return true;
    default:
      return false;
  }
}

bool IsFloat(const DataType& type) {
  return type.id() == TypeId::kFloat32 || type.id() == TypeId::kFloat64;
}

// 7.0 of an integer is 7, as over HTTP (rule 2.1).
Json Whole(Json json, const DataType& type) {
  const bool integer = type.id() == TypeId::kInt32 || type.id() == TypeId::kInt64;
  if (!integer || !json.is_double()) return json;
  const double number = json.AsDouble();
  const bool fits = number >= -9223372036854775808.0 && number < 9223372036854775808.0;
  if (!fits || number != std::trunc(number)) return json;
  return Json(static_cast<std::int64_t>(number));
}

// The JSON that `text` stands for in a place of that type.
Result<Json> JsonOfArgument(std::string_view text, const DataType& type) {
  const bool json = IsTypedAsJson(type);
  if (!json && !IsFloat(type)) return Json(text);
  auto parsed = ParseJson(text);
  if (parsed.ok()) return Whole(*std::move(parsed), type);
  if (IsFloat(type)) return Json(text);  // "nan", "inf"
  return Status::InvalidArgument("'" + std::string(text) + "' is no " + type.ToString());
}

Status JoinErrors(const std::vector<std::string>& errors) {
  std::string text;
  for (const std::string& error : errors) text += (text.empty() ? "" : "\n") + error;
  return Status::InvalidArgument(std::move(text));
}

}  // namespace

std::string CheckTime(const std::string& text) {
  if (text == "now") return "";
  const auto time = ParseTime(text);
  return time.ok() ? "" : time.status().message();
}

std::string CheckDuration(const std::string& text) {
  const auto duration = ParseDuration(text);
  return duration.ok() ? "" : duration.status().message();
}

std::string CheckKnown(const std::string& text) {
  const auto known = ParseKnown(text);
  return known.ok() ? "" : known.status().message();
}

std::string CheckAssignment(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos && equals > 0) return "";
  return "'" + text + "' is not of the form key=value";
}

Result<TimeMicros> ParseTimeArgument(const std::string& text, const Clock& clock) {
  return text == "now" ? clock.Now() : ParseTime(text);
}

Result<AskedFor> SortWords(const std::vector<std::string>& words) {
  AskedFor asked;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals != std::string::npos && equals > 0) {
      const std::string key = word.substr(0, equals);
      if (!asked.values.emplace(key, word.substr(equals + 1)).second) {
        return Status::InvalidArgument("'" + key + "' is given twice");
      }
    } else if (word.find(':') != std::string::npos) {
      asked.features.push_back(word);
    } else if (asked.service.empty()) {
      asked.service = word;
    } else {
      return Status::InvalidArgument("'" + asked.service + "' and '" + word +
                                     "' are two services; ask for one at a time, or for features "
                                     "as view:feature");
    }
  }
  return asked;
}

Result<FeatureRequest> ParseRequest(const std::string& service,
                                    const std::vector<std::string>& features,
                                    bool full_feature_names) {
  FeatureRequest request;
  request.features = features;
  request.full_feature_names = full_feature_names;
  if (!service.empty() && !features.empty()) {
    return Status::InvalidArgument("name either a feature service ('" + service +
                                   "') or features ('" + features.front() + "'), not both");
  }
  if (service.empty() && features.empty()) {
    return Status::InvalidArgument(
        "name a feature service, or features as view:feature; `coeval list` shows what there is");
  }
  const std::size_t at = service.find("@v");
  request.service = service.substr(0, at);
  if (at == std::string::npos) return request;
  const char* first = service.data() + at + 2;
  const char* last = service.data() + service.size();
  const auto [end, error] = std::from_chars(first, last, request.service_version);
  if (error != std::errc() || end != last || request.service_version < 1) {
    return Status::InvalidArgument("'" + service +
                                   "' is no feature service; write `name` or `name@v3`");
  }
  return request;
}

Result<Value> ParseValue(std::string_view text, const DataType& type) {
  if (text == "null" && type.id() != TypeId::kString) return Value();
  COEVAL_ASSIGN_OR_RETURN(Json json, JsonOfArgument(text, type));
  return ValueFromJson(json, type);
}

Result<std::vector<Column>> ParseEntityRow(const FeaturePlan& plan,
                                           const std::map<std::string, std::string>& values) {
  std::vector<std::string> errors;
  std::vector<std::string> wanted;
  std::vector<Column> columns;
  std::vector<std::string> given;
  for (const auto& [name, text] : values) given.push_back(name);
  for (const PlannedColumn& column : plan.request_columns) {
    wanted.push_back(column.name);
    const auto found = values.find(column.name);
    if (found == values.end()) {
      errors.push_back(column.name + "=... is missing (" + column.type.ToString() +
                       "), needed by " + column.needed_by);
      continue;
    }
    auto value = ParseValue(found->second, column.type);
    auto cell = value.ok() ? Column::Constant(column.type, *value, 1) : value.status();
    if (cell.ok()) {
      columns.push_back(*std::move(cell));
    } else {
      errors.push_back(column.name + "=" + found->second + ": " + cell.status().message());
    }
  }
  for (const std::string& name : given) {
    bool known = false;
    for (const std::string& column : wanted) known = known || column == name;
    if (known) continue;
    errors.push_back("'" + name + "' is no key of these features" + DidYouMean(name, wanted));
  }
  if (!errors.empty()) return JoinErrors(errors);
  return columns;
}

}  // namespace coeval
