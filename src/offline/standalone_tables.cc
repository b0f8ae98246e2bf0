#include "offline/standalone_tables.h"

#include <algorithm>

#include "base/suggest.h"
#include "column/key.h"
#include "offline/spine.h"
#include "offline/whole_column.h"
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

Result<std::string> RightTime(const RightTable& right, const std::string& left_time,
                              const MatchOptions& options) {
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

constexpr const char* kRightName = "the right table";

std::vector<RightColumn> ColumnsOfSchema(const ArrowSchema& schema) {
  std::vector<RightColumn> columns;
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    const ArrowSchema& field = *schema.children[i];
    RightColumn& column = columns.emplace_back();
    column.name = field.name == nullptr ? "" : field.name;
    const Result<DataType> type = TypeFromArrow(field);
    column.supported = type.status();
    if (type.ok()) column.type = *type;
    column.is_timestamp = TimestampOf(field).has_value();
  }
  return columns;
}

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
  return ColumnsOfSchema(*owned);
}

}  // namespace

Result<RightTable> RightTable::OfTable(ArrowTable table, const Context& context) {
  RightTable right;
  right.name = kRightName;
  right.columns = ColumnsOfSchema(table.schema());
  right.open = [table = std::move(table), &context](const Source& meaning, FactRequest request) {
    return FactReader::FromTable(meaning, table, std::move(request), context);
  };
  return right;
}

Result<RightTable> RightTable::OfStream(ArrowArrayStream* stream, const Context& context) {
  RightTable right;
  right.name = kRightName;
  COEVAL_ASSIGN_OR_RETURN(right.columns, ColumnsOfStream(stream));
  right.open = [stream, &context](const Source& meaning, FactRequest request) {
    return FactReader::FromStream(meaning, stream, std::move(request), context);
  };
  return right;
}

Result<RightTable> RightTable::OfFiles(const Source& source, const std::string& location,
                                       const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(const SourceSchema schema, DescribeSource(source, location, context));
  RightTable right;
  right.name = source.name;
  for (const SourceColumn& column : schema.columns) {
    right.columns.push_back({.name = column.name,
                             .type = column.type,
                             .is_timestamp = column.type.id() == TypeId::kTimestamp,
                             .supported = column.supported});
  }
  right.is_files = true;
  right.in_pieces = source.format == FileFormat::kParquet;
  right.open = [source, location, &context](const Source& meaning, FactRequest request) {
    Source files = meaning;
    files.path = source.path;
    files.format = source.format;
    files.csv = source.csv;
    files.hive_partitions = source.hive_partitions;
    return FactReader::Open(files, location, std::move(request), context);
  };
  return right;
}

const RightColumn* RightTable::Find(const std::string& wanted) const {
  for (const RightColumn& column : columns) {
    if (column.name == wanted) return &column;
  }
  return nullptr;
}

Result<const RightColumn*> RightTable::Need(const std::string& wanted) const {
  const RightColumn* column = Find(wanted);
  if (column == nullptr) {
    std::vector<std::string> names;
    for (const RightColumn& each : columns) names.push_back(each.name);
    return NoColumn(name, wanted, names);
  }
  if (!column->supported.ok()) {
    return column->supported.WithContext(name + ", column '" + wanted + "'");
  }
  return column;
}

Result<MatchNames> ResolveMatch(const LeftTable& left, const RightTable& right,
                                const MatchOptions& options) {
  COEVAL_RETURN_IF_ERROR(CheckOneOf(options.on, options.left_on, options.right_on, "on", false));
  COEVAL_RETURN_IF_ERROR(CheckOneOf(options.by, options.left_by, options.right_by, "by", true));
  MatchNames names;
  const std::string& named = options.on.empty() ? options.left_on : options.on;
  COEVAL_ASSIGN_OR_RETURN(names.left_time, FindTimeColumn(left.table(), named, left.name()));
  COEVAL_ASSIGN_OR_RETURN(names.right_time,
                          RightTime(right, left.table().names()[names.left_time], options));
  names.left_keys = options.by.empty() ? options.left_by : options.by;
  names.right_keys = options.by.empty() ? options.right_by : options.by;
  if (names.left_keys.size() != names.right_keys.size()) {
    return Status::InvalidArgument("left_by names " + std::to_string(names.left_keys.size()) +
                                   " columns, right_by " + std::to_string(names.right_keys.size()));
  }
  if (!options.created.empty()) COEVAL_RETURN_IF_ERROR(right.Need(options.created).status());
  return names;
}

// A column that is there, converted to the type in which it is compared with `other`.
Result<Column> LeftTable::ReadKey(const std::string& name, const RightColumn& other,
                                  JoinKey* key) const {
  COEVAL_ASSIGN_OR_RETURN(const Column column,
                          ReadWholeColumn(table_, *table_.Find(name), Rounding::kExact, threads_));
  key->name = other.name;
  COEVAL_ASSIGN_OR_RETURN(key->type, CommonKeyType(column.type(), other.type,
                                                   "'" + name + "' and '" + other.name + "'"));
  Result<Column> converted = ConvertKeyColumn(column, *key, name);
  if (!converted.ok()) return converted.status().WithContext(name_);
  return converted;
}

Result<LeftTable::Questions> LeftTable::For(const RightTable& right, const MatchNames& names) {
  Questions questions;
  std::vector<Column> keys;
  std::string signature = std::to_string(names.left_time);
  for (std::size_t i = 0; i < names.left_keys.size(); ++i) {
    if (!table_.Find(names.left_keys[i]).has_value()) {
      return NoColumn(name_, names.left_keys[i], table_.names());
    }
    COEVAL_ASSIGN_OR_RETURN(const RightColumn* other, right.Need(names.right_keys[i]));
    JoinKey key;
    COEVAL_ASSIGN_OR_RETURN(Column column, ReadKey(names.left_keys[i], *other, &key));
    keys.push_back(std::move(column));
    signature += " " + std::to_string(names.left_keys[i].size()) + ":" + names.left_keys[i] + " " +
                 key.type.ToString();
    questions.right_keys.push_back(std::move(key));
  }
  auto found = questions_.find(signature);
  if (found == questions_.end()) {
    auto times = times_.find(names.left_time);
    if (times == times_.end()) {
      COEVAL_ASSIGN_OR_RETURN(Column read,
                              ReadQuestionTimeColumn(table_, names.left_time, name_, threads_));
      times = times_.emplace(names.left_time, std::move(read)).first;
    }
    found =
        questions_
            .emplace(signature, KeyedQuestions(std::move(keys), times->second.values<TimeMicros>()))
            .first;
  }
  questions.asked = &found->second;
  return questions;
}

std::int64_t LeftTable::row_bytes() const {
  std::vector<ColumnSchema> columns;
  for (std::size_t i = 0; i < table_.num_columns(); ++i) {
    const Result<DataType> type = TypeFromArrow(table_.field(i));
    columns.push_back({"", type.ok() ? *type : DataType(TypeId::kString)});
  }
  return RowBytes(columns) + static_cast<std::int64_t>(sizeof(TimeMicros));
}

Source MeaningOf(const RightTable& right, const MatchNames& names, const MatchOptions& options) {
  Source source;
  source.name = right.name;
  source.timestamp_field = names.right_time;
  source.created_field = options.created;
  source.max_future = kMaxTime;
  source.allow_1970 = true;
  return source;
}

RightFacts::RightFacts(const RightTable& right, const Source& meaning,
                       const LeftTable::Questions& questions, const ProgressSink& progress)
    : right_(right), meaning_(meaning), questions_(questions), progress_(progress) {
  facts_.name = right.name;
  facts_.open = [this](const std::vector<ColumnSchema>& features, const FactRange& range) {
    return Open(features, range);
  };
  facts_.progress = [this](const FactCounts& counts) { Tell(counts, false); };
}

Result<std::unique_ptr<FactStream>> RightFacts::Open(const std::vector<ColumnSchema>& features,
                                                     const FactRange& range) {
  FactRequest request{.view = right_.name,
                      .keys = questions_.right_keys,
                      .features = features,
                      .range = range,
                      .wanted = right_.is_files ? questions_.asked->Wanted() : nullptr};
  COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<FactReader> reader,
                          right_.open(meaning_, std::move(request)));
  expected_ = reader->expected_rows();
  // Passes of a join must see the same files.
  const std::string& token = reader->manifest().change_token;
  if (change_token_.has_value() && *change_token_ != token) {
    return Status::Unavailable(right_.name + " changed while it was read; ask again");
  }
  change_token_ = token;
  return std::unique_ptr<FactStream>(std::move(reader));
}

void RightFacts::Tell(const FactCounts& counts, bool finished) const {
  if (!progress_) return;
  const auto parts = static_cast<std::int64_t>(facts_.parts);
  progress_({.what = right_.name,
             .rows_done = counts.rows,
             .rows_expected = expected_ < 0 ? expected_ : expected_ * parts,
             .finished = finished});
}

Result<MemoryPlan> PlanMemory(const LeftTable& left, std::vector<JoinSize> joins, bool bounded,
                              const Context& context) {
  if (!bounded) return MemoryPlan::Unbounded();
  return MemoryPlan::Make(
      {.rows = left.table().num_rows(), .spine_bytes = left.row_bytes(), .joins = std::move(joins)},
      context);
}

}  // namespace coeval
