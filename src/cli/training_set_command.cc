// coeval training-set: the features of a spine's rows as they would have been served.
#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/output_file.h"
#include "cli/table_file.h"
#include "cli/terminal.h"

namespace coeval {
namespace {

constexpr std::int64_t kPreviewRows = 10;

struct TrainingSetArguments {
  std::string service;
  std::vector<std::string> features;
  std::string spine;
  std::string output;
  std::string start;
  std::string end;
  std::string known = "declared";
  std::string on_error = "fail";
  std::string time_column;
  bool full_feature_names = false;
};

Result<TrainingSetOptions> OptionsOf(const TrainingSetArguments& arguments) {
  TrainingSetOptions options;
  COEVAL_ASSIGN_OR_RETURN(options.known, ParseKnown(arguments.known));
  options.on_invalid = arguments.on_error == "null" ? OnInvalid::kNull : OnInvalid::kFail;
  options.time_column = arguments.time_column;
  options.progress = ProgressBar();
  return options;
}

Result<TrainingSet> MakeSet(FeatureStore* store, const TrainingSetArguments& arguments) {
  COEVAL_ASSIGN_OR_RETURN(
      const FeatureRequest request,
      ParseRequest(arguments.service, arguments.features, arguments.full_feature_names));
  COEVAL_ASSIGN_OR_RETURN(TrainingSetOptions options, OptionsOf(arguments));
  if (!arguments.spine.empty()) {
    COEVAL_ASSIGN_OR_RETURN(ArrowTable spine, ReadTableFiles(arguments.spine, store->context()));
    return store->GetHistoricalFeatures(request, std::move(spine), std::move(options));
  }
  const Clock& clock = *store->context().clock;
  COEVAL_ASSIGN_OR_RETURN(const TimeMicros start, ParseTimeArgument(arguments.start, clock));
  COEVAL_ASSIGN_OR_RETURN(const TimeMicros end, ParseTimeArgument(arguments.end, clock));
  return store->GetHistoricalFeatures(request, start, end, std::move(options));
}

std::string SummaryText(const TrainingSet& set) {
  std::vector<std::vector<std::string>> rows;
  const std::int64_t n = set.num_rows();
  for (const FeatureSummary& feature : set.summary) {
    rows.push_back({feature.name, feature.type.ToString(), FormatShare(feature.nulls, n),
                    FormatShare(feature.expired, n), FormatShare(feature.not_found, n),
                    FormatShare(feature.invalid, n), feature.reference});
  }
  return FormatTable({"feature", "type", "null", "expired", "not found", "invalid", "from"}, rows);
}

Json SummaryJson(const TrainingSet& set, const std::string& output, const WrittenTable& written) {
  Json json = Json::MakeObject();
  json.Set("output", output.empty() ? Json() : Json(output)).Set("rows", set.num_rows());
  if (!output.empty()) json.Set("bytes", written.bytes);
  Json features = Json::MakeArray();
  for (const FeatureSummary& feature : set.summary) {
    Json each = Json::MakeObject();
    each.Set("name", feature.name).Set("reference", feature.reference);
    each.Set("type", feature.type.ToString()).Set("present", feature.present);
    each.Set("null", feature.nulls).Set("expired", feature.expired);
    each.Set("not_found", feature.not_found).Set("invalid", feature.invalid);
    features.Append(std::move(each));
  }
  json.Set("features", std::move(features));
  Json warnings = Json::MakeArray();
  for (const std::string& warning : set.warnings) warnings.Append(warning);
  json.Set("warnings", std::move(warnings)).Set("manifest", set.manifest);
  return json;
}

// The spine, and all sources of the repository: an output is never one of them.
Result<std::vector<InputFile>> InputsOf(FeatureStore* store,
                                        const TrainingSetArguments& arguments) {
  std::vector<InputFile> inputs;
  if (!arguments.spine.empty()) inputs.push_back({"the spine", arguments.spine});
  COEVAL_ASSIGN_OR_RETURN(const CatalogueSnapshot catalogue, store->Snapshot());
  for (const Source& source : catalogue->sources) {
    if (source.kind != SourceKind::kFile) continue;
    const auto location = store->config().BindPath(source.path);
    if (location.ok()) {
      inputs.push_back(
          {"a file of source `" + source.name + "`", location->value.Reveal(), source.format});
    }
  }
  return inputs;
}

Result<int> RunTrainingSet(const Invocation& invocation, const TrainingSetArguments& arguments) {
  COEVAL_ASSIGN_OR_RETURN(auto store, invocation.OpenStore());
  if (!arguments.output.empty()) {
    COEVAL_ASSIGN_OR_RETURN(const auto inputs, InputsOf(store.get(), arguments));
    COEVAL_RETURN_IF_ERROR(store->config().Redact(CheckOutputFile(arguments.output, inputs)));
  }
  COEVAL_ASSIGN_OR_RETURN(const TrainingSet set, MakeSet(store.get(), arguments));
  COEVAL_ASSIGN_OR_RETURN(ArrowArrayStream stream, set.Export());
  WrittenTable written;
  std::string text = SummaryText(set);
  if (arguments.output.empty()) {
    COEVAL_ASSIGN_OR_RETURN(const std::string preview, PreviewTable(&stream, kPreviewRows));
    text = preview + "\n\n" + text + "\n\n" + FormatCount(set.num_rows()) +
           " rows; give -o FILE to keep them";
  } else {
    COEVAL_ASSIGN_OR_RETURN(
        written, WriteTableFile(&stream, arguments.output, &set.manifest, store->context()));
    text += "\n\n" + arguments.output + ": " + FormatCount(written.rows) + " rows, " +
            FormatBytes(written.bytes);
    if (!written.manifest.empty()) text += "; what made it is in " + written.manifest;
  }
  invocation.Show(SummaryJson(set, arguments.output, written), text);
  for (const std::string& warning : set.warnings) PrintWarning(warning);
  return kExitDone;
}

std::string WrongTogether(const TrainingSetArguments& arguments) {
  if (arguments.spine.empty() && arguments.start.empty()) {
    return "say for which rows: --spine FILE, or a time range with --start and --end";
  }
  const auto request = ParseRequest(arguments.service, arguments.features, false);
  return request.ok() ? "" : request.status().message();
}

void AddOptions(CLI::App* command, TrainingSetArguments* arguments) {
  command->add_option("SERVICE", arguments->service, "A feature service: name, or name@v3")
      ->type_name("");
  command
      ->add_option("-f,--features", arguments->features,
                   "Features in place of a service: view:feature,view:* ...")
      ->type_name("REFS")
      ->delimiter(',')
      ->allow_extra_args(false);
  CLI::Option* spine =
      command
          ->add_option("-s,--spine", arguments->spine,
                       "The rows to make it for: .parquet, .csv or .arrow, with keys and times")
          ->type_name("FILE");
  command
      ->add_option("-o,--output", arguments->output,
                   "Where to write it: .parquet, .csv or .arrow; without it the first rows are "
                   "shown")
      ->type_name("FILE");
  command
      ->add_option("--time-column", arguments->time_column,
                   "The spine's column of question times; event_timestamp, or the only one")
      ->type_name("NAME");
  CLI::Option* start =
      command
          ->add_option("--start", arguments->start,
                       "Without a spine: every moment from then on at which a fact changed")
          ->type_name("TIME")
          ->check(CheckTime)
          ->excludes(spine);
  CLI::Option* end = command->add_option("--end", arguments->end, "... and until then")
                         ->type_name("TIME")
                         ->check(CheckTime)
                         ->excludes(spine);
  start->needs(end);
  end->needs(start);
  command->add_flag("--full-feature-names", arguments->full_feature_names,
                    "Columns are called view__feature");
  command
      ->add_option("--known", arguments->known,
                   "Which facts count as known: declared (what is served), arrival, hindsight")
      ->type_name("RULE")
      ->check(CheckKnown);
  command
      ->add_option("--on-error", arguments->on_error,
                   "Where an expression fails in a row: fail, or null as serving gives")
      ->type_name("WHAT")
      ->check(CLI::IsMember({"fail", "null"}).description(""));
}

}  // namespace

void AddTrainingSetCommand(CLI::App* app, Invocation* invocation) {
  CLI::App* command = AddCommand(
      app, "Training", "training-set",
      "Makes a training set: the features of a spine's rows as they would have been served\n"
      "Every row of the spine comes out once, in order, its columns unchanged. Null rate and "
      "expired "
      "share of each feature are shown; the manifest, which says what made it, goes into the file.",
      "coeval training-set departure_delay_v1 --spine spine.parquet -o training.parquet\n"
      "coeval training-set -f weather:temp,planes:* -s spine.csv -o training.csv\n"
      "coeval training-set -f weather:temp --start 2013-01-01 --end 2013-02-01 -o january.parquet");
  auto arguments = std::make_shared<TrainingSetArguments>();
  AddOptions(command, arguments.get());
  SetAction(
      command, invocation,
      [invocation, arguments] { return RunTrainingSet(*invocation, *arguments); },
      [arguments] { return WrongTogether(*arguments); });
}

}  // namespace coeval
