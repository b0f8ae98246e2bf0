#include "expression/functions.h"

#include <algorithm>
#include <unordered_map>

#include "expression/lexer.h"

namespace coeval {

namespace {

// One function may have rows in two families (+ adds numbers, decimals and intervals): they are
// one.
void Merge(std::vector<Function> rows, std::vector<Function>* into) {
  for (Function& row : rows) {
    const auto found = std::find_if(into->begin(), into->end(),
                                    [&](const Function& f) { return f.name == row.name; });
    if (found == into->end()) {
      into->push_back(std::move(row));
      continue;
    }
    found->overloads.insert(found->overloads.end(), row.overloads.begin(), row.overloads.end());
    found->examples.insert(found->examples.end(), row.examples.begin(), row.examples.end());
  }
}

std::vector<Function> Build() {
  std::vector<Function> all;
  Merge(ArithmeticFunctions(), &all);
  Merge(ComparisonFunctions(), &all);
  Merge(LogicFunctions(), &all);
  Merge(CastFunctions(), &all);
  Merge(MathFunctions(), &all);
  Merge(ScaleFunctions(), &all);
  Merge(TextFunctions(), &all);
  Merge(PatternFunctions(), &all);
  Merge(DistanceFunctions(), &all);
  Merge(CalendarFunctions(), &all);
  Merge(CycleFunctions(), &all);
  Merge(TimeFunctions(), &all);
  Merge(HashFunctions(), &all);
  Merge(JsonFunctions(), &all);
  Merge(ListFunctions(), &all);
  Merge(VectorFunctions(), &all);
  Merge(MapFunctions(), &all);
  Merge(DecimalFunctions(), &all);
  std::stable_sort(all.begin(), all.end(),
                   [](const Function& a, const Function& b) { return a.family < b.family; });
  return all;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Parameter ParseParameter(std::string_view text) {
  Parameter parameter;
  if (text.starts_with("const ")) {
    parameter.constant = true;
    text.remove_prefix(6);
  }
  using Kind = Parameter::Kind;
  static constexpr std::pair<std::string_view, Kind> kKinds[] = {
      {"T", Kind::kCommon},  {"any", Kind::kAny},       {"decimal", Kind::kDecimal},
      {"list", Kind::kList}, {"vector", Kind::kVector}, {"map", Kind::kMap}};
  for (const auto& [word, kind] : kKinds) {
    if (text != word) continue;
    parameter.kind = kind;
    return parameter;
  }
  using Elements = Parameter::Elements;
  static constexpr std::pair<std::string_view, Elements> kLists[] = {
      {"list<ints>", Elements::kInts},
      {"list<floats>", Elements::kFloats},
      {"list<numbers>", Elements::kNumbers}};
  for (const auto& [word, elements] : kLists) {
    if (text != word) continue;
    parameter.kind = Kind::kList;
    parameter.elements = elements;
    return parameter;
  }
  if (text == "interval") {
    parameter.type = ValueType::Interval();
    return parameter;
  }
  Result<DataType> type = ParseType(text);
  COEVAL_CHECK(type.ok());  // a spelling mistake in the table
  parameter.type = *type;
  return parameter;
}

Signature ParseSignature(std::string_view text) {
  Signature signature;
  const std::size_t arrow = text.find("->");
  COEVAL_CHECK(arrow != std::string_view::npos);
  signature.result = ParseParameter(Trim(text.substr(arrow + 2)));
  std::string_view list = Trim(text.substr(0, arrow));
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view one = Trim(list.substr(0, comma));
    if (one.ends_with("...")) {
      signature.repeats = true;
      one.remove_suffix(3);
    }
    signature.parameters.push_back(ParseParameter(one));
    list = comma == std::string_view::npos ? "" : list.substr(comma + 1);
  }
  return signature;
}

struct Index {
  std::unordered_map<std::string_view, const Function*> by_name;
  std::unordered_map<const Function*, std::vector<Signature>> signatures;
  std::vector<std::string> names;
};

const Index& TheIndex() {
  static const Index* const index = [] {
    auto* made = new Index;
    for (const Function& function : Functions()) {
      made->by_name.emplace(function.name, &function);
      for (const std::string_view alias : function.aliases) made->by_name.emplace(alias, &function);
      const bool called = function.notation == Notation::kCall ||
                          function.usage.starts_with(std::string(function.name) + "(");
      if (called) made->names.emplace_back(function.name);
      made->names.insert(made->names.end(), function.aliases.begin(), function.aliases.end());
      std::vector<Signature>& signatures = made->signatures[&function];
      for (const Overload& overload : function.overloads) {
        signatures.push_back(ParseSignature(overload.signature));
      }
    }
    return made;
  }();
  return *index;
}

}  // namespace

const std::vector<Function>& Functions() {
  static const std::vector<Function>* const functions = new std::vector<Function>(Build());
  return *functions;
}

const Function* FindFunction(std::string_view name) {
  const auto found = TheIndex().by_name.find(name);
  return found == TheIndex().by_name.end() ? nullptr : found->second;
}

const std::vector<std::string>& FunctionNames() {
  return TheIndex().names;
}

const std::vector<Signature>& SignaturesOf(const Function& function) {
  return TheIndex().signatures.at(&function);
}

std::string_view FamilyTitle(Family family) {
  switch (family) {
    case Family::kArithmetic:
      return "Arithmetic";
    case Family::kComparison:
      return "Comparison";
    case Family::kLogic:
      return "Logic, conditions and nulls";
    case Family::kCast:
      return "Conversion";
    case Family::kMath:
      return "Mathematics";
    case Family::kText:
      return "Text";
    case Family::kTime:
      return "Time";
    case Family::kHash:
      return "Hashes";
    case Family::kJson:
      return "JSON";
    case Family::kNested:
      return "Lists, vectors and maps";
  }
  return "";
}

}  // namespace coeval
