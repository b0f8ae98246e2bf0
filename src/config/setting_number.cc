#include "config/setting_number.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "base/time.h"

namespace coeval {
namespace {

constexpr std::string_view kMemory = "memory";
constexpr std::int64_t kLeastMemory = std::int64_t{64} << 20;

std::optional<std::int64_t> ParseInteger(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "16MiB", "64 KiB", "1GB", "1024".
std::optional<std::int64_t> ParseSize(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<std::int64_t> count = ParseInteger(text.substr(0, digits));
  std::string_view unit = text.substr(digits);
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  const std::map<std::string_view, std::int64_t> units = {{"", 1},
                                                          {"B", 1},
                                                          {"KiB", 1LL << 10},
                                                          {"MiB", 1LL << 20},
                                                          {"GiB", 1LL << 30},
                                                          {"TiB", 1LL << 40},
                                                          {"kB", 1000},
                                                          {"MB", 1'000'000},
                                                          {"GB", 1'000'000'000}};
  const auto factor = units.find(unit);
  std::int64_t bytes = 0;
  if (!count || factor == units.end() || __builtin_mul_overflow(*count, factor->second, &bytes)) {
    return std::nullopt;
  }
  return bytes;
}

std::string ShownNumber(const Setting& setting, std::int64_t value) {
  return setting.kind == SettingKind::kDuration ? FormatDuration(value) : std::to_string(value);
}

// What has the form of the setting's kind.
std::optional<std::int64_t> Read(const Setting& setting, std::string_view text) {
  if (setting.kind == SettingKind::kInteger) return ParseInteger(text);
  if (setting.kind == SettingKind::kSize) return ParseSize(text);
  const Result<DurationMicros> duration = ParseDuration(text);
  return duration.ok() ? std::optional(*duration) : std::nullopt;
}

std::string_view FormOf(SettingKind kind) {
  if (kind == SettingKind::kInteger) return "an integer";
  return kind == SettingKind::kSize ? "a size (\"16MiB\")" : "a duration (\"5m\")";
}

}  // namespace

Result<std::int64_t> ParseNumber(const Setting& setting, std::string_view text,
                                 const std::string& shown) {
  const std::optional<std::int64_t> number = Read(setting, text);
  if (!number) {
    return Status::InvalidArgument("'" + shown + "' is not " + std::string(FormOf(setting.kind)));
  }
  if (*number < setting.least || *number > setting.most) {
    return Status::InvalidArgument("'" + shown + "' is not between " +
                                   ShownNumber(setting, setting.least) + " and " +
                                   ShownNumber(setting, setting.most));
  }
  if (setting.key == kMemory && *number > 0 && *number < kLeastMemory) {
    return Status::InvalidArgument("the least is 64MiB; 0 is half of what there is");
  }
  return *number;
}

Result<std::int64_t> ParseMemory(const std::string& text) {
  return ParseNumber(*FindSetting(kMemory), text, text);
}

}  // namespace coeval
