#include "expression/typed_tree.h"

#include <fmt/format.h>

#include "base/time.h"
#include "expression/literal.h"

namespace coeval {

namespace {

using Kind = TypedNode::Kind;

std::string Quoted(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) {
    quoted += c;
    if (c == quote) quoted += c;
  }
  return quoted + quote;
}

std::string LiteralText(const TypedNode& node) {
  const Value& value = *node.constant;
  if (value.is_null()) return "null";
  if (node.type.is_interval()) return fmt::format("interval '{}us'", value.AsInt());
  switch (node.type.data().id()) {
    case TypeId::kBool:
      return value.AsBool() ? "true" : "false";
    case TypeId::kFloat64:
      return FloatText(value.AsDouble(), false);
    case TypeId::kString:
      return Quoted(value.AsString(), '\'');
    case TypeId::kTimestamp:
      return fmt::format("timestamp '{}'", FormatTime(value.AsInt()));
    case TypeId::kDate:
      return fmt::format("date '{}'", FormatDate(static_cast<std::int32_t>(value.AsInt())));
    default:
      return fmt::format("{}", value.AsInt());
  }
}

class Writer {
 public:
  std::string Run(const TypedNode& node) {
    Write(node);
    return std::move(text_);
  }

 private:
  void Write(const TypedNode& node) {
    switch (node.kind) {
      case Kind::kLiteral:
        text_ += LiteralText(node);
        return;
      case Kind::kInput:
        text_ += Quoted(node.name, '"');
        return;
      case Kind::kNow:
        text_ += "now()";
        return;
      case Kind::kCall:
        return WriteCall(node);
      case Kind::kCast:
        text_ += node.flag ? "try_cast(" : "cast(";
        Write(*node.children[0]);
        text_ += " as " + node.type.ToString() + ")";
        return;
      case Kind::kAnd:
        return WriteList("(", node, " and ", ")");
      case Kind::kOr:
        return WriteList("(", node, " or ", ")");
      case Kind::kCase:
        return WriteCase(node);
      case Kind::kCoalesce:
        return WriteList("coalesce(", node, ", ", ")");
      case Kind::kNullIf:
        return WriteTogether({"nullif(", ", ", ")"},
                             {node.children[0].get(), Right(*node.children[1])});
      case Kind::kBetween:
        return WriteTogether(
            {"(", " between ", " and ", ")"},
            {node.children[0].get(), Right(*node.children[1]), Right(*node.children[2])});
      case Kind::kIn:
        return WriteIn(node);
    }
  }

  // The right side of a comparison that the checker built.
  static const TypedNode* Right(const TypedNode& comparison) {
    return comparison.children[1].get();
  }

  void WriteTogether(const std::vector<std::string_view>& around,
                     const std::vector<const TypedNode*>& nodes) {
    text_ += around[0];
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      Write(*nodes[i]);
      text_ += around[i + 1];
    }
  }

  void WriteList(std::string_view open, const TypedNode& node, std::string_view between,
                 std::string_view close) {
    text_ += open;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      if (i > 0) text_ += between;
      Write(*node.children[i]);
    }
    text_ += close;
  }

  void WriteCall(const TypedNode& node) {
    const Function& function = *node.function;
    const auto& args = node.children;
    if (function.name == "element") {
      return WriteTogether({"", "[", "]"}, {args[0].get(), args[1].get()});
    }
    switch (function.notation) {
      case Notation::kInfix:
        if (args.size() == 3) {  // like with an escape
          return WriteTogether({"(", fmt::format(" {} ", function.name), " escape ", ")"},
                               {args[0].get(), args[1].get(), args[2].get()});
        }
        return WriteList("(", node, fmt::format(" {} ", function.name), ")");
      case Notation::kPrefix:
        // Its own brackets: -(5) is no literal, and -- would begin a comment.
        if (function.name == "not") return WriteTogether({"(not ", ")"}, {args[0].get()});
        return WriteTogether({"(-(", "))"}, {args[0].get()});
      case Notation::kPostfix:
        return WriteTogether({"(", fmt::format(" {})", function.name)}, {args[0].get()});
      case Notation::kCall:
      case Notation::kForm:
        return WriteList(fmt::format("{}(", function.name), node, ", ", ")");
    }
  }

  void WriteCase(const TypedNode& node) {
    text_ += "case";
    std::size_t i = 0;
    if (node.flag) {
      text_ += " ";
      Write(*node.children[i++]);
    }
    for (; i + 1 < node.children.size(); i += 2) {
      text_ += " when ";
      Write(node.flag ? *Right(*node.children[i]) : *node.children[i]);
      text_ += " then ";
      Write(*node.children[i + 1]);
    }
    text_ += " else ";
    Write(*node.children.back());
    text_ += " end";
  }

  void WriteIn(const TypedNode& node) {
    text_ += "(";
    Write(*node.children[0]);
    text_ += " in (";
    for (std::size_t i = 1; i < node.children.size(); ++i) {
      if (i > 1) text_ += ", ";
      Write(node.kernel != nullptr ? *node.children[i] : *Right(*node.children[i]));
    }
    text_ += "))";
  }

  std::string text_;
};

}  // namespace

std::string CanonicalText(const TypedNode& node) {
  return Writer().Run(node);
}

}  // namespace coeval
