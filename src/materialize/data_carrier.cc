#include "materialize/data_carrier.h"

#include <utility>

namespace coeval {
namespace {

FactRequest RequestOf(const ViewVersion& version, const FactRange& range) {
  FactRequest request;
  request.view = version.view.name;
  request.keys = version.join_keys;
  for (const Field& field : version.view.schema) {
    request.features.push_back({field.name, field.type});
  }
  request.range = range;
  return request;
}

// The rows of a batch that the run carries.
FactRows RowsOf(const FactBatch& batch, const CarryRule& rule) {
  FactRows rows;
  rows.num_rows = batch.num_rows;
  rows.keys = batch.keys;
  rows.event_time = batch.event_time;
  rows.created_time = batch.created_time;
  rows.sequence = batch.sequence;
  rows.deleted = batch.deleted;
  rows.features = batch.features;
  if (!rule.by_created) return rows;
  rows.rows.emplace();
  for (std::int64_t row = 0; row < batch.num_rows; ++row) {
    if (rule.Carries(batch.times(row))) rows.rows->push_back(row);
  }
  return rows;
}

}  // namespace

DataCarrier::DataCarrier(OnlineStore& store,
                         std::vector<std::shared_ptr<const ViewVersion>> versions,
                         const CarryRequest& request, const MaterializeTools& tools)
    : store_(store), versions_(std::move(versions)), request_(request), tools_(tools) {}

Status DataCarrier::Carry(TimeMicros clock, const Context& context) {
  const ViewVersion& version = *versions_.front();
  const ViewProgress progress = store_.Progress(version);
  const CarryRule rule = MakeCarryRule(version.source, request_,
                                       {.watermark = progress.watermark,
                                        .clock = clock,
                                        .horizon_after = store_.HorizonAfterLoad(clock),
                                        .ttl = version.view.ttl});
  commit_.watermark = rule.watermark;
  COEVAL_ASSIGN_OR_RETURN(OpenedFacts opened,
                          tools_.open(version, RequestOf(version, rule.range), context));
  LoadSpec spec = {.version = &version, .ttl = version.view.ttl};
  if (version.source.timeless) {
    commit_.change_token = opened.change_token;
    unchanged_ = progress.watermark.has_value() && !opened.change_token.empty() &&
                 opened.change_token == progress.change_token;
    spec.replace = !unchanged_;
  }
  COEVAL_ASSIGN_OR_RETURN(load_, store_.BeginLoad(spec, context));
  Status status;
  if (!unchanged_) status = ReadAll(*opened.facts, rule, opened.expected_rows, context);
  counts_ = opened.facts->counts();
  if (status.ok()) {
    Result<LoadSummary> sealed = load_->Seal();
    status = sealed.status();
    if (sealed.ok()) summary_ = *sealed;
  }
  if (!status.ok()) {
    load_.reset();
    return status;
  }
  Report(opened.expected_rows, true);
  return {};
}

Status DataCarrier::ReadAll(FactStream& facts, const CarryRule& rule, std::int64_t expected_rows,
                            const Context& context) {
  while (true) {
    COEVAL_RETURN_IF_ERROR(context.cancel->Check());
    COEVAL_ASSIGN_OR_RETURN(const std::optional<FactBatch> batch, facts.Next());
    if (!batch) return {};
    COEVAL_RETURN_IF_ERROR(load_->Add(RowsOf(*batch, rule)));
    counts_ = facts.counts();
    Report(expected_rows, false);
  }
}

void DataCarrier::Report(std::int64_t expected_rows, bool finished) const {
  if (!tools_.progress) return;
  tools_.progress({.what = versions_.front()->view.name,
                   .rows_done = counts_.rows,
                   .rows_expected = expected_rows,
                   .finished = finished});
}

}  // namespace coeval
