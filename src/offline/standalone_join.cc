#include "offline/standalone_join.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "base/suggest.h"
#include "column/key.h"
#include "offline/question_index.h"
#include "offline/spine.h"
#include "source/fact_reader.h"
#include "source/source_schema.h"

namespace coeval {
namespace {

// With the nearest name, or, where none is near, the names that there are.
Status NoColumn(const std::string& table, const std::string& wanted,
                const std::vector<std::string>& names) {
  constexpr std::size_t kMostShown = 20;
  std::string advice = DidYouMean(wanted, names);
  if (advice.empty()) {
    for (std::size_t i = 0; i < std::min(names.size(), kMostShown); ++i) {
      advice += (i == 0 ? "; it has '" : ", '") + names[i] + "'";
    }
    if (names.size() > kMostShown) {
      advice += " and " + std::to_string(names.size() - kMostShown) + " more";
    }
  }
  return Status::NotFound(table + " has no column '" + wanted + "'" + advice);
}

// A column of the right, as far as a join wants to know it.
struct RightColumn {
  std::string name;
  DataType type;
  bool is_timestamp = false;
  Status supported;
};

// The right side, whatever it is.
struct Right {
  std::string name;  // for errors
  std::vector<RightColumn> columns;
  std::function<Result<std::unique_ptr<FactReader>>(const Source& meaning, FactRequest request)>
      open;

  [[nodiscard]] const RightColumn* Find(const std::string& wanted) const {
    for (const RightColumn& column : columns) {
      if (column.name == wanted) return &column;
    }
    return nullptr;
  }

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const RightColumn& column : columns) all.push_back(column.name);
    return all;
  }

  [[nodiscard]] Result<const RightColumn*> Need(const std::string& wanted) const {
    const RightColumn* column = Find(wanted);
    if (column == nullptr) {
      return NoColumn(name, wanted, names());
    }
    if (!column->supported.ok()) {
      return column->supported.WithContext(name + ", column '" + wanted + "'");
    }
    return column;
  }
};

// What the names of a call come to.
struct JoinNames {
  std::size_t left_time = 0;
  std::string right_time;
  std::vector<std::string> left_keys;
  std::vector<std::string> right_keys;
};

template <typename Name>
Status CheckOneOf(const Name& both, const Name& left, const Name& right, const std::string& word,
                  bool in_pairs) {
  if (!both.empty() && (!left.empty() || !right.empty())) {
    return Status::InvalidArgument("give either '" + word + "', for both tables, or 'left_" + word +
                                   "' and 'right_" + word + "'");
  }
  if (in_pairs && left.empty() != right.empty()) {
    return Status::InvalidArgument("give both 'left_" + word + "' and 'right_" + word + "'");
  }
  return Status::Ok();
}

Result<std::string> RightTime(const Right& right, const std::string& left_time,
                              const StandaloneJoinOptions& options) {
  const std::string& named = options.on.empty() ? options.right_on : options.on;
  if (!named.empty()) {
    COEVAL_ASSIGN_OR_RETURN(const RightColumn* column, right.Need(named));
    return column->name;
  }
  for (const std::string& usual : {left_time, std::string("event_timestamp")}) {
    if (right.Find(usual) != nullptr) return usual;
  }
  std::vector<std::string> candidates;
  for (const RightColumn& column : right.columns) {
    if (column.is_timestamp && column.name != options.created) candidates.push_back(column.name);
  }
  if (candidates.size() == 1) return candidates[0];
  std::string text;
  for (const std::string& name : candidates) text += (text.empty() ? "'" : ", '") + name + "'";
  return Status::InvalidArgument(right.name + " has " +
                                 (candidates.empty() ? std::string("no timestamp column")
                                                     : "several timestamp columns: " + text) +
                                 "; name its column of event times with right_on");
}

Result<JoinNames> ResolveNames(const ArrowTable& left, const Right& right,
                               const StandaloneJoinOptions& options) {
  COEVAL_RETURN_IF_ERROR(CheckOneOf(options.on, options.left_on, options.right_on, "on", false));
  COEVAL_RETURN_IF_ERROR(CheckOneOf(options.by, options.left_by, options.right_by, "by", true));
  JoinNames names;
  const std::string& named = options.on.empty() ? options.left_on : options.on;
  COEVAL_ASSIGN_OR_RETURN(names.left_time, FindTimeColumn(left, named, options.left_name));
  COEVAL_ASSIGN_OR_RETURN(names.right_time,
                          RightTime(right, left.names()[names.left_time], options));
  names.left_keys = options.by.empty() ? options.left_by : options.by;
  names.right_keys = options.by.empty() ? options.right_by : options.by;
  if (names.left_keys.size() != names.right_keys.size()) {
    return Status::InvalidArgument("left_by names " + std::to_string(names.left_keys.size()) +
                                   " columns, right_by " + std::to_string(names.right_keys.size()));
  }
  return names;
}

// The type in which two columns are compared: the wider of two integers, a timestamp for a date and
// a timestamp, the one that has a type where the other holds nulls only.
Result<DataType> CommonKeyType(const DataType& left, const DataType& right,
                               const std::string& names) {
  const auto either = [&](TypeId id) { return left.id() == id || right.id() == id; };
  const auto is_whole = [](const DataType& type) { return type.is_number(); };
  DataType common = right;
  if (right.id() == TypeId::kNull) common = left.id() == TypeId::kNull ? TypeId::kInt64 : left;
  if (is_whole(left) && is_whole(right)) {
    common = left == right && right.is_key_type() ? right : DataType(TypeId::kInt64);
  } else if (either(TypeId::kTimestamp) && either(TypeId::kDate)) {
    common = TypeId::kTimestamp;
  } else if (either(TypeId::kString) && either(TypeId::kBytes)) {
    return Status::InvalidArgument("keys " + names +
                                   " are string and bytes, which never are equal");
  }
  if (common.is_key_type()) return common;
  return Status::InvalidArgument("keys " + names + ": " + common.ToString() +
                                 " cannot be a join key");
}

// The key columns of the left, converted, and the types by which the right is read.
struct Keys {
  std::vector<JoinKey> right;
  std::vector<Column> left;
};

Result<Keys> ReadKeys(const ArrowTable& left, const Right& right, const JoinNames& names,
                      const StandaloneJoinOptions& options) {
  Keys keys;
  for (std::size_t i = 0; i < names.left_keys.size(); ++i) {
    const std::string& name = names.left_keys[i];
    const auto at = left.Find(name);
    if (!at.has_value()) {
      return NoColumn(options.left_name, name, left.names());
    }
    COEVAL_ASSIGN_OR_RETURN(const RightColumn* other, right.Need(names.right_keys[i]));
    COEVAL_ASSIGN_OR_RETURN(const Column column, left.ReadColumn(*at, Rounding::kExact));
    JoinKey key{.name = other->name, .type = {}};
    COEVAL_ASSIGN_OR_RETURN(key.type, CommonKeyType(column.type(), other->type,
                                                    "'" + name + "' and '" + other->name + "'"));
    Result<Column> converted = ConvertKeyColumn(column, key, name);
    if (!converted.ok()) return converted.status().WithContext(options.left_name);
    keys.left.push_back(std::move(*converted));
    keys.right.push_back(std::move(key));
  }
  return keys;
}

Result<std::vector<ColumnSchema>> ChooseColumns(const Right& right, const JoinNames& names,
                                                const StandaloneJoinOptions& options) {
  std::vector<ColumnSchema> chosen;
  const auto add = [&](const std::string& name) -> Status {
    COEVAL_ASSIGN_OR_RETURN(const RightColumn* column, right.Need(name));
    chosen.push_back({column->name, column->type});
    return Status::Ok();
  };
  if (options.columns.has_value()) {
    for (const std::string& name : *options.columns) {
      if (std::count(options.columns->begin(), options.columns->end(), name) > 1) {
        return Status::InvalidArgument("column '" + name + "' is asked for twice");
      }
      COEVAL_RETURN_IF_ERROR(add(name));
    }
    return chosen;
  }
  for (const RightColumn& column : right.columns) {
    const auto& keys = names.right_keys;
    const bool is_used = column.name == names.right_time || column.name == options.created ||
                         std::find(keys.begin(), keys.end(), column.name) != keys.end();
    if (!is_used) COEVAL_RETURN_IF_ERROR(add(column.name));
  }
  return chosen;
}

Result<Schema> FinalNames(const ArrowTable& left, const std::vector<ColumnSchema>& chosen,
                          const std::string& suffix) {
  std::vector<std::string> taken = left.names();
  Schema schema;
  for (const ColumnSchema& column : chosen) {
    const auto is_taken = [&taken](const std::string& name) {
      return std::find(taken.begin(), taken.end(), name) != taken.end();
    };
    std::string name = column.name;
    if (is_taken(name)) name += suffix;
    if (is_taken(name)) {
      return Status::InvalidArgument("the answer would have two columns '" + name +
                                     "'; choose another suffix, or fewer columns");
    }
    taken.push_back(name);
    schema.Add(std::move(name), column.type);
  }
  return schema;
}

// What the right's times mean. Joins without a repository do not check how far ahead they are
// (3.5).
Source Meaning(const Right& right, const JoinNames& names, const StandaloneJoinOptions& options) {
  Source source;
  source.name = right.name;
  source.timestamp_field = names.right_time;
  source.created_field = options.created;
  source.max_future = kMaxTime;
  source.allow_1970 = true;
  return source;
}

Result<StandaloneJoin> Join(ArrowTable left, const Right& right,
                            const StandaloneJoinOptions& options, const Context& context) {
  if (options.tolerance.has_value() && *options.tolerance <= 0) {
    return Status::InvalidArgument("the tolerance must be more than 0; leave it out for none");
  }
  COEVAL_ASSIGN_OR_RETURN(const JoinNames names, ResolveNames(left, right, options));
  if (!options.created.empty()) COEVAL_RETURN_IF_ERROR(right.Need(options.created).status());
  COEVAL_ASSIGN_OR_RETURN(const Keys keys, ReadKeys(left, right, names, options));
  COEVAL_ASSIGN_OR_RETURN(const std::vector<ColumnSchema> chosen,
                          ChooseColumns(right, names, options));
  StandaloneJoin result;
  COEVAL_ASSIGN_OR_RETURN(result.schema, FinalNames(left, chosen, options.suffix));
  COEVAL_ASSIGN_OR_RETURN(const std::vector<TimeMicros> times,
                          ReadQuestionTimes(left, names.left_time, options.left_name));
  COEVAL_ASSIGN_OR_RETURN(const QuestionIndex index, QuestionIndex::Build(keys.left, times));

  AsOfJoin join{.rule = {.source = Meaning(right, names, options),
                         .known = options.known,
                         .ttl = options.tolerance.value_or(0),
                         .strictly_before = !options.allow_exact_matches},
                .schema = chosen,
                .needed = {}};
  for (std::size_t i = 0; i < chosen.size(); ++i) join.needed.push_back(i);
  std::int64_t expected = -1;
  const OpenFacts open = [&](const std::vector<ColumnSchema>& features,
                             const FactRange& range) -> Result<std::unique_ptr<FactStream>> {
    FactRequest request{
        .view = right.name, .keys = keys.right, .features = features, .range = range};
    COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<FactReader> reader,
                            right.open(join.rule.source, std::move(request)));
    expected = reader->expected_rows();
    return std::unique_ptr<FactStream>(std::move(reader));
  };
  const auto tell = [&](const FactCounts& counts, bool finished) {
    if (!options.progress) return;
    options.progress({.what = right.name,
                      .rows_done = counts.rows,
                      .rows_expected = expected,
                      .finished = finished});
  };
  COEVAL_ASSIGN_OR_RETURN(AsOfAnswers answers,
                          JoinAsOf(index, join, open, context,
                                   [&tell](const FactCounts& counts) { tell(counts, false); }));
  tell(answers.counts.read, true);
  result.left = std::move(left);
  result.columns = std::move(answers.answers.features);
  result.counts = std::move(answers.counts);
  return result;
}

// Releases a stream that was given but not taken over by a reader.
class StreamGuard {
 public:
  explicit StreamGuard(ArrowArrayStream* stream) : stream_(stream) {}

  StreamGuard(const StreamGuard&) = delete;
  StreamGuard& operator=(const StreamGuard&) = delete;

  ~StreamGuard() {
    if (stream_->release != nullptr) stream_->release(stream_);
  }

 private:
  ArrowArrayStream* stream_;
};

Result<std::vector<RightColumn>> ColumnsOfStream(ArrowArrayStream* stream) {
  if (stream->release == nullptr) {
    return Status::InvalidArgument("the right table is an Arrow stream that was used up before");
  }
  ArrowSchema schema{};
  if (stream->get_schema(stream, &schema) != 0) {
    const char* text = stream->get_last_error(stream);
    return Status::InvalidArgument("the right table cannot be read: " +
                                   std::string(text == nullptr ? "no reason given" : text));
  }
  const SharedArrowSchema owned = OwnArrowSchema(&schema);
  std::vector<RightColumn> columns;
  for (std::int64_t i = 0; i < owned->n_children; ++i) {
    const ArrowSchema& field = *owned->children[i];
    RightColumn& column = columns.emplace_back();
    column.name = field.name == nullptr ? "" : field.name;
    const Result<DataType> type = TypeFromArrow(field);
    column.supported = type.status();
    if (type.ok()) column.type = *type;
    column.is_timestamp = TimestampOf(field).has_value();
  }
  return columns;
}

}  // namespace

Result<ArrowArrayStream> StandaloneJoin::Export(std::int64_t batch_rows) const {
  return left.ExportWith(schema, columns, batch_rows);
}

Result<StandaloneJoin> JoinStream(ArrowTable left, ArrowArrayStream* right,
                                  const StandaloneJoinOptions& options, const Context& context) {
  const StreamGuard guard(right);
  Right side;
  side.name = "the right table";
  COEVAL_ASSIGN_OR_RETURN(side.columns, ColumnsOfStream(right));
  side.open = [right, &context](const Source& meaning, FactRequest request) {
    return FactReader::FromStream(meaning, right, std::move(request), context);
  };
  return Join(std::move(left), side, options, context);
}

Result<StandaloneJoin> JoinFile(ArrowTable left, const Source& source, const std::string& location,
                                const StandaloneJoinOptions& options, const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(const SourceSchema schema, DescribeSource(source, location, context));
  Right side;
  side.name = source.name;
  for (const SourceColumn& column : schema.columns) {
    side.columns.push_back({.name = column.name,
                            .type = column.type,
                            .is_timestamp = column.type.id() == TypeId::kTimestamp,
                            .supported = column.supported});
  }
  side.open = [&](const Source& meaning, FactRequest request) {
    Source files = meaning;
    files.path = source.path;
    files.format = source.format;
    files.csv = source.csv;
    files.hive_partitions = source.hive_partitions;
    return FactReader::Open(files, location, std::move(request), context);
  };
  return Join(std::move(left), side, options, context);
}

}  // namespace coeval
