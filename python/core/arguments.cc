#include "core/arguments.h"

#include <vector>

#include "base/suggest.h"

namespace coeval::python {

Result<Known> ParseKnown(const std::string& text) {
  if (text == "declared") return Known::kDeclared;
  if (text == "arrival") return Known::kArrival;
  if (text == "hindsight") return Known::kHindsight;
  const std::vector<std::string> choices{"declared", "arrival", "hindsight"};
  return Status::InvalidArgument("known: '" + text +
                                 "' is none of \"declared\", \"arrival\", \"hindsight\"" +
                                 DidYouMean(text, choices));
}

}  // namespace coeval::python
