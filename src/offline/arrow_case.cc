#include "offline/arrow_case.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "column/arrow_bridge.h"
#include "column/testing.h"

namespace coeval {
namespace {

// Columns of one table as a stream of slices of them.
class SlicedTable {
 public:
  // REQUIRES: columns[i] and schemas[i] are of `rows` rows; both are taken over.
  SlicedTable(std::vector<std::string> names, std::vector<SharedArrowSchema> schemas,
              std::vector<SharedArrowArray> columns, std::int64_t rows, Random& random)
      : names_(std::move(names)), schemas_(std::move(schemas)), columns_(std::move(columns)) {
    for (std::int64_t first = 0; first < rows;) {
      const std::int64_t length = std::min(rows - first, 1 + Pick(random, 12));
      slices_.push_back({first, length, Pick(random, 2) == 0});
      first += length;
    }
    if (Pick(random, 4) == 0) slices_.push_back({0, 0, true});
  }

  static void Export(std::shared_ptr<SlicedTable> table, ArrowArrayStream* out) {
    *out = {};
    out->get_schema = [](ArrowArrayStream* self, ArrowSchema* schema) {
      Of(self).GetSchema(schema);
      return 0;
    };
    out->get_next = [](ArrowArrayStream* self, ArrowArray* array) {
      Of(self).GetNext(array);
      return 0;
    };
    out->get_last_error = [](ArrowArrayStream*) -> const char* { return nullptr; };
    out->release = [](ArrowArrayStream* self) {
      delete static_cast<std::shared_ptr<SlicedTable>*>(self->private_data);
      self->release = nullptr;
    };
    out->private_data = new std::shared_ptr<SlicedTable>(std::move(table));
  }

 private:
  struct Slice {
    std::int64_t first;
    std::int64_t length;
    bool of_the_struct;  // else of each column
  };

  // What stands behind one struct that was handed out.
  template <typename Node, typename Shared>
  struct Parts {
    std::vector<Shared> keep_alive;
    std::vector<std::string> names;
    std::vector<Node> children;
    std::vector<Node*> pointers;
    const void* no_validity[1] = {nullptr};
  };

  static SlicedTable& Of(ArrowArrayStream* self) {
    return **static_cast<std::shared_ptr<SlicedTable>*>(self->private_data);
  }

  template <typename Node, typename Shared>
  static Parts<Node, Shared>* Fill(const std::vector<Shared>& columns, Node* out) {
    auto parts = std::make_unique<Parts<Node, Shared>>();
    parts->keep_alive = columns;
    for (const Shared& column : columns) {
      Node child = *column;
      child.release = [](Node* node) { node->release = nullptr; };
      parts->children.push_back(child);
    }
    for (Node& child : parts->children) parts->pointers.push_back(&child);
    *out = {};
    out->n_children = std::ssize(parts->pointers);
    out->children = parts->pointers.data();
    out->release = [](Node* node) {
      delete static_cast<Parts<Node, Shared>*>(node->private_data);
      node->release = nullptr;
    };
    out->private_data = parts.get();
    return parts.release();
  }

  void GetSchema(ArrowSchema* out) const {
    auto* parts = Fill<ArrowSchema, SharedArrowSchema>(schemas_, out);
    parts->names = names_;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      parts->children[i].name = parts->names[i].c_str();
    }
    out->format = "+s";
    out->name = "";
  }

  void GetNext(ArrowArray* out) {
    *out = {};
    if (next_ == slices_.size()) return;
    const Slice slice = slices_[next_++];
    auto* parts = Fill<ArrowArray, SharedArrowArray>(columns_, out);
    out->length = slice.length;
    out->n_buffers = 1;
    out->buffers = parts->no_validity;
    if (slice.of_the_struct) {
      out->offset = slice.first;
      return;
    }
    for (ArrowArray& child : parts->children) {
      child.offset += slice.first;
      child.length = slice.length;
      child.null_count = child.null_count == 0 ? 0 : -1;
    }
  }

  std::vector<std::string> names_;
  std::vector<SharedArrowSchema> schemas_;
  std::vector<SharedArrowArray> columns_;
  std::vector<Slice> slices_;
  std::size_t next_ = 0;
};

// A table on its way into Arrow.
class TableMaker {
 public:
  TableMaker(std::int64_t rows, Random& random) : rows_(rows), random_(random) {}

  void Add(const std::string& name, const DataType& type, const std::vector<Value>& values) {
    ArrowSchema schema{};
    ArrowArray array{};
    MakeForeignArray(ColumnOf(type, values), random_, &schema, &array);
    Add(name, &schema, &array);
  }

  // Times; those that round `up` to what they mean may be finer, and so may those that round down.
  void AddTimes(const std::string& name, const std::vector<Value>& values, bool up) {
    constexpr std::int64_t kFurthest = 9'000'000'000'000'000;
    const bool fits = std::all_of(values.begin(), values.end(), [](const Value& value) {
      return value.is_null() || (value.AsInt() > -kFurthest && value.AsInt() < kFurthest);
    });
    if (!fits || Pick(random_, 3) != 0) return Add(name, TypeId::kTimestamp, values);
    std::vector<Value> nanos;
    for (const Value& value : values) {
      const std::int64_t finer = up ? -Pick(random_, 1000) : Pick(random_, 1000);
      nanos.push_back(value.is_null() ? Value() : Value::Int(value.AsInt() * 1000 + finer));
    }
    ArrowSchema schema{};
    ArrowArray array{};
    ExportColumn(ColumnOf(TypeId::kInt64, nanos), name, &schema, &array);
    schema.format = Pick(random_, 2) == 0 ? "tsn:" : "tsn:Europe/Berlin";
    Add(name, &schema, &array);
  }

  void Finish(ArrowArrayStream* out) {
    SlicedTable::Export(std::make_shared<SlicedTable>(std::move(names_), std::move(schemas_),
                                                      std::move(columns_), rows_, random_),
                        out);
  }

 private:
  void Add(const std::string& name, ArrowSchema* schema, ArrowArray* array) {
    names_.push_back(name);
    schemas_.push_back(OwnArrowSchema(schema));
    columns_.push_back(OwnArrowArray(array));
  }

  std::int64_t rows_;
  Random& random_;
  std::vector<std::string> names_;
  std::vector<SharedArrowSchema> schemas_;
  std::vector<SharedArrowArray> columns_;
};

template <typename Rows, typename ValueOf>
std::vector<Value> ValuesOf(const Rows& rows, ValueOf value_of) {
  std::vector<Value> values;
  for (const auto& row : rows) values.push_back(value_of(row));
  return values;
}

std::string KeyName(std::size_t i) {
  return "k" + std::to_string(i);
}

void ExportQuestions(const JoinCase& c, Random& random, ArrowArrayStream* out) {
  TableMaker table(std::ssize(c.questions), random);
  for (std::size_t k = 0; k < c.key_types.size(); ++k) {
    table.Add(KeyName(k), c.key_types[k],
              ValuesOf(c.questions, [k](const TestQuestion& q) { return q.key[k]; }));
  }
  table.AddTimes("t", ValuesOf(c.questions, [](const TestQuestion& q) { return Value::Int(q.t); }),
                 false);
  table.Finish(out);
}

void ExportFacts(const JoinCase& c, Random& random, ArrowArrayStream* out) {
  TableMaker table(std::ssize(c.facts), random);
  table.AddTimes("t", ValuesOf(c.facts, [](const TestFact& f) { return Value::Int(f.event_time); }),
                 true);
  for (std::size_t i = 0; i < c.join.schema.size(); ++i) {
    table.Add(c.join.schema[i].name, c.join.schema[i].type,
              ValuesOf(c.facts, [i](const TestFact& f) { return f.values[i]; }));
  }
  table.AddTimes(
      "created",
      ValuesOf(c.facts,
               [](const TestFact& f) { return f.created ? Value::Int(*f.created) : Value(); }),
      true);
  for (std::size_t k = 0; k < c.key_types.size(); ++k) {
    table.Add(KeyName(k), c.key_types[k],
              ValuesOf(c.facts, [k](const TestFact& f) { return f.key[k]; }));
  }
  table.Finish(out);
}

std::string Difference(const JoinCase& c, const StandaloneJoin& join) {
  const std::vector<TestAnswer> expected = BruteForce(c);
  if (join.left.num_rows() != std::ssize(expected)) return "rows are lost";
  const std::vector<Column> columns = join.columns.Whole(join.left.num_rows()).value();
  for (std::size_t row = 0; row < expected.size(); ++row) {
    for (std::size_t f = 0; f < c.join.needed.size(); ++f) {
      const Value value = columns[f].GetValue(static_cast<std::int64_t>(row));
      if (SameBits(value, expected[row].values[f])) continue;
      const DataType& type = c.join.schema[f].type;
      return "question " + std::to_string(row) + ": feature " + std::to_string(f) + " is " +
             ToText(value, type) + ", not " + ToText(expected[row].values[f], type);
    }
  }
  return "";
}

}  // namespace

JoinCase RandomArrowCase(std::mt19937_64& random) {
  JoinCase c = RandomCase(random, /*files_alone=*/true);
  c.join.needed.clear();
  for (std::size_t i = 0; i < c.join.schema.size(); ++i) c.join.needed.push_back(i);
  AsOfRule& rule = c.join.rule;
  if (rule.source.timeless) rule.ttl = 0;
  rule.source = {};
  if (rule.known == Known::kHindsight) rule.known = Known::kDeclared;
  constexpr TimeMicros kBase = 1357034040000000;
  // On a grid of steps, so that coarse units can tell them.
  const DurationMicros steps[] = {1, 1000, kSecond};
  const DurationMicros step = steps[Pick(random, 3)];
  const auto on_grid = [step](TimeMicros time) {
    const TimeMicros near = time - time % 1000;  // RandomCase's base, or far away
    return near + (time - near) * step - near % step;
  };
  const auto is_far = [](TimeMicros time) { return time < -kSecond || time > 2 * kBase; };
  for (TestFact& fact : c.facts) {
    if (!is_far(fact.event_time)) fact.event_time = on_grid(fact.event_time);
    if (fact.created && !is_far(*fact.created)) fact.created = on_grid(*fact.created);
    if (fact.event_time == kMinTime) ++fact.event_time;  // the time of timeless facts alone
    fact.sequence.reset();
    fact.deleted = false;
    for (Value& part : fact.key) {
      if (Pick(random, 12) == 0) part = Value();
    }
  }
  for (TestQuestion& question : c.questions) {
    if (is_far(question.t)) continue;
    question.t = on_grid(question.t) + (Pick(random, 3) == 0 ? Pick(random, 3) - 1 : 0);
  }
  if (rule.ttl > 0) rule.ttl = std::max<DurationMicros>(1, rule.ttl * step + Pick(random, 3) - 1);
  return c;
}

Result<StandaloneJoin> RunArrowCase(const JoinCase& c, std::mt19937_64& random) {
  StandaloneJoinOptions options;
  options.on = "t";
  for (std::size_t k = 0; k < c.key_types.size(); ++k) options.by.push_back(KeyName(k));
  options.created = "created";
  options.known = c.join.rule.known;
  if (c.join.rule.ttl > 0) options.tolerance = c.join.rule.ttl;
  options.allow_exact_matches = !c.join.rule.strictly_before;
  options.columns.emplace();
  for (const ColumnSchema& column : c.join.schema) options.columns->push_back(column.name);
  ArrowArrayStream left{};
  ExportQuestions(c, random, &left);
  COEVAL_ASSIGN_OR_RETURN(ArrowTable table, ArrowTable::Read(&left));
  ArrowArrayStream right{};
  ExportFacts(c, random, &right);
  Context context;
  context.threads = Pick(random, 16) == 0 ? 2 : 1;
  if (Pick(random, 2) == 0) return JoinStream(std::move(table), &right, options, context);
  COEVAL_ASSIGN_OR_RETURN(ArrowTable held, ArrowTable::Read(&right));
  return JoinTable(std::move(table), std::move(held), options, context);
}

RandomRun RunRandomArrowCases(std::uint64_t seed, std::int64_t cases) {
  RandomRun run;
  for (std::int64_t i = 0; i < cases; ++i, ++seed) {
    std::mt19937_64 random(seed);
    JoinCase c = RandomArrowCase(random);
    for (int order = 0; order < 2; ++order) {
      const Result<StandaloneJoin> join = RunArrowCase(c, random);
      run.failure = join.ok() ? Difference(c, *join) : join.status().ToString();
      if (!run.failure.empty()) {
        run.failure += " (COEVAL_SEED=" + std::to_string(seed) + ")";
        return run;
      }
      run.found += join->counts[0].found;
      run.expired += join->counts[0].expired;
      run.ties += join->counts[0].ties;
      std::shuffle(c.facts.begin(), c.facts.end(), random);
      std::shuffle(c.questions.begin(), c.questions.end(), random);
    }
  }
  return run;
}

}  // namespace coeval
