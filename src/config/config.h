// Config: coeval.yaml, environment and flags, read once (the order: flag > COEVAL_*
// variable > section of --env > file > default).
//
//   project: flights
//   locations:
//     data: ${FLIGHTS_DATA:-data}        # "{data}/weather/*.parquet" in a source
//   serve: {port: 6566}
//   environments:
//     production:
//       locations: {data: {file: /run/secrets/data_location}}
//
// `${VAR}`, `${VAR:-otherwise}` and `{file: path}` may stand in any value (`$$` is a dollar). What
// they bring, and what COEVAL_* variables bring, counts as secret: it is used, and never shown;
// errors, Dump and Redact show how it was written instead.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "base/time.h"
#include "config/secret.h"

namespace coeval {

struct OnlineStoreConfig {
  std::string type;
  BoundText path;
  DurationMicros online_history = 0;
  DurationMicros owner_timeout = 0;
  std::int64_t cache_bytes = 0;  // 0 = an eighth of the memory
  std::int64_t index_bytes = 0;
};

struct LogConfig {
  std::int64_t seal_bytes = 0;     // 0 = only when it is asked for
  std::int64_t segment_bytes = 0;  // 0 = segments are not merged
  DurationMicros retention = 0;    // 0 = for ever
  DurationMicros idempotency_retention = 0;
  DurationMicros made_key_retention = 0;
};

struct ServeConfig {
  std::string host;
  int port = 0;
  int threads = 0;  // 0 = one for each processor
  std::int64_t max_body_bytes = 0;
  std::int64_t max_rows = 0;
  std::int64_t max_connections = 0;
  DurationMicros request_timeout = 0;
  DurationMicros drain_timeout = 0;
};

// Immutable once loaded; any number of threads may read it.
class Config {
 public:
  std::string project;
  std::string repository;                // the folder
  std::string environment;               // the section of --env, or ""
  std::vector<std::string> definitions;  // names and globs below the repository
  BoundText state;
  BoundText registry;
  OnlineStoreConfig online_store;
  LogConfig log;
  ServeConfig serve;
  std::string clock;                           // as ParseClock takes it
  std::int64_t memory_bytes = 0;               // 0 = half of what there is
  int threads = 0;                             // 0 = one for each processor
  std::map<std::string, BoundText> locations;  // by name, absolute or URIs

  // A source's path with its {names} bound, absolute or a URI: "{data}/x.csv" -> "/data/x.csv".
  // Errors: InvalidArgument that names the unbound one and the nearest.
  [[nodiscard]] Result<BoundText> BindPath(std::string_view path) const;

  // `text` (an error of a library, a log line) with every secret in it replaced by how it was
  // written.
  [[nodiscard]] std::string Redact(std::string text) const;
  [[nodiscard]] Status Redact(const Status& status) const;

  // Every setting: {"serve.port": {"value": "6566", "from": "default"}, ...}, without secrets.
  [[nodiscard]] Json Dump() const;

 private:
  friend class ConfigLoader;
  std::vector<std::pair<std::string, std::string>>
      secrets_;  // text, how it was written; longest first
  Json dump_;
};

struct ConfigOptions {
  std::string environment;                   // --env NAME; "" = COEVAL_ENV, else none
  std::map<std::string, std::string> flags;  // "serve.port" -> "7000"; "locations.data" too
  std::map<std::string, std::string>
      variables;  // the environment: ProcessEnvironment(), or a test's
};

// Reads `repository`/coeval.yaml. All mistakes at once, each with file and line, key, and the
// nearest name where one is unknown. Errors: NotFound where there is no coeval.yaml,
// InvalidArgument.
Result<Config> LoadConfig(const std::string& repository, const ConfigOptions& options);

// The folder that holds coeval.yaml: `start` or the nearest one above it. Errors: NotFound.
Result<std::string> FindRepository(const std::string& start);

// The environment variables of this process.
std::map<std::string, std::string> ProcessEnvironment();

}  // namespace coeval
