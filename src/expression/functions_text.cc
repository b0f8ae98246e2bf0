// Functions of text. Lengths and positions count characters (Unicode code points); a byte that is
// not valid UTF-8 counts as one. Case follows the Unicode tables of utf8proc (rule 6.4).
#include <utf8proc.h>

#include <algorithm>
#include <limits>
#include <string>

#include <fmt/format.h>

#include "base/utf8.h"
#include "expression/functions.h"

namespace coeval {

namespace {

using Int = std::int64_t;
using Bool = std::uint8_t;
using Text = std::string_view;

std::size_t StepAt(Text text, std::size_t at) {
  if (static_cast<unsigned char>(text[at]) < 0x80) return 1;
  return std::max<std::size_t>(Utf8Length(text, at), 1);
}

Int CountCharacters(Text text) {
  Int count = 0;
  for (std::size_t at = 0; at < text.size(); at += StepAt(text, at)) ++count;
  return count;
}

// Offset in bytes of character `index`, or the end.
std::size_t OffsetOf(Text text, Int index) {
  std::size_t at = 0;
  for (; index > 0 && at < text.size(); --index) at += StepAt(text, at);
  return at;
}

RowState TooLong(const Call& call) {
  return call.Fail([] { return fmt::format("a text of more than {} bytes", kMaxTextBytes); });
}

// -- case ---------------------------------------------------------------------------------------

template <bool kUpper>
RowState ChangeCase(const Call& call, Text text, Text& result) {
  std::string changed;
  changed.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (static_cast<unsigned char>(c) < 0x80) {
      const bool turns = kUpper ? (c >= 'a' && c <= 'z') : (c >= 'A' && c <= 'Z');
      changed += turns ? static_cast<char>(c ^ 0x20) : c;
      ++at;
      continue;
    }
    const std::size_t length = StepAt(text, at);
    utf8proc_int32_t point = -1;
    utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                     static_cast<utf8proc_ssize_t>(length), &point);
    if (point < 0) {
      changed += c;
    } else {
      AppendUtf8(
          static_cast<std::uint32_t>(kUpper ? utf8proc_toupper(point) : utf8proc_tolower(point)),
          &changed);
    }
    at += length;
  }
  if (changed.size() > kMaxTextBytes) return TooLong(call);
  result = call.arena->Copy(changed);
  return kValue;
}

template <bool kUpper>
void CaseKernel(const Call& call) {
  MapRows<Text, Text>(
      call, [&](Text text, Text& result) { return ChangeCase<kUpper>(call, text, result); });
}

// -- trim, pad ----------------------------------------------------------------------------------

enum : int { kLeft = 1, kRight = 2 };

bool HasCharacter(Text set, Text character) {
  for (std::size_t at = 0; at < set.size(); at += StepAt(set, at)) {
    if (set.substr(at, StepAt(set, at)) == character) return true;
  }
  return false;
}

template <int kSides>
Text Trimmed(Text text, Text set) {
  if (kSides & kLeft) {
    while (!text.empty() && HasCharacter(set, text.substr(0, StepAt(text, 0)))) {
      text.remove_prefix(StepAt(text, 0));
    }
  }
  if (kSides & kRight) {
    std::size_t end = 0;  // after the last character that stays
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t length = StepAt(text, at);
      if (!HasCharacter(set, text.substr(at, length))) end = at + length;
      at += length;
    }
    text = text.substr(0, end);
  }
  return text;
}

template <int kSides>
void TrimKernel(const Call& call) {
  if (call.num_args == 1) {
    MapRows<Text, Text>(call, [](Text text, Text& result) {
      result = Trimmed<kSides>(text, " ");
      return kValue;
    });
  } else {
    MapRows<Text, Text, Text>(call, [](Text text, Text set, Text& result) {
      result = Trimmed<kSides>(text, set);
      return kValue;
    });
  }
}

template <int kSide>
void PadKernel(const Call& call) {
  MapRows<Text, Text, Int, Text>(call, [&](Text text, Int width, Text pad, Text& result) {
    const Int length = CountCharacters(text);
    if (width <= length) {
      result = text.substr(0, OffsetOf(text, std::max<Int>(width, 0)));
      return kValue;
    }
    if (pad.empty()) {
      result = text;
      return kValue;
    }
    if (width > static_cast<Int>(kMaxTextBytes)) return TooLong(call);
    std::string padding;
    std::size_t at = 0;
    for (Int i = length; i < width; ++i) {
      const std::size_t step = StepAt(pad, at);
      padding.append(pad.substr(at, step));
      at = at + step == pad.size() ? 0 : at + step;
      if (padding.size() + text.size() > kMaxTextBytes) return TooLong(call);
    }
    padding.insert(kSide == kLeft ? padding.size() : 0, text);
    result = call.arena->Copy(padding);
    return kValue;
  });
}

// -- parts --------------------------------------------------------------------------------------

void LengthKernel(const Call& call) {
  MapRows<Int, Text>(call, [](Text text, Int& result) {
    result = CountCharacters(text);
    return kValue;
  });
}

void BytesLengthKernel(const Call& call) {
  MapRows<Int, Text>(call, [](Text text, Int& result) {
    result = static_cast<Int>(text.size());
    return kValue;
  });
}

// Characters [start, start + count) counted from 1; a negative start counts from the end.
Text Substring(Text text, Int start, Int count) {
  Int first = start - 1;
  if (start < 0) first = CountCharacters(text) + start;
  Int last = 0;
  if (__builtin_add_overflow(first, count, &last)) last = std::numeric_limits<Int>::max();
  if (last <= 0) return "";
  first = std::max<Int>(first, 0);
  if (last <= first) return "";
  text = text.substr(OffsetOf(text, first));
  return text.substr(0, OffsetOf(text, last - first));
}

void SubstringKernel(const Call& call) {
  if (call.num_args == 2) {
    MapRows<Text, Text, Int>(call, [](Text text, Int start, Text& result) {
      result =
          Substring(text, std::max<Int>(start, -Int{1} << 40), std::numeric_limits<Int>::max());
      return kValue;
    });
    return;
  }
  MapRows<Text, Text, Int, Int>(call, [&](Text text, Int start, Int count, Text& result) {
    if (count < 0) {
      return call.Fail([&] { return fmt::format("substr of negative length {}", count); });
    }
    result = Substring(text, std::max<Int>(start, -Int{1} << 40), count);
    return kValue;
  });
}

void SplitPartKernel(const Call& call) {
  MapRows<Text, Text, Text, Int>(call, [](Text text, Text separator, Int part, Text& result) {
    result = "";
    if (separator.empty()) {
      if (part == 1 || part == -1) result = text;
      return kValue;
    }
    if (part < 0) {  // counted from the end: as often as there are parts
      Int parts = 1;
      for (std::size_t at = text.find(separator); at != Text::npos;
           at = text.find(separator, at + separator.size())) {
        ++parts;
      }
      part = part < -parts ? 0 : parts + part + 1;
    }
    for (Int i = 1; part >= 1; ++i) {
      const std::size_t end = text.find(separator);
      if (i == part) {
        result = text.substr(0, end);
        return kValue;
      }
      if (end == Text::npos) return kValue;
      text.remove_prefix(end + separator.size());
    }
    return kValue;
  });
}

// -- joining, replacing -------------------------------------------------------------------------

void JoinKernel(const Call& call) {
  MapRows<Text, Text, Text>(call, [&](Text a, Text b, Text& result) {
    if (a.size() + b.size() > kMaxTextBytes) return TooLong(call);
    char* const memory = call.arena->Allocate(a.size() + b.size());
    std::copy(b.begin(), b.end(), std::copy(a.begin(), a.end(), memory));
    result = {memory, a.size() + b.size()};
    return kValue;
  });
}

// Nulls are left out.
void ConcatKernel(const Call& call) {
  Vec& out = *call.out;
  out.clean = true;
  for (Int row = 0; row < call.rows; ++row) {
    std::size_t size = 0;
    RowState state = kValue;
    for (std::size_t i = 0; i < call.num_args; ++i) {
      const RowState argument = call.args[i]->StateOf(row);
      if (argument == kError) state = kError;
      if (argument == kValue) size += call.arg<Text>(i)[row].size();
    }
    if (state == kValue && size > kMaxTextBytes) state = TooLong(call);
    if (state == kValue) {
      char* const memory = call.arena->Allocate(size);
      char* end = memory;
      for (std::size_t i = 0; i < call.num_args; ++i) {
        if (call.args[i]->StateOf(row) != kValue) continue;
        const Text part = call.arg<Text>(i)[row];
        end = std::copy(part.begin(), part.end(), end);
      }
      out.as<Text>()[row] = {memory, size};
    }
    if (state != kValue || !out.clean) SetState(out, call.rows, row, state);
  }
}

void ReplaceKernel(const Call& call) {
  MapRows<Text, Text, Text, Text>(call, [&](Text text, Text from, Text to, Text& result) {
    if (from.empty() || text.find(from) == Text::npos) {
      result = text;
      return kValue;
    }
    std::string replaced;
    for (std::size_t at = 0;;) {
      const std::size_t found = text.find(from, at);
      replaced.append(text.substr(at, found - at));
      if (found == Text::npos) break;
      replaced.append(to);
      at = found + from.size();
      if (replaced.size() > kMaxTextBytes) break;
    }
    if (replaced.size() > kMaxTextBytes) return TooLong(call);
    result = call.arena->Copy(replaced);
    return kValue;
  });
}

template <bool (*kTest)(Text, Text)>
void TestKernel(const Call& call) {
  MapRows<Bool, Text, Text>(call, [](Text text, Text sought, Bool& result) {
    result = kTest(text, sought);
    return kValue;
  });
}

bool StartsWith(Text text, Text sought) {
  return text.starts_with(sought);
}

bool EndsWith(Text text, Text sought) {
  return text.ends_with(sought);
}

bool Contains(Text text, Text sought) {
  return text.find(sought) != Text::npos;
}

constexpr std::string_view kLong = "a text of more than 1 MiB";

Function Make(std::string_view name, std::string_view usage, std::string_view meaning,
              std::vector<Overload> overloads, std::vector<Example> examples) {
  return {.name = name,
          .family = Family::kText,
          .usage = usage,
          .meaning = meaning,
          .overloads = std::move(overloads),
          .examples = std::move(examples)};
}

Function Making(Function function) {
  function.errors = kLong;
  return function;
}

std::vector<Overload> TrimOverloads(Kernel kernel) {
  return {{"string -> string", kernel}, {"string, string -> string", kernel}};
}

}  // namespace

std::vector<Function> TextFunctions() {
  Function join =
      Making(Make("||", "a || b", "The two texts in a row.",
                  {{"string, string -> string", JoinKernel}, {"bytes, bytes -> bytes", JoinKernel}},
                  {{"'JFK' || '-' || 'LAX'", "'JFK-LAX'"}, {"'a' || null", "null"}}));
  join.notation = Notation::kInfix;
  Function concat = Making(Make("concat", "concat(a, b, ...)", "All texts in a row.",
                                {{"string, string... -> string", ConcatKernel}},
                                {{"concat('a', null, 'b')", "'ab'"}}));
  concat.nulls = "nulls are left out; never null";
  Function length =
      Make("length", "length(x)",
           "Characters of a string, bytes of a bytes value, elements of a list, vector or "
           "map. Also len, char_length.",
           {{"string -> int64", LengthKernel}, {"bytes -> int64", BytesLengthKernel}},
           {{"length('Zürich')", "6"}});
  length.aliases = {"len", "char_length"};
  Function substr =
      Make("substr", "substr(s, start[, count])",
           "Characters from `start` on, the first being 1 and the last -1, at most `count` "
           "of them. Also substring.",
           {{"string, int64 -> string", SubstringKernel},
            {"string, int64, int64 -> string", SubstringKernel}},
           {{"substr('N14228', 2, 3)", "'142'"}, {"substr('N14228', -2)", "'28'"}});
  substr.aliases = {"substring"};
  substr.errors = "a negative count";
  return {
      Making(Make("lower", "lower(s)", "Small letters.", {{"string -> string", CaseKernel<false>}},
                  {{"lower('ÄBC')", "'äbc'"}})),
      Making(Make("upper", "upper(s)", "Capital letters.", {{"string -> string", CaseKernel<true>}},
                  {{"upper('jfk')", "'JFK'"}})),
      Make("trim", "trim(s[, characters])",
           "Without the spaces, or the given characters, at both ends.",
           TrimOverloads(TrimKernel<3>),
           {{"trim('  a ')", "'a'"}, {"trim('xxaxyx', 'xy')", "'a'"}}),
      Make("ltrim", "ltrim(s[, characters])", "The same at the beginning only.",
           TrimOverloads(TrimKernel<kLeft>), {{"ltrim('  a ')", "'a '"}}),
      Make("rtrim", "rtrim(s[, characters])", "The same at the end only.",
           TrimOverloads(TrimKernel<kRight>), {{"rtrim('  a ')", "'  a'"}}),
      length,
      substr,
      concat,
      join,
      Making(Make("replace", "replace(s, from, to)", "Each occurrence of `from` made `to`.",
                  {{"string, string, string -> string", ReplaceKernel}},
                  {{"replace('a-b-c', '-', '+')", "'a+b+c'"}})),
      Make("split_part", "split_part(s, separator, n)",
           "Part n of the text cut at each separator, the last being -1; '' where there is none.",
           {{"string, string, int64 -> string", SplitPartKernel}},
           {{"split_part('JFK-LAX', '-', 2)", "'LAX'"}, {"split_part('a', '-', 3)", "''"}}),
      Make("starts_with", "starts_with(s, beginning)", "Does the text begin so?",
           {{"string, string -> bool", TestKernel<StartsWith>}},
           {{"starts_with('N14228', 'N1')", "true"}}),
      Make("ends_with", "ends_with(s, end)", "Does the text end so?",
           {{"string, string -> bool", TestKernel<EndsWith>}},
           {{"ends_with('abc', 'bc')", "true"}}),
      Make("contains", "contains(s, part), contains(list, x)",
           "Is the part anywhere in the text? Of a list or vector: is one of its elements equal to "
           "x? Nulls in it are none.",
           {{"string, string -> bool", TestKernel<Contains>}}, {{"contains('abc', 'b')", "true"}}),
      Making(Make("lpad", "lpad(s, width, pad)",
                  "Padded on the left to so many characters; cut to them where it is longer.",
                  {{"string, int64, string -> string", PadKernel<kLeft>}},
                  {{"lpad('7', 3, '0')", "'007'"}})),
      Making(Make("rpad", "rpad(s, width, pad)", "Padded on the right likewise.",
                  {{"string, int64, string -> string", PadKernel<kRight>}},
                  {{"rpad('7', 3, '.')", "'7..'"}})),
  };
}

}  // namespace coeval
