// SettingValues: what file, section, variables and flags say, by key, the strongest kept. Names are
// checked here, values not yet: those that were overruled may be wrong or unset.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/yaml.h"

namespace coeval {

struct RawValue {
  enum class Kind : unsigned char { kPlain, kFile, kVerbatim };

  Kind kind = Kind::kPlain;        // kPlain: ${VAR} is expanded; kFile: texts[0] is a path
  std::vector<std::string> texts;  // one, or the items of a list
  std::string origin;              // "coeval.yaml:7", "COEVAL_SERVE_PORT", "flag serve.port"
  bool secret = false;             // came from the environment: shown as its origin
};

class SettingValues {
 public:
  // `file` is for errors: "coeval.yaml".
  SettingValues(std::string file, std::vector<std::string>* errors)
      : file_(std::move(file)), errors_(errors) {}

  // The whole file; of its environments only the one named counts, but all are checked.
  void AddFile(const YamlNode& root, const std::string& environment);
  void AddVariables(const std::map<std::string, std::string>& variables);
  void AddFlags(const std::map<std::string, std::string>& flags);

  // By key; locations as "locations.NAME".
  [[nodiscard]] const std::map<std::string, RawValue>& values() const { return values_; }

 private:
  void AddMembers(const YamlNode& node, const std::string& prefix, bool counts);
  void AddEnvironments(const YamlNode& node, const std::string& environment);
  void AddLeaf(const std::string& key, const YamlNode& node, bool counts);
  void Fail(const YamlNode& node, const std::string& message);
  [[nodiscard]] bool IsLeaf(const std::string& key, const YamlNode& place);

  std::string file_;
  std::vector<std::string>* errors_;
  std::map<std::string, RawValue> values_;
};

}  // namespace coeval
