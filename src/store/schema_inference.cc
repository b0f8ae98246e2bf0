#include "store/schema_inference.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/suggest.h"
#include "definition/aggregated_view.h"
#include "definition/view_source.h"
#include "registry/plan.h"
#include "source/fact_reader.h"
#include "source/file_list.h"
#include "source/pushed_facts.h"
#include "source/source_schema.h"

namespace coeval {
namespace {

// Goes over the views once. Borrows all; one thread.
class Completion {
 public:
  Completion(const Catalogue& catalogue, const Config& config, const Context& context,
             Definitions* definitions)
      : catalogue_(catalogue),
        config_(config),
        context_(context),
        definitions_(definitions),
        sources_(definitions->sources) {
    for (const Source& known : catalogue.sources) {
      if (FindSource(*definitions, known.name) == nullptr) sources_.push_back(known);
    }
  }

  std::vector<DefinitionError> Run() {
    FillFrozenSchemas(catalogue_, definitions_);
    for (FeatureView& view : definitions_->feature_views) {
      if (!view.reads_view()) CompleteView(&view);
    }
    for (FeatureView& view : definitions_->feature_views) {  // over views that are complete now
      if (view.reads_view()) CompleteOverView(&view);
    }
    return std::move(errors_);
  }

 private:
  void CompleteView(FeatureView* view) {
    const std::optional<ViewSources> ways = FindViewSources(*view, sources_);
    if (!ways) return;  // told by the checks
    std::vector<const Source*> sources = ways->batch;
    // Without a schema, what is pushed has the columns of its batch source.
    if (ways->push && !ways->push->schema.empty()) sources.push_back(&*ways->push);
    if (sources.empty()) return;
    if (view->is_aggregated()) {
      const Status status = Complete(ways->Meaning(), sources, view);
      if (!status.ok()) Note(*view, status);
      return;
    }
    if (view->schema.empty()) {
      if (const Status status = Infer(sources, view); !status.ok()) Note(*view, status);
      return;
    }
    for (const Source* source : sources) {
      const Status status = CompareColumns(*source, *view, view->schema);
      if (!status.ok()) Note(*view, WithHint(status, *source));
    }
  }

  // The columns of a view over a view are that view's features. Mistakes are left to the checks.
  void CompleteOverView(FeatureView* view) {
    const FeatureView* beneath = FindFeatureView(*definitions_, view->source_view);
    if (beneath == nullptr) return;
    const Source source = GridSource(*view);
    auto inputs = InputsOf(*view, source, beneath->schema);
    if (!inputs.ok()) return Note(*view, inputs.status(), "aggregations");
    view->inputs = *std::move(inputs);
    const auto resolved = ResolveAggregatedView(*view, source);
    if (resolved.ok()) view->schema = resolved->schema;
  }

  std::vector<JoinKey> KeysOf(const FeatureView& view) const {
    std::vector<JoinKey> keys;
    for (const std::string& name : view.entities) {
      const Entity* entity = FindEntity(*definitions_, name);
      for (const Entity& known : catalogue_.entities) {
        if (entity == nullptr && known.name == name) entity = &known;
      }
      if (entity != nullptr) {
        keys.insert(keys.end(), entity->join_keys.begin(), entity->join_keys.end());
      }
    }
    return keys;
  }

  // Where its files lie; "" of a push source.
  Result<std::string> LocationOf(const Source& source) const {
    if (source.kind != SourceKind::kFile) return std::string();
    COEVAL_ASSIGN_OR_RETURN(BoundText location, config_.BindPath(source.path));
    return location.value.Reveal();
  }

  // The columns of a source that could be features. Errors: those of its files, with a hint.
  Result<std::vector<Field>> Describe(const Source& source, const FeatureView& view) {
    COEVAL_ASSIGN_OR_RETURN(const std::string location, LocationOf(source));
    const auto schema = DescribeSource(source, location, context_);
    if (!schema.ok()) return WithHint(schema.status(), source);
    std::vector<std::string> keys;
    for (const JoinKey& key : KeysOf(view)) keys.push_back(key.name);
    return InferFields(source, *schema, keys);
  }

  Status Infer(const std::vector<const Source*>& sources, FeatureView* view) {
    COEVAL_ASSIGN_OR_RETURN(view->schema, Describe(*sources[0], *view));
    if (view->schema.empty()) {
      return Status::InvalidArgument("its source has no columns left that could be features");
    }
    for (const Source* other : sources) {
      if (other == sources[0]) continue;
      COEVAL_ASSIGN_OR_RETURN(const std::vector<Field> fields, Describe(*other, *view));
      COEVAL_RETURN_IF_ERROR(SameColumns(*sources[0], view->schema, *other, fields));
      COEVAL_RETURN_IF_ERROR(SameColumns(*other, fields, *sources[0], view->schema));
    }
    return {};
  }

  // Every column of `a` is in `b`, and of the same type.
  static Status SameColumns(const Source& of_a, const std::vector<Field>& a, const Source& of_b,
                            const std::vector<Field>& b) {
    for (const Field& field : a) {
      const auto other = std::find_if(b.begin(), b.end(),
                                      [&field](const Field& f) { return f.name == field.name; });
      if (other == b.end()) {
        return Status::InvalidArgument("the source '" + of_a.name + "' has a column '" +
                                       field.name + "', which '" + of_b.name +
                                       "' has not; give the view a schema of columns of both");
      }
      COEVAL_RETURN_IF_ERROR(SameType(of_a, field, of_b, *other));
    }
    return {};
  }

  static Status SameType(const Source& of_a, const Field& a, const Source& of_b, const Field& b) {
    if (a.type == b.type) return {};
    return Status::InvalidArgument(
        "the column '" + a.name + "' is " + a.type.ToString() + " in the source '" + of_a.name +
        "' and " + b.type.ToString() + " in '" + of_b.name +
        "'; declare its type in the view (schema, or inputs of an aggregated view)");
  }

  // An aggregated view: the types of the columns that it reads, as they were before where it had
  // them; then its features follow. Mistakes of the aggregations are left to the checks.
  Status Complete(const Source& meaning, const std::vector<const Source*>& sources,
                  FeatureView* view) {
    const std::vector<Field> frozen = FrozenInputs(*view);
    std::vector<Field> columns = frozen;
    Status missing;
    std::vector<std::pair<const Source*, std::vector<Field>>> described;
    for (const Source* source : sources) {
      auto found = Describe(*source, *view);
      if (!found.ok()) {
        if (found.status().code() != StatusCode::kNotFound) return found.status();
        missing = found.status();
        continue;
      }
      AddUnknown(*found, &columns);
      described.emplace_back(source, *std::move(found));
    }
    auto inputs = InputsOf(*view, meaning, columns);
    if (!inputs.ok()) return missing.ok() ? inputs.status() : missing;
    view->inputs = *std::move(inputs);
    COEVAL_RETURN_IF_ERROR(SameInputs(*view, frozen, described));
    const auto resolved = ResolveAggregatedView(*view, meaning);
    if (resolved.ok()) view->schema = resolved->schema;
    for (const auto& [source, fields] : described) {
      const Status status = CompareColumns(*source, *view, view->inputs);
      if (!status.ok()) return WithHint(status, *source);
    }
    return {};
  }

  static void AddUnknown(const std::vector<Field>& found, std::vector<Field>* columns) {
    for (const Field& field : found) {
      const bool known = std::any_of(columns->begin(), columns->end(),
                                     [&](const Field& f) { return f.name == field.name; });
      if (!known) columns->push_back(field);
    }
  }

  // The inputs whose type nothing has fixed yet have one type in all sources.
  static Status SameInputs(
      const FeatureView& view, const std::vector<Field>& frozen,
      const std::vector<std::pair<const Source*, std::vector<Field>>>& described) {
    for (const Field& input : view.inputs) {
      const auto is_input = [&input](const Field& field) { return field.name == input.name; };
      if (std::any_of(frozen.begin(), frozen.end(), is_input)) continue;
      const Source* first = nullptr;
      for (const auto& [source, fields] : described) {
        const auto found = std::find_if(fields.begin(), fields.end(), is_input);
        if (found == fields.end()) continue;  // told when its columns are compared
        if (first == nullptr) first = source;
        COEVAL_RETURN_IF_ERROR(SameType(*first, input, *source, *found));
      }
    }
    return {};
  }

  std::vector<Field> FrozenInputs(const FeatureView& view) const {
    if (!view.inputs.empty()) return view.inputs;
    const auto versions = catalogue_.views.find(view.name);
    if (versions == catalogue_.views.end() || versions->second.empty()) return {};
    return versions->second.back().view.inputs;
  }

  // Opening the facts checks every column in every file, and reads no row.
  Status CompareColumns(const Source& source, const FeatureView& view,
                        const std::vector<Field>& columns) {
    FactRequest request;
    // No request.view: errors are told below the view's name.
    request.keys = KeysOf(view);
    for (const Field& field : columns) request.features.push_back({field.name, field.type});
    if (source.kind == SourceKind::kPush) {
      return OpenPushedFacts(source, request, {}, context_).status();
    }
    COEVAL_ASSIGN_OR_RETURN(const std::string location, LocationOf(source));
    const auto files = ListFiles(source, location);
    if (!files.ok()) {
      if (files.status().code() != StatusCode::kNotFound) return files.status();
      context_.log(LogLevel::kWarning, "feature view '" + view.name +
                                           "': its source has no files yet: " +
                                           config_.Redact(files.status().message()));
      return {};
    }
    return FactReader::Open(source, location, std::move(request), context_).status();
  }

  // What is not found in a file may be told by the folders above it.
  Status WithHint(const Status& status, const Source& source) const {
    const auto location = LocationOf(source);
    if (source.kind == SourceKind::kPush || source.hive_partitions || !location.ok()) return status;
    const auto files = ListFiles(source, *location);
    if (!files.ok()) return status;
    const std::string& name = files->files.front().name;
    const std::size_t equals = name.find('=');
    const std::size_t slash = name.find('/', equals);
    if (equals == std::string::npos || slash == std::string::npos) return status;
    const std::size_t start = name.rfind('/', equals) + 1;  // 0 where there is none
    return {status.code(), status.message() + ". Files lie in folders such as " +
                               name.substr(start, slash - start) +
                               ": with hive_partitions=True (hive_partitions: true in YAML) '" +
                               name.substr(start, equals - start) + "' is a column"};
  }

  void Note(const FeatureView& view, const Status& status, const std::string& field = "source") {
    DefinitionError error;
    if (const auto it = definitions_->where.find("feature_view " + view.name);
        it != definitions_->where.end()) {
      error.file = it->second;
    }
    error.object = "feature view '" + view.name + "'";
    error.field = field;
    error.message = config_.Redact(status).message();
    errors_.push_back(std::move(error));
  }

  const Catalogue& catalogue_;
  const Config& config_;
  const Context& context_;
  Definitions* definitions_;
  std::vector<Source> sources_;  // as defined now, and those of the registry that are not
  std::vector<DefinitionError> errors_;
};

}  // namespace

std::vector<DefinitionError> CompleteDefinitions(const Catalogue& catalogue, const Config& config,
                                                 const Context& context, Definitions* definitions) {
  return Completion(catalogue, config, context, definitions).Run();
}

}  // namespace coeval
