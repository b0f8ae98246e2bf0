#include "config/config.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/setting.h"

namespace coeval {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class ConfigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "coeval_config_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }

  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
  }

  Result<Config> Load(const std::string& yaml) {
    Write("coeval.yaml", yaml);
    return LoadConfig(folder_, options_);
  }

  Config Good(const std::string& yaml) {
    Result<Config> config = Load(yaml);
    EXPECT_TRUE(config.ok()) << config.status().ToString();
    return config.ok() ? *std::move(config) : Config();
  }

  std::string Error(const std::string& yaml) { return Load(yaml).status().message(); }

  std::string folder_;
  ConfigOptions options_;
};

TEST_F(ConfigTest, DefaultsAreThere) {
  const Config config = Good("project: flights\n");
  EXPECT_EQ(config.project, "flights");
  EXPECT_EQ(config.repository, folder_);
  EXPECT_EQ(config.registry.value.Reveal(), folder_ + "/.coeval/registry.db");
  EXPECT_EQ(config.online_store.path.value.Reveal(), folder_ + "/.coeval/online");
  EXPECT_EQ(config.online_store.online_history, 5 * kMinute);
  EXPECT_EQ(config.log.seal_bytes, 64 << 20);
  EXPECT_EQ(config.log.segment_bytes, 256 << 20);
  EXPECT_EQ(config.log.retention, 0);
  EXPECT_EQ(config.log.idempotency_retention, kDay);
  EXPECT_EQ(config.log.made_key_retention, kHour);
  EXPECT_EQ(config.serve.host, "127.0.0.1");
  EXPECT_EQ(config.serve.port, 6566);
  EXPECT_EQ(config.serve.max_body_bytes, 16 << 20);
  EXPECT_EQ(config.clock, "system");
  EXPECT_THAT(config.definitions, ElementsAre("*.py", "*.yaml", "*.yml"));
}

TEST_F(ConfigTest, EverySettingIsRead) {
  const Config config = Good(R"(
project: p-1
definitions: [definitions.py, features/*.yaml]
state: state
registry: /elsewhere/r.db
online_store: {type: rocksdb, path: o, online_history: 1h, owner_timeout: 3s, cache_size: 64MiB,
               index_size: 32MiB}
log: {seal_size: 1MiB, segment_size: 5MiB, retention: 30d, idempotency_retention: 2h, made_key_retention: 3m}
serve: {host: localhost, port: 0, threads: 3, max_body: 1 MiB, max_rows: 7, max_connections: 8,
        request_timeout: 2s, drain_timeout: 0s}
clock: "2013-10-01T00:00:00Z"
memory: 1GB
threads: 4
locations: {data: data, lake: "s3://bucket/x"}
)");
  EXPECT_THAT(config.definitions, ElementsAre("definitions.py", "features/*.yaml"));
  EXPECT_EQ(config.registry.value.Reveal(), "/elsewhere/r.db");
  EXPECT_EQ(config.online_store.path.value.Reveal(), folder_ + "/o");
  EXPECT_EQ(config.online_store.online_history, kHour);
  EXPECT_EQ(config.online_store.owner_timeout, 3 * kSecond);
  EXPECT_EQ(config.online_store.cache_bytes, 64 << 20);
  EXPECT_EQ(config.online_store.index_bytes, 32 << 20);
  EXPECT_EQ(config.log.seal_bytes, 1 << 20);
  EXPECT_EQ(config.log.segment_bytes, 5 << 20);
  EXPECT_EQ(config.log.retention, 30 * kDay);
  EXPECT_EQ(config.log.idempotency_retention, 2 * kHour);
  EXPECT_EQ(config.log.made_key_retention, 3 * kMinute);
  EXPECT_EQ(config.serve.max_body_bytes, 1 << 20);
  EXPECT_EQ(config.serve.max_rows, 7);
  EXPECT_EQ(config.serve.max_connections, 8);
  EXPECT_EQ(config.serve.request_timeout, 2 * kSecond);
  EXPECT_EQ(config.serve.drain_timeout, 0);
  EXPECT_EQ(config.clock, "2013-10-01T00:00:00Z");
  EXPECT_EQ(config.memory_bytes, 1'000'000'000);
  EXPECT_EQ(config.threads, 4);
  EXPECT_EQ(config.locations.at("data").value.Reveal(), folder_ + "/data");
  EXPECT_EQ(config.locations.at("lake").value.Reveal(), "s3://bucket/x");
}

// Places are compared by their text, with what lies in them too.
TEST_F(ConfigTest, SlashesAtTheEndOfAPlaceAreNoPartOfIt) {
  Config config = Good(
      "project: p\nstate: here//\nregistry: r.db/\nonline_store: {path: '{state}/o/'}\n"
      "locations: {data: 'd/'}\n");
  EXPECT_EQ(config.state.value.Reveal(), folder_ + "/here");
  EXPECT_EQ(config.registry.value.Reveal(), folder_ + "/r.db");
  EXPECT_EQ(config.online_store.path.value.Reveal(), folder_ + "/here/o");
  EXPECT_EQ(config.BindPath("{data}x.csv")->value.Reveal(), folder_ + "/d/x.csv");
  options_.variables = {{"COEVAL_STATE", "/var/lib/coeval/"}};
  config = Good("project: p\n");
  EXPECT_EQ(config.state.value.Reveal(), "/var/lib/coeval");
  EXPECT_THAT(config.Redact(std::string("no '/var/lib/coeval'")), Not(HasSubstr("/var/lib")));
}

TEST_F(ConfigTest, UnknownKeysHaveTheNearestName) {
  EXPECT_EQ(Error("project: p\nserve:\n  prot: 5\n"),
            "coeval.yaml:3: 'serve.prot' is no setting, did you mean \"port\"?");
  EXPECT_EQ(Error("projct: p\n"),
            "2 mistakes in the configuration:\n"
            "  coeval.yaml:1: 'projct' is no setting, did you mean \"project\"?\n"
            "  coeval.yaml: project: is missing; add `project: NAME`");
  EXPECT_THAT(Error("project: p\nenvironments: {prod: {sevre: {port: 1}}}\n"),
              HasSubstr("'sevre' is no setting, did you mean \"serve\"?"));
}

// All at once: nobody wants to learn of ten mistakes in ten runs.
TEST_F(ConfigTest, AllMistakesAreSaidAtOnce) {
  const std::string error = Error(
      "project: 'a b'\nserve:\n  port: 99999\n  max_body: lots\nclock: noonish\nmemory: [1]\n"
      "online_store: {type: rocks, online_history: 1000d}\nlocations: {a-b: x}\n");
  EXPECT_THAT(error,
              AllOf(HasSubstr("coeval.yaml:1: project: 'a b': a project's name has only"),
                    HasSubstr("coeval.yaml:3: serve.port: '99999' is not between 0 and 65535"),
                    HasSubstr("coeval.yaml:4: serve.max_body: 'lots' is not a size"),
                    HasSubstr("coeval.yaml:5: clock: "),
                    HasSubstr("coeval.yaml:6: memory: one value is expected")));
  EXPECT_THAT(error,
              AllOf(HasSubstr("coeval.yaml:7: online_store.type: there is no online store 'rocks'"),
                    HasSubstr("online_history: '1000d' is not between 0s and 366d"),
                    HasSubstr("coeval.yaml:8: locations.a-b: a location's name has only")));
}

// Flag > COEVAL_* > --env section > file.
TEST_F(ConfigTest, TheStrongestWins) {
  const std::string yaml =
      "project: p\nserve: {port: 1, host: a}\nlocations: {data: one}\n"
      "environments:\n  prod:\n    serve: {port: 2}\n    locations: {data: two}\n";
  EXPECT_EQ(Good(yaml).serve.port, 1);
  options_.environment = "prod";
  EXPECT_EQ(Good(yaml).serve.port, 2);
  EXPECT_EQ(Good(yaml).serve.host, "a");
  EXPECT_EQ(Good(yaml).locations.at("data").value.Reveal(), folder_ + "/two");
  options_.variables = {{"COEVAL_SERVE_PORT", "3"}, {"COEVAL_LOCATIONS_DATA", "/three"}};
  EXPECT_EQ(Good(yaml).serve.port, 3);
  EXPECT_EQ(Good(yaml).locations.at("data").value.Reveal(), "/three");
  options_.flags = {{"serve.port", "4"}, {"locations.data", "four"}};
  EXPECT_EQ(Good(yaml).serve.port, 4);
  EXPECT_EQ(Good(yaml).locations.at("data").value.Reveal(), folder_ + "/four");
  EXPECT_EQ(Good(yaml).Dump().Find("serve.port")->GetString("from"), "flag serve.port");
}

// A number is no secret once it was read; what is no number is not shown.
TEST_F(ConfigTest, ANumberOfAVariableIsShown) {
  options_.variables = {{"COEVAL_SERVE_PORT", "7007"}, {"COEVAL_SERVE_HOST", "somewhere"}};
  const Json dump = Good("project: p\n").Dump();
  EXPECT_EQ(dump.Find("serve.port")->GetString("value"), "7007");
  EXPECT_EQ(dump.Find("serve.port")->GetString("from"), "COEVAL_SERVE_PORT");
  EXPECT_EQ(dump.Find("serve.host")->GetString("value"), "$COEVAL_SERVE_HOST");
  options_.variables = {{"COEVAL_SERVE_PORT", "hunter22"}};
  EXPECT_THAT(Error("project: p\n"), Not(HasSubstr("hunter22")));
}

TEST_F(ConfigTest, TheEnvironmentMayComeFromAVariable) {
  options_.variables = {{"COEVAL_ENV", "prod"}};
  EXPECT_EQ(Good("project: p\nenvironments: {prod: {serve: {port: 2}}}\n").serve.port, 2);
  options_.environment = "prdo";
  EXPECT_EQ(Error("project: p\nenvironments: {prod: {serve: {port: 2}}}\n"),
            "coeval.yaml:2: there is no environment 'prdo', did you mean \"prod\"?");
}

TEST_F(ConfigTest, VariablesAndFlagsAreCheckedToo) {
  options_.variables = {
      {"COEVAL_SERVE_PROT", "3"}, {"COEVAL_SOURCE_DIR", "x"}, {"COEVAL_PYTHON", "y"}};
  options_.flags = {{"serve.hots", "x"}};
  EXPECT_THAT(Error("project: p\n"),
              AllOf(HasSubstr("COEVAL_SERVE_PROT is no setting, did you mean COEVAL_SERVE_PORT?"),
                    HasSubstr("flag: 'serve.hots' is no setting, did you mean \"serve.host\"?"),
                    HasSubstr("2 mistakes")));
}

TEST_F(ConfigTest, VariablesAndFilesMayStandInAnyValue) {
  Write("port.txt", "7001\n");
  options_.variables = {{"BUCKET", "b1"}, {"EMPTY", ""}};
  const Config config = Good(
      "project: p\nserve: {port: {file: port.txt}, host: \"${HOST:-::1}\"}\n"
      "locations: {data: \"s3://${BUCKET}/x$$y$z\", other: \"${EMPTY:-fallback}\"}\n");
  EXPECT_EQ(config.serve.port, 7001);
  EXPECT_EQ(config.serve.host, "::1");
  EXPECT_EQ(config.locations.at("data").value.Reveal(), "s3://b1/x$y$z");
  EXPECT_EQ(config.locations.at("other").value.Reveal(), folder_ + "/fallback");
}

TEST_F(ConfigTest, WhatCannotBeExpandedIsSaid) {
  options_.variables = {{"DATA_DIR", "x"}};
  EXPECT_THAT(
      Error("project: p\nlocations: {data: \"${DATA_DRI}\"}\n"),
      HasSubstr("coeval.yaml:2: locations.data: the environment variable DATA_DRI is not set, did "
                "you mean \"DATA_DIR\"?"));
  EXPECT_THAT(Error("project: p\nlocations: {data: \"${DATA\"}\n"), HasSubstr("'${' without '}'"));
  EXPECT_THAT(Error("project: p\nlocations: {data: \"${1X}\"}\n"),
              HasSubstr("names no environment variable"));
  EXPECT_THAT(Error("project: p\nlocations: {data: {file: nowhere}}\n"),
              HasSubstr("coeval.yaml:2: locations.data: {file: nowhere}: "));
  EXPECT_THAT(Error("project: p\nlocations: {data: {fiel: nowhere}}\n"),
              HasSubstr("a value or {file: path} is expected"));
}

// What was overruled need not exist.
TEST_F(ConfigTest, AnOverruledValueIsNotExpanded) {
  options_.flags = {{"locations.data", "/d"}};
  EXPECT_EQ(
      Good("project: p\nlocations: {data: \"${UNSET}\"}\n").locations.at("data").value.Reveal(),
      "/d");
}

TEST_F(ConfigTest, PathsAreBoundToLocations) {
  const Config config = Good("project: p\nlocations: {data: data, lake: \"s3://b\"}\n");
  EXPECT_EQ(config.BindPath("{data}/weather/*.csv")->value.Reveal(),
            folder_ + "/data/weather/*.csv");
  EXPECT_EQ(config.BindPath("{lake}/x.parquet")->value.Reveal(), "s3://b/x.parquet");
  EXPECT_EQ(config.BindPath("x.csv")->value.Reveal(), folder_ + "/x.csv");
  EXPECT_EQ(config.BindPath("/a/x.csv")->shown, "/a/x.csv");
  EXPECT_EQ(config.BindPath("/a/{1,2}{")->value.Reveal(), "/a/{1,2}{");
  EXPECT_THAT(config.BindPath("{dta}/x.csv").status().message(),
              HasSubstr("no location is bound to {dta}, did you mean \"data\"?"));
}

// A secret, from wherever it may come, never shows: not in an error, not in a dump, not in a log
// line.
TEST_F(ConfigTest, TheCanaryIsNeverSeen) {
  const std::string canary = "canary-7b1e9d";
  Write("secret.txt", canary + "\n");
  for (const std::string key : {"project",
                                "definitions",
                                "state",
                                "registry",
                                "online_store.type",
                                "online_store.path",
                                "online_store.online_history",
                                "online_store.owner_timeout",
                                "online_store.cache_size",
                                "online_store.index_size",
                                "log.seal_size",
                                "log.segment_size",
                                "log.retention",
                                "log.idempotency_retention",
                                "log.made_key_retention",
                                "serve.host",
                                "serve.port",
                                "serve.threads",
                                "serve.max_body",
                                "serve.max_rows",
                                "serve.max_connections",
                                "serve.request_timeout",
                                "serve.drain_timeout",
                                "clock",
                                "memory",
                                "threads",
                                "locations.data"}) {
    const std::size_t dot = key.find('.');
    const std::string open =
        dot == std::string::npos ? key : key.substr(0, dot) + ": {" + key.substr(dot + 1);
    const std::string close = dot == std::string::npos ? "\n" : "}\n";
    const std::string project = key == "project" ? "" : "project: p\n";
    for (const std::string value : {"${TOKEN}", "a/${TOKEN}/b", "{file: secret.txt}",
                                    "{file: \"${TOKEN}\"}", "{file: \"${TOKEN}/x\"}", "variable"}) {
      options_.variables = {{"TOKEN", canary}};
      std::string yaml = project + open + ": ";
      yaml += (value[0] == '{' ? value : "\"" + value + "\"") + close;
      if (value == "variable") {
        options_.variables = {{VariableOf(key), canary}};
        yaml = "project: p\n";
      }
      const Result<Config> config = Load(yaml);
      if (!config.ok()) {
        EXPECT_THAT(config.status().message(), Not(HasSubstr("canary"))) << yaml;
        continue;
      }
      EXPECT_THAT(config->Dump().Write(), Not(HasSubstr("canary"))) << yaml;
      std::ostringstream out;
      out << config->state << config->registry << config->online_store.path << config->state.value;
      for (const auto& [name, location] : config->locations) out << name << location;
      EXPECT_THAT(out.str(), Not(HasSubstr("canary"))) << yaml;
      if (config->locations.contains("data")) {
        const BoundText path = *config->BindPath("{data}/x.csv");
        EXPECT_THAT(path.shown, Not(HasSubstr("canary")));
        EXPECT_THAT(path.value.Reveal(), HasSubstr("canary"));
        const Status error =
            Status::IoError("no file " + path.value.Reveal() + " (" + canary + ")");
        EXPECT_THAT(config->Redact(error).message(), Not(HasSubstr("canary")));
        EXPECT_EQ(config->Redact(error).code(), StatusCode::kIoError);
      }
    }
  }
}

TEST_F(ConfigTest, ASecretDoesNotPrint) {
  const Secret secret("canary");
  std::ostringstream out;
  out << secret;
  EXPECT_EQ(out.str(), "***");
  EXPECT_EQ(fmt::format("{}", secret), "***");
  EXPECT_EQ(Secret::ToJson().Write(), "\"***\"");
  EXPECT_EQ(secret.Reveal(), "canary");
  EXPECT_FALSE((std::is_convertible_v<Secret, std::string>));
  EXPECT_FALSE((std::is_constructible_v<Json, Secret>));
}

TEST_F(ConfigTest, WhereThereIsNone) {
  EXPECT_EQ(LoadConfig(folder_, {}).status().code(), StatusCode::kNotFound);
  EXPECT_THAT(LoadConfig(folder_, {}).status().message(), HasSubstr("coeval init"));
  EXPECT_THAT(Error(""), HasSubstr("coeval.yaml is empty"));
  EXPECT_THAT(Error("- 5\n"), HasSubstr("a mapping is expected"));
  EXPECT_THAT(Error("project: [\n"), HasSubstr("coeval.yaml:2:"));
}

TEST_F(ConfigTest, TheRepositoryIsFoundFromBelow) {
  Write("coeval.yaml", "project: p\n");
  std::filesystem::create_directories(folder_ + "/a/b");
  EXPECT_EQ(*FindRepository(folder_ + "/a/b"), folder_);
  EXPECT_EQ(FindRepository("/").status().code(), StatusCode::kNotFound);
}

TEST_F(ConfigTest, TheClocksFileLiesInTheRepository) {
  EXPECT_EQ(Good("project: p\nclock: \"@now.txt\"\n").clock, "@" + folder_ + "/now.txt");
  options_.flags = {{"clock", "@now.txt"}};
  EXPECT_EQ(Good("project: p\n").clock, "@now.txt") << "a flag is relative to where it was typed";
}

TEST(SettingTest, EverySettingHasAVariableAndAMeaning) {
  EXPECT_EQ(VariableOf("online_store.online_history"), "COEVAL_ONLINE_STORE_ONLINE_HISTORY");
  const std::string text = SettingsAsMarkdown();
  for (const Setting& setting : AllSettings()) {
    EXPECT_THAT(text, HasSubstr("`" + std::string(setting.key) + "`"));
    EXPECT_FALSE(setting.meaning.empty());
  }
}

// docs/configuration.md holds the table as it is made here.
TEST(SettingTest, TheDocumentHoldsTheTable) {
  const char* source_dir = std::getenv("COEVAL_SOURCE_DIR");
  std::ifstream file(std::string(source_dir != nullptr ? source_dir : ".") +
                     "/docs/configuration.md");
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_THAT(text.str(), HasSubstr(SettingsAsMarkdown()));
}

}  // namespace
}  // namespace coeval
