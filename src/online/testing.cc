#include "online/testing.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <ostream>
#include <tuple>

#include "base/hash.h"
#include "column/builder.h"
#include "column/row_encoding.h"
#include "definition/fact.h"

namespace coeval {
namespace {

constexpr const char* kWriter = "the writer's UUID";

// The order of rule 1.5 as a tuple: null lowest, -0.0 before 0.0, NaN last.
std::tuple<bool, bool, double, bool> Order(std::optional<double> x) {
  if (!x) return {false, false, 0, false};
  if (std::isnan(*x)) return {true, true, 0, false};
  return {true, false, *x, *x == 0 && !std::signbit(*x)};
}

auto RankOf(const TestFact& fact, const Source& source) {
  return std::tuple(source.timeless ? kMinTime : fact.event_time, fact.created.has_value(),
                    fact.created.value_or(0), fact.sequence.has_value(), fact.arrived,
                    fact.sequence.value_or(0), fact.is_delete,
                    fact.is_delete ? std::nullopt : fact.n,
                    fact.is_delete ? Order(std::nullopt) : Order(fact.x));
}

TimeMicros KnownPlainly(const TestFact& fact, const Source& source) {
  if (source.timeless) return kMinTime;
  const bool arrival = fact.arrived || source.created == CreatedMeaning::kArrival;
  if (arrival && fact.created) return *fact.created;
  return fact.event_time + source.data_delay;
}

Value ValueOf(std::optional<std::int64_t> n) {
  return n ? Value::Int(*n) : Value();
}

Value ValueOf(std::optional<double> x) {
  return x ? Value::Double(*x) : Value();
}

Column Ints(const DataType& type, const std::vector<TestFact>& facts, auto value_of) {
  ColumnBuilder builder(type);
  for (const TestFact& fact : facts) {
    const std::optional<std::int64_t> value = value_of(fact);
    if (value) {
      builder.AppendInt(*value);
    } else {
      builder.AppendNull();
    }
  }
  return builder.Finish();
}

}  // namespace

Source TestSource(CreatedMeaning created, DurationMicros data_delay) {
  Source source;
  source.name = "stations";
  source.timestamp_field = "at";
  source.created_field = "written";
  source.created = created;
  source.data_delay = data_delay;
  source.sequence_field = "line";
  source.delete_field = "gone";
  return source;
}

Source TimelessTestSource() {
  Source source = TestSource();
  source.timestamp_field.clear();
  source.timeless = true;
  return source;
}

ViewVersion TestView(const Source& source, DurationMicros ttl, const std::string& name) {
  ViewVersion version;
  version.view.name = name;
  version.view.source = source.name;
  version.view.ttl = ttl;
  version.view.schema.resize(2);
  version.view.schema[0].name = "n";
  version.view.schema[0].type = TypeId::kInt64;
  version.view.schema[1].name = "x";
  version.view.schema[1].type = TypeId::kFloat64;
  version.source = source;
  version.join_keys = {{"city", TypeId::kInt64}};
  version.version = 1;
  version.data_identity =
      Sha256Hex(name + std::to_string(source.data_delay) + (source.timeless ? "t" : "") +
                (source.created == CreatedMeaning::kArrival ? "a" : "v"));
  version.identity = Sha256Hex(version.data_identity + std::to_string(ttl));
  version.active = true;
  return version;
}

FactRows RowsOf(const Source& source, const std::vector<TestFact>& facts) {
  FactRows rows;
  rows.num_rows = static_cast<std::int64_t>(facts.size());
  rows.keys = {Ints(TypeId::kInt64, facts, [](const TestFact& f) { return std::optional(f.key); })};
  rows.event_time = Ints(TypeId::kTimestamp, facts, [&](const TestFact& f) {
    return std::optional(source.timeless ? kMinTime : f.event_time);
  });
  rows.created_time = Ints(TypeId::kTimestamp, facts, [](const TestFact& f) { return f.created; });
  rows.sequence = Ints(TypeId::kInt64, facts, [](const TestFact& f) { return f.sequence; });
  ColumnBuilder deleted(TypeId::kBool);
  ColumnBuilder x(TypeId::kFloat64);
  for (const TestFact& fact : facts) {
    deleted.AppendBool(fact.is_delete);
    if (fact.x) {
      x.AppendDouble(*fact.x);
    } else {
      x.AppendNull();
    }
  }
  rows.deleted = deleted.Finish();
  if (!facts.empty() && facts.front().arrived) {
    rows.log = std::make_shared<const std::string>(kWriter);
  }
  rows.features = {Ints(TypeId::kInt64, facts, [](const TestFact& f) { return f.n; }), x.Finish()};
  return rows;
}

KeptFact Kept(const TestFact& fact, const Source& source, std::string* row) {
  KeptFact kept;
  kept.times = {fact.event_time, fact.created.value_or(0), fact.created.has_value(), fact.arrived};
  kept.sequence = {fact.sequence.has_value(), fact.arrived ? kWriter : "",
                   fact.sequence.value_or(0)};
  kept.is_delete = fact.is_delete;
  kept.visible_time = VisibleTime(kept.times, source, Known::kDeclared);
  row->clear();
  if (!fact.is_delete) EncodeRow(RowsOf(source, {fact}).features, 0, row);
  kept.row = *row;
  return kept;
}

bool operator==(const TestAnswer& a, const TestAnswer& b) {
  return a.match == b.match && a.event_time == b.event_time && a.values.size() == b.values.size() &&
         std::equal(a.values.begin(), a.values.end(), b.values.begin(),
                    [](const Value& x, const Value& y) { return SameBits(x, y); });
}

std::ostream& operator<<(std::ostream& out, const TestAnswer& answer) {
  out << "{match " << static_cast<int>(answer.match) << ", event time " << answer.event_time
      << ", n " << ToText(answer.values[0], TypeId::kInt64) << ", x "
      << ToText(answer.values[1], TypeId::kFloat64);
  return out << "}";
}

TestAnswer AskPlainly(const std::vector<TestFact>& facts, const ViewVersion& view, std::int64_t key,
                      TimeMicros t) {
  const TestFact* newest = nullptr;
  for (const TestFact& fact : facts) {
    if (fact.key != key || KnownPlainly(fact, view.source) > t) continue;
    if (!view.source.timeless && fact.event_time > t) continue;
    if (newest == nullptr || RankOf(*newest, view.source) < RankOf(fact, view.source)) {
      newest = &fact;
    }
  }
  TestAnswer answer;
  answer.values.resize(2);
  if (newest == nullptr || newest->is_delete) return answer;
  const DurationMicros ttl = view.view.ttl;
  answer.event_time = view.source.timeless ? kMinTime : newest->event_time;
  if (ttl == 0 || newest->event_time >= t - ttl) {
    answer.match = Match::kFound;
    answer.values = {ValueOf(newest->n), ValueOf(newest->x)};
  } else if (newest->event_time >= t - 2 * ttl) {
    answer.match = Match::kOutsideMaxAge;
  } else {
    answer.event_time = kMinTime;
  }
  return answer;
}

Result<std::vector<TestAnswer>> AskStore(const OnlineSnapshot& snapshot, const ViewVersion& view,
                                         std::int64_t keys, TimeMicros t) {
  ColumnBuilder cities(TypeId::kInt64);
  for (std::int64_t key = 0; key < keys; ++key) cities.AppendInt(key);
  const std::vector<Column> columns = {cities.Finish()};
  const KeyColumn encoded = KeyColumn::Encode(columns, keys);
  const std::vector<std::size_t> features = {0, 1};
  const ViewQuestion question = {.version = &view, .features = features, .keys = &encoded};
  COEVAL_ASSIGN_OR_RETURN(const std::vector<ViewAnswers> all, snapshot.Read({&question, 1}, t));
  const ViewAnswers& answers = all.front();
  std::vector<TestAnswer> result;
  for (std::size_t i = 0; i < answers.match.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    result.push_back({answers.match[i],
                      answers.event_time[i],
                      {answers.features[0].GetValue(row), answers.features[1].GetValue(row)}});
  }
  return result;
}

Result<Committed> LoadFacts(OnlineStore& store, const ViewVersion& view,
                            const std::vector<TestFact>& facts, const LoadCommit& commit,
                            bool replace, bool pushed) {
  const LoadSpec spec = {
      .version = &view, .ttl = view.view.ttl, .replace = replace, .pushed = pushed};
  Context context;
  context.memory_budget_bytes = 64 << 20;
  COEVAL_ASSIGN_OR_RETURN(const std::unique_ptr<FactLoad> load, store.BeginLoad(spec, context));
  COEVAL_RETURN_IF_ERROR(load->Add(RowsOf(view.source, facts)));
  COEVAL_RETURN_IF_ERROR(load->Seal().status());
  return load->Commit(commit);
}

PushedBatch PushOf(const ViewVersion& view, const std::vector<TestFact>& facts,
                   std::int64_t first_number) {
  PushedBatch batch;
  batch.views.push_back({&view, RowsOf(view.source, AsPushed(facts, 0, first_number))});
  batch.log = kWriter;
  return batch;
}

std::vector<TestFact> AsPushed(std::vector<TestFact> facts, TimeMicros c,
                               std::int64_t first_number) {
  for (TestFact& fact : facts) {
    fact.arrived = true;
    fact.created = c;
    fact.sequence = first_number++;
  }
  return facts;
}

Result<std::int64_t> TestLog::Append(TimeMicros /*first_c*/) {
  if (fail_appends_) return Status::IoError("the log's disk is full");
  record_ += expected_;
  return record_;
}

Status TestLog::Settle() {
  return fail_settling_ ? Status::IoError("the log's disk is gone") : Status();
}

std::vector<TestFact> RandomFacts(std::mt19937_64& random, std::size_t count, std::int64_t keys,
                                  TimeMicros now, bool with_created) {
  const auto pick = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  constexpr double kValues[] = {0.0, -0.0, 1.5, -1.5, HUGE_VAL};
  std::vector<TestFact> facts;
  while (facts.size() < count) {
    if (!facts.empty() && pick(0, 9) == 0) {  // the same again, or almost
      TestFact again =
          facts[static_cast<std::size_t>(pick(0, static_cast<std::int64_t>(facts.size()) - 1))];
      if (pick(0, 1) == 0) again.n = pick(0, 2);
      facts.push_back(again);
      continue;
    }
    TestFact fact;
    fact.key = pick(0, keys - 1);
    fact.event_time = now + pick(-40, 10) * kMinute / 2;  // few times, so that many tie
    if (with_created && pick(0, 4) != 0) fact.created = fact.event_time + pick(-2, 12) * kMinute;
    if (pick(0, 3) == 0) fact.sequence = pick(-1, 1);
    fact.is_delete = pick(0, 7) == 0;
    if (pick(0, 3) != 0) fact.n = pick(-1, 2);
    if (pick(0, 5) != 0) fact.x = pick(0, 7) == 0 ? CanonicalNan() : kValues[pick(0, 4)];
    facts.push_back(fact);
  }
  return facts;
}

TestFolder::TestFolder() {
  // In memory where there is such a place: stores sync all the time.
  std::error_code none;
  const std::filesystem::path memory = "/dev/shm";
  const std::filesystem::path base =
      std::filesystem::is_directory(memory, none) ? memory : std::filesystem::temp_directory_path();
  std::string name = (base / "coeval-online-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) CheckFailed(__FILE__, __LINE__, "no temporary folder");
  path_ = name;
}

TestFolder::~TestFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace coeval
