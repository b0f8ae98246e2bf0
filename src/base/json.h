// Json: a small document value for definitions, configuration, registry rows and manifests, where
// order and exact integers matter and speed does not. Hot paths (serve/) parse with simdjson
// itself.
//
//   Json j = *ParseJson(R"({"name":"weather","ttl":10800000000})");
//   j.Find("ttl")->AsInt()  ->  10800000000
//   j.Write()               ->  {"name":"weather","ttl":10800000000}
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"

namespace coeval {

// Objects keep the order in which members were added; keys are unique (Set replaces).
// Threads: like a std::vector.
class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;  // null

  Json(std::nullptr_t) {}  // NOLINT(google-explicit-constructor)

  Json(bool b) : value_(b) {}  // NOLINT(google-explicit-constructor)

  Json(std::int64_t i) : value_(i) {}  // NOLINT(google-explicit-constructor)

  Json(int i) : value_(std::int64_t{i}) {}  // NOLINT(google-explicit-constructor)

  Json(double d) : value_(d) {}  // NOLINT(google-explicit-constructor)

  Json(std::string s) : value_(std::move(s)) {}  // NOLINT(google-explicit-constructor)

  Json(std::string_view s) : value_(std::string(s)) {}  // NOLINT(google-explicit-constructor)

  Json(const char* s) : value_(std::string(s)) {}  // NOLINT(google-explicit-constructor)

  Json(Array a) : value_(std::move(a)) {}  // NOLINT(google-explicit-constructor)

  static Json MakeArray() { return Json(Array{}); }

  static Json MakeObject();
  // REQUIRES: the keys are unique.
  static Json FromMembers(Object members);

  [[nodiscard]] bool is_null() const { return value_.index() == 0; }

  [[nodiscard]] bool is_bool() const { return std::holds_alternative<bool>(value_); }

  [[nodiscard]] bool is_int() const { return std::holds_alternative<std::int64_t>(value_); }

  [[nodiscard]] bool is_double() const { return std::holds_alternative<double>(value_); }

  [[nodiscard]] bool is_number() const { return is_int() || is_double(); }

  [[nodiscard]] bool is_string() const { return std::holds_alternative<std::string>(value_); }

  [[nodiscard]] bool is_array() const { return std::holds_alternative<Array>(value_); }

  [[nodiscard]] bool is_object() const { return std::holds_alternative<Object>(value_); }

  // "null", "boolean", "integer", "number", "string", "array", "object": for error texts.
  [[nodiscard]] std::string_view kind() const;

  // REQUIRES: the value is of that kind (AsDouble takes integers too).
  [[nodiscard]] bool AsBool() const { return std::get<bool>(value_); }

  [[nodiscard]] std::int64_t AsInt() const { return std::get<std::int64_t>(value_); }

  [[nodiscard]] double AsDouble() const;

  [[nodiscard]] const std::string& AsString() const { return std::get<std::string>(value_); }

  [[nodiscard]] const Array& array() const { return std::get<Array>(value_); }

  [[nodiscard]] Array& array() { return std::get<Array>(value_); }

  [[nodiscard]] const Object& object() const { return std::get<Object>(value_); }

  // The member, or null where there is none (or this is no object).
  [[nodiscard]] const Json* Find(std::string_view key) const;
  // Member as text / integer / flag with a fallback where it is absent or of another kind.
  [[nodiscard]] std::string GetString(std::string_view key, std::string_view fallback = "") const;
  [[nodiscard]] std::int64_t GetInt(std::string_view key, std::int64_t fallback = 0) const;
  [[nodiscard]] bool GetBool(std::string_view key, bool fallback = false) const;

  // Adds or replaces a member; a null Json becomes an object first. Returns *this.
  Json& Set(std::string key, Json value);
  // Adds an element; a null Json becomes an array first.
  Json& Append(Json value);

  // Compact text. Doubles in the shortest form that reads back the same; NaN and infinities as the
  // strings "nan", "inf", "-inf". `sort_keys` gives the canonical form that is hashed (rule 8.2).
  [[nodiscard]] std::string Write(bool sort_keys = false) const;
  // Two spaces of indentation, one member a line.
  [[nodiscard]] std::string WritePretty() const;

  // The same kinds and values; members in any order; numbers bit for bit, every NaN alike.
  friend bool operator==(const Json& a, const Json& b);

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

// Appends `text` as a JSON string, quoted and escaped; bytes that are no UTF-8 become U+FFFD.
void AppendJsonString(std::string_view text, std::string* out);

// Parses one document (RFC 8259). A number without point and exponent is an integer. Errors:
// InvalidArgument with byte, line and column, on malformed text or UTF-8, duplicate keys, depth
// above `max_depth`, integers beyond int64 and numbers beyond double.
Result<Json> ParseJson(std::string_view text, int max_depth = 64);

}  // namespace coeval
