// FeatureStore: plans, training sets and online reads.
#include <algorithm>
#include <utility>
#include <vector>

#include "column/builder.h"
#include "offline/training_set.h"
#include "store/store_core.h"

namespace coeval {
namespace {

// A name for the time column that no request column has.
std::string FreeTimeName(const FeaturePlan& plan) {
  std::string name = "event_timestamp";
  const auto taken = [&plan](const std::string& candidate) {
    return std::any_of(plan.request_columns.begin(), plan.request_columns.end(),
                       [&](const PlannedColumn& column) { return column.name == candidate; }) ||
           std::any_of(plan.outputs.begin(), plan.outputs.end(),
                       [&](const PlannedOutput& output) { return output.name == candidate; });
  };
  while (taken(name)) name += "_";
  return name;
}

// The rows of an online request as a spine at one time.
Result<ArrowTable> SpineOf(const FeaturePlan& plan, std::span<const Column> columns, std::int64_t n,
                           TimeMicros at, const std::string& time_name) {
  Batch batch{{}, {}, n};
  COEVAL_ASSIGN_OR_RETURN(Column times, Column::Constant(TypeId::kTimestamp, Value::Int(at), n));
  batch.schema.Add(time_name, TypeId::kTimestamp);
  batch.columns.push_back(std::move(times));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    batch.schema.Add(plan.request_columns[i].name, plan.request_columns[i].type);
    batch.columns.push_back(columns[i]);
  }
  ArrowArrayStream stream{};
  const Schema schema = batch.schema;
  ExportStream(StreamOf(schema, {std::move(batch)}), &stream);
  return ArrowTable::Read(&stream);
}

// Each view's keys, encoded once for all views with the same key columns.
class RequestKeys {
 public:
  RequestKeys(const FeaturePlan& plan, std::span<const Column> columns, std::int64_t n)
      : plan_(plan), columns_(columns), n_(n) {}

  const KeyColumn* Of(const PlannedView& view) {
    for (const auto& [names, keys] : encoded_) {
      if (names == view.key_columns) return keys.get();
    }
    std::vector<Column> key_columns;
    for (const std::string& name : view.key_columns) {
      key_columns.push_back(columns_[plan_.RequestColumn(name)]);
    }
    auto keys = std::make_unique<KeyColumn>(KeyColumn::Encode(key_columns, n_));
    return encoded_.emplace_back(view.key_columns, std::move(keys)).second.get();
  }

 private:
  const FeaturePlan& plan_;
  std::span<const Column> columns_;
  std::int64_t n_;
  std::vector<std::pair<std::vector<std::string>, std::unique_ptr<KeyColumn>>> encoded_;
};

Status CheckOnline(const FeaturePlan& plan) {
  for (const PlannedView& view : plan.views) {
    if (view.version->view.reads_view()) {
      return Status::InvalidArgument("feature view '" + view.version->view.name +
                                     "' is over the view '" + view.version->view.source_view +
                                     "': such views are not served online yet; ask for its "
                                     "features in a training set");
    }
    if (view.version->view.online) continue;
    return Status::InvalidArgument("feature view '" + view.version->view.name +
                                   "' is declared online=False; it has no features to serve");
  }
  return {};
}

}  // namespace

OpenView OpenerOf(FeatureStore::Impl& impl, const Context& context) {
  return [&impl, &context](const ViewVersion& view, const FactRequest& request) {
    return impl.OpenFacts(view, request, context);
  };
}

Result<FeatureTable> AskSources(FeatureStore::Impl& impl, const FeaturePlan& plan,
                                std::span<const Column> columns, std::int64_t n, TimeMicros at,
                                const Context& context) {
  TrainingSetOptions options;
  options.on_invalid = OnInvalid::kNull;
  options.details = true;
  options.time_column = FreeTimeName(plan);
  COEVAL_ASSIGN_OR_RETURN(ArrowTable spine, SpineOf(plan, columns, n, at, options.time_column));
  COEVAL_ASSIGN_OR_RETURN(TrainingSet set, MakeTrainingSet(plan, std::move(spine), options,
                                                           OpenerOf(impl, context), context));
  return set.features->Whole();
}

Result<FeatureTable> AskSnapshot(const OnlineSnapshot& snapshot, const FeaturePlan& plan,
                                 std::span<const Column> columns, std::int64_t n, TimeMicros t) {
  RequestKeys keys(plan, columns, n);
  std::vector<ViewQuestion> questions;
  for (const PlannedView& view : plan.views) {
    questions.push_back({view.version.get(), view.features, keys.Of(view), view.aggregated.get()});
  }
  COEVAL_ASSIGN_OR_RETURN(std::vector<ViewAnswers> answers, snapshot.Read(questions, t));
  return AssembleFeatures(plan, answers, columns, n, {&t, 1});
}

Result<SharedFeaturePlan> FeatureStore::PlanRequest(const FeatureRequest& request) {
  COEVAL_ASSIGN_OR_RETURN(CatalogueSnapshot catalogue, impl_->Snapshot());
  return impl_->plans.Get(catalogue, request);
}

Result<TrainingSet> FeatureStore::GetHistoricalFeatures(
    const FeatureRequest& request, ArrowTable spine, TrainingSetOptions options,
    const std::shared_ptr<CancelToken>& cancel) {
  COEVAL_ASSIGN_OR_RETURN(SharedFeaturePlan plan, PlanRequest(request));
  const Context context = impl_->With(cancel);
  options.release = COEVAL_VERSION;
  auto made = MakeTrainingSet(*plan, std::move(spine), options, OpenerOf(*impl_, context), context);
  if (!made.ok()) return made;
  COEVAL_RETURN_IF_ERROR(impl_->Record(*plan, *made));
  made->plan = plan;
  return made;
}

Result<TrainingSet> FeatureStore::GetHistoricalFeatures(
    const FeatureRequest& request, TimeMicros start, TimeMicros end, TrainingSetOptions options,
    const std::shared_ptr<CancelToken>& cancel) {
  COEVAL_ASSIGN_OR_RETURN(SharedFeaturePlan plan, PlanRequest(request));
  const Context context = impl_->With(cancel);
  options.release = COEVAL_VERSION;
  auto made =
      MakeTrainingSet(*plan, TimeRange{start, end}, options, OpenerOf(*impl_, context), context);
  if (!made.ok()) return made;
  COEVAL_RETURN_IF_ERROR(impl_->Record(*plan, *made));
  made->plan = plan;
  return made;
}

Result<TrainingSet> FeatureStore::Backfill(const FeatureRequest& request, const TimeGrid& grid,
                                           TrainingSetOptions options,
                                           const std::shared_ptr<CancelToken>& cancel) {
  COEVAL_ASSIGN_OR_RETURN(SharedFeaturePlan plan, PlanRequest(request));
  const Context context = impl_->With(cancel);
  options.release = COEVAL_VERSION;
  auto made = MakeTrainingSet(*plan, grid, options, OpenerOf(*impl_, context), context);
  if (!made.ok()) return made;
  COEVAL_RETURN_IF_ERROR(impl_->Record(*plan, *made));
  made->plan = plan;
  return made;
}

Result<OnlineAnswer> FeatureStore::ReadOnline(const SharedFeaturePlan& plan,
                                              std::span<const Column> columns, std::int64_t n,
                                              std::optional<TimeMicros> at) {
  COEVAL_RETURN_IF_ERROR(CheckOnline(*plan));
  bool before_horizon = false;
  auto answer = impl_->AtStore<OnlineAnswer>(
      [&](OpenedStore& store) {
        return ReadHere(*store.online, plan, columns, n, at, &before_horizon);
      },
      [&](StoreOwner& owner) { return owner.ReadOnline(plan, columns, n, at); });
  if (!answer.ok() || !before_horizon) return answer;
  return ReadSources(plan, columns, n, *at);
}

// What the online store does not know any more; it is not held meanwhile.
Result<OnlineAnswer> FeatureStore::ReadSources(const SharedFeaturePlan& plan,
                                               std::span<const Column> columns, std::int64_t n,
                                               TimeMicros at) {
  OnlineAnswer answer{plan, {}, at, true};
  COEVAL_ASSIGN_OR_RETURN(answer.table, AskSources(*impl_, *plan, columns, n, at, impl_->context));
  return answer;
}

Result<OnlineAnswer> FeatureStore::ReadHere(OnlineStore& online, const SharedFeaturePlan& plan,
                                            std::span<const Column> columns, std::int64_t n,
                                            std::optional<TimeMicros> at, bool* before_horizon) {
  COEVAL_ASSIGN_OR_RETURN(auto snapshot, online.Now());
  OnlineAnswer answer{plan, {}, at.value_or(snapshot->time()), false};
  if (answer.t > snapshot->time()) {
    return Status::InvalidArgument("the time asked for, " + FormatTime(answer.t) +
                                   ", is after now, " + FormatTime(snapshot->time()));
  }
  // A store that was never filled knows no time at all.
  const bool unfilled = snapshot->horizon() == kMinTime;
  *before_horizon = at && (answer.t < snapshot->horizon() || unfilled);
  if (*before_horizon) return answer;
  COEVAL_ASSIGN_OR_RETURN(answer.table, AskSnapshot(*snapshot, *plan, columns, n, answer.t));
  COEVAL_RETURN_IF_ERROR(impl_->MarkServed(*plan));
  return answer;
}

}  // namespace coeval
