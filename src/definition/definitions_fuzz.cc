// Any JSON as definitions: errors or definitions that are written and read again without a change.
#include "definition/definitions.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const coeval::Result<coeval::Json> document = coeval::ParseJson(text);
  if (!document.ok()) return 0;
  std::vector<coeval::DefinitionError> errors;
  const coeval::Definitions read = coeval::ReadDefinitions(*document, &errors);
  static_cast<void>(coeval::ToStatus(errors));
  if (!errors.empty() || !coeval::CheckDefinitions(read).empty()) return 0;
  const coeval::Json written = coeval::WriteDefinitions(read);
  const coeval::Definitions again = coeval::ReadDefinitions(written, &errors);
  COEVAL_CHECK(errors.empty());
  COEVAL_CHECK(coeval::WriteDefinitions(again).Write() == written.Write());
  return 0;
}
