#include "config/config_loader.h"

#include <algorithm>

#include "base/clock.h"
#include "base/suggest.h"
#include "config/expand.h"
#include "config/setting_number.h"
#include "io/files.h"

namespace coeval {
namespace {

bool IsAbsolute(std::string_view path) {
  return path.starts_with('/') || path.find("://") != std::string_view::npos;
}

std::string Join(const std::string& folder, const std::string& path) {
  if (IsAbsolute(path)) return path;
  if (path.empty() || path == ".") return folder;
  return folder.ends_with('/') ? folder + path : folder + "/" + path;
}

std::string WhyBadProject(std::string_view name) {
  if (name.empty()) return "may not be empty";
  if (name.size() > 100) return "has more than 100 characters";
  if (name[0] == '_' || name[0] == '-') return "begins with a letter or digit";
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && c != '_' && c != '-') return "has only letters, digits, '_' and '-'";
  }
  return "";
}

}  // namespace

ConfigLoader::ConfigLoader(const SettingValues& values, const ConfigOptions& options,
                           Config* config, std::vector<std::string>* errors)
    : values_(values), options_(options), config_(config), errors_(errors) {}

void ConfigLoader::Fail(const std::string& key, const Shown& value, const std::string& message) {
  errors_->push_back(value.origin + ": " + key + ": " + message);
}

void ConfigLoader::Remember(const std::string& key, const std::string& text,
                            const std::string& shown) {
  // Numbers and times are no secrets, and a short text would be found everywhere.
  const Setting* setting = FindSetting(key);
  const bool is_text = setting == nullptr || setting->kind == SettingKind::kText ||
                       setting->kind == SettingKind::kPath || setting->kind == SettingKind::kTexts;
  if (is_text && text.size() >= 4 && text != shown) config_->secrets_.emplace_back(text, shown);
}

std::optional<ConfigLoader::Shown> ConfigLoader::Expand(const std::string& key, const RawValue& raw,
                                                        const std::string& text) {
  Shown value{text, text, raw.origin};
  if (raw.kind == RawValue::Kind::kVerbatim) {
    if (raw.secret) {
      value.shown = "$" + raw.origin;
      Remember(key, value.text, value.shown);
    }
    return value;
  }
  Result<Expanded> expanded = ExpandVariables(text, options_.variables);
  if (!expanded.ok()) {
    Fail(key, value, expanded.status().message());
    return std::nullopt;
  }
  for (const auto& [secret, written] : expanded->secrets) Remember(key, secret, written);
  value.text = expanded->text;
  if (!expanded->secrets.empty()) Remember(key, value.text, value.shown);
  if (raw.kind == RawValue::Kind::kPlain) return value;

  const std::string path = Join(config_->repository, value.text);
  Result<std::string> content = ReadValueFile(path);
  if (!content.ok()) {
    // The path itself may hold what a variable brought: show it as it was written.
    std::string why = content.status().message();
    if (const std::size_t at = why.find(path); at != std::string::npos) {
      why.replace(at, path.size(), text);
    }
    Fail(key, value, "{file: " + text + "}: " + why);
    return std::nullopt;
  }
  value.text = *std::move(content);
  value.shown = "{file: " + text + "}";
  Remember(key, value.text, value.shown);
  return value;
}

std::vector<ConfigLoader::Shown> ConfigLoader::Values(const std::string& key) {
  const auto raw = values_.values().find(key);
  const Setting* setting = FindSetting(key);
  std::vector<std::string> texts;
  RawValue fallback;
  fallback.kind = RawValue::Kind::kVerbatim;
  fallback.origin = "default";
  const bool given = raw != values_.values().end();
  const RawValue& source = given ? raw->second : fallback;
  if (given) texts = source.texts;
  if (!given && setting != nullptr) texts = {std::string(setting->fallback)};
  const bool split = setting != nullptr && setting->kind == SettingKind::kTexts &&
                     texts.size() == 1 && source.kind == RawValue::Kind::kVerbatim;
  if (split) {  // a, b, c
    std::string rest = texts[0];
    texts.clear();
    for (std::size_t comma = 0; comma != std::string::npos;) {
      comma = rest.find(',');
      std::string item = rest.substr(0, comma);
      while (item.starts_with(' ')) item.erase(0, 1);
      while (item.ends_with(' ')) item.pop_back();
      if (!item.empty()) texts.push_back(std::move(item));
      rest = comma == std::string::npos ? "" : rest.substr(comma + 1);
    }
  }
  std::vector<Shown> values;
  for (const std::string& text : texts) {
    if (std::optional<Shown> value = Expand(key, source, text)) values.push_back(*std::move(value));
  }
  std::string shown;
  for (const Shown& value : values) shown.append(shown.empty() ? "" : ", ").append(value.shown);
  Json entry = Json::MakeObject();
  entry.Set("value", shown);
  entry.Set("from", source.origin);
  config_->dump_.Set(key, std::move(entry));
  return values;
}

ConfigLoader::Shown ConfigLoader::Value(const std::string& key) {
  std::vector<Shown> values = Values(key);
  return values.empty() ? Shown{"", "", ""} : values[0];
}

std::string ConfigLoader::Text(const std::string& key) {
  return Value(key).text;
}

BoundText ConfigLoader::Path(const std::string& key) {
  const Shown value = Value(key);
  std::string text = value.text;
  std::string shown = value.shown;
  constexpr std::string_view state_name = "{state}";
  if (text.starts_with(state_name)) {
    text.replace(0, state_name.size(), config_->state.value.Reveal());
    shown.replace(0, state_name.size(), config_->state.shown);
    return {Secret(WithoutTrailingSlashes(std::move(text))),
            WithoutTrailingSlashes(std::move(shown))};
  }
  if (text.empty() && !value.origin.empty()) Fail(key, value, "may not be empty");
  const bool secret = shown != text;
  text = Join(config_->repository, text);
  // A place is compared with others; a location may be the beginning of a name: "{data}2024.csv".
  if (FindSetting(key) != nullptr) text = WithoutTrailingSlashes(std::move(text));
  if (!secret) shown = text;
  if (secret) Remember(key, text, shown);
  return {Secret(text), shown};
}

std::int64_t ConfigLoader::Number(const std::string& key) {
  const Setting& setting = *FindSetting(key);
  const Shown value = Value(key);
  if (value.origin.empty()) return 0;  // reported before
  const Result<std::int64_t> number = ParseNumber(setting, value.text, value.shown);
  if (!number.ok()) {
    Fail(key, value, number.status().message());
    return 0;
  }
  // A number that was read is no secret, wherever it came from.
  config_->dump_.Set(key, Json::MakeObject().Set("value", value.text).Set("from", value.origin));
  return *number;
}

void ConfigLoader::LoadProject() {
  const Shown project = Value("project");
  if (!values_.values().contains("project")) {
    errors_->emplace_back("coeval.yaml: project: is missing; add `project: NAME`");
    return;
  }
  config_->project = project.text;
  const std::string why = WhyBadProject(project.text);
  if (!project.origin.empty() && !why.empty()) {
    Fail("project", project, "'" + project.shown + "': a project's name " + why);
  }
}

void ConfigLoader::LoadLocations() {
  constexpr std::string_view prefix = "locations.";
  for (const auto& [key, raw] : values_.values()) {
    if (!key.starts_with(prefix)) continue;
    config_->locations[key.substr(prefix.size())] = Path(key);
  }
}

void ConfigLoader::LoadClock() {
  const Shown clock = Value("clock");
  config_->clock = clock.text;
  const bool from_flag = clock.origin.starts_with("flag ");
  if (clock.text.starts_with('@') && !from_flag) {
    config_->clock = "@" + Join(config_->repository, clock.text.substr(1));
  } else if (const auto parsed = ParseClock(clock.text); !parsed.ok()) {
    Fail("clock", clock,
         clock.shown == clock.text
             ? parsed.status().message()
             : "'" + clock.shown + "' is neither system, nor a time, nor @FILE");
  }
}

void ConfigLoader::Load() {
  config_->dump_ = Json::MakeObject();
  LoadProject();
  for (const Shown& value : Values("definitions")) config_->definitions.push_back(value.text);
  config_->state = Path("state");
  config_->registry = Path("registry");
  config_->online_store.path = Path("online_store.path");
  const Shown type = Value("online_store.type");
  config_->online_store.type = type.text;
  if (type.text != "rocksdb" && !type.origin.empty()) {
    const std::vector<std::string> types = {"rocksdb"};
    Fail("online_store.type", type,
         "there is no online store '" + type.shown + "'" + DidYouMean(type.shown, types) +
             "; rocksdb is one");
  }
  config_->online_store.online_history = Number("online_store.online_history");
  config_->online_store.owner_timeout = Number("online_store.owner_timeout");
  config_->online_store.cache_bytes = Number("online_store.cache_size");
  config_->online_store.index_bytes = Number("online_store.index_size");
  config_->log.seal_bytes = Number("log.seal_size");
  config_->log.segment_bytes = Number("log.segment_size");
  config_->log.retention = Number("log.retention");
  config_->log.idempotency_retention = Number("log.idempotency_retention");
  config_->log.made_key_retention = Number("log.made_key_retention");
  ServeConfig& serve = config_->serve;
  serve.host = Text("serve.host");
  serve.port = static_cast<int>(Number("serve.port"));
  serve.threads = static_cast<int>(Number("serve.threads"));
  serve.max_body_bytes = Number("serve.max_body");
  serve.max_rows = Number("serve.max_rows");
  serve.max_connections = Number("serve.max_connections");
  serve.request_timeout = Number("serve.request_timeout");
  serve.drain_timeout = Number("serve.drain_timeout");
  LoadClock();
  config_->memory_bytes = Number("memory");
  config_->threads = static_cast<int>(Number("threads"));
  LoadLocations();
  std::sort(config_->secrets_.begin(), config_->secrets_.end(),
            [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
}

}  // namespace coeval
