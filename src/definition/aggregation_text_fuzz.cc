// Any bytes as the text of an aggregate: they parse or say why not, and what parses says the same
// whatever stands behind it as a comment.
#include "definition/aggregation_text.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "definition/object_json.h"

namespace coeval {
namespace {

void Check(std::string_view text) {
  const Result<AggregationText> parsed = ParseAggregationText(text);
  if (!parsed.ok()) {
    COEVAL_CHECK(!parsed.status().message().empty());
    return;
  }
  const AggregationText& made = parsed.value();
  COEVAL_CHECK(made.columns_at.size() == made.aggregation.columns.size());
  COEVAL_CHECK(!made.Mistake("", "no").ok() && !made.Unnamed().ok());
  const Result<AggregationText> again = ParseAggregationText(std::string(text) + "\n-- said");
  if (!again.ok()) return;  // too long
  COEVAL_CHECK(WriteObject(made.aggregation).Write(true) ==
               WriteObject(again.value().aggregation).Write(true));
}

}  // namespace
}  // namespace coeval

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  coeval::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
