#include "offline/explain_testing.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/json.h"
#include "base/utf8.h"
#include "definition/aggregated_view.h"
#include "offline/explain.h"
#include "offline/explanation_json.h"
#include "offline/explanation_text.h"
#include "offline/testing.h"
#include "offline/training_set.h"

namespace coeval {
namespace {

bool Chance(std::mt19937_64& random, unsigned percent) {
  return random() % 100 < percent;
}

template <typename T>
T OneOf(std::mt19937_64& random, std::initializer_list<T> values) {
  return values.begin()[random() % values.size()];
}

// The facts of a join's case as rows of a source.
Batch RowsOfFacts(const JoinCase& c) {
  const Source& source = c.join.rule.source;
  Schema schema;
  for (std::size_t k = 0; k < c.key_types.size(); ++k) {
    schema.Add("k" + std::to_string(k), c.key_types[k]);
  }
  if (!source.timeless) schema.Add("event_timestamp", TypeId::kTimestamp);
  schema.Add("created", TypeId::kTimestamp);
  schema.Add("number", TypeId::kInt64);
  schema.Add("gone", TypeId::kBool);
  for (const ColumnSchema& feature : c.join.schema) schema.Add(feature.name, feature.type);
  std::vector<std::vector<Value>> rows;
  for (const TestFact& fact : c.facts) {
    std::vector<Value> row = fact.key;
    if (!source.timeless) row.push_back(Value::Int(fact.event_time));
    row.push_back(fact.created ? Value::Int(*fact.created) : Value());
    row.push_back(fact.sequence ? Value::Int(*fact.sequence) : Value());
    row.push_back(Value::Bool(fact.deleted));
    row.insert(row.end(), fact.values.begin(), fact.values.end());
    rows.push_back(std::move(row));
  }
  return RowsOf(std::move(schema), rows);
}

Batch SpineOf(const std::vector<DataType>& key_types, const std::vector<TestQuestion>& questions,
              std::mt19937_64& random) {
  Schema schema;
  for (std::size_t k = 0; k < key_types.size(); ++k) {
    schema.Add("k" + std::to_string(k), key_types[k]);
  }
  schema.Add("event_timestamp", TypeId::kTimestamp);
  schema.Add("asked", TypeId::kInt64);
  std::vector<std::vector<Value>> rows;
  for (const TestQuestion& question : questions) {
    std::vector<Value> row = question.key;
    row.push_back(Value::Int(question.t));
    row.push_back(Chance(random, 20) ? Value() : Value::Int(static_cast<int>(random() % 5)));
    rows.push_back(std::move(row));
  }
  return RowsOf(std::move(schema), rows);
}

std::vector<JoinKey> KeysOf(const std::vector<DataType>& types) {
  std::vector<JoinKey> keys;
  for (std::size_t k = 0; k < types.size(); ++k)
    keys.push_back({"k" + std::to_string(k), types[k]});
  return keys;
}

// Everything can be asked for; some sources have no columns for some parts.
void SetSource(const Source& rule, Source* source) {
  source->timestamp_field = rule.timeless ? "" : "event_timestamp";
  source->timeless = rule.timeless;
  source->created_field = "created";
  source->sequence_field = "number";
  source->delete_field = "gone";
  source->created = rule.created;
  source->data_delay = rule.data_delay;
  source->max_future = kMaxTime;
  source->allow_1970 = true;
}

struct RandomEvents {
  std::vector<std::vector<Value>> rows;
  std::vector<TestQuestion> questions;
};

constexpr TimeMicros kBase = 1'357'034'040'000'000;

// Few keys, ids and times, so that they meet.
RandomEvents MakeEvents(std::mt19937_64& random) {
  RandomEvents made;
  const auto below = [&random](std::uint64_t n) { return static_cast<std::int64_t>(random() % n); };
  const bool created = Chance(random, 70);
  const bool deletes = Chance(random, 60);
  for (std::uint64_t n = random() % 40; n > 0; --n) {
    const TimeMicros time = kBase + below(24);
    std::vector<Value> row{
        Value::Int(below(2)),
        Value::Int(time),
        created && Chance(random, 70) ? Value::Int(time + below(16) - 2) : Value(),
        Chance(random, 30) ? Value::Int(below(3)) : Value(),
        Value::Bool(deletes && Chance(random, 20)),
        Chance(random, 15) ? Value() : Value::Int(below(5)),
        Chance(random, 15) ? Value() : Value::Double(0.1 * static_cast<double>(below(30)) - 1),
        Chance(random, 15) ? Value() : Value::String(OneOf<const char*>(random, {"a", "b", ""}))};
    made.rows.push_back(row);
    if (Chance(random, 15)) made.rows.push_back(row);  // the same twice, or nearly so
    if (Chance(random, 15)) made.rows.back()[6] = Value::Double(7.5);
  }
  for (std::uint64_t n = random() % 12; n > 0; --n) {
    made.questions.push_back(
        {{Chance(random, 5) ? Value() : Value::Int(below(3))}, kBase + below(34) - 2});
  }
  return made;
}

Window RandomWindow(std::mt19937_64& random) {
  Window window;
  if (Chance(random, 75)) window.length = 1 + static_cast<DurationMicros>(random() % 14);
  if (Chance(random, 30)) window.offset = static_cast<DurationMicros>(random() % 7) - 2;
  window.closed = OneOf(
      random, {Closed::kRight, Closed::kRight, Closed::kLeft, Closed::kBoth, Closed::kNeither});
  if (window.length && Chance(random, 20)) {
    window.slide_interval = 1 + static_cast<DurationMicros>(random() % 6);
  }
  if (Chance(random, 20)) window.last = 1 + static_cast<std::int64_t>(random() % 4);
  return window;
}

Aggregation RandomAggregation(std::mt19937_64& random, int number) {
  Aggregation aggregation;
  aggregation.name = "a" + std::to_string(number);

  struct Choice {
    const char* function;
    std::vector<std::string> columns;
  };

  static const std::vector<Choice> kChoices = {{"count", {}},
                                               {"count", {"x"}},
                                               {"sum", {"x"}},
                                               {"sum", {"id"}},
                                               {"mean", {"x"}},
                                               {"min", {"x"}},
                                               {"max", {"kind"}},
                                               {"median", {"x"}},
                                               {"first", {"x"}},
                                               {"last", {"kind"}},
                                               {"lag", {"x"}},
                                               {"stddev_samp", {"x"}},
                                               {"count_distinct", {"kind"}},
                                               {"collect", {"x"}},
                                               {"mode", {"kind"}},
                                               {"time_since_last", {}},
                                               {"percent_rank", {"x"}}};
  const Choice& choice = kChoices[random() % kChoices.size()];
  aggregation.function = choice.function;
  aggregation.columns = choice.columns;
  aggregation.window = RandomWindow(random);
  if (Chance(random, 30)) {
    aggregation.where = OneOf<const char*>(random, {"x > 0", "kind = 'a'", "id <> 3 or x < 0.5"});
  }
  const bool plain = aggregation.function == "sum" || aggregation.function == "count";
  if (plain && Chance(random, 25)) aggregation.by = "coalesce(kind, '?')";
  return aggregation;
}

// What an output's explanation says, against what the set holds.
std::string Compare(const FeatureTable& features, const FeaturePlan& plan, std::int64_t row,
                    std::size_t output, const Explanation& explanation) {
  const auto i = static_cast<std::size_t>(row);
  const Column held = features.columns[output].Slice(row, 1);
  const DataType& type = plan.outputs[output].type;
  const std::string where = plan.outputs[output].reference + " of row " + std::to_string(row) +
                            " at " + std::to_string(explanation.t) + ": ";
  if (!SameBits(held, explanation.value)) {
    return where + "explained as " + ToText(explanation.value.GetValue(0), type) +
           ", but the engine has " + ToText(held.GetValue(0), type);
  }
  const FeatureStatus status = features.statuses[output][i];
  if (status != explanation.status) {
    return where + "status " + std::string(FeatureStatusName(explanation.status)) +
           ", but the engine has " + std::string(FeatureStatusName(status));
  }
  if (features.times[output][i] != explanation.time) {
    return where + "time " + std::to_string(explanation.time) + ", but the engine has " +
           std::to_string(features.times[output][i]);
  }
  return explanation.note.empty() ? "" : where + explanation.note;
}

void Meet(const Explanation& explanation, Met* met) {
  ++(*met)[std::string(FeatureStatusName(explanation.status))];
  if (explanation.facts.has_value()) {
    for (const auto& [fate, count] : explanation.facts->fates) {
      (*met)[std::string(FateName(fate))] += count;
    }
    for (const ExplainedFact& fact : explanation.facts->shown) {
      ++(*met)["by " + std::string(RankPartName(fact.verdict.decided_by))];
    }
  }
  for (const ExplainedInput& input : explanation.inputs) {
    if (input.feature != nullptr) Meet(*input.feature, met);
  }
}

}  // namespace

ExplainCase RandomFactCase(std::mt19937_64& random) {
  JoinCase c = RandomCase(random, /*files_alone=*/true);
  while (c.join.schema.empty()) c = RandomCase(random, /*files_alone=*/true);
  ExplainCase out;
  out.known = c.join.rule.known;
  std::vector<Field> fields;
  for (const ColumnSchema& feature : c.join.schema) {
    Field field = FieldOf(feature.name, feature.type);
    if (feature.type.id() == TypeId::kInt64 && Chance(random, 30)) {
      field.default_value = Value::Int(-7);
    }
    fields.push_back(std::move(field));
  }
  ViewVersion& view =
      out.project.AddView("v", KeysOf(c.key_types), std::move(fields), RowsOfFacts(c));
  view.view.ttl = c.join.rule.ttl;
  SetSource(c.join.rule.source, &view.source);
  out.project.AddOnDemand(
      "o", {"v"}, {FieldOf("asked", TypeId::kInt64)},
      {FieldOf("r0", TypeId::kInt64), FieldOf("r1", TypeId::kTimestamp)},
      {{"r0", "case when f0 is null then 1 // asked else asked + 1 end"}, {"r1", "now()"}});
  out.request.features = {"v:*", "o:*"};
  out.spine = SpineOf(c.key_types, c.questions, random);
  return out;
}

ExplainCase RandomWindowCase(std::mt19937_64& random) {
  const RandomEvents events = MakeEvents(random);
  ExplainCase out;
  out.known =
      OneOf(random, {Known::kDeclared, Known::kDeclared, Known::kArrival, Known::kHindsight});
  Schema schema({{"k0", TypeId::kInt64},
                 {"event_timestamp", TypeId::kTimestamp},
                 {"created", TypeId::kTimestamp},
                 {"number", TypeId::kInt64},
                 {"gone", TypeId::kBool},
                 {"id", TypeId::kInt64},
                 {"x", TypeId::kFloat64},
                 {"kind", TypeId::kString}});
  std::vector<Field> columns;
  for (const ColumnSchema& column : schema.columns()) {
    columns.push_back(FieldOf(column.name, column.type));
  }
  ViewVersion& version = out.project.AddView("v", KeysOf({TypeId::kInt64}), {},
                                             RowsOf(std::move(schema), events.rows));
  Source rule;
  rule.created = Chance(random, 50) ? CreatedMeaning::kArrival : CreatedMeaning::kVersion;
  rule.data_delay = Chance(random, 30) ? static_cast<DurationMicros>(random() % 4) : 0;
  SetSource(rule, &version.source);
  version.source.lateness = static_cast<DurationMicros>(random() % 16);
  if (Chance(random, 60)) version.source.event_id_field = "id";
  for (int i = 0; i < 3; ++i) version.view.aggregations.push_back(RandomAggregation(random, i));
  Aggregation count;
  count.name = "n";
  count.function = "count";
  count.window = RandomWindow(random);
  version.view.aggregations.push_back(count);
  version.view.expressions = {{"e0", "n * 2 + 1"},
                              {"e1", "if(a0 is null, 9223372036854775807, 5) + n"}};
  const Result<std::vector<Field>> inputs = InputsOf(version.view, version.source, columns);
  COEVAL_CHECK(inputs.ok());
  version.view.inputs = *inputs;
  const Result<AggregatedView> resolved = ResolveAggregatedView(version.view, version.source);
  if (!resolved.ok()) CheckFailed(__FILE__, __LINE__, resolved.status().ToString());
  version.view.schema = resolved->schema;
  out.project.AddOnDemand("o", {"v"}, {FieldOf("asked", TypeId::kInt64)},
                          {FieldOf("r0", TypeId::kInt64)}, {{"r0", "e0 + coalesce(asked, 0)"}});
  out.request.features = {"v:*", "o:*"};
  out.spine = SpineOf({TypeId::kInt64}, events.questions, random);
  return out;
}

std::string ExplainAll(const ExplainCase& c, Met* met) {
  const Context context;
  const SharedFeaturePlan plan = c.project.Plan(c.request);
  const OpenView open = c.project.Open(context);
  TrainingSetOptions options;
  options.known = c.known;
  options.on_invalid = OnInvalid::kNull;
  options.details = true;
  const Result<TrainingSet> set =
      MakeTrainingSet(*plan, TableOfRows(c.spine), options, open, context);
  if (!set.ok()) return set.status().ToString();
  const Result<FeatureTable> features = set->features->Whole();
  if (!features.ok()) return features.status().ToString();
  const ExplainOptions explain{.known = c.known, .nearest = 2, .progress = nullptr};
  for (std::int64_t row = 0; row < set->num_rows(); ++row) {
    for (std::size_t output = 0; output < plan->outputs.size(); ++output) {
      const Result<Explanation> explanation =
          ExplainRow(*plan, *set, row, plan->outputs[output].name, explain, open, context);
      if (!explanation.ok()) return explanation.status().ToString();
      Meet(*explanation, met);
      if (!ParseJson(ExplanationJson(*explanation).Write()).ok()) return "its JSON is none";
      if (!IsUtf8(ExplanationText(*explanation))) return "its text is no UTF-8";
      std::string difference = Compare(*features, *plan, row, output, *explanation);
      if (!difference.empty()) return difference;
    }
  }
  return "";
}

}  // namespace coeval
