// like, ilike, regexp_matches, regexp_extract. Regular expressions are RE2's: linear in the text.
#include <re2/re2.h>
#include <utf8proc.h>

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "expression/functions.h"

namespace coeval {

namespace {

using Int = std::int64_t;
using Bool = std::uint8_t;
using Text = std::string_view;

// -- like ---------------------------------------------------------------------------------------

// A pattern read into steps: a character, any one character, or any run of them.
struct LikePattern {
  static constexpr std::int32_t kAnyOne = -1;
  static constexpr std::int32_t kAnyRun = -2;
  std::vector<std::int32_t> steps;
  bool bad_escape = false;
};

// The character at `at` and its length; a byte that is not UTF-8 is a character beyond Unicode.
std::pair<std::int32_t, std::size_t> CharacterAt(Text text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x80) return {byte, 1};
  utf8proc_int32_t point = -1;
  const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                                       static_cast<utf8proc_ssize_t>(text.size() - at), &point);
  if (length <= 0 || point < 0) return {0x110000 + byte, 1};
  return {point, static_cast<std::size_t>(length)};
}

std::int32_t Folded(std::int32_t point) {
  return point >= 0 && point < 0x110000 ? utf8proc_tolower(point) : point;
}

LikePattern ReadLike(Text pattern, std::optional<std::int32_t> escape, bool fold) {
  LikePattern read;
  for (std::size_t at = 0; at < pattern.size();) {
    auto [point, length] = CharacterAt(pattern, at);
    at += length;
    if (escape && point == *escape) {
      if (at == pattern.size()) {
        read.bad_escape = true;
        return read;
      }
      std::tie(point, length) = CharacterAt(pattern, at);
      at += length;
    } else if (point == '%') {
      point = LikePattern::kAnyRun;
    } else if (point == '_') {
      point = LikePattern::kAnyOne;
    }
    read.steps.push_back(fold ? Folded(point) : point);
  }
  return read;
}

// On a mismatch the last run of any characters takes one more: no recursion, no blow-up.
bool MatchLike(const std::vector<std::int32_t>& steps, Text text, bool fold) {
  std::size_t step = 0, at = 0, run_step = steps.size(), run_at = 0;
  while (at < text.size()) {
    const auto [raw, length] = CharacterAt(text, at);
    const std::int32_t point = fold ? Folded(raw) : raw;
    if (step < steps.size() && steps[step] == LikePattern::kAnyRun) {
      run_step = step++;
      run_at = at;
    } else if (step < steps.size() &&
               (steps[step] == point || steps[step] == LikePattern::kAnyOne)) {
      ++step;
      at += length;
    } else if (run_step < steps.size()) {
      run_at += CharacterAt(text, run_at).second;
      at = run_at;
      step = run_step + 1;
    } else {
      return false;
    }
  }
  while (step < steps.size() && steps[step] == LikePattern::kAnyRun) ++step;
  return step == steps.size();
}

template <bool kFold>
void LikeKernel(const Call& call) {
  std::optional<std::string> read_for;
  LikePattern pattern;
  const auto match = [&](Text text, Text source, Text escape, Bool& result) {
    if (!escape.empty() && CharacterAt(escape, 0).second != escape.size()) {
      return call.Fail([] { return std::string("the escape of like is not one character"); });
    }
    std::string key = std::string(source) + '\0' + std::string(escape);
    if (!read_for || *read_for != key) {
      std::optional<std::int32_t> point;
      if (!escape.empty()) point = CharacterAt(escape, 0).first;
      pattern = ReadLike(source, point, kFold);
      read_for = std::move(key);
    }
    if (pattern.bad_escape) {
      return call.Fail([&] { return fmt::format("the pattern '{}' ends in its escape", source); });
    }
    result = MatchLike(pattern.steps, text, kFold);
    return kValue;
  };
  if (call.num_args == 2) {
    MapRows<Bool, Text, Text>(call, [&](Text text, Text source, Bool& result) {
      return match(text, source, "", result);
    });
  } else {
    MapRows<Bool, Text, Text, Text>(call, match);
  }
}

// -- regular expressions ------------------------------------------------------------------------

// A pattern that is constant is compiled with the expression; another when it changes.
struct CompiledPattern {
  std::unique_ptr<const RE2> regex;
};

std::unique_ptr<const RE2> Compile(Text pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(std::int64_t{8} << 20);
  return std::make_unique<const RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
}

std::string Describe(const RE2& regex) {
  return fmt::format("malformed regular expression '{}': {}", regex.pattern(), regex.error());
}

Result<std::shared_ptr<const void>> PrepareRegex(const PrepareContext& context) {
  auto compiled = std::make_shared<CompiledPattern>();
  const std::optional<Value>& pattern = context.constants[1];
  if (pattern && !pattern->is_null()) {
    *context.bad_argument = 1;
    compiled->regex = Compile(pattern->AsString());
    if (!compiled->regex->ok()) return Status::InvalidArgument(Describe(*compiled->regex));
  }
  return std::shared_ptr<const void>(std::move(compiled));
}

class RegexCache {
 public:
  explicit RegexCache(const Call& call)
      : constant_(call.prepared_as<CompiledPattern>().regex.get()) {}

  const RE2& Get(Text pattern) {
    if (constant_ != nullptr) return *constant_;
    if (last_ == nullptr || last_->pattern() != pattern) last_ = Compile(pattern);
    return *last_;
  }

 private:
  const RE2* constant_;
  std::unique_ptr<const RE2> last_;
};

re2::StringPiece Piece(Text text) {
  return {text.data(), text.size()};
}

void MatchesKernel(const Call& call) {
  RegexCache cache(call);
  MapRows<Bool, Text, Text>(call, [&](Text text, Text pattern, Bool& result) {
    const RE2& regex = cache.Get(pattern);
    if (!regex.ok()) return call.Fail([&] { return Describe(regex); });
    result = regex.Match(Piece(text), 0, text.size(), RE2::UNANCHORED, nullptr, 0);
    return kValue;
  });
}

RowState Extract(const Call& call, const RE2& regex, Text text, Int group, Text& result) {
  if (!regex.ok()) return call.Fail([&] { return Describe(regex); });
  if (group < 0 || group > regex.NumberOfCapturingGroups()) {
    return call.Fail([&] {
      return fmt::format("the regular expression '{}' has no group {}", regex.pattern(), group);
    });
  }
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(group) + 1);
  const bool found = regex.Match(Piece(text), 0, text.size(), RE2::UNANCHORED, groups.data(),
                                 static_cast<int>(groups.size()));
  if (!found || groups.back().data() == nullptr) return kNull;
  result = {groups.back().data(), groups.back().size()};
  return kValue;
}

void ExtractKernel(const Call& call) {
  RegexCache cache(call);
  if (call.num_args == 2) {
    MapRows<Text, Text, Text>(call, [&](Text text, Text pattern, Text& result) {
      return Extract(call, cache.Get(pattern), text, 0, result);
    });
  } else {
    MapRows<Text, Text, Text, Int>(call, [&](Text text, Text pattern, Int group, Text& result) {
      return Extract(call, cache.Get(pattern), text, group, result);
    });
  }
}

template <bool kFold>
Function Like(std::string_view name, std::string_view usage, std::string_view meaning,
              std::initializer_list<Example> examples) {
  return {.name = name,
          .family = Family::kText,
          .notation = Notation::kInfix,
          .usage = usage,
          .meaning = meaning,
          .errors = "an escape that is not one character, or the last of the pattern",
          .overloads = {{"string, string -> bool", LikeKernel<kFold>},
                        {"string, string, string -> bool", LikeKernel<kFold>}},
          .examples = examples};
}

}  // namespace

std::vector<Function> PatternFunctions() {
  return {
      Like<false>("like", "s [not] like pattern [escape c]",
                  "Does the whole text match? % stands for any characters, _ for one.",
                  {{"'N14228' like 'N1%'", "true"}, {"'a%b' like 'a!%_' escape '!'", "true"}}),
      Like<true>("ilike", "s [not] ilike pattern [escape c]", "like without regard to case.",
                 {{"'JFK' ilike 'j_k'", "true"}}),
      {.name = "regexp_matches",
       .family = Family::kText,
       .usage = "regexp_matches(s, pattern)",
       .meaning = "Does a part of the text match the regular expression (RE2's syntax)?",
       .errors = "a malformed pattern that is not a constant",
       .overloads = {{"string, string -> bool", MatchesKernel, nullptr, PrepareRegex}},
       .examples = {{"regexp_matches('N14228', '^N[0-9]+$')", "true"}}},
      {.name = "regexp_extract",
       .family = Family::kText,
       .usage = "regexp_extract(s, pattern[, group])",
       .meaning = "The first part that matches, or a group of it.",
       .nulls = "null if an argument is null, or if nothing matches",
       .errors = "a malformed pattern that is not a constant; no such group",
       .overloads = {{"string, string -> string", ExtractKernel, nullptr, PrepareRegex},
                     {"string, string, int64 -> string", ExtractKernel, nullptr, PrepareRegex}},
       .examples = {{"regexp_extract('gate B22', '([A-Z])([0-9]+)', 2)", "'22'"},
                    {"regexp_extract('abc', '[0-9]+')", "null"}}},
  };
}

}  // namespace coeval
