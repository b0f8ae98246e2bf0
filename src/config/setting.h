// The settings of coeval.yaml: their names, kinds, defaults and what they mean. The one list behind
// reading, environment variables, flags, `doctor` and docs/configuration.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace coeval {

enum class SettingKind : std::uint8_t {
  kText,
  kPath,  // relative to the repository
  kInteger,
  kDuration,  // "5m"
  kSize,      // "16MiB"; a plain number is bytes
  kTexts,     // a list; in a variable or flag separated by commas
};

struct Setting {
  std::string_view key;  // "serve.port"
  SettingKind kind;
  std::string_view fallback;  // as it would be written
  std::int64_t least;         // of numbers, durations and sizes
  std::int64_t most;
  std::string_view meaning;  // one sentence
};

// In the order in which they are shown.
std::span<const Setting> AllSettings();
// Null where there is none.
const Setting* FindSetting(std::string_view key);

// "serve.port" -> "COEVAL_SERVE_PORT".
std::string VariableOf(std::string_view key);

// The table of docs/configuration.md, in Markdown.
std::string SettingsAsMarkdown();

}  // namespace coeval
