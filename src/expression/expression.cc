#include "expression/expression.h"

#include <re2/re2.h>
#include <sleef.h>
#include <utf8proc.h>

#include <utility>

#include <fmt/format.h>

#include "expression/checker.h"
#include "expression/evaluate.h"
#include "expression/parser.h"
#include "expression/program.h"
#include "expression/typed_tree.h"
#include "expression/zone.h"

namespace coeval {

struct Expression::Program {
  std::string text;
  TypedPtr tree;
  coeval::Program code;
};

Result<Expression> Expression::Compile(std::string_view text, const Schema& inputs,
                                       const std::optional<DataType>& result) {
  COEVAL_ASSIGN_OR_RETURN(const SyntaxPtr syntax, ParseExpression(text));
  COEVAL_ASSIGN_OR_RETURN(TypedPtr tree, CheckExpression(text, *syntax, inputs, result));
  auto program = std::make_shared<Program>();
  program->text = std::string(text);
  program->code = CompileProgram(*tree);
  program->tree = std::move(tree);
  return Expression(std::shared_ptr<const Program>(std::move(program)));
}

const DataType& Expression::type() const {
  return program_->code.type.data();
}

const std::vector<std::string>& Expression::inputs() const {
  return program_->code.input_names;
}

const std::string& Expression::text() const {
  return program_->text;
}

bool Expression::uses_now() const {
  return program_->code.now.has_value();
}

std::string Expression::Canonical() const {
  return CanonicalText(*program_->tree);
}

Evaluation Expression::Evaluate(std::span<const Column> columns, std::int64_t n,
                                std::span<const TimeMicros> now) const {
  return EvaluateProgram(program_->code, columns, n, now);
}

const std::string& ExpressionLibraryVersions() {
  static const std::string versions = fmt::format(
      "sleef {}.{}.{} cinz; tzdata {}; utf8proc {}, Unicode {}; re2 {}", SLEEF_VERSION_MAJOR,
      SLEEF_VERSION_MINOR, SLEEF_VERSION_PATCHLEVEL, ZoneDatabaseVersion(), utf8proc_version(),
      utf8proc_unicode_version(), COEVAL_RE2_VERSION);
  return versions;
}

}  // namespace coeval
