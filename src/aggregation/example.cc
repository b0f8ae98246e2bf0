#include "aggregation/example.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/time.h"
#include "column/builder.h"
#include "expression/expression.h"

namespace coeval {

namespace {

// Splits at `separator` outside of brackets and quotes; "" has no parts.
std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  int depth = 0;
  bool quoted = false;
  std::size_t from = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : separator;
    if (c == '\'') quoted = !quoted;
    if (!quoted)
      depth += c == '[' || c == '<' || c == '(' ? 1 : c == ']' || c == '>' || c == ')' ? -1 : 0;
    if (i < text.size() && (c != separator || quoted || depth > 0)) continue;
    std::string_view part = text.substr(from, i - from);
    while (part.starts_with(' ')) part.remove_prefix(1);
    if (!part.empty() || separator == ',') parts.push_back(part);
    from = i + 1;
  }
  if (parts.size() == 1 && parts[0].empty()) parts.clear();
  return parts;
}

// A literal of the language of expressions, as a value of a type; nan and inf too.
Result<Value> ReadLiteral(std::string_view text, const DataType& type) {
  std::string literal(text);
  if (text == "nan" || text == "inf" || text == "-inf") {
    literal = fmt::format("cast('{}' as float64)", text);
  }
  if (type.id() == TypeId::kVector) {
    Value::List elements;
    for (const std::string_view part : Split(text.substr(1, text.size() - 2), ',')) {
      COEVAL_ASSIGN_OR_RETURN(Value element, ReadLiteral(part, type.child(0)));
      elements.push_back(std::move(element));
    }
    return Value::MakeList(std::move(elements));
  }
  COEVAL_ASSIGN_OR_RETURN(const Expression expression, Expression::Compile(literal, {}, type));
  const std::vector<TimeMicros> now = {0};
  return expression.Evaluate({}, 1, now).values.GetValue(0);
}

// "quantile(q=0.9)" -> the name and its parameters.
Status ReadCall(std::string_view call, std::string* name, AggregateParameters* parameters) {
  const std::size_t open = call.find('(');
  *name = std::string(call.substr(0, open));
  if (open == std::string_view::npos) return Status::Ok();
  for (const std::string_view part : Split(call.substr(open + 1, call.size() - open - 2), ',')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      return Status::InvalidArgument(fmt::format("an example's parameter has no '=': {}", part));
    }
    const std::string_view text = part.substr(equals + 1);
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_number = error == std::errc() && end == text.data() + text.size();
    parameters->emplace_back(part.substr(0, equals),
                             is_number ? Value::Double(number) : Value::String(std::string(text)));
  }
  return Status::Ok();
}

}  // namespace

Result<RunnableExample> ReadExample(const AggregateExample& example) {
  RunnableExample run;
  std::string name;
  AggregateParameters parameters;
  COEVAL_RETURN_IF_ERROR(ReadCall(example.call, &name, &parameters));
  std::vector<DataType> types;
  for (const std::string_view part : Split(example.type, ',')) {
    COEVAL_ASSIGN_OR_RETURN(DataType type, ParseType(part));
    types.push_back(std::move(type));
  }
  COEVAL_ASSIGN_OR_RETURN(run.bound, ResolveAggregate(name, types, parameters));
  std::vector<ColumnBuilder> builders;
  for (const DataType& type : types) builders.emplace_back(type);
  for (const std::string_view event : Split(example.events, ',')) {
    const auto cells = types.size() > 1 ? Split(event, ' ') : std::vector<std::string_view>{event};
    if (cells.size() != types.size()) {
      return Status::InvalidArgument(fmt::format("an example's event has other cells: {}", event));
    }
    for (std::size_t i = 0; i < cells.size(); ++i) {
      COEVAL_ASSIGN_OR_RETURN(const Value value, ReadLiteral(cells[i], types[i]));
      COEVAL_RETURN_IF_ERROR(builders[i].Append(value));
    }
    run.times.push_back(static_cast<TimeMicros>(run.times.size()) * kMinute);
  }
  for (ColumnBuilder& builder : builders) run.arguments.push_back(builder.Finish());
  run.t = run.times.empty() ? 0 : run.times.back();
  run.length = kHour;
  return run;
}

Result<std::string> RunExample(const AggregateExample& example) {
  COEVAL_ASSIGN_OR_RETURN(const RunnableExample run, ReadExample(example));
  const Events events = {run.arguments, run.times};
  AggregateState state(*run.bound.function);
  state.Add(events, 0, static_cast<std::int64_t>(run.times.size()));
  ColumnBuilder builder(run.bound.result);
  const Question question = {run.t, run.length, nullptr, 0, 0};
  if (state.Append(question, &builder) == Outcome::kInvalid) return std::string("invalid");
  return ToText(builder.Finish().GetValue(0), run.bound.result);
}

}  // namespace coeval
