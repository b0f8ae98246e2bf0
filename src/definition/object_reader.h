// ObjectReader: reads the members of one JSON object of a definition and collects every mistake
// with its place: wrong kinds, missing members, unknown ones with the nearest name.
//
//   ObjectReader in(json, {"definitions.py:12", "feature view 'weather'", ""}, &errors);
//   view.ttl = in.Duration("ttl", 0);
//   in.Finish();
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "column/type.h"
#include "definition/definitions.h"

namespace coeval {

// Where an object stands: for its errors.
struct DefinitionPlace {
  std::string file;    // "definitions.py:12"
  std::string object;  // "feature view 'weather'"
  std::string field;   // of a nested object: "schema.temp", else ""
};

// A member that is null counts as absent. Getters of absent or wrong members give the fallback.
// Borrows `json` and `errors`. One thread.
class ObjectReader {
 public:
  ObjectReader(const Json& json, DefinitionPlace place, std::vector<DefinitionError>* errors);

  std::string Text(std::string_view member, std::string_view fallback = "");
  std::string RequiredText(std::string_view member);
  bool Flag(std::string_view member, bool fallback);
  std::int64_t Integer(std::string_view member, std::int64_t fallback);
  // An integer of µs, or "3h".
  DurationMicros Duration(std::string_view member, DurationMicros fallback);
  char Character(std::string_view member, char fallback);
  std::vector<std::string> TextList(std::string_view member,
                                    std::vector<std::string> fallback = {});
  std::map<std::string, std::string> TextMap(std::string_view member);
  // The type in a required member: "float64".
  DataType Type(std::string_view member);
  // The position of the text in `choices`.
  std::size_t Choice(std::string_view member, const std::vector<std::string>& choices,
                     std::size_t fallback);
  // The array, or null where it is absent or something else (then reported).
  const Json::Array* Items(std::string_view member);
  // The member, present and not null, or null; marks it as known.
  const Json* Find(std::string_view member);

  void Fail(std::string_view member, std::string message);
  // Reports unknown members. Call last.
  void Finish();

  // The place of a member: for nested objects.
  [[nodiscard]] DefinitionPlace Inner(const std::string& member) const;

 private:
  bool IsKind(std::string_view member, const Json& value, bool right, std::string_view wanted);

  const Json& json_;
  DefinitionPlace place_;
  std::vector<DefinitionError>* errors_;
  std::vector<std::string> known_;
};

}  // namespace coeval
