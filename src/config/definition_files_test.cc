#include "config/definition_files.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coeval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DefinitionFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "coeval_files_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    config_.repository = name;
    for (const char* file :
         {"coeval.yaml", "b.py", "a.py", "x.yaml", "y.yml", "notes.md", "f/c.yaml", "f/g/d.py",
          ".coeval/e.py", "__pycache__/b.py", "f/.hidden/h.py"}) {
      const std::filesystem::path path = std::filesystem::path(name) / file;
      std::filesystem::create_directories(path.parent_path());
      std::ofstream(path) << "";
    }
  }

  void TearDown() override { std::filesystem::remove_all(config_.repository); }

  DefinitionFiles Find(std::vector<std::string> patterns) {
    config_.definitions = std::move(patterns);
    Result<DefinitionFiles> files = FindDefinitionFiles(config_);
    EXPECT_TRUE(files.ok()) << files.status().ToString();
    return files.ok() ? *std::move(files) : DefinitionFiles();
  }

  Status Error(const std::string& pattern) {
    config_.definitions = {pattern};
    return FindDefinitionFiles(config_).status();
  }

  Config config_;
};

TEST_F(DefinitionFilesTest, TheFolderItselfByDefault) {
  const DefinitionFiles files = Find({"*.py", "*.yaml", "*.yml"});
  EXPECT_THAT(files.python, ElementsAre("a.py", "b.py"));
  EXPECT_THAT(files.yaml, ElementsAre("x.yaml", "y.yml"));
}

TEST_F(DefinitionFilesTest, Globs) {
  EXPECT_THAT(Find({"?.py"}).python, ElementsAre("a.py", "b.py"));
  EXPECT_THAT(Find({"f/*.yaml"}).yaml, ElementsAre("f/c.yaml"));
  EXPECT_THAT(Find({"**/*.py"}).python, ElementsAre("a.py", "b.py", "f/g/d.py"));
  EXPECT_THAT(Find({"f/**/*.py", "a.py"}).python, ElementsAre("a.py", "f/g/d.py"));
  EXPECT_THAT(Find({"*/*.py"}).python, IsEmpty());
  EXPECT_THAT(Find({"./b.py", "b.py"}).python, ElementsAre("b.py"));
}

TEST_F(DefinitionFilesTest, WhatIsNotThereIsAnError) {
  EXPECT_EQ(Error("nowhere.py").code(), StatusCode::kNotFound);
  EXPECT_THAT(Error("notes.md").message(), HasSubstr("neither .py nor .yaml"));
  EXPECT_THAT(Error("../x.py").message(), HasSubstr("not below the repository"));
  EXPECT_THAT(Error("/x.py").message(), HasSubstr("not below the repository"));
}

TEST(YamlDefinitionsTest, EachObjectKnowsItsLine) {
  const Result<Json> document = DefinitionsFromYaml(
      "entities:\n- name: airport\n  join_keys:\n  - {name: airport, type: string}\n"
      "feature_views:\n  - {name: weather, ttl: 3h, online: true}\n  -\n    name: planes\n",
      "features.yaml");
  ASSERT_TRUE(document.ok()) << document.status().ToString();
  EXPECT_EQ(
      document->Write(),
      R"({"entities":[{"name":"airport","join_keys":[{"name":"airport","type":"string"}],)"
      R"("where":"features.yaml:2"}],"feature_views":[{"name":"weather","ttl":"3h","online":true,)"
      R"("where":"features.yaml:6"},{"name":"planes","where":"features.yaml:8"}]})");
}

TEST(YamlDefinitionsTest, ErrorsSayWhere) {
  const auto error = [](std::string_view text) {
    return DefinitionsFromYaml(text, "f.yaml").status().message();
  };
  EXPECT_THAT(error("- 5\n"), HasSubstr("f.yaml:1:1: a mapping is expected"));
  EXPECT_THAT(error("entities: {}\n"), HasSubstr("f.yaml:1:11: entities: a list is expected"));
  EXPECT_THAT(error("entities:\n- 5\n"),
              HasSubstr("f.yaml:2:3: entities: a mapping is expected here"));
  EXPECT_THAT(error("services:\n- 5\n"), HasSubstr("'services' is no list of definitions"));
  EXPECT_THAT(error("entities:\n- {name: a, name: b}\n"),
              HasSubstr("f.yaml:2:13: the key 'name' is there"));
  EXPECT_THAT(error("feature_views:\n- {name: a, online: yes}\n"),
              HasSubstr("f.yaml:2:21: 'yes' is a boolean"));
  EXPECT_EQ(DefinitionsFromYaml("", "f.yaml")->Write(), "{}");
  EXPECT_EQ(DefinitionsFromYaml("entities:\n", "f.yaml")->Write(), R"({"entities":null})");
}

}  // namespace
}  // namespace coeval
