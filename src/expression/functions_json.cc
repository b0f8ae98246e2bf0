// Values out of JSON texts.
#include <memory>
#include <string>

#include <fmt/format.h>

#include "expression/functions.h"
#include "expression/json_path.h"

namespace coeval {

namespace {

using Bool = std::uint8_t;
using Text = std::string_view;

Result<std::shared_ptr<const void>> PreparePath(const PrepareContext& context) {
  *context.bad_argument = 1;
  const Value& path = *context.constants[1];
  if (path.is_null()) return Status::InvalidArgument("the path is null");
  COEVAL_ASSIGN_OR_RETURN(JsonPath parsed, ParseJsonPath(path.AsString()));
  return std::shared_ptr<const void>(std::make_shared<const JsonPath>(std::move(parsed)));
}

RowState Copy(const Call& call, const std::string& text, Text& result) {
  if (text.size() > kMaxTextBytes) {
    return call.Fail([] { return fmt::format("a text of more than {} bytes", kMaxTextBytes); });
  }
  result = call.arena->Copy(text);
  return kValue;
}

bool HasSpace(Text json) {
  return json.find_first_of(" \n\t\r") != Text::npos;
}

// A string bare, everything else as JSON; what can be borrowed from the document is.
RowState Show(const Call& call, Text found, Text& result) {
  if (found == "null") return kNull;
  if (found[0] == '"') {
    result = found.substr(1, found.size() - 2);
    return result.find('\\') == Text::npos ? kValue : Copy(call, JsonStringText(found), result);
  }
  result = found;
  if ((found[0] != '{' && found[0] != '[') || !HasSpace(found)) return kValue;
  std::string compact;
  AppendCompactJson(found, &compact);
  return Copy(call, compact, result);
}

void ExtractKernel(const Call& call) {
  const auto& path = call.prepared_as<JsonPath>();
  // The path is constant and never null.
  MapRows<Text, Text, Text>(call, [&](Text json, Text /*path*/, Text& result) {
    const JsonFound found = FindInJson(json, path);
    if (!found.malformed.empty()) {
      return call.Fail(
          [&] { return fmt::format("malformed JSON: {} at byte {}", found.malformed, found.at); });
    }
    return found.found ? Show(call, found.text, result) : kNull;
  });
}

void ValidKernel(const Call& call) {
  MapRows<Bool, Text>(call, [](Text json, Bool& result) {
    result = FindInJson(json, {}).malformed.empty();
    return kValue;
  });
}

}  // namespace

std::vector<Function> JsonFunctions() {
  return {
      {.name = "json_extract",
       .family = Family::kJson,
       .usage = "json_extract(json, path)",
       .meaning = "The value at a path: a string without quotes and escapes, anything else as JSON "
                  "text without white space between its tokens, numbers as they are written. "
                  "`cast` makes a number of it.",
       .nulls = "null if the document is null, if nothing is at the path, or JSON's null",
       .errors = "malformed JSON; a text of more than 1 MiB",
       .overloads = {{"string, const string -> string", ExtractKernel, nullptr, PreparePath}},
       .examples = {{"json_extract('{\"a\": {\"b\": [\"x\", 7]}}', '$.a.b[0]')", "'x'"},
                    {"json_extract('{\"a\": {\"b\": [\"x\", 7]}}', '$.a')", "'{\"b\":[\"x\",7]}'"},
                    {"cast(json_extract('{\"n\": 1e2}', '$.n') as float64)", "100.0"},
                    {"json_extract('{\"a\": null}', '$.a')", "null"},
                    {"json_extract('{\"a\": 1', '$.b')", "error"}}},
      {.name = "json_valid",
       .family = Family::kJson,
       .usage = "json_valid(json)",
       .meaning = "Is it a JSON document that json_extract reads?",
       .overloads = {{"string -> bool", ValidKernel}},
       .examples = {{"json_valid('[1, 2]')", "true"}, {"json_valid('[1, 2')", "false"}}},
  };
}

}  // namespace coeval
