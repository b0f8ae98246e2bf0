#include "offline/training_set_manifest.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "expression/expression.h"
#include "offline/content_hash.h"
#include "offline/work_items.h"

namespace coeval {
namespace {

constexpr std::int64_t kFormat = 1;

Json FeaturesJson(const FeaturePlan& plan, const TrainingSet& set) {
  Json features = Json::MakeArray();
  for (std::size_t i = 0; i < plan.outputs.size(); ++i) {
    const FeatureSummary& summary = set.summary[i];
    features.Append(Json::MakeObject()
                        .Set("name", summary.name)
                        .Set("reference", summary.reference)
                        .Set("type", summary.type.ToString())
                        .Set("nulls", summary.nulls)
                        .Set("expired", summary.expired)
                        .Set("not_found", summary.not_found)
                        .Set("invalid", summary.invalid));
  }
  return features;
}

Json KeysJson(const PlannedView& view) {
  Json keys = Json::MakeObject();
  for (std::size_t i = 0; i < view.key_columns.size(); ++i) {
    keys.Set(view.version->join_keys[i].name, view.key_columns[i]);
  }
  return keys;
}

Json ViewJson(const PlannedView& view, const ViewSummary& summary) {
  const AsOfCounts& counts = summary.counts;
  Json json = Json::MakeObject();
  json.Set("view", view.version->view.name)
      .Set("version", view.version->version)
      .Set("identity", view.version->identity)
      .Set("shown_as", view.shown_name)
      .Set("keys", KeysJson(view));
  if (view.version->view.ttl > 0) json.Set("ttl", FormatDuration(view.version->view.ttl));
  Json source = summary.source.ToJson();
  source.Set("rows", counts.read.rows)
      .Set("facts", counts.read.facts)
      .Set("null_keys", counts.read.null_keys)
      .Set("bad_times", counts.read.bad_times)
      .Set("too_far_ahead", counts.read.too_far_ahead)
      .Set("out_of_range", counts.read.out_of_range)
      .Set("row_groups", summary.scan.row_groups)
      .Set("row_groups_read", summary.scan.row_groups_read)
      .Set("row_groups_with_values", summary.scan.row_groups_with_values);
  json.Set("source", std::move(source));
  Json written = Json::MakeObject();
  for (std::size_t f = 0; f < view.features.size(); ++f) {
    const std::int64_t values = counts.values_written_after[f];
    if (values > 0) written.Set(view.version->view.schema[view.features[f]].name, values);
  }
  json.Set("found", counts.found)
      .Set("expired", counts.expired)
      .Set("deleted", counts.deleted)
      .Set("ties", counts.ties)
      .Set("facts_written_after_t", counts.written_after)
      .Set("values_written_after_t", std::move(written));
  if (view.version->view.is_aggregated()) json.Set("too_late", summary.too_late);
  return json;
}

Json OnDemandJson(const PlannedOnDemand& view) {
  return std::move(Json::MakeObject()
                       .Set("view", view.version->view.name)
                       .Set("version", view.version->version)
                       .Set("identity", view.version->identity)
                       .Set("shown_as", view.shown_name));
}

Json SpineJson(const TrainingSet& set, const SpineOrigin& origin) {
  Json columns = Json::MakeArray();
  for (const std::string& name : set.spine.table.names()) columns.Append(name);
  Json spine = Json::MakeObject();
  spine.Set("rows", set.num_rows())
      .Set("columns", std::move(columns))
      .Set("time_column", set.spine.time_column);
  if (!set.spine.times.empty()) {
    const auto [first, last] = std::minmax_element(set.spine.times.begin(), set.spine.times.end());
    spine.Set("first_time", FormatTime(*first)).Set("last_time", FormatTime(*last));
  }
  if (const auto* range = std::get_if<TimeRange>(&origin)) {
    spine.Set("made_from_facts", Json::MakeObject()
                                     .Set("start", FormatTime(range->start))
                                     .Set("end", FormatTime(range->end)));
  }
  if (const auto* grid = std::get_if<TimeGrid>(&origin)) {
    spine.Set("made_on_grid", Json::MakeObject()
                                  .Set("start", FormatTime(grid->start))
                                  .Set("end", FormatTime(grid->end))
                                  .Set("every", FormatDuration(grid->every)));
  }
  return spine;
}

Json OptionsJson(const FeaturePlan& plan, const TrainingSetOptions& options) {
  return std::move(Json::MakeObject()
                       .Set("known", std::string(KnownName(options.known)))
                       .Set("on_error", options.on_invalid == OnInvalid::kNull ? "null" : "fail")
                       .Set("full_feature_names", plan.request.full_feature_names)
                       .Set("promise", options.known == Known::kDeclared));
}

// The columns of a set, spine first. A spine column of a type that Coeval has none for cannot be
// hashed and has ok = false.
struct HashedColumn {
  std::string name;
  DataType type;
  std::string hash;
  bool ok = false;
};

Status HashOne(const TrainingSet& set, std::size_t i, HashedColumn* out) {
  const std::size_t from_spine = set.spine.table.num_columns();
  ColumnHash hash;
  if (i >= from_spine) {
    const std::size_t feature = i - from_spine;
    for (std::size_t block = 0; block < set.features->size(); ++block) {
      COEVAL_ASSIGN_OR_RETURN(const Column part, set.features->ReadColumn(block, feature));
      hash.Add(part);
    }
    *out = {set.schema[feature].name, set.schema[feature].type, hash.HexDigest(), true};
    return Status::Ok();
  }
  out->name = set.spine.table.names()[i];
  const Result<Column> column = set.spine.table.ReadColumn(i, Rounding::kDown);
  if (!column.ok()) return Status::Ok();
  hash.Add(*column);
  *out = {out->name, column->type(), hash.HexDigest(), true};
  return Status::Ok();
}

Result<std::vector<HashedColumn>> HashColumns(const TrainingSet& set, const Context& context) {
  std::vector<HashedColumn> columns(set.spine.table.num_columns() + set.schema.size());
  constexpr std::int64_t kWorthAThread = 100'000;  // cells
  const std::int64_t cells = set.num_rows() * std::ssize(columns);
  const int threads = cells >= kWorthAThread ? context.threads : 1;
  COEVAL_RETURN_IF_ERROR(RunItems(
      threads, columns.size(), *context.cancel,
      [&](std::size_t /*worker*/, std::size_t i) { return HashOne(set, i, &columns[i]); }));
  return columns;
}

}  // namespace

Result<Json> MakeTrainingSetManifest(const FeaturePlan& plan, const TrainingSetOptions& options,
                                     const TrainingSet& set, const SpineOrigin& origin,
                                     const Context& context) {
  Json manifest = Json::MakeObject();
  manifest.Set("format", kFormat)
      .Set("release", options.release)
      .Set("libraries", ExpressionLibraryVersions())
      .Set("project", plan.catalogue->project)
      .Set("registry_revision", plan.catalogue->revision);
  if (!plan.service_reference.empty()) manifest.Set("service", plan.service_reference);
  manifest.Set("features", FeaturesJson(plan, set));
  Json views = Json::MakeArray();
  for (std::size_t i = 0; i < plan.views.size(); ++i) {
    views.Append(ViewJson(plan.views[i], set.views[i]));
  }
  Json on_demand = Json::MakeArray();
  for (const PlannedOnDemand& view : plan.on_demand) on_demand.Append(OnDemandJson(view));
  manifest.Set("views", std::move(views))
      .Set("on_demand_views", std::move(on_demand))
      .Set("spine", SpineJson(set, origin))
      .Set("options", OptionsJson(plan, options));
  COEVAL_RETURN_IF_ERROR(context.cancel->Check());
  ContentHash hash;
  Json left_out = Json::MakeArray();
  COEVAL_ASSIGN_OR_RETURN(const std::vector<HashedColumn> columns, HashColumns(set, context));
  for (const HashedColumn& column : columns) {
    if (column.ok) {
      hash.Add(column.name, column.type, column.hash);
    } else {
      left_out.Append(column.name);
    }
  }
  manifest.Set("rows", set.num_rows()).Set("content_hash", hash.HexDigest());
  if (!left_out.array().empty()) manifest.Set("columns_not_hashed", std::move(left_out));
  return manifest;
}

}  // namespace coeval
