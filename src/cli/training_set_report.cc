#include "cli/training_set_report.h"

#include <utility>
#include <vector>

#include "cli/output_file.h"
#include "cli/table_file.h"
#include "cli/terminal.h"

namespace coeval {
namespace {

constexpr std::int64_t kPreviewRows = 10;

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
Result<std::vector<InputFile>> InputsOf(FeatureStore* store, const std::string& spine) {
  std::vector<InputFile> inputs;
  if (!spine.empty()) inputs.push_back({"the spine", spine});
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

}  // namespace

Status CheckTrainingSetOutput(FeatureStore* store, const std::string& output,
                              const std::string& spine) {
  if (output.empty()) return Status::Ok();
  COEVAL_ASSIGN_OR_RETURN(const auto inputs, InputsOf(store, spine));
  return store->config().Redact(CheckOutputFile(output, inputs));
}

Status ReportTrainingSet(const Invocation& invocation, const TrainingSet& set,
                         const std::string& output, const FeatureStore& store) {
  COEVAL_ASSIGN_OR_RETURN(ArrowArrayStream stream, set.Export());
  WrittenTable written;
  std::string text = SummaryText(set);
  if (output.empty()) {
    COEVAL_ASSIGN_OR_RETURN(const std::string preview, PreviewTable(&stream, kPreviewRows));
    text = preview + "\n\n" + text + "\n\n" + FormatCount(set.num_rows()) +
           " rows; give -o FILE to keep them";
  } else {
    COEVAL_ASSIGN_OR_RETURN(written,
                            WriteTableFile(&stream, output, &set.manifest, store.context()));
    text +=
        "\n\n" + output + ": " + FormatCount(written.rows) + " rows, " + FormatBytes(written.bytes);
    if (!written.manifest.empty()) text += "; what made it is in " + written.manifest;
  }
  invocation.Show(SummaryJson(set, output, written), text);
  for (const std::string& warning : set.warnings) PrintWarning(warning);
  return Status::Ok();
}

}  // namespace coeval
