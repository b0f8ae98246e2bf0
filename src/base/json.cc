#include "base/json.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <numeric>

#include <fmt/format.h>

#include "base/utf8.h"

namespace coeval {

namespace {

void AppendDouble(double d, std::string* out) {
  if (std::isnan(d)) {
    *out += "\"nan\"";
  } else if (std::isinf(d)) {
    *out += d > 0 ? "\"inf\"" : "\"-inf\"";
  } else {
    const std::size_t start = out->size();
    fmt::format_to(std::back_inserter(*out), "{}", d);
    // 3.0 must not read back as the integer 3.
    if (out->find_first_of(".e", start) == std::string::npos) *out += ".0";
  }
}

class Writer {
 public:
  Writer(bool sort_keys, bool pretty) : sort_keys_(sort_keys), pretty_(pretty) {}

  void Write(const Json& json) {
    if (json.is_null()) {
      out_ += "null";
    } else if (json.is_bool()) {
      out_ += json.AsBool() ? "true" : "false";
    } else if (json.is_int()) {
      fmt::format_to(std::back_inserter(out_), "{}", json.AsInt());
    } else if (json.is_double()) {
      AppendDouble(json.AsDouble(), &out_);
    } else if (json.is_string()) {
      AppendJsonString(json.AsString(), &out_);
    } else if (json.is_array()) {
      WriteArray(json.array());
    } else {
      WriteObject(json.object());
    }
  }

  std::string Take() { return std::move(out_); }

 private:
  void WriteArray(const Json::Array& array) {
    out_ += '[';
    ++depth_;
    bool first = true;
    for (const Json& element : array) {
      Separate(&first);
      Write(element);
    }
    Close(']', first);
  }

  void WriteObject(const Json::Object& object) {
    std::vector<std::size_t> order(object.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (sort_keys_) {
      std::sort(order.begin(), order.end(),
                [&](std::size_t a, std::size_t b) { return object[a].first < object[b].first; });
    }
    out_ += '{';
    ++depth_;
    bool first = true;
    for (const std::size_t i : order) {
      Separate(&first);
      AppendJsonString(object[i].first, &out_);
      out_ += pretty_ ? ": " : ":";
      Write(object[i].second);
    }
    Close('}', first);
  }

  void Separate(bool* first) {
    if (!*first) out_ += ',';
    *first = false;
    NewLine();
  }

  void Close(char bracket, bool empty) {
    --depth_;
    if (!empty) NewLine();
    out_ += bracket;
  }

  void NewLine() {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(depth_ * 2, ' ');
  }

  bool sort_keys_;
  bool pretty_;
  std::size_t depth_ = 0;
  std::string out_;
};

}  // namespace

Json Json::MakeObject() {
  return FromMembers({});
}

Json Json::FromMembers(Object members) {
  Json json;
  json.value_ = std::move(members);
  return json;
}

std::string_view Json::kind() const {
  switch (value_.index()) {
    case 0:
      return "null";
    case 1:
      return "boolean";
    case 2:
      return "integer";
    case 3:
      return "number";
    case 4:
      return "string";
    case 5:
      return "array";
    default:
      return "object";
  }
}

double Json::AsDouble() const {
  return is_int() ? static_cast<double>(AsInt()) : std::get<double>(value_);
}

const Json* Json::Find(std::string_view key) const {
  if (!is_object()) return nullptr;
  for (const Member& member : object()) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}

std::string Json::GetString(std::string_view key, std::string_view fallback) const {
  const Json* member = Find(key);
  return member != nullptr && member->is_string() ? member->AsString() : std::string(fallback);
}

std::int64_t Json::GetInt(std::string_view key, std::int64_t fallback) const {
  const Json* member = Find(key);
  return member != nullptr && member->is_int() ? member->AsInt() : fallback;
}

bool Json::GetBool(std::string_view key, bool fallback) const {
  const Json* member = Find(key);
  return member != nullptr && member->is_bool() ? member->AsBool() : fallback;
}

Json& Json::Set(std::string key, Json value) {
  if (is_null()) value_ = Object{};
  auto& members = std::get<Object>(value_);
  for (Member& member : members) {
    if (member.first == key) {
      member.second = std::move(value);
      return *this;
    }
  }
  members.emplace_back(std::move(key), std::move(value));
  return *this;
}

Json& Json::Append(Json value) {
  if (is_null()) value_ = Array{};
  std::get<Array>(value_).push_back(std::move(value));
  return *this;
}

std::string Json::Write(bool sort_keys) const {
  Writer writer(sort_keys, false);
  writer.Write(*this);
  return writer.Take();
}

std::string Json::WritePretty() const {
  Writer writer(false, true);
  writer.Write(*this);
  return writer.Take();
}

bool operator==(const Json& a, const Json& b) {
  if (a.value_.index() != b.value_.index()) return false;
  if (a.is_double()) {
    const double x = a.AsDouble();
    const double y = b.AsDouble();
    return (std::isnan(x) && std::isnan(y)) ||
           std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
  }
  if (!a.is_object()) return a.value_ == b.value_;
  if (a.object().size() != b.object().size()) return false;
  return std::all_of(a.object().begin(), a.object().end(), [&](const Json::Member& member) {
    const Json* other = b.Find(member.first);
    return other != nullptr && *other == member.second;
  });
}

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = Utf8Length(text, i);
    const char c = text[i];
    if (length == 0) {
      *out += "\xEF\xBF\xBD";  // U+FFFD
    } else if (length > 1) {
      *out += text.substr(i, length);
    } else if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (c == '\n') {
      *out += "\\n";
    } else if (c == '\t') {
      *out += "\\t";
    } else if (c == '\r') {
      *out += "\\r";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(*out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out->push_back(c);
    }
    i += std::max<std::size_t>(length, 1);
  }
  out->push_back('"');
}

}  // namespace coeval
