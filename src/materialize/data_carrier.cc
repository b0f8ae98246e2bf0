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
  if (!rule.chooses() || batch.arrived()) return rows;
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

Result<CarryRule> DataCarrier::RuleOfRun(TimeMicros clock) const {
  const ViewVersion& version = *versions_.front();
  CarryState state = {.watermark = store_.Progress(version).watermark,
                      .clock = clock,
                      .horizon_after = store_.HorizonAfterLoad(clock),
                      .keeps = KeptSpan(version)};
  if (request_.kind == RunKind::kRebuild) {
    COEVAL_ASSIGN_OR_RETURN(CarriedBefore before, tools_.carried(versions_));
    state.watermark = before.watermark;
    state.ranges = std::move(before.ranges);
  }
  return MakeCarryRule(version.source, request_, state);
}

Status DataCarrier::Carry(TimeMicros clock, const Context& context) {
  const Status status = CarryUnderLoad(clock, context);
  if (!status.ok() || empty_) load_.reset();
  return status;
}

Status DataCarrier::CarryUnderLoad(TimeMicros clock, const Context& context) {
  // Before it is looked up what was carried, which another run could change, and before the log is
  // read: what is pushed from now on comes to the new data by itself.
  if (request_.kind == RunKind::kRebuild) COEVAL_RETURN_IF_ERROR(Begin(/*replace=*/true, context));
  COEVAL_ASSIGN_OR_RETURN(const CarryRule rule, RuleOfRun(clock));
  commit_.watermark = rule.watermark;
  empty_ = rule.nothing && !versions_.front()->push.has_value();
  return empty_ ? Status() : CarryBy(rule, context);
}

Status DataCarrier::CarryBy(const CarryRule& rule, const Context& context) {
  const ViewVersion& version = *versions_.front();
  const bool rebuild = request_.kind == RunKind::kRebuild;
  COEVAL_ASSIGN_OR_RETURN(OpenedFacts opened, Open(rule, context));
  empty_ = rule.nothing && opened.expected_rows == 0;  // nothing was pushed, either
  if (empty_) return {};
  if (version.source.timeless) {
    const ViewProgress progress = store_.Progress(version);
    commit_.change_token = opened.change_token;
    unchanged_ = !rebuild && progress.watermark.has_value() && !opened.change_token.empty() &&
                 opened.change_token == progress.change_token;
  }
  if (!rebuild) COEVAL_RETURN_IF_ERROR(Begin(version.source.timeless && !unchanged_, context));
  Status status;
  if (!unchanged_) status = ReadAll(*opened.facts, rule, opened.expected_rows, context);
  counts_ = opened.facts->counts();
  COEVAL_RETURN_IF_ERROR(status);
  COEVAL_ASSIGN_OR_RETURN(summary_, load_->Seal());
  Report(opened.expected_rows, true);
  return {};
}

// Where the batch source brings nothing, it need not even be there.
Result<OpenedFacts> DataCarrier::Open(const CarryRule& rule, const Context& context) const {
  const ViewVersion& version = *versions_.front();
  if (!rule.nothing) return tools_.open(version, RequestOf(version, rule.range), context);
  ViewVersion pushed = version;
  pushed.source = *version.push;
  pushed.sources.clear();
  return tools_.open(pushed, RequestOf(pushed, rule.range), context);
}

Status DataCarrier::Begin(bool replace, const Context& context) {
  const ViewVersion& version = *versions_.front();
  const LoadSpec spec = {.version = &version,
                         .ttl = version.view.ttl,
                         .replace = replace,
                         .pushed = version.push.has_value()};
  COEVAL_ASSIGN_OR_RETURN(load_, store_.BeginLoad(spec, context));
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
