#include "store/view_diff.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "base/distinct_sample.h"
#include "column/builder.h"
#include "column/key.h"
#include "column/value.h"
#include "ingest/fact_rows.h"
#include "log/log_batch.h"
#include "materialize/carry_rule.h"
#include "materialize/keyed_facts.h"
#include "online/event_keeping.h"
#include "online/view_answers.h"
#include "retrieval/feature_plan.h"
#include "retrieval/view_windows.h"
#include "source/wanted_keys.h"

namespace coeval {
namespace {

constexpr std::int64_t kChunk = 256;  // keys of one question to the store

ToldValue TellValue(const FeatureTable& table, std::size_t feature, std::int64_t row) {
  const Column& column = table.columns[feature];
  const auto i = static_cast<std::size_t>(row);
  return {.text = ToText(column.GetValue(row), column.type()),
          .status = table.statuses[feature][i],
          .time = table.times[feature][i]};
}

bool SameCell(const FeatureTable& a, std::int64_t row_a, const FeatureTable& b, std::int64_t row_b,
              std::size_t feature) {
  const auto i = static_cast<std::size_t>(row_a);
  const auto j = static_cast<std::size_t>(row_b);
  return a.statuses[feature][i] == b.statuses[feature][j] &&
         a.times[feature][i] == b.times[feature][j] &&
         SameBits(a.columns[feature].GetValue(row_a), b.columns[feature].GetValue(row_b));
}

class Differ {
 public:
  Differ(FeatureStore::Impl& impl, OpenedStore& store, const DiffRequest& request,
         const ViewVersion& version, const Context& context)
      : impl_(impl), store_(store), request_(request), version_(version), context_(context) {
    report_.view = version.view.name + "@v" + std::to_string(version.version);
    progress_ = request.snapshot->Progress(version);
    report_.watermark = progress_.watermark;
  }

  Result<ViewDiff> Run() {
    COEVAL_ASSIGN_OR_RETURN(
        plan_,
        PlanFeatures(request_.catalogue, {.features = {report_.view + ":*"}, .service = ""}));
    COEVAL_RETURN_IF_ERROR(SampleKeys());
    report_.keys = std::ssize(keys_);
    if (!keys_.empty()) {
      COEVAL_ASSIGN_OR_RETURN(columns_, ColumnsOf(keys_));
      COEVAL_RETURN_IF_ERROR(Compare());
    }
    if (!differing_.empty()) COEVAL_RETURN_IF_ERROR(Explain());
    Tell(report_.keys, report_.keys, /*finished=*/true);
    return std::move(report_);
  }

 private:
  void Tell(std::int64_t done, std::int64_t expected, bool finished) const {
    if (!request_.progress) return;
    request_.progress(
        {.what = report_.view, .rows_done = done, .rows_expected = expected, .finished = finished});
  }

  // The keys of both, so that what only one of them has is seen too: of the sources those with
  // facts that may matter at t.
  Status SampleKeys() {
    DistinctSample sample(request_.keys, request_.seed);
    FactRequest facts = {.view = version_.view.name, .keys = version_.join_keys};
    facts.range = RangeAt(/*reach=*/std::nullopt);
    COEVAL_ASSIGN_OR_RETURN(const auto reader, impl_.OpenFacts(version_, facts, context_));
    change_token_ = reader->manifest().change_token;
    while (true) {
      COEVAL_RETURN_IF_ERROR(context_.cancel->Check());
      COEVAL_ASSIGN_OR_RETURN(const std::optional<FactBatch> batch, reader->Next());
      if (!batch) break;
      const KeyColumn keys = KeyColumn::Encode(batch->keys, batch->num_rows);
      for (std::int64_t row = 0; row < batch->num_rows; ++row) {
        if (!keys.IsNull(row)) sample.Add(keys.bytes(row));
      }
      Tell(reader->counts().rows, reader->expected_rows(), /*finished=*/false);
    }
    std::int64_t rows = 0;
    const auto add = [&](std::string_view key) -> Status {
      if (++rows % 4096 == 0) COEVAL_RETURN_IF_ERROR(context_.cancel->Check());
      sample.Add(key);
      return {};
    };
    COEVAL_ASSIGN_OR_RETURN(report_.unreadable, request_.snapshot->ForEachEntity(version_, add));
    keys_ = sample.Sorted();
    return {};
  }

  // Facts outside of it do not matter at t. `reach`: of the windows, where it is known.
  [[nodiscard]] FactRange RangeAt(std::optional<EventSpan> reach) const {
    FactRange range;
    if (reach) {
      range.event_min = reach->first;
      range.event_max = reach->last;
      return range;
    }
    range.event_max = request_.t;
    const auto kept = KeptSpan(version_);
    if (kept) range.event_min = SaturatingSubtract(request_.t, *kept);
    return range;
  }

  // Some keys as the plan's columns.
  [[nodiscard]] Result<std::vector<Column>> ColumnsOf(const std::vector<std::string>& keys) const {
    const std::vector<JoinKey>& join_keys = version_.join_keys;
    std::vector<ColumnBuilder> builders;
    for (const JoinKey& key : join_keys) builders.emplace_back(key.type);
    for (const std::string& key : keys) {
      COEVAL_ASSIGN_OR_RETURN(const std::vector<Value> values, DecodeKey(key, join_keys));
      for (std::size_t i = 0; i < values.size(); ++i) {
        COEVAL_RETURN_IF_ERROR(builders[i].Append(values[i]));
      }
    }
    std::vector<Column> columns(plan_->request_columns.size());
    for (std::size_t i = 0; i < builders.size(); ++i) {
      columns[plan_->RequestColumn(plan_->views.front().key_columns[i])] = builders[i].Finish();
    }
    return columns;
  }

  Status Compare() {
    COEVAL_ASSIGN_OR_RETURN(
        training_, AskSources(impl_, *plan_, columns_, report_.keys, request_.t, context_));
    for (std::int64_t first = 0; first < report_.keys; first += kChunk) {
      COEVAL_RETURN_IF_ERROR(context_.cancel->Check());
      COEVAL_RETURN_IF_ERROR(CompareSome(first, std::min(kChunk, report_.keys - first)));
      Tell(first, report_.keys, /*finished=*/false);
    }
    return {};
  }

  // Those of a damaged place one by one, so that only they are.
  Status CompareSome(std::int64_t first, std::int64_t count) {
    std::vector<Column> columns;
    for (const Column& column : columns_) columns.push_back(column.Slice(first, count));
    const Result<FeatureTable> online =
        AskSnapshot(*request_.snapshot, *plan_, columns, count, request_.t);
    if (online.ok()) {
      for (std::int64_t row = 0; row < count; ++row) CompareKey(*online, row, first + row);
      return {};
    }
    if (online.status().code() != StatusCode::kCorruption) return online.status();
    if (count == 1) {
      ++report_.damaged;
      if (report_.shown_damaged.size() < ViewDiff::kMostShown) {
        report_.shown_damaged.push_back(KeyText(first));
      }
      return {};
    }
    for (std::int64_t row = 0; row < count; ++row) {
      COEVAL_RETURN_IF_ERROR(CompareSome(first + row, 1));
    }
    return {};
  }

  void CompareKey(const FeatureTable& online, std::int64_t row, std::int64_t key) {
    KeyDiff diff;
    bool differs = false;
    const bool shows = differing_.size() < ViewDiff::kMostShown;
    for (std::size_t i = 0; i < plan_->outputs.size(); ++i) {
      if (SameCell(online, row, training_, key, i)) continue;
      differs = true;
      if (!shows) break;
      diff.features.push_back({.feature = plan_->outputs[i].name,
                               .online = TellValue(online, i, row),
                               .training = TellValue(training_, i, key)});
    }
    if (!differs) return;
    differing_.push_back(key);
    if (!shows) return;
    diff.key = KeyText(key);
    report_.shown.push_back(std::move(diff));
  }

  [[nodiscard]] std::string KeyText(std::int64_t key) const {
    const std::string text = DescribeKey(keys_[static_cast<std::size_t>(key)], version_.join_keys);
    return text.empty() ? "(the one row)" : text;
  }

  // --- why

  Status Explain() {
    COEVAL_ASSIGN_OR_RETURN(const FactComparison comparison, ComparisonOf());
    COEVAL_ASSIGN_OR_RETURN(const KeyedFacts sources, ReadDiffering(comparison));
    const KeptFacts none;
    for (std::size_t i = 0; i < differing_.size(); ++i) {
      const std::string& key = keys_[static_cast<std::size_t>(differing_[i])];
      KeptFacts stored;
      COEVAL_RETURN_IF_ERROR(request_.snapshot->AddFacts(version_, key, &stored));
      const auto found = sources.find(key);
      const KeptFacts& wanted = found == sources.end() ? none : found->second;
      Count(ExplainDifference(comparison, wanted.facts(), stored.facts()), i);
    }
    report_.differing = std::ssize(differing_);
    return {};
  }

  Result<FactComparison> ComparisonOf() {
    FactComparison with;
    with.version = &version_;
    with.t = request_.t;
    const TimeMicros now = request_.snapshot->time();
    with.next = MakeCarryRule(version_.source, {.kind = RunKind::kIncremental, .end = now},
                              {.watermark = progress_.watermark,
                               .clock = now,
                               .horizon_after = store_.online->HorizonAfterLoad(now),
                               .keeps = KeptSpan(version_)});
    with.watermark = progress_.watermark;
    with.replaced = version_.source.timeless && change_token_ != progress_.change_token;
    const PlannedView& view = plan_->views.front();
    if (view.aggregated != nullptr) {
      const EventSpan reach =
          ViewWindows(*view.aggregated, view.features).EventTimes(request_.t, request_.t);
      with.reach_first = reach.first;
      with.reach_last = reach.last;
    }
    if (!version_.push) return with;
    COEVAL_ASSIGN_OR_RETURN(const LoggedPushes pushed,
                            impl_.PushedHere(store_, version_, /*hindsight=*/false));
    for (const LogBatch& batch : pushed.batches) {
      const bool fed =
          std::find(batch.fed.begin(), batch.fed.end(), version_.data_identity) != batch.fed.end();
      if (!fed) with.unfed.insert(batch.c);
    }
    if (version_.pushed_alone()) return with;
    COEVAL_ASSIGN_OR_RETURN(const LoggedPushes carried, impl_.PushesToCarry(store_, version_));
    for (const LogBatch& batch : carried.batches) with.carried.insert(batch.c);
    return with;
  }

  // All that the sources have of the keys that differ.
  Result<KeyedFacts> ReadDiffering(const FactComparison& comparison) {
    std::vector<std::string> keys;
    for (const std::int64_t key : differing_) keys.push_back(keys_[static_cast<std::size_t>(key)]);
    FactRequest facts = FactsOf(version_);
    const auto events = KeepingOf(version_);
    if (!events) {
      facts.range = RangeAt(std::nullopt);
    } else if (!events->id_column) {
      facts.range = RangeAt(EventSpan{comparison.reach_first, comparison.reach_last});
    }
    if (!version_.join_keys.empty()) {
      COEVAL_ASSIGN_OR_RETURN(const std::vector<Column> columns, ColumnsOf(keys));
      std::vector<Column> wanted;
      for (const std::string& name : plan_->views.front().key_columns) {
        wanted.push_back(columns[plan_->RequestColumn(name)]);
      }
      facts.wanted = std::make_shared<const WantedKeys>(wanted);
    }
    COEVAL_ASSIGN_OR_RETURN(const auto reader, impl_.OpenFacts(version_, facts, context_));
    return ReadKeyedFacts(*reader, version_, {keys.begin(), keys.end()}, context_);
  }

  void Count(const FactDifference& why, std::size_t i) {
    ++report_.reasons[why.reason];
    if (!why.explained) ++report_.unexplained;
    const bool in_range = why.lost_first <= why.lost_last;
    report_.lost_first = std::min(report_.lost_first, why.lost_first);
    report_.lost_last = std::max(report_.lost_last, why.lost_last);
    const bool asks_again = why.reason == DifferenceReason::kUnexplained;
    if (!why.explained && !in_range && !asks_again) report_.needs_anew = true;
    if (i < report_.shown.size()) report_.shown[i].why = why;
  }

  FeatureStore::Impl& impl_;
  OpenedStore& store_;
  const DiffRequest& request_;
  const ViewVersion& version_;
  const Context& context_;
  ViewProgress progress_;
  SharedFeaturePlan plan_;
  std::string change_token_;
  std::vector<std::string> keys_;  // the sample, encoded
  std::vector<Column> columns_;    // the same, as the plan asks
  FeatureTable training_;
  std::vector<std::int64_t> differing_;  // positions in keys_
  ViewDiff report_;
};

}  // namespace

Result<ViewDiff> DiffView(FeatureStore::Impl& impl, OpenedStore& store, const DiffRequest& request,
                          const ViewVersion& version, const Context& context) {
  return Differ(impl, store, request, version, context).Run();
}

}  // namespace coeval
