#include "serve/api/arrow_features.h"

#include <utility>
#include <vector>

#include "base/suggest.h"
#include "column/arrow_bridge.h"
#include "column/builder.h"
#include "column/key.h"
#include "retrieval/per_row.h"
#include "serve/api/wire.h"
#include "source/ipc_bytes.h"

namespace coeval {
namespace {

using References = std::vector<std::string>;

Json TextsJson(const References& texts) {
  Json list = Json::MakeArray();
  for (const std::string& text : texts) list.Append(text);
  return list;
}

References ReferencesOf(const FeaturePlan& plan) {
  References references;
  for (const PlannedOutput& output : plan.outputs) references.push_back(output.reference);
  return references;
}

Result<std::string> Encode(Batch batch, const Json& note, const Context& context) {
  ArrowArrayStream stream{};
  const Schema schema = batch.schema;
  std::vector<Batch> batches;
  batches.push_back(std::move(batch));
  ExportStream(StreamOf(schema, std::move(batches)), &stream);
  return EncodeIpc(&stream, note.Write(), context);
}

struct Message {
  ArrowTable rows;
  Json note;
};

Result<Message> Decode(std::string_view body, const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(IpcTable table, DecodeIpc(body, context));
  if (table.note.empty()) {
    return Status::InvalidArgument("the stream's schema has no metadata `coeval`");
  }
  auto note = ParseJson(table.note);
  if (!note.ok()) return note.status().WithContext("the metadata `coeval`");
  return Message{std::move(table.rows), std::move(note).value()};
}

struct Asked {
  FeatureRequest request;
  References references;  // what they stand for; none = whatever is active
  std::optional<TimeMicros> at;
};

Result<Asked> ReadNote(const Json& note) {
  Asked asked;
  COEVAL_ASSIGN_OR_RETURN(asked.request.features, TextsMember(note, "features"));
  COEVAL_ASSIGN_OR_RETURN(asked.request.service, TextMember(note, "feature_service"));
  asked.request.service_version = static_cast<int>(note.GetInt("service_version"));
  asked.request.full_feature_names = note.GetBool("full_feature_names");
  COEVAL_ASSIGN_OR_RETURN(asked.references, TextsMember(note, "references"));
  const Json* at = note.Find("at");
  if (at == nullptr || at->is_null()) return asked;
  if (at->is_int()) {  // microseconds
    asked.at = at->AsInt();
  } else {
    COEVAL_ASSIGN_OR_RETURN(asked.at, TimeFromWire(note, "at"));
  }
  return asked;
}

// The plan with the versions that the client means, which may not be the active ones any more.
Result<SharedFeaturePlan> PlanOf(const Asked& asked, FeatureStore* store) {
  auto plan = store->PlanRequest(asked.request);
  if (asked.references.empty()) return plan;
  if (plan.ok() && ReferencesOf(**plan) == asked.references) return plan;
  if (!asked.request.service.empty()) return plan;  // its version says all
  FeatureRequest pinned = asked.request;
  pinned.features = asked.references;
  return store->PlanRequest(pinned);
}

Result<Column> RequestColumn(const ArrowTable& rows, const PlannedColumn& planned) {
  const auto found = rows.Find(planned.name);
  if (!found) {
    const std::vector<std::string> names = rows.names();
    return Status::InvalidArgument("the rows lack column '" + planned.name + "' (" +
                                   planned.type.ToString() + "), needed by " + planned.needed_by +
                                   DidYouMean(planned.name, names));
  }
  auto column = rows.ReadColumn(*found, Rounding::kExact);
  if (!column.ok()) return column.status().WithContext("column '" + planned.name + "'");
  if (column->type() == planned.type) return column;
  if (planned.is_join_key) {
    return ConvertKeyColumn(*column, {planned.name, planned.type}, planned.name);
  }
  return Status::InvalidArgument("column '" + planned.name + "' is " + column->type().ToString() +
                                 " and must be " + planned.type.ToString());
}

// The i-th of `columns` as text or times, of `n` rows without errors in them.
Result<Column> AnswerColumn(const ArrowTable& rows, std::size_t i, const DataType& type,
                            std::int64_t n) {
  COEVAL_ASSIGN_OR_RETURN(Column column, rows.ReadColumn(i, Rounding::kExact));
  if (column.type() != type || column.length() != n) {
    return Status::Internal("an answer's column " + std::to_string(i) + " is " +
                            column.type().ToString() + ", not " + type.ToString());
  }
  return column;
}

Result<PerRow<FeatureStatus>> StatusesFrom(const Column& column) {
  std::vector<FeatureStatus> statuses;
  for (std::int64_t row = 0; row < column.length(); ++row) {
    const std::string_view name = column.IsNull(row) ? "" : column.bytes(row);
    std::optional<FeatureStatus> found;
    for (const FeatureStatus status :
         {FeatureStatus::kPresent, FeatureStatus::kNullValue, FeatureStatus::kOutsideMaxAge,
          FeatureStatus::kNotFound, FeatureStatus::kInvalid}) {
      if (name == FeatureStatusName(status)) found = status;
    }
    if (!found) return Status::Internal("an answer has the status '" + std::string(name) + "'");
    statuses.push_back(*found);
  }
  return PerRow<FeatureStatus>(std::move(statuses));
}

}  // namespace

Result<std::string> EncodeQuestion(const FeaturePlan& plan, std::span<const Column> columns,
                                   std::int64_t n, std::optional<TimeMicros> at,
                                   const Context& context) {
  Json note = Json::MakeObject();
  int version = plan.request.service_version;
  if (!plan.request.service.empty() && version == 0) {
    COEVAL_ASSIGN_OR_RETURN(const ServiceVersion* service,
                            plan.catalogue->FindService(plan.request.service, 0));
    version = service->version;
  }
  note.Set("features", TextsJson(plan.request.features));
  note.Set("feature_service", plan.request.service).Set("service_version", version);
  note.Set("full_feature_names", plan.request.full_feature_names);
  note.Set("references", TextsJson(ReferencesOf(plan)));
  if (at) note.Set("at", *at);
  Batch batch{{}, {}, n};
  for (std::size_t i = 0; i < columns.size(); ++i) {
    batch.schema.Add(plan.request_columns[i].name, plan.request_columns[i].type);
    batch.columns.push_back(columns[i]);
  }
  return Encode(std::move(batch), note, context);
}

Result<OnlineRequest> DecodeQuestion(std::string_view body, FeatureStore* store,
                                     const OnlineLimits& limits) {
  COEVAL_ASSIGN_OR_RETURN(const Message message, Decode(body, store->context()));
  COEVAL_ASSIGN_OR_RETURN(const Asked asked, ReadNote(message.note));
  OnlineRequest request;
  request.num_rows = message.rows.num_rows();
  request.at = asked.at;
  if (request.num_rows > limits.max_rows ||
      std::ssize(asked.request.features) > limits.max_features) {
    return Status::InvalidArgument("at most " + std::to_string(limits.max_rows) + " rows and " +
                                   std::to_string(limits.max_features) +
                                   " features are read at a time");
  }
  COEVAL_ASSIGN_OR_RETURN(request.plan, PlanOf(asked, store));
  for (const PlannedColumn& planned : request.plan->request_columns) {
    COEVAL_ASSIGN_OR_RETURN(Column column, RequestColumn(message.rows, planned));
    request.columns.push_back(std::move(column));
  }
  return request;
}

Result<std::string> EncodeAnswer(const OnlineAnswer& answer, const Context& context) {
  const FeatureTable& table = answer.table;
  const std::vector<PlannedOutput>& outputs = answer.plan->outputs;
  Batch batch{{}, table.columns, table.num_rows};
  for (const PlannedOutput& output : outputs) batch.schema.Add(output.name, output.type);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    ColumnBuilder statuses(TypeId::kString);
    for (const FeatureStatus status : table.statuses[i]) {
      statuses.AppendBytes(FeatureStatusName(status));
    }
    batch.schema.Add(outputs[i].name + "__status", TypeId::kString);
    batch.columns.push_back(statuses.Finish());
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    ColumnBuilder times(TypeId::kTimestamp);
    for (const TimeMicros time : table.times[i]) {
      if (time == kMinTime) {
        times.AppendNull();
      } else {
        times.AppendInt(time);
      }
    }
    batch.schema.Add(outputs[i].name + "__time", TypeId::kTimestamp);
    batch.columns.push_back(times.Finish());
  }
  Json note = Json::MakeObject();
  note.Set("time", TimeToWire(answer.t)).Set("from_offline", answer.from_offline);
  note.Set("invalid_count", table.invalid_count);
  note.Set("first_errors", TextsJson(table.first_errors));
  return Encode(std::move(batch), note, context);
}

Result<OnlineAnswer> DecodeAnswer(std::string_view body, const SharedFeaturePlan& plan,
                                  std::int64_t n, const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(const Message message, Decode(body, context));
  OnlineAnswer answer{plan, {}, kMinTime, false};
  COEVAL_ASSIGN_OR_RETURN(answer.t, TimeFromWire(message.note, "time"));
  answer.from_offline = message.note.GetBool("from_offline");
  answer.table.num_rows = n;
  answer.table.invalid_count = message.note.GetInt("invalid_count");
  COEVAL_ASSIGN_OR_RETURN(answer.table.first_errors, TextsMember(message.note, "first_errors"));
  const std::size_t count = plan->outputs.size();
  if (message.rows.num_columns() != 3 * count || message.rows.num_rows() != n) {
    return Status::Internal("an answer has other columns or rows than were asked for");
  }
  for (std::size_t i = 0; i < count; ++i) {
    COEVAL_ASSIGN_OR_RETURN(Column values, AnswerColumn(message.rows, i, plan->outputs[i].type, n));
    COEVAL_ASSIGN_OR_RETURN(const Column statuses,
                            AnswerColumn(message.rows, count + i, TypeId::kString, n));
    COEVAL_ASSIGN_OR_RETURN(const Column times,
                            AnswerColumn(message.rows, 2 * count + i, TypeId::kTimestamp, n));
    answer.table.columns.push_back(std::move(values));
    COEVAL_ASSIGN_OR_RETURN(auto named, StatusesFrom(statuses));
    answer.table.statuses.push_back(std::move(named));
    std::vector<TimeMicros> given;
    const auto micros = times.values<std::int64_t>();
    for (std::int64_t row = 0; row < n; ++row) {
      given.push_back(times.IsNull(row) ? kMinTime : micros[static_cast<std::size_t>(row)]);
    }
    answer.table.times.emplace_back(std::move(given));
  }
  return answer;
}

}  // namespace coeval
