#include "materialize/data_carrier.h"

#include <utility>

#include "ingest/fact_rows.h"
#include "online/event_keeping.h"

namespace coeval {
namespace {

FactRequest RequestOf(const ViewVersion& version, const FactRange& range) {
  FactRequest request = FactsOf(version);
  request.range = range;
  request.pushed_range = FactRange();
  return request;
}

// The rows of a batch that the run carries; of what was pushed all, since it is chosen by pushes.
FactRows CarriedRows(const FactBatch& batch, const CarryRule& rule) {
  FactRows rows = FactRowsOf(batch);
  if (!rule.by_created || batch.arrived()) return rows;
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
                                        .keeps = KeptSpan(version)});
  commit_.watermark = rule.watermark;
  COEVAL_ASSIGN_OR_RETURN(OpenedFacts opened,
                          tools_.open(version, RequestOf(version, rule.range), context));
  LoadSpec spec = {
      .version = &version, .ttl = version.view.ttl, .pushed = version.push.has_value()};
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
    COEVAL_RETURN_IF_ERROR(load_->Add(CarriedRows(*batch, rule)));
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
