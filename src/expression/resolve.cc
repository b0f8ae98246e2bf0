#include "expression/resolve.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "expression/cast.h"
#include "expression/evaluate.h"
#include "expression/lexer.h"
#include "expression/literal.h"

namespace coeval {

namespace {

using Kind = TypedNode::Kind;

bool IsTime(const ValueType& type) {
  return type.Is(TypeId::kTimestamp) || type.Is(TypeId::kDate);
}

// The cost of giving `node` where `to` is asked for, as ImplicitCost.
std::optional<int> CostOf(const TypedNode& node, const ValueType& to) {
  if (IsStringLiteral(node) && IsTime(to)) return 7;
  return ImplicitCost(node.type, to);
}

// The least type for all nodes. String literals become times beside times.
std::optional<ValueType> CommonOf(const std::vector<const TypedNode*>& nodes) {
  const bool times = std::any_of(nodes.begin(), nodes.end(),
                                 [](const TypedNode* node) { return IsTime(node->type); });
  std::optional<ValueType> common = ValueType();
  for (const TypedNode* node : nodes) {
    if (times && IsStringLiteral(*node)) continue;
    common = CommonType(*common, node->type);
    if (!common) return std::nullopt;
  }
  return common;
}

bool HasElements(const DataType& list, Parameter::Elements wanted) {
  const ValueType element = list.child(0);
  switch (wanted) {
    case Parameter::Elements::kAny:
      return true;
    case Parameter::Elements::kInts:
      return element.is_int();
    case Parameter::Elements::kFloats:
      return element.is_float();
    case Parameter::Elements::kNumbers:
      return element.is_int() || element.is_float();
  }
  return false;
}

std::string TypesOf(const std::vector<TypedPtr>& args) {
  std::string types;
  for (const TypedPtr& arg : args) {
    if (!types.empty()) types += ", ";
    types += arg->type.ToString();
  }
  return types;
}

}  // namespace

bool IsStringLiteral(const TypedNode& node) {
  return node.kind == Kind::kLiteral && node.type.Is(TypeId::kString);
}

struct Resolver::Choice {
  const Overload* overload = nullptr;
  const Signature* signature = nullptr;
  std::vector<ValueType> types;  // to convert the arguments to
  ValueType result;
  Kernel kernel = nullptr;
  int cost = 0;
};

std::optional<Resolver::Choice> Resolver::Match(const Function& function, std::size_t overload,
                                                const std::vector<TypedPtr>& args) const {
  Choice choice;
  choice.overload = &function.overloads[overload];
  choice.signature = &SignaturesOf(function)[overload];
  const Signature& signature = *choice.signature;
  if (!signature.TakesCount(args.size())) return std::nullopt;

  std::vector<const TypedNode*> alike;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (signature.at(i).kind == Parameter::Kind::kCommon) alike.push_back(args[i].get());
  }
  const std::optional<ValueType> common = CommonOf(alike);
  if (!common) return std::nullopt;

  for (std::size_t i = 0; i < args.size(); ++i) {
    const Parameter& parameter = signature.at(i);
    const ValueType& given = args[i]->type;
    ValueType wanted = given;
    const auto is = [&](TypeId id) { return given.Is(id); };
    switch (parameter.kind) {
      case Parameter::Kind::kType:
        wanted = parameter.type;
        break;
      case Parameter::Kind::kCommon:
        wanted = *common;
        break;
      case Parameter::Kind::kDecimal:
        if (given.is_int()) wanted = DecimalOfInt(given);
        if (given.is_null()) wanted = DataType::Decimal(1, 0);
        if (!wanted.is_decimal()) return std::nullopt;
        break;
      case Parameter::Kind::kList:
        if (!is(TypeId::kList) || !HasElements(given.data(), parameter.elements)) {
          return std::nullopt;
        }
        break;
      case Parameter::Kind::kVector:
        if (!is(TypeId::kVector)) return std::nullopt;
        break;
      case Parameter::Kind::kMap:
        if (!is(TypeId::kMap)) return std::nullopt;
        break;
      case Parameter::Kind::kAny:
        break;
    }
    const std::optional<int> cost = CostOf(*args[i], wanted);
    if (!cost) return std::nullopt;
    choice.cost += *cost;
    choice.types.push_back(std::move(wanted));
  }

  if (choice.overload->result != nullptr) {
    const Result<ValueType> result = choice.overload->result(choice.types);
    if (!result.ok()) return std::nullopt;
    choice.result = *result;
  } else {
    const Parameter& result = signature.result;
    choice.result = result.kind == Parameter::Kind::kCommon ? *common : result.type;
  }
  choice.kernel = choice.overload->kernel;
  if (choice.overload->pick != nullptr) {
    const ValueType& picked = alike.empty() ? choice.types[0] : *common;
    choice.kernel = choice.overload->pick(picked.physical());
  }
  if (choice.kernel == nullptr) return std::nullopt;
  return choice;
}

Status Resolver::NoOverload(const Function& function, const std::vector<TypedPtr>& args,
                            std::size_t offset) const {
  std::string takes;
  for (const Overload& overload : function.overloads) {
    const std::string_view signature = overload.signature;
    if (!takes.empty()) takes += ", ";
    takes += fmt::format("({})", signature.substr(0, signature.find(" ->")));
  }
  return ErrorAt(text_, offset,
                 fmt::format("{} cannot take ({}); it takes {}, where T is one type; convert with "
                             "cast(x as type)",
                             function.name, TypesOf(args), takes));
}

Result<TypedPtr> Resolver::Call(const Function& function, std::vector<TypedPtr> args,
                                std::size_t offset) const {
  std::optional<Choice> best;
  for (std::size_t i = 0; i < function.overloads.size(); ++i) {
    std::optional<Choice> choice = Match(function, i, args);
    if (choice && (!best || choice->cost < best->cost)) best = std::move(choice);
  }
  if (!best) return NoOverload(function, args, offset);

  TypedNode node;
  node.kind = Kind::kCall;
  node.type = best->result;
  node.offset = offset;
  node.function = &function;
  node.kernel = best->kernel;
  std::vector<std::optional<Value>> constants;
  for (std::size_t i = 0; i < args.size(); ++i) {
    COEVAL_ASSIGN_OR_RETURN(TypedPtr arg, Convert(args[i], best->types[i]));
    if (best->signature->at(i).constant && !arg->constant) {
      return ErrorAt(text_, arg->offset,
                     fmt::format("argument {} of {} must be a constant", i + 1, function.name));
    }
    constants.push_back(arg->constant);
    node.children.push_back(std::move(arg));
  }
  if (best->overload->prepare != nullptr) {
    std::size_t bad_argument = 0;
    PrepareContext context{.types = best->types,
                           .constants = constants,
                           .result = &node.type,
                           .tag = best->overload->tag,
                           .bad_argument = &bad_argument};
    Result<std::shared_ptr<const void>> prepared = best->overload->prepare(context);
    if (!prepared.ok()) {
      return ErrorAt(text_, node.children[bad_argument]->offset, prepared.status().message());
    }
    node.prepared = *std::move(prepared);
  }
  return Finish(std::move(node));
}

Result<TypedPtr> Resolver::Convert(TypedPtr node, const ValueType& to) const {
  if (node->type == to) return node;
  if (IsStringLiteral(*node) && IsTime(to)) {
    const std::string& literal = node->constant->AsString();
    const Result<std::int64_t> time =
        to.Is(TypeId::kDate) ? ReadDate(literal) : ReadTimestamp(literal);
    if (!time.ok()) return ErrorAt(text_, node->offset, time.status().message());
    TypedNode read;
    read.type = to;
    read.offset = node->offset;
    read.constant = Value::Int(*time);
    return std::make_shared<const TypedNode>(std::move(read));
  }
  if (!ImplicitCost(node->type, to)) {
    return ErrorAt(text_, node->offset,
                   fmt::format("expected {}, found {}; convert with cast(x as {}) if that is meant",
                               to.ToString(), node->type.ToString(), to.ToString()));
  }
  const std::size_t offset = node->offset;
  return Cast(std::move(node), to, false, offset, offset);
}

Result<TypedPtr> Resolver::Cast(TypedPtr node, const ValueType& to, bool is_try, std::size_t offset,
                                std::size_t type_offset) const {
  Result<CastPlan> plan = PlanCast(node->type, to, is_try);
  if (!plan.ok()) return ErrorAt(text_, type_offset, plan.status().message());
  TypedNode cast;
  cast.kind = Kind::kCast;
  cast.flag = is_try;
  cast.type = to;
  cast.offset = offset;
  cast.kernel = plan->kernel;
  cast.prepared = std::move(plan->prepared);
  cast.children.push_back(std::move(node));
  return Finish(std::move(cast));
}

Result<ValueType> Resolver::Unify(std::vector<TypedPtr>* nodes,
                                  const std::vector<std::size_t>& positions,
                                  std::string_view what) const {
  std::vector<const TypedNode*> alike;
  alike.reserve(positions.size());
  for (const std::size_t i : positions) alike.push_back((*nodes)[i].get());
  const std::optional<ValueType> common = CommonOf(alike);
  if (!common) {
    // Point at the first one that does not fit those before it.
    std::size_t last = 1;
    while (CommonOf({alike.begin(), alike.begin() + static_cast<std::ptrdiff_t>(last) + 1})) ++last;
    const std::vector<const TypedNode*> before(alike.begin(),
                                               alike.begin() + static_cast<std::ptrdiff_t>(last));
    return ErrorAt(text_, alike[last]->offset,
                   fmt::format("{} have types {} and {}, which have none in common; convert with "
                               "cast(x as type)",
                               what, CommonOf(before)->ToString(), alike[last]->type.ToString()));
  }
  for (const std::size_t i : positions) {
    COEVAL_ASSIGN_OR_RETURN((*nodes)[i], Convert((*nodes)[i], *common));
  }
  return *common;
}

TypedPtr Resolver::Finish(TypedNode node) const {
  const bool foldable =
      !node.type.is_nested() &&
      std::all_of(node.children.begin(), node.children.end(),
                  [](const TypedPtr& child) { return child->constant.has_value(); });
  if (foldable) node.constant = EvaluateConstant(node);
  return std::make_shared<const TypedNode>(std::move(node));
}

}  // namespace coeval
