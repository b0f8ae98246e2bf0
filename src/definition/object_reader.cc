#include "definition/object_reader.h"

#include <algorithm>

#include "base/suggest.h"

namespace coeval {

ObjectReader::ObjectReader(const Json& json, DefinitionPlace place,
                           std::vector<DefinitionError>* errors)
    : json_(json), place_(std::move(place)), errors_(errors) {
  if (!json.is_object()) {
    errors_->push_back({place_.file, place_.object, place_.field,
                        "an object is expected here, found " + std::string(json.kind())});
  }
}

const Json* ObjectReader::Find(std::string_view member) {
  if (std::find(known_.begin(), known_.end(), member) == known_.end()) known_.emplace_back(member);
  const Json* value = json_.Find(member);
  return value == nullptr || value->is_null() ? nullptr : value;
}

bool ObjectReader::IsKind(std::string_view member, const Json& value, bool right,
                          std::string_view wanted) {
  if (right) return true;
  std::string shown = value.Write();
  if (shown.size() > 60) shown = shown.substr(0, 57) + "...";
  Fail(member,
       std::string(wanted) + " is expected, found " + std::string(value.kind()) + " " + shown);
  return false;
}

std::string ObjectReader::Text(std::string_view member, std::string_view fallback) {
  const Json* value = Find(member);
  if (value == nullptr || !IsKind(member, *value, value->is_string(), "a text")) {
    return std::string(fallback);
  }
  return value->AsString();
}

std::string ObjectReader::RequiredText(std::string_view member) {
  if (Find(member) == nullptr) {
    if (json_.is_object()) Fail(member, "is missing");
    return "";
  }
  return Text(member);
}

bool ObjectReader::Flag(std::string_view member, bool fallback) {
  const Json* value = Find(member);
  if (value == nullptr || !IsKind(member, *value, value->is_bool(), "true or false")) {
    return fallback;
  }
  return value->AsBool();
}

std::int64_t ObjectReader::Integer(std::string_view member, std::int64_t fallback) {
  const Json* value = Find(member);
  if (value == nullptr || !IsKind(member, *value, value->is_int(), "an integer")) return fallback;
  return value->AsInt();
}

DurationMicros ObjectReader::Duration(std::string_view member, DurationMicros fallback) {
  const Json* value = Find(member);
  if (value == nullptr) return fallback;
  if (!IsKind(member, *value, value->is_int() || value->is_string(),
              "a duration (\"3h\", or microseconds)")) {
    return fallback;
  }
  if (value->is_int()) return value->AsInt();
  const Result<DurationMicros> parsed = ParseDuration(value->AsString());
  if (!parsed.ok()) {
    Fail(member, parsed.status().message());
    return fallback;
  }
  return *parsed;
}

char ObjectReader::Character(std::string_view member, char fallback) {
  const Json* value = Find(member);
  if (value == nullptr || !IsKind(member, *value, value->is_string(), "one character")) {
    return fallback;
  }
  const std::string& text = value->AsString();
  if (text.size() != 1 || static_cast<unsigned char>(text[0]) >= 0x80) {
    Fail(member, "one ASCII character is expected, found '" + text + "'");
    return fallback;
  }
  return text[0];
}

std::vector<std::string> ObjectReader::TextList(std::string_view member,
                                                std::vector<std::string> fallback) {
  const Json* value = Find(member);
  if (value == nullptr || !IsKind(member, *value, value->is_array(), "a list of texts")) {
    return fallback;
  }
  std::vector<std::string> texts;
  for (const Json& item : value->array()) {
    if (!IsKind(member, item, item.is_string(), "a list of texts")) return fallback;
    texts.push_back(item.AsString());
  }
  return texts;
}

std::map<std::string, std::string> ObjectReader::TextMap(std::string_view member) {
  std::map<std::string, std::string> texts;
  const Json* value = Find(member);
  if (value == nullptr || !IsKind(member, *value, value->is_object(), "a map of texts"))
    return texts;
  for (const auto& [key, item] : value->object()) {
    const std::string inner = std::string(member) + "." + key;
    if (IsKind(inner, item, item.is_string(), "a text")) texts[key] = item.AsString();
  }
  return texts;
}

DataType ObjectReader::Type(std::string_view member) {
  const std::string text = RequiredText(member);
  if (text.empty()) return {};
  Result<DataType> type = ParseType(text);
  if (!type.ok()) {
    Fail(member, type.status().message());
    return {};
  }
  return *std::move(type);
}

std::size_t ObjectReader::Choice(std::string_view member, const std::vector<std::string>& choices,
                                 std::size_t fallback) {
  const Json* value = Find(member);
  if (value == nullptr || !IsKind(member, *value, value->is_string(), "a text")) return fallback;
  const auto found = std::find(choices.begin(), choices.end(), value->AsString());
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  std::string all;
  for (const std::string& choice : choices) {
    all.append(all.empty() ? "" : ", ").append("\"").append(choice).append("\"");
  }
  Fail(member,
       "'" + value->AsString() + "' is none of " + all + DidYouMean(value->AsString(), choices));
  return fallback;
}

const Json::Array* ObjectReader::Items(std::string_view member) {
  const Json* value = Find(member);
  if (value == nullptr || !IsKind(member, *value, value->is_array(), "a list")) return nullptr;
  return &value->array();
}

void ObjectReader::Fail(std::string_view member, std::string message) {
  errors_->push_back(
      {place_.file, place_.object, Inner(std::string(member)).field, std::move(message)});
}

DefinitionPlace ObjectReader::Inner(const std::string& member) const {
  return {place_.file, place_.object, place_.field.empty() ? member : place_.field + "." + member};
}

void ObjectReader::Finish() {
  if (!json_.is_object()) return;
  for (const auto& [name, value] : json_.object()) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    Fail(name, "is unknown here" + DidYouMean(name, known_));
  }
}

}  // namespace coeval
