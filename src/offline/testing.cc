#include "offline/testing.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>

#include "base/time.h"
#include "column/builder.h"

namespace coeval {
namespace {

class CaseStream : public FactStream {
 public:
  CaseStream(std::vector<FactBatch> batches, FactCounts counts)
      : batches_(std::move(batches)), counts_(counts) {}

  Result<std::optional<FactBatch>> Next() override {
    if (next_ == batches_.size()) return std::optional<FactBatch>();
    return std::optional<FactBatch>(batches_[next_++]);
  }

  [[nodiscard]] const FactCounts& counts() const override { return counts_; }

 private:
  std::vector<FactBatch> batches_;
  FactCounts counts_;
  std::size_t next_ = 0;
};

bool Keyless(const std::vector<Value>& key) {
  return std::any_of(key.begin(), key.end(), [](const Value& v) { return v.is_null(); });
}

bool SameKey(const std::vector<Value>& a, const std::vector<Value>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Value& x, const Value& y) { return SameBits(x, y); });
}

TimeMicros Known1(const TestFact& fact, const AsOfRule& rule) {
  if (rule.source.timeless) return kMinTime;
  if (rule.known == Known::kHindsight) return fact.event_time;
  if (fact.created.has_value() &&
      (rule.known == Known::kArrival || rule.source.created == CreatedMeaning::kArrival ||
       fact.arrived)) {
    return *fact.created;
  }
  return SaturatingAdd(fact.event_time, rule.source.data_delay);
}

bool IsCandidate(const TestFact& fact, const TestQuestion& question, const AsOfRule& rule) {
  if (Keyless(question.key) || !SameKey(fact.key, question.key)) return false;
  const bool in_time = rule.strictly_before && !rule.source.timeless
                           ? fact.event_time < question.t
                           : fact.event_time <= question.t;
  return in_time && Known1(fact, rule) <= question.t;
}

// Rule 3.3, in its own words; the log of what was pushed is greater than none and the empty one.
bool IsLess(const TestFact& a, const TestFact& b) {
  const auto first = [](const TestFact& f) {
    return std::tuple(f.event_time, f.created.has_value(), f.created.value_or(0),
                      f.sequence.has_value(), f.arrived, f.sequence.value_or(0), f.deleted);
  };
  if (first(a) != first(b)) return first(a) < first(b);
  if (a.deleted) return false;
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    if (const int c = CompareValues(a.values[i], b.values[i]); c != 0) return c < 0;
  }
  return false;
}

const TestFact* Greatest(const std::vector<const TestFact*>& facts) {
  const auto least_first = [](const TestFact* a, const TestFact* b) { return IsLess(*a, *b); };
  const auto found = std::max_element(facts.begin(), facts.end(), least_first);
  return found == facts.end() ? nullptr : *found;
}

TestAnswer AnswerOf(const JoinCase& c, const TestQuestion& question) {
  const AsOfRule& rule = c.join.rule;
  std::vector<const TestFact*> all;
  std::vector<const TestFact*> young;
  for (const TestFact& fact : c.facts) {
    if (!IsCandidate(fact, question, rule)) continue;
    all.push_back(&fact);
    if (rule.ttl == 0 || rule.source.timeless ||
        fact.event_time >= SaturatingSubtract(question.t, rule.ttl)) {
      young.push_back(&fact);
    }
  }
  TestAnswer answer;
  answer.values.resize(c.join.needed.size());
  const TestFact* winner = Greatest(young);
  const TestFact* newest = Greatest(all);
  if (winner != nullptr) {
    if (winner->deleted) return answer;
    answer.match = Match::kFound;
    answer.event_time = winner->event_time;
    for (std::size_t i = 0; i < c.join.needed.size(); ++i) {
      answer.values[i] = winner->values[c.join.needed[i]];
    }
  } else if (newest != nullptr && !newest->deleted &&
             newest->event_time >=
                 SaturatingSubtract(SaturatingSubtract(question.t, rule.ttl), rule.ttl)) {
    answer.match = Match::kOutsideMaxAge;
    answer.event_time = newest->event_time;
  }
  return answer;
}

template <typename T>
const T& OneOf(std::mt19937_64& random, const std::vector<T>& values) {
  return values[random() % values.size()];
}

bool Chance(std::mt19937_64& random, unsigned percent) {
  return random() % 100 < percent;
}

// Few values of each type, so that they meet; with nulls, NaN and both zeros.
Value RandomValue(std::mt19937_64& random, const DataType& type, bool nulls) {
  if (nulls && Chance(random, 15)) return {};
  const auto small = static_cast<std::int64_t>(random() % 3) - 1;
  switch (type.id()) {
    case TypeId::kBool:
      return Value::Bool(small > 0);
    case TypeId::kFloat32:
    case TypeId::kFloat64:
      return Value::Double(
          OneOf(random, std::vector<double>{0.0, -0.0, CanonicalNan(), 1.5, -1.5}));
    case TypeId::kString:
    case TypeId::kBytes:
      return Value::String(
          OneOf(random, std::vector<std::string>{"", "a", std::string("a\0", 2), "ab",
                                                 "a longer text than most"}));
    case TypeId::kDecimal128:
      return Value::Decimal(small);
    case TypeId::kList: {
      Value::List elements;
      for (std::uint64_t n = random() % 3; n > 0; --n) {
        elements.push_back(RandomValue(random, type.child(0), true));
      }
      return Value::MakeList(std::move(elements));
    }
    case TypeId::kVector: {
      Value::List elements;
      for (int i = 0; i < type.size(); ++i) {
        elements.push_back(RandomValue(random, type.child(0), false));
      }
      return Value::MakeList(std::move(elements));
    }
    default:
      return Value::Int(small);
  }
}

std::vector<DataType> RandomTypes(std::mt19937_64& random, const std::vector<DataType>& from,
                                  std::size_t at_most) {
  std::vector<DataType> types;
  for (std::size_t n = random() % (at_most + 1); n > 0; --n) types.push_back(OneOf(random, from));
  return types;
}

// Rare times are as far away as times can be.
TimeMicros RandomTime(std::mt19937_64& random, TimeMicros base) {
  if (Chance(random, 3)) {
    return OneOf(random, std::vector<TimeMicros>{kMinTime, kMinTime + 1, kMaxTime - 1, kMaxTime,
                                                 253402300799999999});  // the end of year 9999
  }
  return base + static_cast<TimeMicros>(random() % 24);
}

void RandomFacts(std::mt19937_64& random, TimeMicros base, bool files_alone, JoinCase* c) {
  const bool pushes = !files_alone && !c->join.rule.source.timeless && Chance(random, 40);
  const bool created = Chance(random, 60);
  const bool sequences = Chance(random, 40);
  const bool deletes = Chance(random, 40);
  for (std::uint64_t n = random() % 30; n > 0; --n) {
    TestFact fact;
    for (const DataType& type : c->key_types) fact.key.push_back(RandomValue(random, type, false));
    fact.event_time = c->join.rule.source.timeless ? kMinTime : RandomTime(random, base);
    for (const ColumnSchema& feature : c->join.schema) {
      fact.values.push_back(RandomValue(random, feature.type, true));
    }
    if (created && Chance(random, 80)) fact.created = RandomTime(random, base);
    if (sequences && Chance(random, 80)) fact.sequence = static_cast<std::int64_t>(random() % 3);
    fact.arrived = pushes && Chance(random, 50);
    if (fact.arrived) {
      fact.created = RandomTime(random, base);
      fact.sequence = static_cast<std::int64_t>(random() % 3);
    }
    fact.deleted = !fact.arrived && deletes && Chance(random, 25);
    c->facts.push_back(fact);
    if (Chance(random, 20))
      c->facts.push_back(fact);  // twice, or at another time or with another value
    if (Chance(random, 20)) c->facts.back().event_time = c->facts.front().event_time;
  }
  std::shuffle(c->facts.begin(), c->facts.end(), random);
}

}  // namespace

Column ColumnOf(const DataType& type, const std::vector<Value>& values) {
  ColumnBuilder builder(type);
  for (const Value& value : values) {
    if (value.is_null()) {
      builder.AppendNull();
    } else {
      COEVAL_CHECK(builder.Append(value).ok());
    }
  }
  return builder.Finish();
}

FactBatch BatchOf(const JoinCase& c, const std::vector<TestFact>& facts,
                  const std::vector<std::size_t>& features) {
  const auto column = [&facts](const DataType& type, auto&& value_of) {
    std::vector<Value> values;
    values.reserve(facts.size());
    for (const TestFact& fact : facts) values.push_back(value_of(fact));
    return ColumnOf(type, values);
  };
  const auto optional = [](const std::optional<std::int64_t>& i) {
    return i.has_value() ? Value::Int(*i) : Value();
  };
  FactBatch batch;
  batch.num_rows = static_cast<std::int64_t>(facts.size());
  for (std::size_t k = 0; k < c.key_types.size(); ++k) {
    batch.keys.push_back(column(c.key_types[k], [k](const TestFact& f) { return f.key[k]; }));
  }
  batch.event_time =
      column(TypeId::kTimestamp, [](const TestFact& f) { return Value::Int(f.event_time); });
  batch.created_time =
      column(TypeId::kTimestamp, [&](const TestFact& f) { return optional(f.created); });
  batch.sequence = column(TypeId::kInt64, [&](const TestFact& f) { return optional(f.sequence); });
  batch.deleted = column(TypeId::kBool, [](const TestFact& f) { return Value::Bool(f.deleted); });
  if (!facts.empty() && facts.front().arrived) batch.log = std::make_shared<const std::string>("w");
  for (const std::size_t i : features) {
    batch.features.push_back(
        column(c.join.schema[i].type, [i](const TestFact& f) { return f.values[i]; }));
  }
  return batch;
}

std::vector<std::size_t> PositionsOf(const JoinCase& c, const std::vector<ColumnSchema>& features) {
  std::vector<std::size_t> positions;
  for (const ColumnSchema& feature : features) {
    for (std::size_t i = 0; i < c.join.schema.size(); ++i) {
      if (c.join.schema[i].name == feature.name) positions.push_back(i);
    }
  }
  return positions;
}

OpenFacts OpenCase(const JoinCase& c, std::size_t batch_rows, int* opened) {
  return [&c, batch_rows, opened](const std::vector<ColumnSchema>& features,
                                  const FactRange& range) -> Result<std::unique_ptr<FactStream>> {
    if (opened != nullptr) ++*opened;
    const std::vector<std::size_t> positions = PositionsOf(c, features);
    FactCounts counts;
    counts.rows = static_cast<std::int64_t>(c.facts.size());
    std::vector<FactBatch> batches;
    std::vector<TestFact> rows;
    const auto hand_over = [&] {
      if (!rows.empty()) batches.push_back(BatchOf(c, rows, positions));
      rows.clear();
    };
    for (const TestFact& fact : c.facts) {
      const bool wanted = c.join.rule.source.timeless || (fact.event_time <= range.event_max &&
                                                          fact.event_time >= range.event_min);
      ++(wanted ? counts.facts : counts.out_of_range);
      if (!wanted) continue;
      if (!rows.empty() && rows.front().arrived != fact.arrived) hand_over();
      rows.push_back(fact);
      if (rows.size() == batch_rows) hand_over();
    }
    hand_over();
    return std::unique_ptr<FactStream>(std::make_unique<CaseStream>(std::move(batches), counts));
  };
}

QuestionColumns ColumnsOf(const JoinCase& c) {
  QuestionColumns columns;
  for (std::size_t k = 0; k < c.key_types.size(); ++k) {
    std::vector<Value> values;
    for (const TestQuestion& question : c.questions) values.push_back(question.key[k]);
    columns.keys.push_back(ColumnOf(c.key_types[k], values));
  }
  for (const TestQuestion& question : c.questions) columns.times.push_back(question.t);
  return columns;
}

Result<QuestionIndex> IndexOf(const JoinCase& c) {
  const QuestionColumns columns = ColumnsOf(c);
  return QuestionIndex::Build(columns.keys, columns.times);
}

Result<AsOfAnswers> RunJoin(const JoinCase& c, std::size_t batch_rows, int threads, int* opened) {
  COEVAL_ASSIGN_OR_RETURN(const QuestionIndex index, IndexOf(c));
  Context context;
  context.threads = threads;
  return JoinAsOf(index, c.join, OpenCase(c, batch_rows, opened), context);
}

std::vector<TestAnswer> BruteForce(const JoinCase& c) {
  std::vector<TestAnswer> answers;
  answers.reserve(c.questions.size());
  for (const TestQuestion& question : c.questions) answers.push_back(AnswerOf(c, question));
  return answers;
}

JoinCase RandomCase(std::mt19937_64& random, bool files_alone) {
  static const std::vector<DataType> kKeyTypes = {
      TypeId::kInt32, TypeId::kInt64, TypeId::kString,   TypeId::kBytes,
      TypeId::kBool,  TypeId::kDate,  TypeId::kTimestamp};
  static const std::vector<DataType> kValueTypes = {TypeId::kBool,
                                                    TypeId::kInt32,
                                                    TypeId::kInt64,
                                                    TypeId::kFloat32,
                                                    TypeId::kFloat64,
                                                    TypeId::kString,
                                                    TypeId::kBytes,
                                                    TypeId::kTimestamp,
                                                    TypeId::kDate,
                                                    DataType::Decimal(9, 2),
                                                    DataType::List(TypeId::kString),
                                                    DataType::Vector(TypeId::kFloat32, 2)};
  JoinCase c;
  c.key_types = RandomTypes(random, kKeyTypes, 3);
  const std::vector<DataType> types = RandomTypes(random, kValueTypes, 4);
  for (std::size_t i = 0; i < types.size(); ++i) {
    c.join.schema.push_back({"f" + std::to_string(i), types[i]});
    if (Chance(random, 60)) c.join.needed.push_back(i);
  }
  AsOfRule& rule = c.join.rule;
  rule.source.timeless = Chance(random, 5);
  rule.source.created = Chance(random, 50) ? CreatedMeaning::kArrival : CreatedMeaning::kVersion;
  rule.source.data_delay = Chance(random, 30) ? static_cast<DurationMicros>(random() % 5) : 0;
  rule.known = OneOf(random, std::vector<Known>{Known::kDeclared, Known::kDeclared, Known::kArrival,
                                                Known::kHindsight});
  rule.ttl = Chance(random, 60) && !rule.source.timeless
                 ? 1 + static_cast<DurationMicros>(random() % 12)
                 : 0;
  rule.strictly_before = Chance(random, 15);
  const TimeMicros base = OneOf(random, std::vector<TimeMicros>{0, -1000, 1357034040000000});
  RandomFacts(random, base, files_alone, &c);
  for (std::uint64_t n = random() % 20; n > 0; --n) {
    TestQuestion question;
    for (const DataType& type : c.key_types)
      question.key.push_back(RandomValue(random, type, true));
    question.t = RandomTime(random, base);
    c.questions.push_back(question);
    if (Chance(random, 20)) c.questions.push_back(question);
  }
  return c;
}

std::string Difference(const JoinCase& c, const AsOfAnswers& answers) {
  const std::vector<TestAnswer> expected = BruteForce(c);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::string where = "question " + std::to_string(i) + ": ";
    if (answers.answers.match[i] != expected[i].match) {
      return where + "match " + std::to_string(static_cast<int>(answers.answers.match[i])) +
             ", not " + std::to_string(static_cast<int>(expected[i].match));
    }
    if (answers.answers.event_time[i] != expected[i].event_time) {
      return where + "event time " + std::to_string(answers.answers.event_time[i]) + ", not " +
             std::to_string(expected[i].event_time);
    }
    for (std::size_t f = 0; f < c.join.needed.size(); ++f) {
      const Value value = answers.answers.features[f].GetValue(static_cast<std::int64_t>(i));
      if (SameBits(value, expected[i].values[f])) continue;
      const DataType& type = c.join.schema[c.join.needed[f]].type;
      return where + "feature " + std::to_string(f) + " is " + ToText(value, type) + ", not " +
             ToText(expected[i].values[f], type);
    }
  }
  return "";
}

RandomRun RunRandomCases(std::uint64_t seed, std::int64_t cases) {
  RandomRun run;
  for (std::int64_t i = 0; i < cases; ++i, ++seed) {
    std::mt19937_64 random(seed);
    const JoinCase c = RandomCase(random);
    int opened = 0;
    const std::size_t batch_rows = 1 + random() % 8;
    const Result<AsOfAnswers> answers = RunJoin(c, batch_rows, random() % 16 == 0 ? 2 : 1, &opened);
    run.failure = answers.ok() ? Difference(c, *answers) : answers.status().ToString();
    if (!run.failure.empty()) {
      run.failure += " (COEVAL_SEED=" + std::to_string(seed) + ")";
      return run;
    }
    run.found += answers->counts.found;
    run.expired += answers->counts.expired;
    run.ties += answers->counts.ties;
    run.second_passes += opened - 1;
  }
  return run;
}

std::uint64_t TestSeed() {
  const char* given = std::getenv("COEVAL_SEED");
  const std::uint64_t seed = given != nullptr ? std::stoull(given) : std::random_device{}();
  std::cout << "COEVAL_SEED=" << seed << std::endl;
  return seed;
}

}  // namespace coeval
