// coeval_expression_docs: prints docs/expressions.md.
//   coeval_expression_docs > docs/expressions.md
#include <cstdio>
#include <string>

#include "expression/documentation.h"

int main() {
  const std::string page = coeval::ExpressionDocumentation();
  const bool written = std::fwrite(page.data(), 1, page.size(), stdout) == page.size();
  return written && std::fflush(stdout) == 0 ? 0 : 4;
}
