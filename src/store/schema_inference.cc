#include "store/schema_inference.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/suggest.h"
#include "definition/aggregated_view.h"
#include "registry/plan.h"
#include "source/fact_reader.h"
#include "source/file_list.h"
#include "source/source_schema.h"

namespace coeval {
namespace {

// Goes over the views once. Borrows all; one thread.
class Completion {
 public:
  Completion(const Catalogue& catalogue, const Config& config, const Context& context,
             Definitions* definitions)
      : catalogue_(catalogue), config_(config), context_(context), definitions_(definitions) {}

  std::vector<DefinitionError> Run() {
    FillFrozenSchemas(catalogue_, definitions_);
    for (FeatureView& view : definitions_->feature_views) {
      const Source* source = FindSourceOf(view);
      if (source == nullptr || source->kind != SourceKind::kFile) continue;  // told by the checks
      const Status status = view.is_aggregated()  ? Complete(*source, &view)
                            : view.schema.empty() ? Infer(*source, &view)
                                                  : Compare(*source, view);
      if (!status.ok()) Note(view, config_.Redact(WithHint(status, *source)));
    }
    return std::move(errors_);
  }

 private:
  const Source* FindSourceOf(const FeatureView& view) const {
    if (const Source* source = FindSource(*definitions_, view.source)) return source;
    for (const Source& source : catalogue_.sources) {
      if (source.name == view.source) return &source;
    }
    return nullptr;
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

  Status Infer(const Source& source, FeatureView* view) {
    COEVAL_ASSIGN_OR_RETURN(BoundText location, config_.BindPath(source.path));
    COEVAL_ASSIGN_OR_RETURN(SourceSchema schema,
                            DescribeSource(source, location.value.Reveal(), context_));
    std::vector<std::string> keys;
    for (const JoinKey& key : KeysOf(*view)) keys.push_back(key.name);
    COEVAL_ASSIGN_OR_RETURN(view->schema, InferFields(source, schema, keys));
    if (view->schema.empty()) {
      return Status::InvalidArgument("its source has no columns left that could be features");
    }
    return {};
  }

  // An aggregated view: the types of the columns that it reads, as they were before where it had
  // them; then its features follow. Mistakes of the aggregations are left to the checks.
  Status Complete(const Source& source, FeatureView* view) {
    std::vector<Field> columns = FrozenInputs(*view);
    COEVAL_ASSIGN_OR_RETURN(BoundText location, config_.BindPath(source.path));
    auto described = DescribeSource(source, location.value.Reveal(), context_);
    if (described.ok()) {
      std::vector<std::string> keys;
      for (const JoinKey& key : KeysOf(*view)) keys.push_back(key.name);
      COEVAL_ASSIGN_OR_RETURN(const std::vector<Field> found,
                              InferFields(source, *described, keys));
      for (const Field& field : found) {
        const bool frozen = std::any_of(columns.begin(), columns.end(),
                                        [&](const Field& f) { return f.name == field.name; });
        if (!frozen) columns.push_back(field);
      }
    } else if (described.status().code() != StatusCode::kNotFound) {
      return described.status();
    }
    auto inputs = InputsOf(*view, source, columns);
    if (!inputs.ok()) return described.ok() ? inputs.status() : described.status();
    view->inputs = *std::move(inputs);
    const auto resolved = ResolveAggregatedView(*view, source);
    if (resolved.ok()) view->schema = resolved->schema;
    return described.ok() ? CompareColumns(source, *view, view->inputs) : Status::Ok();
  }

  std::vector<Field> FrozenInputs(const FeatureView& view) const {
    if (!view.inputs.empty()) return view.inputs;
    const auto versions = catalogue_.views.find(view.name);
    if (versions == catalogue_.views.end() || versions->second.empty()) return {};
    return versions->second.back().view.inputs;
  }

  // Opening the facts checks every column in every file, and reads no row.
  Status Compare(const Source& source, const FeatureView& view) {
    return CompareColumns(source, view, view.schema);
  }

  Status CompareColumns(const Source& source, const FeatureView& view,
                        const std::vector<Field>& columns) {
    COEVAL_ASSIGN_OR_RETURN(BoundText location, config_.BindPath(source.path));
    const auto files = ListFiles(source, location.value.Reveal());
    if (!files.ok()) {
      if (files.status().code() != StatusCode::kNotFound) return files.status();
      context_.log(LogLevel::kWarning, "feature view '" + view.name +
                                           "': its source has no files yet: " +
                                           config_.Redact(files.status().message()));
      return {};
    }
    FactRequest request;
    // No request.view: errors are told below the view's name.
    request.keys = KeysOf(view);
    for (const Field& field : columns) request.features.push_back({field.name, field.type});
    return FactReader::Open(source, location.value.Reveal(), std::move(request), context_).status();
  }

  // What is not found in a file may be told by the folders above it.
  Status WithHint(const Status& status, const Source& source) const {
    const auto location = config_.BindPath(source.path);
    if (source.hive_partitions || !location.ok()) return status;
    const auto files = ListFiles(source, location->value.Reveal());
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

  void Note(const FeatureView& view, const Status& status) {
    DefinitionError error;
    if (const auto it = definitions_->where.find("feature_view " + view.name);
        it != definitions_->where.end()) {
      error.file = it->second;
    }
    error.object = "feature view '" + view.name + "'";
    error.field = "source";
    error.message = status.message();
    errors_.push_back(std::move(error));
  }

  const Catalogue& catalogue_;
  const Config& config_;
  const Context& context_;
  Definitions* definitions_;
  std::vector<DefinitionError> errors_;
};

}  // namespace

std::vector<DefinitionError> CompleteDefinitions(const Catalogue& catalogue, const Config& config,
                                                 const Context& context, Definitions* definitions) {
  return Completion(catalogue, config, context, definitions).Run();
}

}  // namespace coeval
