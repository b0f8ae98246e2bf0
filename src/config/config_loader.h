// ConfigLoader: turns SettingValues into a Config: expands, converts, checks ranges, and remembers
// what must not be shown. Used by config.cc alone.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/setting.h"
#include "config/setting_values.h"

namespace coeval {

class ConfigLoader {
 public:
  ConfigLoader(const SettingValues& values, const ConfigOptions& options, Config* config,
               std::vector<std::string>* errors);

  void Load();

 private:
  // A value after expansion, and how it may be shown.
  struct Shown {
    std::string text;
    std::string shown;
    std::string origin;
  };

  std::vector<Shown> Values(const std::string& key);
  Shown Value(const std::string& key);
  std::optional<Shown> Expand(const std::string& key, const RawValue& raw, const std::string& text);
  void Remember(const std::string& key, const std::string& text, const std::string& shown);

  std::string Text(const std::string& key);
  BoundText Path(const std::string& key);
  std::int64_t Number(const std::string& key);
  void Fail(const std::string& key, const Shown& value, const std::string& message);
  void LoadProject();
  void LoadLocations();
  void LoadClock();

  const SettingValues& values_;
  const ConfigOptions& options_;
  Config* config_;
  std::vector<std::string>* errors_;
};

}  // namespace coeval
