#include "expression/parser.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "expression/lexer.h"

namespace coeval {

namespace {

using Kind = Syntax::Kind;

// Words that begin or divide a form; as a column's name they need double quotes.
constexpr std::array<std::string_view, 20> kReserved = {
    "and", "as", "between", "case", "cast", "distinct", "else", "end",  "false",    "from",
    "in",  "is", "like",    "not",  "null", "or",       "then", "true", "try_cast", "when"};

bool IsReserved(const Token& token) {
  return token.kind == TokenKind::kName &&
         std::find(kReserved.begin(), kReserved.end(), LowerAscii(token.text)) != kReserved.end();
}

SyntaxPtr Make(Kind kind, std::size_t offset, std::string text = "") {
  auto node = std::make_unique<Syntax>();
  node->kind = kind;
  node->offset = offset;
  node->text = std::move(text);
  return node;
}

void Add(Syntax* parent, SyntaxPtr child) {
  parent->height = std::max(parent->height, child->height + 1);
  parent->children.push_back(std::move(child));
}

template <typename... Children>
SyntaxPtr Call(std::string name, std::size_t offset, Children... children) {
  SyntaxPtr node = Make(Kind::kCall, offset, std::move(name));
  (Add(node.get(), std::move(children)), ...);
  return node;
}

class Parser {
 public:
  Parser(std::string_view text, std::span<const Token> tokens) : text_(text), tokens_(tokens) {}

  // The longest expression at the beginning.
  Result<SyntaxPtr> RunOn() {
    if (Peek().kind == TokenKind::kEnd) return Error(Peek(), "the expression is empty");
    return ParseOr();
  }

  // How many tokens were taken.
  [[nodiscard]] std::size_t taken() const { return at_; }

  Result<SyntaxPtr> Run() {
    COEVAL_ASSIGN_OR_RETURN(SyntaxPtr root, RunOn());
    if (Peek().kind != TokenKind::kEnd) return Unexpected("an operator or the end");
    return root;
  }

 private:
  class Nested {
   public:
    explicit Nested(int* depth) : depth_(depth) { ++*depth_; }

    ~Nested() { --*depth_; }

    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;

   private:
    int* depth_;
  };

  const Token& Peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }

  const Token& Take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }

  bool TakeSymbol(std::string_view symbol) {
    if (!Peek().IsSymbol(symbol)) return false;
    Take();
    return true;
  }

  bool TakeWord(std::string_view word) {
    if (!Peek().IsWord(word)) return false;
    Take();
    return true;
  }

  Status Error(const Token& token, std::string_view message) const {
    return ErrorAt(text_, token.offset, message);
  }

  Status Unexpected(std::string_view expected) const {
    return Error(Peek(), fmt::format("expected {}, found {}", expected, DescribeToken(Peek())));
  }

  Status ExpectSymbol(std::string_view symbol) {
    return TakeSymbol(symbol) ? Status::Ok() : Unexpected(fmt::format("'{}'", symbol));
  }

  Status ExpectWord(std::string_view word) {
    return TakeWord(word) ? Status::Ok() : Unexpected(fmt::format("'{}'", word));
  }

  Status CheckNesting() const {
    if (depth_ <= kMaxNesting) return Status::Ok();
    return Error(Peek(), fmt::format("nested more than {} deep", kMaxNesting));
  }

  Result<SyntaxPtr> Checked(SyntaxPtr node) const {
    if (node->height <= kMaxTreeHeight) return node;
    return ErrorAt(text_, node->offset,
                   fmt::format("a chain of more than {} operators; split it", kMaxTreeHeight));
  }

  // `a or b or c` is one node of three children, and so is a chain of `and`.
  Result<SyntaxPtr> ParseOr() {
    const Nested nested(&depth_);
    COEVAL_RETURN_IF_ERROR(CheckNesting());
    return ParseChain("or", &Parser::ParseAnd);
  }

  Result<SyntaxPtr> ParseAnd() { return ParseChain("and", &Parser::ParseNot); }

  Result<SyntaxPtr> ParseChain(std::string_view word, Result<SyntaxPtr> (Parser::*operand)()) {
    COEVAL_ASSIGN_OR_RETURN(SyntaxPtr first, (this->*operand)());
    if (!Peek().IsWord(word)) return first;
    SyntaxPtr chain = Call(std::string(word), Peek().offset, std::move(first));
    while (TakeWord(word)) {
      COEVAL_ASSIGN_OR_RETURN(SyntaxPtr next, (this->*operand)());
      Add(chain.get(), std::move(next));
    }
    return Checked(std::move(chain));
  }

  Result<SyntaxPtr> ParseNot() {
    if (!Peek().IsWord("not")) return ParseComparison();
    const Nested nested(&depth_);
    COEVAL_RETURN_IF_ERROR(CheckNesting());
    const std::size_t offset = Take().offset;
    COEVAL_ASSIGN_OR_RETURN(SyntaxPtr operand, ParseNot());
    return Checked(Call("not", offset, std::move(operand)));
  }

  Result<SyntaxPtr> ParseComparison() {
    COEVAL_ASSIGN_OR_RETURN(SyntaxPtr left, ParseBinary(0));
    for (bool compared = false;;) {
      const Token& token = Peek();
      const std::string_view comparison = ComparisonOf(token);
      if (!comparison.empty()) {
        if (compared) return Error(token, "comparisons do not chain: write a < b and b < c");
        compared = true;
        const std::size_t offset = Take().offset;
        COEVAL_ASSIGN_OR_RETURN(SyntaxPtr right, ParseBinary(0));
        left = Call(std::string(comparison), offset, std::move(left), std::move(right));
      } else if (token.IsWord("is")) {
        COEVAL_ASSIGN_OR_RETURN(left, ParseIs(std::move(left)));
      } else if (BeginsPredicate()) {
        COEVAL_ASSIGN_OR_RETURN(left, ParsePredicate(std::move(left)));
      } else {
        return Checked(std::move(left));
      }
    }
  }

  static std::string_view ComparisonOf(const Token& token) {
    if (token.kind != TokenKind::kSymbol) return "";
    if (token.text == "==") return "=";
    if (token.text == "!=") return "<>";
    for (const std::string_view symbol : {"=", "<>", "<", "<=", ">", ">="}) {
      if (token.text == symbol) return symbol;
    }
    return "";
  }

  bool BeginsPredicate() const {
    const Token& word = Peek(Peek().IsWord("not") ? 1 : 0);
    return word.IsWord("in") || word.IsWord("between") || word.IsWord("like") ||
           word.IsWord("ilike");
  }

  Result<SyntaxPtr> ParseIs(SyntaxPtr left) {
    const std::size_t offset = Take().offset;
    const bool negated = TakeWord("not");
    const std::string is = negated ? "is not " : "is ";
    for (const std::string_view word : {"null", "true", "false"}) {
      if (TakeWord(word)) return Call(is + std::string(word), offset, std::move(left));
    }
    if (TakeWord("distinct")) {
      COEVAL_RETURN_IF_ERROR(ExpectWord("from"));
      COEVAL_ASSIGN_OR_RETURN(SyntaxPtr right, ParseBinary(0));
      return Call(is + "distinct from", offset, std::move(left), std::move(right));
    }
    return Unexpected("null, true, false or distinct from");
  }

  Result<SyntaxPtr> ParsePredicate(SyntaxPtr left) {
    const bool negated = TakeWord("not");
    const Token& word = Take();
    const std::size_t offset = word.offset;
    SyntaxPtr predicate = Call(LowerAscii(word.text), offset, std::move(left));
    if (predicate->text == "in") {
      COEVAL_RETURN_IF_ERROR(ExpectSymbol("("));
      if (Peek().IsSymbol(")")) return Unexpected("a value");
      COEVAL_RETURN_IF_ERROR(ParseList(")", predicate.get()));
    } else if (predicate->text == "between") {
      COEVAL_ASSIGN_OR_RETURN(SyntaxPtr low, ParseBinary(0));
      COEVAL_RETURN_IF_ERROR(ExpectWord("and"));
      COEVAL_ASSIGN_OR_RETURN(SyntaxPtr high, ParseBinary(0));
      Add(predicate.get(), std::move(low));
      Add(predicate.get(), std::move(high));
    } else {
      COEVAL_ASSIGN_OR_RETURN(SyntaxPtr pattern, ParseBinary(0));
      Add(predicate.get(), std::move(pattern));
      if (TakeWord("escape")) {
        COEVAL_ASSIGN_OR_RETURN(SyntaxPtr escape, ParseBinary(0));
        Add(predicate.get(), std::move(escape));
      }
    }
    return negated ? Call("not", offset, std::move(predicate)) : std::move(predicate);
  }

  // Binary operators by strength: 0 ||, 1 + -, 2 * / // %.
  static int StrengthOf(const Token& token) {
    if (token.kind != TokenKind::kSymbol) return -1;
    if (token.text == "||") return 0;
    if (token.text == "+" || token.text == "-") return 1;
    if (token.text == "*" || token.text == "/" || token.text == "//" || token.text == "%") return 2;
    return -1;
  }

  Result<SyntaxPtr> ParseBinary(int least) {
    COEVAL_ASSIGN_OR_RETURN(SyntaxPtr left, ParseUnary());
    for (;;) {
      const int strength = StrengthOf(Peek());
      if (strength < least) return left;
      const Token& op = Take();
      COEVAL_ASSIGN_OR_RETURN(SyntaxPtr right, ParseBinary(strength + 1));
      COEVAL_ASSIGN_OR_RETURN(left,
                              Checked(Call(op.text, op.offset, std::move(left), std::move(right))));
    }
  }

  Result<SyntaxPtr> ParseUnary() {
    if (!Peek().IsSymbol("-") && !Peek().IsSymbol("+")) return ParsePostfix();
    const Nested nested(&depth_);
    COEVAL_RETURN_IF_ERROR(CheckNesting());
    const Token& sign = Take();
    const TokenKind next = Peek().kind;
    const bool literal = next == TokenKind::kInteger || next == TokenKind::kFloat;
    COEVAL_ASSIGN_OR_RETURN(SyntaxPtr operand, ParseUnary());
    if (sign.text == "+") return operand;
    const bool is_number = operand->kind == Kind::kInteger || operand->kind == Kind::kFloat;
    if (literal && is_number && operand->text[0] != '-') {
      operand->text.insert(0, "-");  // so that -9223372036854775808 can be written
      operand->offset = sign.offset;
      return operand;
    }
    return Checked(Call("negate", sign.offset, std::move(operand)));
  }

  Result<SyntaxPtr> ParsePostfix() {
    COEVAL_ASSIGN_OR_RETURN(SyntaxPtr value, ParsePrimary());
    for (;;) {
      const std::size_t offset = Peek().offset;
      if (TakeSymbol("[")) {
        COEVAL_ASSIGN_OR_RETURN(SyntaxPtr index, ParseOr());
        COEVAL_RETURN_IF_ERROR(ExpectSymbol("]"));
        value = Call("element", offset, std::move(value), std::move(index));
      } else if (TakeSymbol("::")) {
        COEVAL_ASSIGN_OR_RETURN(value, ParseType(std::move(value), offset, false));
      } else {
        return value;
      }
      COEVAL_ASSIGN_OR_RETURN(value, Checked(std::move(value)));
    }
  }

  // The type is read as text up to its end and understood by the checker.
  Result<SyntaxPtr> ParseType(SyntaxPtr value, std::size_t offset, bool is_try) {
    if (Peek().kind != TokenKind::kName) return Unexpected("a type");
    const std::size_t start = Peek().offset;
    std::size_t end = start + Take().text.size();
    if (Peek().IsSymbol("(") || Peek().IsSymbol("<")) {
      int open = 0;
      do {
        const Token& token = Peek();
        if (token.kind == TokenKind::kEnd) return Unexpected("the end of the type");
        open += token.IsSymbol("(") || token.IsSymbol("<") ? 1 : 0;
        open -= token.IsSymbol(")") || token.IsSymbol(">") ? 1 : 0;
        end = token.offset + token.text.size();
        Take();
      } while (open > 0);
    }
    SyntaxPtr cast = Make(Kind::kCast, offset, std::string(text_.substr(start, end - start)));
    cast->text_offset = start;
    cast->flag = is_try;
    Add(cast.get(), std::move(value));
    return cast;
  }

  Status ParseList(std::string_view close, Syntax* into) {
    do {
      COEVAL_ASSIGN_OR_RETURN(SyntaxPtr item, ParseOr());
      Add(into, std::move(item));
    } while (TakeSymbol(","));
    if (TakeSymbol(close)) return Status::Ok();
    return Unexpected(fmt::format("',' or '{}'", close));
  }

  Result<SyntaxPtr> ParsePrimary() {
    const Token& token = Peek();
    switch (token.kind) {
      case TokenKind::kInteger:
        return Make(Kind::kInteger, token.offset, Take().text);
      case TokenKind::kFloat:
        return Make(Kind::kFloat, token.offset, Take().text);
      case TokenKind::kString:
        return Make(Kind::kString, token.offset, Take().text);
      case TokenKind::kQuoted:
        return ParseName();
      case TokenKind::kName:
        return ParseWord();
      case TokenKind::kSymbol:
        if (TakeSymbol("(")) {
          COEVAL_ASSIGN_OR_RETURN(SyntaxPtr inner, ParseOr());
          COEVAL_RETURN_IF_ERROR(ExpectSymbol(")"));
          return inner;
        }
        break;
      case TokenKind::kDuration:
      case TokenKind::kEnd:
        break;
    }
    return Unexpected("a value");
  }

  Result<SyntaxPtr> ParseWord() {
    const Token& token = Peek();
    if (TakeWord("null")) return Make(Kind::kNothing, token.offset);
    for (const std::string_view word : {"true", "false"}) {
      if (TakeWord(word)) return Make(Kind::kBool, token.offset, std::string(word));
    }
    if (token.IsWord("case")) return ParseCase();
    const bool called = Peek(1).IsSymbol("(");
    if (called && (token.IsWord("cast") || token.IsWord("try_cast"))) return ParseCast();
    if (called && token.IsWord("extract")) return ParseExtract();
    if (IsReserved(token)) return Unexpected("a value");
    if (called) return ParseCall();
    if (Peek(1).kind == TokenKind::kString) {
      if (token.IsWord("timestamp")) return ParseTyped(Kind::kTimestamp);
      if (token.IsWord("date")) return ParseTyped(Kind::kDate);
    }
    const bool text = Peek(1).kind == TokenKind::kString || Peek(1).kind == TokenKind::kInteger;
    if (text && token.IsWord("interval")) return ParseInterval();
    return ParseName();
  }

  Result<SyntaxPtr> ParseTyped(Kind kind) {
    const std::size_t offset = Take().offset;
    return Make(kind, offset, Take().text);
  }

  // interval '2 hours', interval '2' hour, interval 2 hours
  Result<SyntaxPtr> ParseInterval() {
    const std::size_t offset = Take().offset;
    const bool number = Peek().kind == TokenKind::kInteger;
    std::string text = Take().text;
    const bool bare = text.find_first_not_of("0123456789+-. ") == std::string::npos;
    if (number && (Peek().kind != TokenKind::kName || IsReserved(Peek()))) {
      return Unexpected("a unit such as hours");
    }
    if (bare && Peek().kind == TokenKind::kName && !IsReserved(Peek())) text += " " + Take().text;
    return Make(Kind::kInterval, offset, std::move(text));
  }

  Result<SyntaxPtr> ParseName() {
    const std::size_t offset = Peek().offset;
    std::string name = Take().text;
    while (TakeSymbol(".")) {
      if (Peek().kind != TokenKind::kName && Peek().kind != TokenKind::kQuoted) {
        return Unexpected("a name after the point");
      }
      name += "." + Take().text;
    }
    return Make(Kind::kName, offset, std::move(name));
  }

  Result<SyntaxPtr> ParseCall() {
    const Token& name = Take();
    SyntaxPtr call = Make(Kind::kCall, name.offset, LowerAscii(name.text));
    Take();  // "("
    if (!TakeSymbol(")")) COEVAL_RETURN_IF_ERROR(ParseList(")", call.get()));
    return Checked(std::move(call));
  }

  Result<SyntaxPtr> ParseCast() {
    const bool is_try = Peek().IsWord("try_cast");
    const std::size_t offset = Take().offset;
    Take();  // "("
    COEVAL_ASSIGN_OR_RETURN(SyntaxPtr value, ParseOr());
    COEVAL_RETURN_IF_ERROR(ExpectWord("as"));
    COEVAL_ASSIGN_OR_RETURN(SyntaxPtr cast, ParseType(std::move(value), offset, is_try));
    COEVAL_RETURN_IF_ERROR(ExpectSymbol(")"));
    return Checked(std::move(cast));
  }

  // extract(part from x [at time zone z]) is the call part(x[, z]).
  Result<SyntaxPtr> ParseExtract() {
    Take();
    Take();  // "("
    if (Peek().kind != TokenKind::kName && Peek().kind != TokenKind::kString) {
      return Unexpected("a part such as hour");
    }
    const Token& part = Take();
    SyntaxPtr call = Make(Kind::kCall, part.offset, "extract " + LowerAscii(part.text));
    COEVAL_RETURN_IF_ERROR(ExpectWord("from"));
    COEVAL_ASSIGN_OR_RETURN(SyntaxPtr value, ParseOr());
    Add(call.get(), std::move(value));
    if (TakeWord("at")) {
      COEVAL_RETURN_IF_ERROR(ExpectWord("time"));
      COEVAL_RETURN_IF_ERROR(ExpectWord("zone"));
      COEVAL_ASSIGN_OR_RETURN(SyntaxPtr zone, ParseOr());
      Add(call.get(), std::move(zone));
    }
    COEVAL_RETURN_IF_ERROR(ExpectSymbol(")"));
    return Checked(std::move(call));
  }

  Result<SyntaxPtr> ParseCase() {
    const Nested nested(&depth_);
    COEVAL_RETURN_IF_ERROR(CheckNesting());
    SyntaxPtr node = Make(Kind::kCase, Take().offset);
    if (!Peek().IsWord("when")) {
      node->flag = true;
      COEVAL_ASSIGN_OR_RETURN(SyntaxPtr operand, ParseOr());
      Add(node.get(), std::move(operand));
    }
    if (!Peek().IsWord("when")) return Unexpected("'when'");
    int branches = 0;
    while (TakeWord("when")) {
      if (++branches > kMaxTreeHeight) {
        return Error(Peek(), fmt::format("a case of more than {} branches", kMaxTreeHeight));
      }
      COEVAL_ASSIGN_OR_RETURN(SyntaxPtr condition, ParseOr());
      COEVAL_RETURN_IF_ERROR(ExpectWord("then"));
      COEVAL_ASSIGN_OR_RETURN(SyntaxPtr result, ParseOr());
      Add(node.get(), std::move(condition));
      Add(node.get(), std::move(result));
    }
    const std::size_t end = Peek().offset;
    if (TakeWord("else")) {
      COEVAL_ASSIGN_OR_RETURN(SyntaxPtr otherwise, ParseOr());
      Add(node.get(), std::move(otherwise));
    } else {
      Add(node.get(), Make(Kind::kNothing, end));
    }
    COEVAL_RETURN_IF_ERROR(ExpectWord("end"));
    return Checked(std::move(node));
  }

  std::string_view text_;
  std::span<const Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<SyntaxPtr> ParseExpression(std::string_view text) {
  COEVAL_ASSIGN_OR_RETURN(const std::vector<Token> tokens, Tokenize(text));
  return Parser(text, tokens).Run();
}

Result<std::size_t> FindExpressionEnd(std::string_view text, std::span<const Token> tokens,
                                      std::size_t first) {
  Parser parser(text, tokens.subspan(first));
  COEVAL_RETURN_IF_ERROR(parser.RunOn().status());
  return first + parser.taken();
}

}  // namespace coeval
