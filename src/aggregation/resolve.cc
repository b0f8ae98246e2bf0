#include "aggregation/resolve.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "aggregation/group.h"
#include "base/suggest.h"
#include "base/time.h"

namespace coeval {

namespace {

bool Takes(ArgumentKind kind, const DataType& type) {
  switch (kind) {
    case ArgumentKind::kAny:
      return true;
    case ArgumentKind::kScalar:
      return !type.is_nested() && type.id() != TypeId::kNull;
    case ArgumentKind::kNumber:
      return type.is_number() || type.id() == TypeId::kBool || type.id() == TypeId::kDecimal128;
    case ArgumentKind::kBool:
      return type.id() == TypeId::kBool;
    case ArgumentKind::kVector:
      return type.id() == TypeId::kVector;
  }
  return false;
}

std::string_view KindText(ArgumentKind kind) {
  switch (kind) {
    case ArgumentKind::kAny:
      return "any type";
    case ArgumentKind::kScalar:
      return "a type without parts (not a list, vector or map)";
    case ArgumentKind::kNumber:
      return "a number or bool";
    case ArgumentKind::kBool:
      return "bool";
    case ArgumentKind::kVector:
      return "vector<float32, n> or vector<float64, n>";
  }
  return "";
}

Status CheckArguments(const AggregateInfo& info, std::span<const DataType> types) {
  std::size_t least = 0;
  for (const ArgumentInfo& argument : info.arguments) least += argument.optional ? 0 : 1;
  if (types.size() < least || types.size() > info.arguments.size()) {
    const std::string wanted = least == info.arguments.size()
                                   ? fmt::format("{}", least)
                                   : fmt::format("{} or {}", least, info.arguments.size());
    return Status::InvalidArgument(fmt::format("{} takes {} argument{}, not {}", info.name, wanted,
                                               wanted == "1" ? "" : "s", types.size()));
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (Takes(info.arguments[i].kind, types[i])) continue;
    return Status::InvalidArgument(
        fmt::format("{}: argument {} must be {}, it is {}", info.name, info.arguments[i].name,
                    KindText(info.arguments[i].kind), types[i].ToString()));
  }
  return Status::Ok();
}

// "5", "0.9", "30d".
std::string ShownValue(const ParameterInfo& info, double value) {
  if (info.kind == ParameterKind::kDuration) {
    return FormatDuration(static_cast<DurationMicros>(value));
  }
  if (info.kind == ParameterKind::kFloat) return fmt::format("{}", value);
  return fmt::format("{}", static_cast<std::int64_t>(value));
}

Result<double> ReadNumber(const ParameterInfo& info, const Value& value) {
  // Integers beyond 2^53 are out of every range; they must not become a double that is within.
  if (value.is_int()) {
    constexpr std::int64_t kExact = 1LL << 53;
    const std::int64_t number = value.AsInt();
    if (number > kExact || number < -kExact) return std::copysign(HUGE_VAL, number < 0 ? -1 : 1);
    return static_cast<double>(number);
  }
  if (value.is_double()) {
    const double number = value.AsDouble();
    if (info.kind == ParameterKind::kFloat || number == std::floor(number)) return number;
  }
  if (value.is_string() && info.kind == ParameterKind::kDuration) {
    COEVAL_ASSIGN_OR_RETURN(const DurationMicros duration, ParseDuration(value.AsString()));
    return ReadNumber(info, Value::Int(duration));
  }
  const std::string_view wanted = info.kind == ParameterKind::kFloat ? "a number"
                                  : info.kind == ParameterKind::kInteger
                                      ? "an integer"
                                      : "a duration such as '30m'";
  return Status::InvalidArgument(fmt::format("must be {}", wanted));
}

Result<double> CheckParameter(const ParameterInfo& info, const Value& value) {
  COEVAL_ASSIGN_OR_RETURN(const double number, ReadNumber(info, value));
  if (number >= info.least && number <= info.greatest) return number;
  return Status::InvalidArgument(fmt::format(
      "must lie between {} and {}", ShownValue(info, info.least), ShownValue(info, info.greatest)));
}

Status CheckNames(const AggregateInfo& info, const AggregateParameters& given) {
  std::vector<std::string> names;
  for (const ParameterInfo& parameter : info.parameters) names.emplace_back(parameter.name);
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::string& name = given[i].first;
    for (std::size_t j = 0; j < i; ++j) {
      if (given[j].first == name) {
        return Status::InvalidArgument(
            fmt::format("{}: parameter {} is given twice", info.name, name));
      }
    }
    bool known = false;
    for (const std::string& each : names) known = known || each == name;
    if (known) continue;
    if (names.empty()) {
      return Status::InvalidArgument(
          fmt::format("{} takes no parameters, but {} is given", info.name, name));
    }
    return Status::InvalidArgument(fmt::format("{} has no parameter {}{}; it takes {}", info.name,
                                               name, DidYouMean(name, names),
                                               fmt::join(names, ", ")));
  }
  return Status::Ok();
}

Result<ParameterValues> CheckParameters(const AggregateInfo& info,
                                        const AggregateParameters& given) {
  COEVAL_RETURN_IF_ERROR(CheckNames(info, given));
  ParameterValues values;
  for (const ParameterInfo& parameter : info.parameters) {
    const Value* found = nullptr;
    for (const auto& [name, value] : given) {
      if (name == parameter.name && !value.is_null()) found = &value;
    }
    if (found != nullptr) {
      const Result<double> number = CheckParameter(parameter, *found);
      if (!number.ok()) {
        return Status::InvalidArgument(fmt::format("{}: parameter {} {}", info.name, parameter.name,
                                                   number.status().message()));
      }
      values.Set(parameter.name, *number);
    } else if (parameter.fallback) {
      values.Set(parameter.name, *parameter.fallback);
    } else if (!parameter.optional) {
      return Status::InvalidArgument(fmt::format("{} needs the parameter {}: {}", info.name,
                                                 parameter.name, parameter.meaning));
    }
  }
  return values;
}

}  // namespace

std::string BoundAggregate::ToString() const {
  std::string text(info->name);
  text += '(';
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (i > 0) text += grouped && i + 1 == types.size() ? " by " : ", ";
    text += types[i].ToString();
  }
  std::string_view before = types.empty() ? "" : "; ";
  for (const ParameterInfo& parameter : info->parameters) {
    const std::optional<double> value = parameters.Find(parameter.name);
    if (!value || value == parameter.fallback) continue;
    text += fmt::format("{}{}={}", before, parameter.name, ShownValue(parameter, *value));
    before = ", ";
  }
  return text + ')';
}

Status BoundAggregate::CheckWindow(const Window& window) const {
  if (!info->bounded) return Status::Ok();
  const std::optional<double> half_life = parameters.Find("half_life");
  if (!window.length) {
    return Status::InvalidArgument(
        half_life ? fmt::format("{} needs a window of at most 1,000 half-lives, not all history",
                                info->name)
                  : fmt::format("{} needs a window with a length, not all history", info->name));
  }
  if (!half_life) return Status::Ok();
  // The question's time must not lie too far from the events either.
  const Int128 offset = window.offset < 0 ? -Int128{window.offset} : Int128{window.offset};
  if (Int128{*window.length} + offset <= Int128{1000} * static_cast<std::int64_t>(*half_life)) {
    return Status::Ok();
  }
  return Status::InvalidArgument(
      fmt::format("{}: a window of {} is longer than 1,000 half-lives of {}; shorten it, or take a "
                  "longer half_life",
                  info->name, FormatDuration(*window.length),
                  FormatDuration(static_cast<DurationMicros>(*half_life))));
}

Result<BoundAggregate> ResolveAggregate(std::string_view name, std::span<const DataType> types,
                                        const AggregateParameters& parameters) {
  const AggregateInfo* const info = FindAggregate(name);
  if (info == nullptr) {
    const std::string_view shown = name.substr(0, 60);
    return Status::InvalidArgument(
        fmt::format("unknown aggregate function {}{}", shown, DidYouMean(shown, AggregateNames())));
  }
  COEVAL_RETURN_IF_ERROR(CheckArguments(*info, types));
  BoundAggregate bound;
  bound.info = info;
  bound.types.assign(types.begin(), types.end());
  COEVAL_ASSIGN_OR_RETURN(bound.parameters, CheckParameters(*info, parameters));
  Binding binding = info->bind({bound.types, bound.parameters});
  bound.result = binding.result;
  bound.function = std::move(binding.function);
  bound.sliding = std::move(binding.sliding);
  if (bound.sliding == nullptr && bound.function->removable()) bound.sliding = bound.function;
  return bound;
}

Result<BoundAggregate> ResolveAggregateBy(std::string_view name, std::span<const DataType> types,
                                          const DataType& group,
                                          const AggregateParameters& parameters) {
  COEVAL_ASSIGN_OR_RETURN(BoundAggregate bound, ResolveAggregate(name, types, parameters));
  if (!Takes(ArgumentKind::kScalar, group)) {
    return Status::InvalidArgument(fmt::format("{}: `by` must be {}, it is {}", name,
                                               KindText(ArgumentKind::kScalar), group.ToString()));
  }
  bound.types.push_back(group);
  bound.grouped = true;
  bound.function = GroupBy(bound.function, bound.result, group);
  // An ordered function that slides looks for its newest event among those of all groups.
  if (bound.sliding != nullptr) {
    bound.sliding = bound.info->ordered ? nullptr : GroupBy(bound.sliding, bound.result, group);
  }
  bound.result = DataType::Map(group, bound.result);
  return bound;
}

}  // namespace coeval
