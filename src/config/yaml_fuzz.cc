// Any bytes as YAML and as definitions in YAML: an error or a document, never a crash or a hang.
#include "config/yaml.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/definition_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const coeval::Result<coeval::YamlNode> node = coeval::ParseYaml(text, "fuzz.yaml");
  if (node.ok()) static_cast<void>(coeval::YamlToJson(*node, "fuzz.yaml"));
  static_cast<void>(coeval::DefinitionsFromYaml(text, "fuzz.yaml"));
  return 0;
}
