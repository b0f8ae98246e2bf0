#include "config/setting.h"

#include <array>

namespace coeval {
namespace {

constexpr std::int64_t kDayMicros = 86'400'000'000;
constexpr std::int64_t kSecondMicros = 1'000'000;
constexpr std::int64_t kGiB = std::int64_t{1} << 30;

constexpr std::array kSettings = {
    Setting{"project", SettingKind::kText, "", 0, 0,
            "The project's name: letters, digits, `_` and `-`. Required."},
    Setting{
        "definitions", SettingKind::kTexts, "*.py, *.yaml, *.yml", 0, 0,
        "The files that hold definitions: names and globs (`*`, `?`, `**`) below the repository; "
        "`coeval.yaml` itself is left out."},
    Setting{"state", SettingKind::kPath, ".coeval", 0, 0,
            "The folder of registry and online store, where those say nothing else."},
    Setting{"registry", SettingKind::kPath, "{state}/registry.db", 0, 0, "The registry's file."},
    Setting{"online_store.type", SettingKind::kText, "rocksdb", 0, 0,
            "The kind of online store: `rocksdb`."},
    Setting{"online_store.path", SettingKind::kPath, "{state}/online", 0, 0, "Its folder."},
    Setting{"online_store.online_history", SettingKind::kDuration, "5m", 0, 366 * kDayMicros,
            "How far behind the newest data the online store still answers exactly."},
    Setting{"online_store.owner_timeout", SettingKind::kDuration, "10s", 1000, kDayMicros,
            "How long another process waits for a sign of life of the one that owns the store."},
    Setting{
        "online_store.cache_size", SettingKind::kSize, "0", 0, 1024 * kGiB,
        "What the rows that are asked often may take in memory; 0 is an eighth of `memory`, less "
        "than 1MiB keeps none."},
    Setting{
        "online_store.index_size", SettingKind::kSize, "256MiB", 0, 1024 * kGiB,
        "What the indexes over the events of busy keys, with their tiles, may take in memory: at "
        "most an eighth of `memory`; less than 1MiB makes none."},
    Setting{"log.seal_size", SettingKind::kSize, "64MiB", 0, 1024 * kGiB,
            "How much the finished files of the log of pushes hold when they are sealed into "
            "segments in the background; 0 is only by `coeval seal`."},
    Setting{"log.segment_size", SettingKind::kSize, "256MiB", 0, 1024 * kGiB,
            "How large a segment may become by merging small ones of the same push source and "
            "columns, which is done after sealing; 0 merges none."},
    Setting{"log.retention", SettingKind::kDuration, "0s", 0, 366'000 * kDayMicros,
            "How far behind the newest push questions of the past may lie: what can matter to none "
            "of them is dropped from the sealed log; 0 keeps all."},
    Setting{"log.idempotency_retention", SettingKind::kDuration, "1d", kSecondMicros,
            3660 * kDayMicros,
            "How long an idempotency key names its push; later it names a new one."},
    Setting{"log.made_key_retention", SettingKind::kDuration, "1h", kSecondMicros,
            3660 * kDayMicros,
            "The same for keys that a client made for its own retries: those that begin with "
            "`made:`."},
    Setting{"serve.host", SettingKind::kText, "127.0.0.1", 0, 0,
            "The address that `coeval serve` listens on."},
    Setting{"serve.port", SettingKind::kInteger, "6566", 0, 65535, "Its port; 0 takes a free one."},
    Setting{"serve.threads", SettingKind::kInteger, "0", 0, 1024,
            "Its threads; 0 is one for each processor, or what a quota leaves of them."},
    Setting{"serve.max_body", SettingKind::kSize, "16MiB", 1024, kGiB,
            "The largest request that it reads."},
    Setting{"serve.max_rows", SettingKind::kInteger, "100000", 1, 100'000'000,
            "The most rows of one request."},
    Setting{"serve.max_connections", SettingKind::kInteger, "1024", 1, 1'000'000,
            "The most connections at a time."},
    Setting{"serve.request_timeout", SettingKind::kDuration, "30s", 1000, kDayMicros,
            "How long a client may take to send a request or to read an answer."},
    Setting{"serve.drain_timeout", SettingKind::kDuration, "10s", 0, kDayMicros,
            "How long requests may still run after SIGTERM."},
    Setting{"clock", SettingKind::kText, "system", 0, 0,
            "Where `now` comes from: `system`, a time, or `@FILE` that holds one."},
    Setting{"memory", SettingKind::kSize, "0", 0, 1024 * kGiB,
            "What training sets, materializations and reading ahead may take in all; 0 is half of "
            "what the machine or its control group allows."},
    Setting{"threads", SettingKind::kInteger, "0", 0, 1024,
            "Threads of such work; 0 is one for each processor, or what a quota leaves of them."},
};

std::string_view KindName(SettingKind kind) {
  switch (kind) {
    case SettingKind::kText:
      return "text";
    case SettingKind::kPath:
      return "path";
    case SettingKind::kInteger:
      return "integer";
    case SettingKind::kDuration:
      return "duration";
    case SettingKind::kSize:
      return "size";
    case SettingKind::kTexts:
      return "list of texts";
  }
  return "";
}

}  // namespace

std::span<const Setting> AllSettings() {
  return kSettings;
}

const Setting* FindSetting(std::string_view key) {
  for (const Setting& setting : kSettings) {
    if (setting.key == key) return &setting;
  }
  return nullptr;
}

std::string VariableOf(std::string_view key) {
  std::string name = "COEVAL_";
  for (const char c : key) {
    if (c == '.' || c == '-') {
      name += '_';
    } else {
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return name;
}

std::string SettingsAsMarkdown() {
  std::string text =
      "| setting | kind | default | variable | what it is |\n|---|---|---|---|---|\n";
  for (const Setting& setting : kSettings) {
    text.append("| `")
        .append(setting.key)
        .append("` | ")
        .append(KindName(setting.kind))
        .append(" | ");
    if (!setting.fallback.empty()) text.append("`").append(setting.fallback).append("`");
    text.append(" | `")
        .append(VariableOf(setting.key))
        .append("` | ")
        .append(setting.meaning)
        .append(" |\n");
  }
  return text;
}

}  // namespace coeval
