#include "expression/program.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "expression/forms.h"

namespace coeval {

namespace {

using Kind = TypedNode::Kind;
using Position = std::uint32_t;  // of a register

// Registers beyond what the second-level cache holds make vectors shorter instead.
constexpr std::size_t kCacheBytes = std::size_t{256} << 10;
constexpr std::int64_t kLeastRows = 64;

std::uint8_t WidthOf(Physical kind) {
  switch (kind) {
    case Physical::kBool:
      return 1;
    case Physical::kInt:
    case Physical::kFloat:
      return 8;
    case Physical::kText:
    case Physical::kDecimal:
    case Physical::kNested:
      return 16;
  }
  return 16;
}

class Compiler {
 public:
  Program Run(const TypedNode& root) {
    program_.type = root.type;
    program_.result = Compile(root);
    for (const Program::Register& one : program_.registers) program_.row_bytes += one.width + 1U;
    const auto fitting = static_cast<std::int64_t>(kCacheBytes / (program_.row_bytes + 1));
    program_.vector_rows = std::clamp(fitting, kLeastRows, kVectorRows);
    return std::move(program_);
  }

 private:
  Position NewRegister(Physical kind) {
    program_.registers.push_back({kind, WidthOf(kind)});
    return static_cast<Position>(program_.registers.size() - 1);
  }

  Position Emit(Kernel kernel, const std::vector<Position>& arguments, Physical kind,
                const std::shared_ptr<const void>& prepared = nullptr, bool selects = false) {
    Step step;
    step.kernel = kernel;
    step.prepared = prepared.get();
    step.selects = selects;
    step.first_argument = static_cast<std::uint32_t>(program_.arguments.size());
    step.num_arguments = static_cast<std::uint32_t>(arguments.size());
    program_.arguments.insert(program_.arguments.end(), arguments.begin(), arguments.end());
    if (prepared) program_.kept.push_back(prepared);
    step.out = NewRegister(kind);
    program_.steps.push_back(step);
    return step.out;
  }

  // Compiles `node` behind a jump over its steps. A node without steps needs none.
  Position CompileUnless(const TypedNode& node, Unless unless, Position test) {
    const std::size_t jump = program_.steps.size();
    Step step;
    step.out = test;
    step.unless = unless;
    program_.steps.push_back(step);
    const Position result = Compile(node);
    if (program_.steps.size() == jump + 1) {
      program_.steps.pop_back();
    } else {
      program_.steps[jump].target = static_cast<std::uint32_t>(program_.steps.size());
    }
    return result;
  }

  // What several parents share is compiled at its first use. That one is never behind a jump that
  // does not also cover the others: only the operand of case, between, in and nullif is shared, and
  // its first use is in the first comparison.
  Position Compile(const TypedNode& node) {
    const auto known = registers_.find(&node);
    if (known != registers_.end()) return known->second;
    const Position result = node.constant ? Constant(node) : CompileNew(node);
    registers_.emplace(&node, result);
    return result;
  }

  Position Constant(const TypedNode& node) {
    const Position result = NewRegister(node.type.physical());
    program_.constants.push_back({result, *node.constant});
    return result;
  }

  Position CompileNew(const TypedNode& node) {
    const Physical kind = node.type.physical();
    switch (node.kind) {
      case Kind::kLiteral:
        return Constant(node);
      case Kind::kInput:
        return Input(node);
      case Kind::kNow:
        if (!program_.now) program_.now = NewRegister(kind);
        return *program_.now;
      case Kind::kCast: {
        const Position from = Compile(*node.children[0]);
        if (node.kernel == nullptr) return from;
        return Emit(node.kernel, {from}, kind, node.prepared);
      }
      case Kind::kCall: {
        std::vector<Position> arguments;
        for (const TypedPtr& child : node.children) arguments.push_back(Compile(*child));
        return Emit(node.kernel, arguments, kind, node.prepared);
      }
      case Kind::kAnd:
        return Chain(node, 0, Unless::kAnyNotFalse, AndKernel);
      case Kind::kOr:
        return Chain(node, 0, Unless::kAnyNotTrue, OrKernel);
      case Kind::kBetween:
        return Chain(node, 1, Unless::kAnyNotFalse, AndKernel);
      case Kind::kIn:
        if (node.kernel == nullptr) return Chain(node, 1, Unless::kAnyNotTrue, OrKernel);
        return Emit(node.kernel, {Compile(*node.children[0])}, kind, node.prepared);
      case Kind::kCoalesce:
        return Chain(node, 0, Unless::kAnyNull, CoalesceKernel(kind));
      case Kind::kCase:
        return Case(node, node.flag ? 1 : 0);
      case Kind::kNullIf: {
        const Position value = Compile(*node.children[0]);
        return Emit(NullIfKernel(kind), {Compile(*node.children[1]), value}, kind);
      }
    }
    return 0;
  }

  Position Input(const TypedNode& node) {
    const auto found =
        std::find(program_.input_names.begin(), program_.input_names.end(), node.name);
    if (found != program_.input_names.end()) {
      return program_.loads[static_cast<std::size_t>(found - program_.input_names.begin())]
          .register_index;
    }
    const Position result = NewRegister(node.type.physical());
    program_.loads.push_back({result, node.input, node.type.data().id()});
    program_.input_names.push_back(node.name);
    return result;
  }

  // Folds children[first...] from the left; each further one runs only where it can still matter.
  Position Chain(const TypedNode& node, std::size_t first, Unless unless, Kernel kernel) {
    Position result = Compile(*node.children[first]);
    for (std::size_t i = first + 1; i < node.children.size(); ++i) {
      const Position next = CompileUnless(*node.children[i], unless, result);
      result = Emit(kernel, {result, next}, node.type.physical());
    }
    return result;
  }

  // The branches from `at` on: if(condition, result, the rest).
  Position Case(const TypedNode& node, std::size_t at) {
    if (at + 1 == node.children.size()) return Compile(*node.children[at]);
    const Position condition = Compile(*node.children[at]);
    const Position then = CompileUnless(*node.children[at + 1], Unless::kAnyTrue, condition);
    const std::size_t jump = program_.steps.size();
    Step step;
    step.out = condition;
    step.unless = Unless::kAnyNotTrue;
    program_.steps.push_back(step);
    const Position rest = Case(node, at + 2);
    if (program_.steps.size() == jump + 1) {
      program_.steps.pop_back();
    } else {
      program_.steps[jump].target = static_cast<std::uint32_t>(program_.steps.size());
    }
    const Physical kind = node.type.physical();
    return Emit(SelectKernel(kind), {condition, then, rest}, kind, nullptr, true);
  }

  Program program_;
  std::unordered_map<const TypedNode*, Position> registers_;
};

}  // namespace

Program CompileProgram(const TypedNode& root) {
  return Compiler().Run(root);
}

}  // namespace coeval
