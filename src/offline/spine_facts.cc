#include "offline/spine_facts.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "column/builder.h"
#include "column/key.h"
#include "column/value.h"

namespace coeval {
namespace {

// Rows of one batch of the table.
constexpr std::size_t kBatchRows = 65536;

std::set<std::string> KeyColumnsOf(const PlannedView& view) {
  return {view.key_columns.begin(), view.key_columns.end()};
}

std::string Listed(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

// The join keys in the order of the plan's columns, whatever the order of the view's.
std::vector<std::size_t> OrderOfKeys(const FeaturePlan& plan, const PlannedView& view) {
  std::vector<std::size_t> order;
  for (const PlannedColumn& column : plan.request_columns) {
    for (std::size_t i = 0; i < view.key_columns.size(); ++i) {
      if (view.key_columns[i] == column.name) {
        order.push_back(i);
        break;
      }
    }
  }
  return order;
}

// Two keys of a view may be mapped to one column; then only facts where they are equal count.
bool MappedKeysAgree(const FactBatch& facts, const PlannedView& view, std::int64_t row) {
  for (std::size_t i = 0; i < view.key_columns.size(); ++i) {
    for (std::size_t j = i + 1; j < view.key_columns.size(); ++j) {
      if (view.key_columns[i] == view.key_columns[j] &&
          !SameBits(facts.keys[i].GetValue(row), facts.keys[j].GetValue(row))) {
        return false;
      }
    }
  }
  return true;
}

// The columns of the keys, one row for each.
Result<std::vector<Column>> DecodeKeys(const FeaturePlan& plan,
                                       const std::vector<std::string_view>& keys) {
  std::vector<JoinKey> types;
  std::vector<ColumnBuilder> builders;
  for (const PlannedColumn& column : plan.request_columns) {
    types.push_back({column.name, column.type});
    builders.emplace_back(column.type);
  }
  for (const std::string_view key : keys) {
    COEVAL_ASSIGN_OR_RETURN(const std::vector<Value> values, DecodeKey(key, types));
    for (std::size_t i = 0; i < values.size(); ++i) {
      COEVAL_RETURN_IF_ERROR(builders[i].Append(values[i]));
    }
  }
  std::vector<Column> columns;
  for (ColumnBuilder& builder : builders) columns.push_back(builder.Finish());
  return columns;
}

}  // namespace

Status CheckSpineOfFacts(const FeaturePlan& plan) {
  if (plan.views.empty()) {
    return Status::InvalidArgument(
        "a training set without a spine takes its rows from stored views, but none is asked for");
  }
  for (const PlannedColumn& column : plan.request_columns) {
    if (!column.is_join_key) {
      return Status::InvalidArgument("request data '" + column.name + "' (" + column.needed_by +
                                     ") must come with a spine; give one");
    }
    if (column.name == kFactTimeColumn) {
      return Status::InvalidArgument(
          "a join key is called 'event_timestamp', which is the time column of a spine made from "
          "facts; map the key to another name");
    }
  }
  const std::set<std::string> first = KeyColumnsOf(plan.views[0]);
  for (const PlannedView& view : plan.views) {
    const std::set<std::string> keys = KeyColumnsOf(view);
    if (keys != first) {
      return Status::InvalidArgument("without a spine all views must have the same join keys: '" +
                                     plan.views[0].shown_name + "' has " + Listed(first) + ", '" +
                                     view.shown_name + "' has " + Listed(keys));
    }
  }
  return Status::Ok();
}

Status ForEachFact(const FeaturePlan& plan, const PlannedView& view, const FactRange& range,
                   const OpenView& open, const Context& context, const TakeFact& take) {
  FactRequest request;
  request.view = view.shown_name;
  request.keys = view.version->join_keys;
  request.range = range;
  COEVAL_ASSIGN_OR_RETURN(const std::unique_ptr<FactReader> reader,
                          open(*view.version, std::move(request)));
  const std::vector<std::size_t> order = OrderOfKeys(plan, view);
  const bool doubled = order.size() < view.key_columns.size();
  while (true) {
    COEVAL_RETURN_IF_ERROR(context.cancel->Check());
    COEVAL_ASSIGN_OR_RETURN(const std::optional<FactBatch> facts, reader->Next());
    if (!facts.has_value()) return Status::Ok();
    std::vector<Column> keys;
    for (const std::size_t i : order) keys.push_back(facts->keys[i]);
    const KeyColumn encoded = KeyColumn::Encode(keys, facts->num_rows);
    for (std::int64_t row = 0; row < facts->num_rows; ++row) {
      if (doubled && !MappedKeysAgree(*facts, view, row)) continue;
      take(encoded.bytes(row), *facts, row);
    }
  }
}

Result<ArrowTable> TableOfMoments(const FeaturePlan& plan,
                                  const std::vector<std::string_view>& keys,
                                  const std::vector<SpineMoment>& moments) {
  Schema schema;
  for (const PlannedColumn& column : plan.request_columns) schema.Add(column.name, column.type);
  schema.Add(kFactTimeColumn, TypeId::kTimestamp);
  COEVAL_ASSIGN_OR_RETURN(const std::vector<Column> columns, DecodeKeys(plan, keys));
  std::vector<Batch> batches;
  for (std::size_t first = 0; first < moments.size(); first += kBatchRows) {
    const std::size_t last = std::min(moments.size(), first + kBatchRows);
    std::vector<std::int64_t> rows;
    ColumnBuilder times(TypeId::kTimestamp);
    for (std::size_t i = first; i < last; ++i) {
      rows.push_back(static_cast<std::int64_t>(moments[i].key));
      times.AppendInt(moments[i].t);
    }
    Batch& batch = batches.emplace_back();
    batch.schema = schema;
    batch.num_rows = static_cast<std::int64_t>(rows.size());
    for (const Column& column : columns) {
      COEVAL_RETURN_IF_ERROR(column.CheckTake(rows));
      batch.columns.push_back(column.Take(rows));
    }
    batch.columns.push_back(times.Finish());
  }
  ArrowArrayStream stream{};
  ExportStream(StreamOf(schema, std::move(batches)), &stream);
  return ArrowTable::Read(&stream);
}

}  // namespace coeval
