#include "definition/aggregation_text.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "aggregation/functions.h"
#include "aggregation/window.h"
#include "base/suggest.h"
#include "base/time.h"
#include "expression/lexer.h"
#include "expression/parser.h"

namespace coeval {
namespace {

const std::vector<std::string>& ClauseNames() {
  static const auto* const names =
      new std::vector<std::string>{"over", "where", "by", "offset", "slide", "as"};
  return *names;
}

// One text. One use.
class Parser {
 public:
  explicit Parser(std::string_view text) { made_.text = text; }

  Result<AggregationText> Run() {
    COEVAL_ASSIGN_OR_RETURN(tokens_, Tokenize(made_.text, Durations::kAllowed));
    made_.end = tokens_.back().offset;
    COEVAL_RETURN_IF_ERROR(ParseCall());
    while (Peek().kind != TokenKind::kEnd && !Peek().IsWord("as")) {
      COEVAL_RETURN_IF_ERROR(ParseClause());
    }
    COEVAL_RETURN_IF_ERROR(CheckWindow());
    if (TakeWord("as")) {
      made_.name_at = Peek().offset;
      COEVAL_ASSIGN_OR_RETURN(made_.aggregation.name, ParseName("a name"));
      if (Peek().kind != TokenKind::kEnd) return Unexpected("the end, for `as` comes last");
    }
    return std::move(made_);
  }

 private:
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

  Status Error(std::size_t offset, const std::string& message) const {
    return ErrorAt(made_.text, offset, message);
  }

  Status Unexpected(const std::string& expected) const {
    const Token& token = Peek();
    const std::string found =
        token.kind == TokenKind::kEnd ? "the end of the aggregate" : DescribeToken(token);
    return Error(token.offset, "expected " + expected + ", found " + found);
  }

  Result<std::string> ParseName(const std::string& what) {
    if (Peek().kind != TokenKind::kName && Peek().kind != TokenKind::kQuoted) {
      return Unexpected(what);
    }
    std::string name = Take().text;
    while (TakeSymbol(".")) {
      if (Peek().kind != TokenKind::kName && Peek().kind != TokenKind::kQuoted) {
        return Unexpected("a name after the point");
      }
      name += "." + Take().text;
    }
    return name;
  }

  Status ParseCall() {
    const Token& name = Peek();
    made_.function_at = made_.window_at = made_.where_at = made_.by_at = name.offset;
    if (name.kind != TokenKind::kName) return Unexpected("a function, such as sum(amount)");
    // Functions are called as in expressions: sum, SUM.
    made_.aggregation.function = LowerAscii(Take().text);
    info_ = FindAggregate(made_.aggregation.function);
    if (info_ == nullptr) {
      return Error(name.offset, "there is no function '" + name.text + "'" +
                                    DidYouMean(name.text, AggregateNames()));
    }
    if (!TakeSymbol("(")) return Unexpected("'(' and the column of " + name.text);
    if (TakeSymbol(")")) return Status::Ok();
    if (Peek().IsSymbol("*")) {
      Take();
    } else {
      do {
        COEVAL_RETURN_IF_ERROR(ParseArgument());
      } while (TakeSymbol(","));
    }
    if (TakeSymbol(")")) return Status::Ok();
    const Token& token = Peek();
    const bool computes = token.kind == TokenKind::kSymbol || token.kind == TokenKind::kName;
    return Unexpected(computes ? "',' or ')', for an argument is a column" : "',' or ')'");
  }

  Status ParseArgument() {
    const Token& token = Peek();
    const bool is_name = token.kind == TokenKind::kName || token.kind == TokenKind::kQuoted;
    if (!is_name) return ParsePositional();
    if (Peek(1).IsSymbol("=")) {
      const std::string name = Take().text;
      Take();
      return ParseParameter(name, token.offset);
    }
    if (made_.aggregation.params.object().empty()) {
      made_.columns_at.push_back(token.offset);
      COEVAL_ASSIGN_OR_RETURN(std::string column, ParseName("a column"));
      made_.aggregation.columns.push_back(std::move(column));
      return Status::Ok();
    }
    return Error(token.offset, "columns come before parameters");
  }

  // The first of the function's parameters that has no value yet.
  Status ParsePositional() {
    const std::size_t offset = Peek().offset;
    COEVAL_ASSIGN_OR_RETURN(Json value, ParseLiteral());
    for (const ParameterInfo& parameter : info_->parameters) {
      if (made_.aggregation.params.Find(parameter.name) != nullptr) continue;
      made_.aggregation.params.Set(std::string(parameter.name), std::move(value));
      return Status::Ok();
    }
    return Error(offset, info_->parameters.empty()
                             ? std::string(info_->name) + " has no parameters; columns are names"
                             : "all parameters of " + std::string(info_->name) + " have a value");
  }

  Status ParseParameter(const std::string& name, std::size_t offset) {
    std::vector<std::string> names;
    for (const ParameterInfo& parameter : info_->parameters) names.emplace_back(parameter.name);
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      std::string advice = DidYouMean(name, names);
      for (std::size_t i = 0; advice.empty() && i < names.size(); ++i) {
        if (i == 0) advice = "; it has ";
        advice += (i == 0 ? "'" : ", '") + names[i] + "'";
      }
      return Error(offset, std::string(info_->name) + " has no parameter '" + name + "'" + advice);
    }
    if (made_.aggregation.params.Find(name) != nullptr) {
      return Error(offset, "the parameter '" + name + "' has a value already");
    }
    COEVAL_ASSIGN_OR_RETURN(Json value, ParseLiteral());
    made_.aggregation.params.Set(name, std::move(value));
    return Status::Ok();
  }

  // A number, or a text; durations are texts, as in definitions.
  Result<Json> ParseLiteral() {
    const std::size_t offset = Peek().offset;
    const std::string sign = TakeSymbol("-") ? "-" : "";
    const Token& token = Peek();
    if (token.kind == TokenKind::kString && sign.empty()) return Json(Take().text);
    const std::string text = sign + token.text;
    const char* const end = text.data() + text.size();
    if (token.kind == TokenKind::kInteger) {
      std::int64_t number = 0;
      if (std::from_chars(text.data(), end, number).ec != std::errc()) {
        return Error(offset, "the number " + text + " does not fit");
      }
      Take();
      return Json(number);
    }
    if (token.kind == TokenKind::kFloat) {
      double number = 0;
      if (std::from_chars(text.data(), end, number).ec != std::errc()) {
        return Error(offset, "the number " + text + " does not fit");
      }
      Take();
      return Json(number);
    }
    if (token.kind != TokenKind::kDuration) return Unexpected("a value");
    COEVAL_RETURN_IF_ERROR(Duration(text, offset).status());
    Take();
    return Json(text);
  }

  Result<DurationMicros> Duration(const std::string& text, std::size_t offset) const {
    const Result<DurationMicros> duration = ParseDuration(text);
    if (!duration.ok()) return Error(offset, duration.status().message());
    return *duration;
  }

  Result<DurationMicros> ParseLength(bool signed_length) {
    const std::size_t offset = Peek().offset;
    const std::string sign = signed_length && TakeSymbol("-") ? "-" : "";
    const Token& token = Peek();
    const bool zero = token.kind == TokenKind::kInteger && token.text == "0";
    if (token.kind != TokenKind::kDuration && !zero) {
      return Unexpected("a duration, such as 7d or 12h");
    }
    COEVAL_ASSIGN_OR_RETURN(const DurationMicros duration, Duration(sign + token.text, offset));
    Take();
    return duration;
  }

  Status ParseClause() {
    const Token& word = Peek();
    const std::string name = word.kind == TokenKind::kName ? LowerAscii(word.text) : "";
    const std::vector<std::string>& all = ClauseNames();
    if (std::find(all.begin(), all.end(), name) == all.end()) {
      Status error = Unexpected("over, where, by, offset, slide or as");
      const std::string advice = name.empty() ? "" : DidYouMean(name, all);
      if (advice.empty()) return error;
      return Error(word.offset, "there is no clause '" + word.text + "'" + advice);
    }
    if (!clauses_.insert(name).second) return Error(word.offset, "a second '" + name + "'");
    Take();
    Window& window = made_.aggregation.window;
    if (name == "over") return ParseOver();
    if (name == "where") return ParseExpression(&made_.where_at, &made_.aggregation.where);
    if (name == "by") return ParseExpression(&made_.by_at, &made_.aggregation.by);
    if (name == "offset") {
      COEVAL_ASSIGN_OR_RETURN(window.offset, ParseLength(true));
      return Status::Ok();
    }
    slide_at_ = Peek().offset;
    COEVAL_ASSIGN_OR_RETURN(window.slide_interval, ParseLength(false));
    if (!TakeWord("zone")) return Status::Ok();
    zone_at_ = Peek().offset;
    if (Peek().kind != TokenKind::kString)
      return Unexpected("a time zone, such as 'Europe/Berlin'");
    window.zone = Take().text;
    return Status::Ok();
  }

  Status ParseOver() {
    Window& window = made_.aggregation.window;
    made_.window_at = Peek().offset;
    if (TakeWord("all")) {
      return TakeWord("time") ? Status::Ok() : Unexpected("'time', as in `over all time`");
    }
    if (TakeWord("last")) {
      if (Peek().kind != TokenKind::kInteger) return Unexpected("how many events, as in `last 5`");
      const std::size_t offset = Peek().offset;
      COEVAL_ASSIGN_OR_RETURN(const Json count, ParseLiteral());
      window.last = count.AsInt();
      const Result<WindowRule> sound = WindowRule::Make({.last = window.last});
      if (!sound.ok()) return Error(offset, sound.status().message());
      if (!TakeWord("of")) return Status::Ok();
      made_.window_at = Peek().offset;
    }
    if (Peek().kind != TokenKind::kDuration && Peek().kind != TokenKind::kInteger) {
      return Unexpected("a duration such as 7d, `last 5`, or `all time`");
    }
    COEVAL_ASSIGN_OR_RETURN(window.length, ParseLength(false));
    return Status::Ok();
  }

  // Where it ends is known by parsing; whether it fits the columns is asked later.
  Status ParseExpression(std::size_t* begins_at, std::string* expression) {
    *begins_at = Peek().offset;
    COEVAL_ASSIGN_OR_RETURN(at_, FindExpressionEnd(made_.text, tokens_, at_));
    *expression = made_.text.substr(*begins_at, tokens_[at_ - 1].end - *begins_at);
    return Status::Ok();
  }

  // Each mistake where it stands: the window alone, with its slide, with its zone.
  Status CheckWindow() const {
    Window window = made_.aggregation.window;
    const auto check = [this](const Window& part, std::size_t offset) -> Status {
      const Result<WindowRule> rule = WindowRule::Make(part);
      return rule.ok() ? Status::Ok() : Error(offset, rule.status().message());
    };
    window.zone = Window().zone;
    window.slide_interval = 0;
    COEVAL_RETURN_IF_ERROR(check(window, made_.window_at));
    window.slide_interval = made_.aggregation.window.slide_interval;
    COEVAL_RETURN_IF_ERROR(check(window, slide_at_));
    return check(made_.aggregation.window, zone_at_);
  }

  AggregationText made_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  const AggregateInfo* info_ = nullptr;
  std::set<std::string> clauses_;
  std::size_t slide_at_ = 0;
  std::size_t zone_at_ = 0;
};

}  // namespace

Status AggregationText::Mistake(std::string_view member, const std::string& message) const {
  const Status plain = Status::InvalidArgument(message);
  if (member == "where") return ErrorWithin(text, where_at, plain);
  if (member == "by") return ErrorWithin(text, by_at, plain);
  std::size_t offset = function_at;
  if (member == "time_window") offset = window_at;
  if (member == "columns" && !columns_at.empty()) offset = columns_at.front();
  if (member == "name") offset = name_at;
  return ErrorAt(text, offset, message);
}

Status AggregationText::MistakeAtColumn(std::size_t column, const std::string& message) const {
  return ErrorAt(text, columns_at[column], message);
}

Status AggregationText::SetName(const std::string& name) {
  if (!aggregation.name.empty() && aggregation.name != name) {
    return ErrorAt(text, name_at, "it is called '" + name + "' already; leave out `as`");
  }
  aggregation.name = name;
  return Status::Ok();
}

Status AggregationText::Unnamed() const {
  return ErrorAt(text, end, "expected `as` and a name, found the end of the aggregate");
}

Result<AggregationText> ParseAggregationText(std::string_view text) {
  return Parser(text).Run();
}

}  // namespace coeval
