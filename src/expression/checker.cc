#include "expression/checker.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/suggest.h"
#include "expression/forms.h"
#include "expression/lexer.h"
#include "expression/literal.h"
#include "expression/resolve.h"

namespace coeval {

namespace {

using Kind = TypedNode::Kind;

class Checker {
 public:
  Checker(std::string_view text, const Schema& inputs)
      : text_(text), inputs_(inputs), resolver_(text) {}

  Result<TypedPtr> Check(const Syntax& syntax) {
    switch (syntax.kind) {
      case Syntax::Kind::kNothing:
        return Literal(syntax, ValueType(), Value());
      case Syntax::Kind::kBool:
        return Literal(syntax, TypeId::kBool, Value::Bool(syntax.text == "true"));
      case Syntax::Kind::kInteger:
        return CheckInteger(syntax);
      case Syntax::Kind::kFloat:
        return CheckFloat(syntax);
      case Syntax::Kind::kString:
        return Literal(syntax, TypeId::kString, Value::String(syntax.text));
      case Syntax::Kind::kTimestamp:
        return ReadLiteral(syntax, TypeId::kTimestamp, ReadTimestamp(TrimSpace(syntax.text)));
      case Syntax::Kind::kDate:
        return ReadLiteral(syntax, TypeId::kDate, ReadDate(TrimSpace(syntax.text)));
      case Syntax::Kind::kInterval:
        return ReadLiteral(syntax, ValueType::Interval(), ReadInterval(syntax.text));
      case Syntax::Kind::kName:
        return CheckName(syntax);
      case Syntax::Kind::kCall:
        return CheckCall(syntax);
      case Syntax::Kind::kCast:
        return CheckCast(syntax);
      case Syntax::Kind::kCase:
        return CheckCase(syntax);
    }
    return Status::Internal("an unknown kind of syntax");
  }

  // The root, as the type that was asked for.
  Result<TypedPtr> ToResult(TypedPtr root, const std::optional<DataType>& result) const {
    if (root->type.is_interval()) {
      return ErrorAt(text_, root->offset,
                     "the result is an interval, which no feature holds: take epoch(x), hours(x), "
                     "days(x) or date_diff(part, a, b)");
    }
    if (!result || root->type == ValueType(*result)) return root;
    if (!ImplicitCost(root->type, *result) && !IsStringLiteral(*root)) {
      return ErrorAt(text_, root->offset,
                     fmt::format("the result is {} where {} is declared; declare {}, or write "
                                 "cast(... as {})",
                                 root->type.ToString(), result->ToString(), root->type.ToString(),
                                 result->ToString()));
    }
    return resolver_.Convert(std::move(root), *result);
  }

 private:
  Status Error(std::size_t offset, std::string_view message) const {
    return ErrorAt(text_, offset, message);
  }

  // Decimals whose point lies outside their digits exist in files, and have no arithmetic here.
  Status CheckType(const DataType& type, std::size_t offset) const {
    const bool odd =
        type.id() == TypeId::kDecimal128 && (type.scale() < 0 || type.scale() > type.precision());
    if (!odd) return Status::Ok();
    return Error(offset,
                 fmt::format("{}: expressions take decimals with a scale from 0 to the precision",
                             type.ToString()));
  }

  static TypedPtr Literal(const Syntax& syntax, ValueType type, Value value) {
    TypedNode node;
    node.type = std::move(type);
    node.offset = syntax.offset;
    node.constant = std::move(value);
    return std::make_shared<const TypedNode>(std::move(node));
  }

  Result<TypedPtr> ReadLiteral(const Syntax& syntax, ValueType type,
                               const Result<std::int64_t>& read) const {
    if (!read.ok()) return Error(syntax.offset, read.status().message());
    return Literal(syntax, std::move(type), Value::Int(*read));
  }

  Result<TypedPtr> CheckInteger(const Syntax& syntax) const {
    std::int64_t value = 0;
    const char* const end = syntax.text.data() + syntax.text.size();
    if (std::from_chars(syntax.text.data(), end, value).ec != std::errc()) {
      return Error(syntax.offset, fmt::format("{} does not fit int64; write {}.0 for a float64",
                                              syntax.text, syntax.text));
    }
    return Literal(syntax, TypeId::kInt64, Value::Int(value));
  }

  Result<TypedPtr> CheckFloat(const Syntax& syntax) const {
    const std::optional<double> value = ReadDouble(syntax.text);
    if (!value) return Error(syntax.offset, fmt::format("{} does not fit float64", syntax.text));
    return Literal(syntax, TypeId::kFloat64, Value::Double(*value));
  }

  Result<TypedPtr> CheckName(const Syntax& syntax) const {
    const std::optional<std::size_t> position = inputs_.Find(syntax.text);
    if (!position) {
      const std::vector<std::string> names = inputs_.names();
      std::string hint = DidYouMean(syntax.text, names);
      if (hint.empty() && FindFunction(LowerAscii(syntax.text)) != nullptr) {
        hint = fmt::format("; a function is called with brackets: {}()", syntax.text);
      }
      if (hint.empty() && names.empty()) hint = "; there are no inputs";
      if (hint.empty()) {
        hint = "; the inputs are ";
        for (std::size_t i = 0; i < names.size() && i < 10; ++i) {
          hint += (i > 0 ? ", " : "") + names[i];
        }
        if (names.size() > 10) hint += fmt::format(" and {} more", names.size() - 10);
      }
      return Error(syntax.offset, fmt::format("unknown input \"{}\"{}", syntax.text, hint));
    }
    COEVAL_RETURN_IF_ERROR(CheckType(inputs_[*position].type, syntax.offset));
    TypedNode node;
    node.kind = Kind::kInput;
    node.type = inputs_[*position].type;
    node.offset = syntax.offset;
    node.name = syntax.text;
    node.input = *position;
    return std::make_shared<const TypedNode>(std::move(node));
  }

  Result<std::vector<TypedPtr>> CheckChildren(const Syntax& syntax) {
    std::vector<TypedPtr> children;
    for (const SyntaxPtr& child : syntax.children) {
      COEVAL_ASSIGN_OR_RETURN(TypedPtr checked, Check(*child));
      children.push_back(std::move(checked));
    }
    return children;
  }

  Result<TypedPtr> CheckCall(const Syntax& syntax) {
    if (syntax.text.starts_with("extract ")) return CheckExtract(syntax);
    const Function* function = FindFunction(syntax.text);
    if (function == nullptr) return Error(syntax.offset, UnknownFunction(syntax.text));
    COEVAL_ASSIGN_OR_RETURN(std::vector<TypedPtr> args, CheckChildren(syntax));
    if (!function->overloads.empty()) {
      return resolver_.Call(*function, std::move(args), syntax.offset);
    }
    const std::string_view name = function->name;
    if (name == "and") return MakeLogic(Kind::kAnd, std::move(args), syntax.offset);
    if (name == "or") return MakeLogic(Kind::kOr, std::move(args), syntax.offset);
    if (name == "between") return MakeBetween(std::move(args), syntax.offset);
    if (name == "in") return MakeIn(std::move(args), syntax.offset);
    if (name == "coalesce") return MakeCoalesce(std::move(args), syntax.offset);
    const std::size_t wanted = name == "if" ? 3 : name == "nullif" ? 2 : 0;
    if (args.size() != wanted) {
      return Error(syntax.offset, fmt::format("{} takes {} arguments, not {}: {}", name, wanted,
                                              args.size(), function->usage));
    }
    if (name == "if") return MakeCase(std::move(args), false, syntax.offset);
    if (name == "nullif") return MakeNullIf(std::move(args), syntax.offset);
    TypedNode now;
    now.kind = Kind::kNow;
    now.type = TypeId::kTimestamp;
    now.offset = syntax.offset;
    return std::make_shared<const TypedNode>(std::move(now));
  }

  static std::string UnknownFunction(const std::string& name) {
    std::string hint = DidYouMean(name, FunctionNames());
    if (name == "log") hint = "; write ln (natural), log10 or log2";
    return fmt::format("unknown function \"{}\"{}", name, hint);
  }

  Result<TypedPtr> CheckExtract(const Syntax& syntax) {
    static const std::vector<std::string> kParts = {
        "year",   "quarter", "month", "day",  "hour",    "minute",  "second", "weekday",
        "isodow", "dow",     "doy",   "week", "isoweek", "isoyear", "epoch"};
    const std::string part = syntax.text.substr(8);
    if (std::find(kParts.begin(), kParts.end(), part) == kParts.end()) {
      std::string hint = DidYouMean(part, kParts);
      if (hint.empty()) hint = fmt::format("; parts are {}", fmt::join(kParts, ", "));
      return Error(syntax.offset, fmt::format("unknown part \"{}\"{}", part, hint));
    }
    COEVAL_ASSIGN_OR_RETURN(std::vector<TypedPtr> args, CheckChildren(syntax));
    return resolver_.Call(*FindFunction(part), std::move(args), syntax.offset);
  }

  Result<TypedPtr> CheckCast(const Syntax& syntax) {
    if (LowerAscii(syntax.text) == "interval") {
      COEVAL_ASSIGN_OR_RETURN(TypedPtr value, Check(*syntax.children[0]));
      return resolver_.Cast(std::move(value), ValueType::Interval(), syntax.flag, syntax.offset,
                            syntax.text_offset);
    }
    const Result<DataType> type = ParseType(syntax.text);
    if (!type.ok()) return Error(syntax.text_offset, type.status().message());
    COEVAL_RETURN_IF_ERROR(CheckType(*type, syntax.text_offset));
    COEVAL_ASSIGN_OR_RETURN(TypedPtr value, Check(*syntax.children[0]));
    return resolver_.Cast(std::move(value), *type, syntax.flag, syntax.offset, syntax.text_offset);
  }

  Result<TypedPtr> CheckCase(const Syntax& syntax) {
    COEVAL_ASSIGN_OR_RETURN(std::vector<TypedPtr> args, CheckChildren(syntax));
    return MakeCase(std::move(args), syntax.flag, syntax.offset);
  }

  // -- forms ------------------------------------------------------------------------------------

  TypedPtr Make(Kind kind, ValueType type, std::vector<TypedPtr> children, std::size_t offset,
                bool flag = false) const {
    TypedNode node;
    node.kind = kind;
    node.flag = flag;
    node.type = std::move(type);
    node.offset = offset;
    node.children = std::move(children);
    return resolver_.Finish(std::move(node));
  }

  Result<TypedPtr> Condition(TypedPtr node) const {
    if (!node->type.is_null() && !node->type.Is(TypeId::kBool)) {
      return Error(node->offset, fmt::format("expected a condition (bool), found {}; compare it",
                                             node->type.ToString()));
    }
    return resolver_.Convert(std::move(node), TypeId::kBool);
  }

  Result<TypedPtr> Compare(std::string_view op, const TypedPtr& a, const TypedPtr& b) const {
    return resolver_.Call(*FindFunction(op), {a, b}, b->offset);
  }

  Result<TypedPtr> MakeLogic(Kind kind, std::vector<TypedPtr> args, std::size_t offset) const {
    for (TypedPtr& arg : args) {
      COEVAL_ASSIGN_OR_RETURN(arg, Condition(arg));
    }
    return Make(kind, TypeId::kBool, std::move(args), offset);
  }

  Result<TypedPtr> MakeBetween(std::vector<TypedPtr> args, std::size_t offset) const {
    COEVAL_ASSIGN_OR_RETURN(TypedPtr low, Compare(">=", args[0], args[1]));
    COEVAL_ASSIGN_OR_RETURN(TypedPtr high, Compare("<=", args[0], args[2]));
    return Make(Kind::kBetween, TypeId::kBool, {args[0], low, high}, offset);
  }

  Result<TypedPtr> MakeIn(std::vector<TypedPtr> args, std::size_t offset) const {
    bool all_constant = true;
    for (std::size_t i = 1; i < args.size(); ++i) all_constant &= args[i]->constant.has_value();
    if (all_constant && !args[0]->type.is_nested()) return MakeInConstants(std::move(args), offset);
    std::vector<TypedPtr> children = {args[0]};
    for (std::size_t i = 1; i < args.size(); ++i) {
      COEVAL_ASSIGN_OR_RETURN(TypedPtr equal, Compare("=", args[0], args[i]));
      children.push_back(std::move(equal));
    }
    return Make(Kind::kIn, TypeId::kBool, std::move(children), offset);
  }

  Result<TypedPtr> MakeInConstants(std::vector<TypedPtr> args, std::size_t offset) const {
    std::vector<std::size_t> all(args.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    COEVAL_ASSIGN_OR_RETURN(const ValueType common, resolver_.Unify(&args, all, "x and its list"));
    std::vector<Value> values;
    bool has_null = false;
    for (std::size_t i = 1; i < args.size(); ++i) {
      if (!args[i]->constant) {  // a conversion that is an error, such as one to a decimal
        return Error(args[i]->offset, fmt::format("the value does not fit {}", common.ToString()));
      }
      if (args[i]->constant->is_null()) {
        has_null = true;
      } else {
        values.push_back(*args[i]->constant);
      }
    }
    TypedNode node;
    node.kind = Kind::kIn;
    node.type = TypeId::kBool;
    node.offset = offset;
    node.kernel = InKernel(common.physical());
    node.prepared = PrepareIn(common.physical(), values, has_null);
    node.children = std::move(args);
    return resolver_.Finish(std::move(node));
  }

  Result<TypedPtr> MakeCoalesce(std::vector<TypedPtr> args, std::size_t offset) const {
    if (args.empty()) return Error(offset, "coalesce takes at least one argument");
    std::vector<std::size_t> all(args.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    COEVAL_ASSIGN_OR_RETURN(const ValueType common,
                            resolver_.Unify(&args, all, "the arguments of coalesce"));
    return Make(Kind::kCoalesce, common, std::move(args), offset);
  }

  Result<TypedPtr> MakeNullIf(std::vector<TypedPtr> args, std::size_t offset) const {
    COEVAL_ASSIGN_OR_RETURN(TypedPtr equal, Compare("=", args[0], args[1]));
    const ValueType type = args[0]->type;
    return Make(Kind::kNullIf, type, {args[0], equal}, offset);
  }

  Result<TypedPtr> MakeCase(std::vector<TypedPtr> args, bool operand, std::size_t offset) const {
    std::vector<std::size_t> results;
    for (std::size_t i = operand ? 1 : 0; i + 1 < args.size(); i += 2) {
      if (operand) {
        COEVAL_ASSIGN_OR_RETURN(args[i], Compare("=", args[0], args[i]));
      } else {
        COEVAL_ASSIGN_OR_RETURN(args[i], Condition(args[i]));
      }
      results.push_back(i + 1);
    }
    results.push_back(args.size() - 1);
    COEVAL_ASSIGN_OR_RETURN(const ValueType common,
                            resolver_.Unify(&args, results, "the branches"));
    return Make(Kind::kCase, common, std::move(args), offset, operand);
  }

  std::string_view text_;
  const Schema& inputs_;
  Resolver resolver_;
};

}  // namespace

Result<TypedPtr> CheckExpression(std::string_view text, const Syntax& syntax, const Schema& inputs,
                                 const std::optional<DataType>& result) {
  Checker checker(text, inputs);
  COEVAL_ASSIGN_OR_RETURN(TypedPtr root, checker.Check(syntax));
  return checker.ToResult(std::move(root), result);
}

}  // namespace coeval
