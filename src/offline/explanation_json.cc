#include "offline/explanation_json.h"

#include <string>

#include "definition/value_json.h"

namespace coeval {
namespace {

Json TimeJson(TimeMicros time) {
  return time == kMinTime ? Json() : Json(FormatTime(time));
}

Json FactJson(const ExplainedFact& fact, const ExplainedFacts& of) {
  Json json = Json::MakeObject();
  json.Set("fate", FateName(fact.verdict.fate));
  if (fact.verdict.decided_by != RankPart::kNothing) {
    json.Set("decided_by", RankPartName(fact.verdict.decided_by));
  }
  json.Set("why", fact.verdict.why);
  json.Set("event_timestamp", TimeJson(fact.times.event_time));
  if (fact.times.has_created) json.Set("created_timestamp", FormatTime(fact.times.created_time));
  json.Set("known_from", TimeJson(fact.known));
  if (fact.sequence.has_value()) json.Set("sequence", *fact.sequence);
  if (fact.is_delete) json.Set("delete", true);
  Json values = Json::MakeObject();
  for (std::size_t i = 0; i < of.columns.size(); ++i) {
    values.Set(of.columns[i].name, ValueToJson(fact.values[i], of.columns[i].type));
  }
  json.Set("values", std::move(values));
  if (!fact.file.empty()) json.Set("file", fact.file);
  json.Set("row", fact.row);
  if (fact.row_group >= 0) json.Set("row_group", fact.row_group);
  if (fact.left_out > 0) json.Set("left_out_before", fact.left_out);
  return json;
}

Json FactsJson(const ExplainedFacts& facts) {
  Json json = Json::MakeObject();
  json.Set("source", facts.source);
  if (facts.timeless) json.Set("timeless", true);
  json.Set("of_key", facts.of_key);
  Json fates = Json::MakeObject();
  for (const auto& [fate, count] : facts.fates) fates.Set(std::string(FateName(fate)), count);
  json.Set("fates", std::move(fates));
  Json shown = Json::MakeArray();
  for (const ExplainedFact& fact : facts.shown) shown.Append(FactJson(fact, facts));
  json.Set("shown", std::move(shown));
  if (facts.left_out > 0) json.Set("left_out_after", facts.left_out);
  Json read = Json::MakeObject();
  read.Set("rows", facts.read.rows).Set("null_keys", facts.read.null_keys);
  read.Set("bad_times", facts.read.bad_times).Set("too_far_ahead", facts.read.too_far_ahead);
  json.Set("read", std::move(read));
  return json;
}

Json WindowJson(const ExplainedWindow& window) {
  Json json = Json::MakeObject();
  json.Set("function", window.function).Set("closed", ClosedName(window.closed));
  json.Set("first", window.bounded && !window.span.empty() ? TimeJson(window.span.first) : Json());
  json.Set("last", window.span.empty() ? Json() : TimeJson(window.span.last));
  json.Set("events", window.events).Set("lateness", FormatDuration(window.lateness));
  return json;
}

Json InputJson(const ExplainedInput& input) {
  Json json = Json::MakeObject();
  json.Set("name", input.name).Set("type", input.type.ToString());
  json.Set("value", ValueToJson(input.value, input.type));
  if (input.feature == nullptr) {
    json.Set("request_column", input.request_column);
  } else {
    json.Set("feature", ExplanationJson(*input.feature));
  }
  return json;
}

}  // namespace

Json ExplanationJson(const Explanation& explanation) {
  Json json = Json::MakeObject();
  json.Set("feature", explanation.name).Set("reference", explanation.reference);
  json.Set("type", explanation.type.ToString());
  json.Set("at", FormatTime(explanation.t)).Set("known", KnownName(explanation.known));
  if (explanation.row.has_value()) json.Set("row", *explanation.row);
  Json keys = Json::MakeArray();
  for (const ExplainedKey& key : explanation.key) {
    Json each = Json::MakeObject();
    each.Set("name", key.name).Set("column", key.column).Set("type", key.type.ToString());
    each.Set("value", ValueToJson(key.value, key.type));
    keys.Append(std::move(each));
  }
  if (!explanation.key.empty()) json.Set("key", std::move(keys));
  json.Set("value", ValueToJson(explanation.value.GetValue(0), explanation.type));
  json.Set("status", FeatureStatusName(explanation.status));
  json.Set("event_timestamp", TimeJson(explanation.time));
  if (explanation.is_default) json.Set("default", true);
  json.Set("because", explanation.because);
  if (!explanation.error.empty()) json.Set("error", explanation.error);
  if (!explanation.note.empty()) json.Set("note", explanation.note);
  if (explanation.ttl > 0) json.Set("ttl", FormatDuration(explanation.ttl));
  if (explanation.window.has_value()) json.Set("window", WindowJson(*explanation.window));
  if (explanation.facts.has_value()) json.Set("facts", FactsJson(*explanation.facts));
  if (!explanation.expression.empty()) {
    json.Set("expression", explanation.expression);
    Json inputs = Json::MakeArray();
    for (const ExplainedInput& input : explanation.inputs) inputs.Append(InputJson(input));
    json.Set("inputs", std::move(inputs));
  }
  return json;
}

}  // namespace coeval
