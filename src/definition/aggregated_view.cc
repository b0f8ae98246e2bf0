#include "definition/aggregated_view.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/suggest.h"
#include "column/batch.h"
#include "definition/field_mapping.h"

namespace coeval {
namespace {

Schema SchemaOf(const std::vector<Field>& fields) {
  Schema schema;
  for (const Field& field : fields) schema.Add(field.name, field.type);
  return schema;
}

std::optional<std::size_t> PositionOf(const std::vector<Field>& fields, const std::string& name) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == name) return i;
  }
  return std::nullopt;
}

std::vector<std::string> NamesOf(const std::vector<Field>& fields) {
  std::vector<std::string> names;
  for (const Field& field : fields) names.push_back(field.name);
  return names;
}

Status NoColumn(const std::string& name, const std::vector<Field>& columns) {
  return Status::NotFound("the source has no column '" + name + "'" +
                          DidYouMean(name, NamesOf(columns)));
}

// Parameters as the functions take them. Errors: InvalidArgument for one that is no number or text.
Result<AggregateParameters> ParametersOf(const Json& params) {
  AggregateParameters parameters;
  for (const auto& [name, value] : params.object()) {
    if (value.is_int()) {
      parameters.emplace_back(name, Value::Int(value.AsInt()));
    } else if (value.is_double()) {
      parameters.emplace_back(name, Value::Double(value.AsDouble()));
    } else if (value.is_string()) {
      parameters.emplace_back(name, Value::String(value.AsString()));
    } else {
      return Status::InvalidArgument("`" + name + "` is a " + std::string(value.kind()) +
                                     "; a number, or a text such as \"1h\", is expected");
    }
  }
  return parameters;
}

// Resolves one view. Borrows all; one use.
class Resolver {
 public:
  Resolver(const FeatureView& view, const Source& source, const TellMistake& tell)
      : view_(view), source_(source), tell_(tell), inputs_(SchemaOf(view.inputs)) {}

  std::optional<AggregatedView> Run() {
    FindColumns();
    for (const Aggregation& aggregation : view_.aggregations) Add(aggregation);
    if (failed_ || (view_.inputs.empty() && !NeedsNoInputs())) return std::nullopt;
    for (const auto& [name, text] : view_.expressions) Compute(name, text);
    CheckSchema();
    if (failed_) return std::nullopt;
    return std::move(made_);
  }

 private:
  void Fail(std::string member, std::string message) {
    failed_ = true;
    tell_(std::move(member), std::move(message));
  }

  // Only counts of all events, and no id: nothing is read but times.
  [[nodiscard]] bool NeedsNoInputs() const {
    return source_.event_id_field.empty() &&
           std::all_of(view_.aggregations.begin(), view_.aggregations.end(),
                       [](const Aggregation& aggregation) {
                         return aggregation.columns.empty() && aggregation.where.empty() &&
                                aggregation.by.empty();
                       });
  }

  void FindColumns() {
    if (!source_.event_id_field.empty()) {
      made_.id_column = PositionOf(view_.inputs, MappedName(source_, source_.event_id_field));
    }
  }

  void Add(const Aggregation& aggregation) {
    const std::string place = "aggregations." + aggregation.name;
    if (!names_.insert(aggregation.name).second) {
      return Fail(place, "two aggregations have this name; give one another (name=)");
    }
    Result<WindowRule> window = WindowRule::Make(aggregation.window);
    if (!window.ok()) return Fail(place, window.status().message());
    const AggregateInfo* info = FindAggregate(aggregation.function);
    if (info == nullptr) {
      return Fail(place + ".function", "there is no function '" + aggregation.function + "'" +
                                           DidYouMean(aggregation.function, AggregateNames()));
    }
    if (view_.inputs.empty() && !NeedsNoInputs()) return;  // types are not known yet
    std::vector<std::size_t> columns;
    std::vector<DataType> types;
    for (const std::string& name : aggregation.columns) {
      const auto position = PositionOf(view_.inputs, name);
      if (!position) return Fail(place + ".columns", NoColumn(name, view_.inputs).message());
      columns.push_back(*position);
      types.push_back(view_.inputs[*position].type);
      reads_.insert(*position);
    }
    auto where = Compile(place + ".where", aggregation.where, TypeId::kBool);
    auto by = Compile(place + ".by", aggregation.by, std::nullopt);
    if (!where || !by) return;
    const Result<AggregateParameters> parameters = ParametersOf(aggregation.params);
    if (!parameters.ok()) return Fail(place + ".params", parameters.status().message());
    Result<BoundAggregate> bound = Bind(aggregation, types, *parameters, by->get());
    if (!bound.ok()) return Fail(place, bound.status().message());
    const Status fits = bound->CheckWindow(aggregation.window);
    if (!fits.ok()) return Fail(place + ".time_window", fits.message());
    Keep({aggregation.name, bound->result, "", {}, std::nullopt});
    std::vector<std::size_t> reads = columns;
    for (const auto& expression : {*where, *by}) {
      if (expression == nullptr) continue;
      for (const std::string& name : expression->inputs()) {
        reads.push_back(*PositionOf(view_.inputs, name));
      }
    }
    made_.aggregations.push_back({.function = *std::move(bound),
                                  .columns = std::move(columns),
                                  .reads = std::move(reads),
                                  .window = *std::move(window),
                                  .where = *std::move(where),
                                  .by = *std::move(by)});
  }

  static Result<BoundAggregate> Bind(const Aggregation& aggregation,
                                     const std::vector<DataType>& types,
                                     const AggregateParameters& parameters, const Expression* by) {
    if (by == nullptr) return ResolveAggregate(aggregation.function, types, parameters);
    return ResolveAggregateBy(aggregation.function, types, by->type(), parameters);
  }

  // None after a mistake; null inside where there is no text.
  std::optional<std::shared_ptr<const Expression>> Compile(const std::string& place,
                                                           const std::string& text,
                                                           const std::optional<DataType>& type) {
    if (text.empty()) return std::shared_ptr<const Expression>();
    Result<Expression> compiled = Expression::Compile(text, inputs_, type);
    if (!compiled.ok()) {
      Fail(place, compiled.status().message());
      return std::nullopt;
    }
    if (compiled->uses_now()) {
      Fail(place, "an event is chosen by what it holds alone; now() changes with the question");
      return std::nullopt;
    }
    for (const std::string& name : compiled->inputs())
      reads_.insert(*PositionOf(view_.inputs, name));
    return std::make_shared<const Expression>(*std::move(compiled));
  }

  void Compute(const std::string& name, const std::string& text) {
    const std::string place = "expressions." + name;
    if (!names_.insert(name).second) {
      return Fail(place, "an aggregation has this name; give one of the two another");
    }
    Schema inputs;
    for (std::size_t i = 0; i < made_.aggregations.size(); ++i) {
      inputs.Add(made_.schema[i].name, made_.schema[i].type);
    }
    std::optional<DataType> wanted;
    if (const auto declared = PositionOf(view_.schema, name)) wanted = view_.schema[*declared].type;
    Result<Expression> compiled = Expression::Compile(text, inputs, wanted);
    if (!compiled.ok()) return Fail(place, compiled.status().message());
    if (compiled->uses_now()) {
      return Fail(place, "now() is for on-demand views; declare one over this view");
    }
    Keep({name, compiled->type(), "", {}, std::nullopt});
    made_.computed.push_back({name, std::make_shared<const Expression>(*std::move(compiled))});
  }

  // The field, with what the view's schema says of it.
  void Keep(Field field) {
    if (const auto declared = PositionOf(view_.schema, field.name)) {
      const Field& given = view_.schema[*declared];
      if (!(given.type == field.type)) {
        return Fail("schema." + field.name, "is declared " + given.type.ToString() +
                                                ", but its function gives " +
                                                field.type.ToString());
      }
      field = given;
    }
    made_.schema.push_back(std::move(field));
  }

  void CheckSchema() {
    const std::vector<std::string> names(names_.begin(), names_.end());
    for (const Field& field : view_.schema) {
      if (names_.contains(field.name)) continue;
      Fail("schema." + field.name,
           "no aggregation or expression has this name" + DidYouMean(field.name, names));
    }
    made_.tie_columns.assign(reads_.begin(), reads_.end());
  }

  const FeatureView& view_;
  const Source& source_;
  const TellMistake& tell_;
  const Schema inputs_;
  std::set<std::string> names_;
  std::set<std::size_t> reads_;  // inputs that an aggregation reads
  AggregatedView made_;
  bool failed_ = false;
};

}  // namespace

std::optional<AggregatedView> ResolveAggregatedView(const FeatureView& view, const Source& source,
                                                    const TellMistake& tell) {
  return Resolver(view, source, tell).Run();
}

Result<AggregatedView> ResolveAggregatedView(const FeatureView& view, const Source& source) {
  std::string first;
  std::optional<AggregatedView> resolved =
      ResolveAggregatedView(view, source, [&first](const std::string& member, std::string message) {
        if (first.empty()) first = member + ": " + std::move(message);
      });
  if (resolved.has_value()) return *std::move(resolved);
  return Status::InvalidArgument("feature view '" + view.name + "', " +
                                 (first.empty() ? "inputs: are not known" : first));
}

Result<std::vector<Field>> InputsOf(const FeatureView& view, const Source& source,
                                    const std::vector<Field>& columns) {
  const Schema schema = SchemaOf(columns);
  std::set<std::string> names;
  if (!source.event_id_field.empty()) names.insert(MappedName(source, source.event_id_field));
  for (const Aggregation& aggregation : view.aggregations) {
    names.insert(aggregation.columns.begin(), aggregation.columns.end());
    for (const std::string* text : {&aggregation.where, &aggregation.by}) {
      if (text->empty()) continue;
      const Result<Expression> compiled = Expression::Compile(*text, schema, std::nullopt);
      if (!compiled.ok()) {
        return compiled.status().WithContext("aggregation '" + aggregation.name + "'");
      }
      names.insert(compiled->inputs().begin(), compiled->inputs().end());
    }
  }
  std::vector<Field> inputs;
  for (const std::string& name : names) {
    const auto position = PositionOf(columns, name);
    if (!position) return NoColumn(name, columns);
    inputs.push_back({name, columns[*position].type, "", {}, std::nullopt});
  }
  return inputs;
}

}  // namespace coeval
