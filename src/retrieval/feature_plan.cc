#include "retrieval/feature_plan.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/suggest.h"
#include "column/batch.h"
#include "retrieval/feature_reference.h"

namespace coeval {
namespace {

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::vector<std::string> FieldNames(const std::vector<Field>& schema) {
  std::vector<std::string> names;
  names.reserve(schema.size());
  for (const Field& field : schema) names.push_back(field.name);
  return names;
}

Result<std::size_t> FindField(const std::vector<Field>& schema, const std::string& feature,
                              const std::string& view) {
  for (std::size_t i = 0; i < schema.size(); ++i) {
    if (schema[i].name == feature) return i;
  }
  const auto names = FieldNames(schema);
  return Status::NotFound("feature '" + feature + "' of view '" + view + "' does not exist" +
                          DidYouMean(feature, names));
}

// The version with a label, among the versions of one name.
template <typename Versions>
int VersionOfLabel(const Versions& versions, const std::string& label) {
  for (const auto& version : versions) {
    if (version.label == label) return version.version;
  }
  return 0;
}

// Builds one plan, piece by piece. One thread; used once.
class Planner {
 public:
  Planner(CatalogueSnapshot catalogue, FeatureRequest request)
      : plan_(std::make_shared<FeaturePlan>()) {
    plan_->catalogue = std::move(catalogue);
    plan_->request = std::move(request);
  }

  Result<SharedFeaturePlan> Run() {
    if (!plan_->request.service.empty()) {
      COEVAL_RETURN_IF_ERROR(AddService());
    } else if (plan_->request.features.empty()) {
      return Status::InvalidArgument(
          "no features asked for; name some as view:feature, or a feature service");
    }
    for (const std::string& reference : plan_->request.features) {
      COEVAL_RETURN_IF_ERROR(AddReference(reference).WithContext("feature '" + reference + "'"));
    }
    COEVAL_RETURN_IF_ERROR(CheckCollisions());
    SortNeededFeatures();
    OrderRequestColumns();
    return SharedFeaturePlan(std::move(plan_));
  }

 private:
  const Catalogue& catalogue() const { return *plan_->catalogue; }

  Status AddService() {
    const std::string& name = plan_->request.service;
    COEVAL_ASSIGN_OR_RETURN(const ServiceVersion* service,
                            catalogue().FindService(name, plan_->request.service_version));
    plan_->service_reference = name + "@v" + std::to_string(service->version);
    for (const Projection& projection : service->service.features) {
      COEVAL_RETURN_IF_ERROR(
          AddProjection(projection, "").WithContext("feature service '" + name + "'"));
    }
    return {};
  }

  Status AddReference(const std::string& text) {
    COEVAL_ASSIGN_OR_RETURN(FeatureReference reference, ParseFeatureReference(text));
    Projection projection;
    projection.view = reference.view;
    projection.version = reference.version;
    if (reference.feature != "*") projection.features = {reference.feature};
    const auto stored = catalogue().views.find(reference.view);
    const auto on_demand = catalogue().on_demand_views.find(reference.view);
    if (!reference.label.empty()) {
      if (stored != catalogue().views.end()) {
        projection.version = VersionOfLabel(stored->second, reference.label);
      } else if (on_demand != catalogue().on_demand_views.end()) {
        projection.version = VersionOfLabel(on_demand->second, reference.label);
      }
      if (projection.version == 0) {
        return Status::NotFound("view '" + reference.view + "' has no version labelled '" +
                                reference.label + "'");
      }
    }
    const bool versioned = reference.version != 0 || !reference.label.empty();
    return AddProjection(projection, versioned ? "@" : "");
  }

  // A projection of a service or a reference; `mark` is "@" where a version was asked for by name.
  Status AddProjection(const Projection& projection, std::string_view mark) {
    if (catalogue().on_demand_views.contains(projection.view)) {
      return AddOnDemand(projection, mark);
    }
    COEVAL_ASSIGN_OR_RETURN(std::size_t view, AddView(projection, {}));
    const ViewVersion& version = *plan_->views[view].version;
    std::string shown = projection.shown_name();
    if (!mark.empty()) shown += "@v" + std::to_string(version.version);
    const auto names =
        projection.features.empty() ? FieldNames(version.view.schema) : projection.features;
    for (const std::string& name : names) {
      COEVAL_ASSIGN_OR_RETURN(std::size_t field,
                              FindField(version.view.schema, name, projection.view));
      PlannedOutput output;
      output.name = OutputName(shown, name);
      output.reference = projection.view + "@v" + std::to_string(version.version) + ":" + name;
      if (!projection.alias.empty()) output.reference += " as " + projection.alias;
      output.type = version.view.schema[field].type;
      output.view = view;
      output.position = NeedFeature(view, field);
      plan_->outputs.push_back(std::move(output));
    }
    return {};
  }

  std::string OutputName(const std::string& shown, const std::string& feature) const {
    return plan_->request.full_feature_names ? shown + "__" + feature : feature;
  }

  // The planned look-up for (view, version, key columns); `outer` maps the names of an on-demand
  // projection on top of the projection's own key map.
  Result<std::size_t> AddView(const Projection& projection,
                              const std::map<std::string, std::string>& outer) {
    COEVAL_ASSIGN_OR_RETURN(const ViewVersion* version,
                            catalogue().FindView(projection.view, projection.version));
    COEVAL_RETURN_IF_ERROR(CheckKeyMap(projection, *version));
    std::vector<std::string> key_columns;
    for (const JoinKey& key : version->join_keys) {
      std::string column = key.name;
      if (const auto it = projection.join_key_map.find(column);
          it != projection.join_key_map.end()) {
        column = it->second;
      }
      if (const auto it = outer.find(column); it != outer.end()) column = it->second;
      COEVAL_RETURN_IF_ERROR(NeedColumn(
          column, key.type, "join key '" + key.name + "' of view '" + projection.view + "'", true));
      key_columns.push_back(std::move(column));
    }
    for (std::size_t i = 0; i < plan_->views.size(); ++i) {
      const PlannedView& planned = plan_->views[i];
      if (planned.version->identity == version->identity &&
          planned.version->view.name == version->view.name && planned.key_columns == key_columns) {
        return i;
      }
    }
    PlannedView planned;
    // Shares the snapshot's ownership: the version lives as long as the plan does.
    planned.version = std::shared_ptr<const ViewVersion>(plan_->catalogue, version);
    planned.shown_name = projection.shown_name();
    planned.key_columns = std::move(key_columns);
    if (version->view.is_aggregated()) {
      COEVAL_ASSIGN_OR_RETURN(AggregatedView aggregated,
                              ResolveAggregatedView(version->view, version->source));
      planned.aggregated = std::make_shared<const AggregatedView>(std::move(aggregated));
    }
    plan_->views.push_back(std::move(planned));
    return plan_->views.size() - 1;
  }

  static Status CheckKeyMap(const Projection& projection, const ViewVersion& version) {
    std::vector<std::string> keys;
    for (const JoinKey& key : version.join_keys) keys.push_back(key.name);
    for (const auto& [from, to] : projection.join_key_map) {
      if (std::find(keys.begin(), keys.end(), from) == keys.end()) {
        return Status::InvalidArgument("join-key map of view '" + projection.view + "': '" + from +
                                       "' is no join key of it" + DidYouMean(from, keys));
      }
    }
    return {};
  }

  // Position of the field among the view's needed features; renumbered in SortNeededFeatures.
  std::size_t NeedFeature(std::size_t view, std::size_t field) {
    auto& features = plan_->views[view].features;
    const auto it = std::find(features.begin(), features.end(), field);
    if (it != features.end()) return static_cast<std::size_t>(it - features.begin());
    features.push_back(field);
    return features.size() - 1;
  }

  Status NeedColumn(const std::string& name, const DataType& type, std::string needed_by,
                    bool is_join_key) {
    for (PlannedColumn& column : plan_->request_columns) {
      if (column.name != name) continue;
      if (!(column.type == type)) {
        return Status::InvalidArgument("column '" + name + "' is asked for as " +
                                       column.type.ToString() + " by " + column.needed_by +
                                       " and as " + type.ToString() + " by " + needed_by +
                                       "; map one of them to another name");
      }
      column.is_join_key = column.is_join_key || is_join_key;
      return {};
    }
    plan_->request_columns.push_back({name, type, std::move(needed_by), is_join_key});
    return {};
  }

  // One input that an expression may name, and where it comes from.
  struct Candidate {
    std::string name;
    DataType type;
    bool from_request = false;
    std::size_t view = 0;
    std::size_t field = 0;  // of the view's schema
  };

  // Every name that the expressions of an on-demand view may use: each input as "source.name", and
  // plainly where no other input has the name.
  Result<std::vector<Candidate>> Candidates(const OnDemandVersion& version) const {
    std::vector<Candidate> qualified;
    std::vector<std::string> plain;
    for (const Projection& source : version.view.sources) {
      COEVAL_ASSIGN_OR_RETURN(const ViewVersion* stored,
                              catalogue().FindView(source.view, source.version));
      const auto names =
          source.features.empty() ? FieldNames(stored->view.schema) : source.features;
      for (const std::string& name : names) {
        COEVAL_ASSIGN_OR_RETURN(std::size_t field,
                                FindField(stored->view.schema, name, source.view));
        Candidate candidate{source.shown_name() + "." + name, stored->view.schema[field].type};
        candidate.view = static_cast<std::size_t>(&source - version.view.sources.data());
        candidate.field = field;
        qualified.push_back(std::move(candidate));
        plain.push_back(name);
      }
    }
    for (const Source& source : version.request_sources) {
      for (const Field& field : source.schema) {
        Candidate candidate{source.name + "." + field.name, field.type};
        candidate.from_request = true;
        qualified.push_back(std::move(candidate));
        plain.push_back(field.name);
      }
    }
    // Both names of an input stand together: the order of request columns depends on the sources'
    // order, not on how an expression spells its inputs.
    std::vector<Candidate> all;
    for (std::size_t i = 0; i < qualified.size(); ++i) {
      all.push_back(qualified[i]);
      if (std::count(plain.begin(), plain.end(), plain[i]) != 1) continue;
      Candidate candidate = qualified[i];
      candidate.name = plain[i];
      all.push_back(std::move(candidate));
    }
    return all;
  }

  Status AddOnDemand(const Projection& projection, std::string_view mark) {
    COEVAL_ASSIGN_OR_RETURN(const OnDemandVersion* version,
                            catalogue().FindOnDemandView(projection.view, projection.version));
    COEVAL_ASSIGN_OR_RETURN(std::vector<Candidate> candidates, Candidates(*version));
    PlannedOnDemand planned;
    planned.version = std::shared_ptr<const OnDemandVersion>(plan_->catalogue, version);
    planned.shown_name = projection.shown_name();
    const auto names =
        projection.features.empty() ? FieldNames(version->view.schema) : projection.features;
    std::string shown = planned.shown_name;
    if (!mark.empty()) shown += "@v" + std::to_string(version->version);
    std::vector<std::size_t> fields;
    for (const std::string& name : names) {
      COEVAL_ASSIGN_OR_RETURN(std::size_t field,
                              FindField(version->view.schema, name, projection.view));
      PlannedOutput output;
      output.name = OutputName(shown, name);
      output.reference = projection.view + "@v" + std::to_string(version->version) + ":" + name;
      if (!projection.alias.empty()) output.reference += " as " + projection.alias;
      output.type = version->view.schema[field].type;
      output.on_demand = true;
      output.view = plan_->on_demand.size();
      const auto it = std::find(fields.begin(), fields.end(), field);
      output.position = static_cast<std::size_t>(it - fields.begin());
      if (it == fields.end()) fields.push_back(field);
      plan_->outputs.push_back(std::move(output));
    }
    COEVAL_RETURN_IF_ERROR(ChooseInputs(*version, projection, candidates, fields, &planned));
    plan_->on_demand.push_back(std::move(planned));
    return {};
  }

  // Finds which candidates the needed expressions read, plans those, and compiles against them.
  Status ChooseInputs(const OnDemandVersion& version, const Projection& projection,
                      const std::vector<Candidate>& candidates,
                      const std::vector<std::size_t>& fields, PlannedOnDemand* planned) {
    Schema everything;
    for (const Candidate& candidate : candidates) everything.Add(candidate.name, candidate.type);
    std::set<std::string> used;
    for (const std::size_t field : fields) {
      COEVAL_ASSIGN_OR_RETURN(Expression expression, CompileFeature(version, field, everything));
      used.insert(expression.inputs().begin(), expression.inputs().end());
    }
    for (const Candidate& candidate : candidates) {
      if (!used.contains(candidate.name)) continue;
      PlannedInput input;
      input.from_request = candidate.from_request;
      if (candidate.from_request) {
        const std::string column = candidate.name.substr(candidate.name.rfind('.') + 1);
        COEVAL_RETURN_IF_ERROR(NeedColumn(column, candidate.type,
                                          "request data of view '" + projection.view + "'", false));
        input.position = plan_->RequestColumn(column);
      } else {
        const Projection& source = version.view.sources[candidate.view];
        COEVAL_ASSIGN_OR_RETURN(input.view, AddView(source, projection.join_key_map));
        input.position = NeedFeature(input.view, candidate.field);
      }
      planned->input_schema.Add(candidate.name, candidate.type);
      planned->inputs.push_back(input);
    }
    for (const std::size_t field : fields) {
      COEVAL_ASSIGN_OR_RETURN(Expression expression,
                              CompileFeature(version, field, planned->input_schema));
      planned->features.push_back(
          {field, std::make_shared<const Expression>(std::move(expression))});
    }
    return {};
  }

  static Result<Expression> CompileFeature(const OnDemandVersion& version, std::size_t field,
                                           const Schema& inputs) {
    const Field& feature = version.view.schema[field];
    const auto text = version.view.expressions.find(feature.name);
    if (text == version.view.expressions.end()) {
      return Status::Internal("view '" + version.view.name + "' has no expression for feature '" +
                              feature.name + "'");
    }
    auto expression = Expression::Compile(text->second, inputs, feature.type);
    if (!expression.ok()) {
      return expression.status().WithContext("view '" + version.view.name + "', feature '" +
                                             feature.name + "'");
    }
    return expression;
  }

  // Two different features must not share an output name (rule 4.3); the same one twice may (7.3).
  Status CheckCollisions() const {
    std::map<std::string, const PlannedOutput*> seen;
    for (const PlannedOutput& output : plan_->outputs) {
      const auto [it, fresh] = seen.emplace(Lower(output.name), &output);
      if (fresh || it->second->reference == output.reference) continue;
      return Status::InvalidArgument("output name '" + output.name + "' is given to both " +
                                     it->second->reference + " and " + output.reference +
                                     (plan_->request.full_feature_names
                                          ? "; give one view an alias"
                                          : "; ask for full_feature_names, or give an alias"));
    }
    return {};
  }

  // Needed features ascending, so that stores and readers go through rows in one direction.
  void SortNeededFeatures() {
    for (std::size_t view = 0; view < plan_->views.size(); ++view) {
      auto& features = plan_->views[view].features;
      const std::vector<std::size_t> before = features;
      std::sort(features.begin(), features.end());
      std::vector<std::size_t> moved(before.size());
      for (std::size_t i = 0; i < before.size(); ++i) {
        moved[i] = static_cast<std::size_t>(std::find(features.begin(), features.end(), before[i]) -
                                            features.begin());
      }
      for (PlannedOutput& output : plan_->outputs) {
        if (!output.on_demand && output.view == view) output.position = moved[output.position];
      }
      for (PlannedOnDemand& on_demand : plan_->on_demand) {
        for (PlannedInput& input : on_demand.inputs) {
          if (!input.from_request && input.view == view) input.position = moved[input.position];
        }
      }
    }
  }

  // Join keys first, then request data, each in order of first use.
  void OrderRequestColumns() {
    std::vector<PlannedColumn> before = plan_->request_columns;
    std::stable_partition(plan_->request_columns.begin(), plan_->request_columns.end(),
                          [](const PlannedColumn& column) { return column.is_join_key; });
    for (PlannedOnDemand& on_demand : plan_->on_demand) {
      for (PlannedInput& input : on_demand.inputs) {
        if (input.from_request) {
          input.position = plan_->RequestColumn(before[input.position].name);
        }
      }
    }
  }

  std::shared_ptr<FeaturePlan> plan_;
};

}  // namespace

std::size_t FeaturePlan::RequestColumn(const std::string& name) const {
  for (std::size_t i = 0; i < request_columns.size(); ++i) {
    if (request_columns[i].name == name) return i;
  }
  COEVAL_CHECK(false && "a planned request column is missing");
  return 0;
}

Result<SharedFeaturePlan> PlanFeatures(CatalogueSnapshot catalogue, FeatureRequest request) {
  return Planner(std::move(catalogue), std::move(request)).Run();
}

Status CheckOutputNames(const FeaturePlan& plan, const std::vector<std::string>& spine_columns) {
  std::map<std::string, std::string> seen;
  for (const std::string& column : spine_columns) {
    const auto [it, fresh] = seen.emplace(Lower(column), "the spine's column '" + column + "'");
    if (!fresh) {
      return Status::InvalidArgument("the spine has two columns named '" + column +
                                     "' (ignoring case); rename one");
    }
  }
  for (const PlannedOutput& output : plan.outputs) {
    const auto [it, fresh] = seen.emplace(Lower(output.name), output.reference);
    if (fresh) continue;
    return Status::InvalidArgument("output name '" + output.name + "' of " + output.reference +
                                   " is also that of " + it->second +
                                   (plan.request.full_feature_names
                                        ? "; give the view an alias, or rename the column"
                                        : "; ask for full_feature_names, or rename the column"));
  }
  return {};
}

}  // namespace coeval
