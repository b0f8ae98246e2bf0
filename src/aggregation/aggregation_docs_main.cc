// coeval_aggregation_docs: prints docs/aggregations.md.
//   coeval_aggregation_docs > docs/aggregations.md
#include <cstdio>
#include <string>

#include "aggregation/documentation.h"

int main() {
  const std::string page = coeval::AggregationDocumentation();
  const bool written = std::fwrite(page.data(), 1, page.size(), stdout) == page.size();
  return written && std::fflush(stdout) == 0 ? 0 : 4;
}
