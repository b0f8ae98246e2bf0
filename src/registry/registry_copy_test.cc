#include "registry/registry_copy.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "io/files.h"
#include "registry/registry_fixture.h"

namespace coeval {
namespace {

class RegistryCopyTest : public RegistryFixture {
 protected:
  void SetUp() override {
    RegistryFixture::SetUp();
    Apply(SampleDefinitions());
  }

  [[nodiscard]] std::string Copy() const { return folder_->File("copy.db"); }

  void MakeCopy() {
    auto copy = registry_->BeginCopy();
    ASSERT_TRUE(copy.ok()) << copy.status().ToString();
    const Status written = (*copy)->WriteTo(Copy());
    ASSERT_TRUE(written.ok()) << written.ToString();
  }

  std::size_t VersionsOfWeather() { return Now()->views.at("weather").size(); }
};

TEST_F(RegistryCopyTest, ACopyIsOfTheMomentAtWhichItBegan) {
  const auto other = OpenIt();  // as another process has it
  auto copy = registry_->BeginCopy();
  ASSERT_TRUE(copy.ok()) << copy.status().ToString();
  ASSERT_TRUE(other->Apply(WithTtl(5 * kHour), {.complete = true, .who = "other"}).ok());
  ASSERT_TRUE((*copy)->WriteTo(Copy()).ok());
  copy->reset();
  EXPECT_EQ(VersionsOfWeather(), 2U);
  EXPECT_FALSE(FileExists(Copy() + "-wal"));
  const auto content = VerifyRegistryCopy(Copy(), "flights");
  ASSERT_TRUE(content.ok()) << content.status().ToString();
  EXPECT_EQ(content->revision, 1);
  EXPECT_FALSE(FileExists(Copy() + "-wal"));
  EXPECT_EQ(content->versions, 4);
}

// Requests ask for the catalogue, and mark what they are answered by.
TEST_F(RegistryCopyTest, RequestsGoOnWhileAFileIsCopied) {
  Apply(SampleDefinitions());
  ASSERT_TRUE(registry_->MarkServed(ObjectKind::kFeatureView, "weather", 1).ok());
  registry_.reset();
  registry_ = OpenIt();
  const auto copy = *registry_->BeginCopy();
  EXPECT_EQ(Now()->views.at("weather").size(), 1U);
  EXPECT_TRUE(registry_->MarkServed(ObjectKind::kFeatureView, "weather", 1).ok());
}

// It stands in place of a registry that was lost.
TEST_F(RegistryCopyTest, ACopyIsARegistry) {
  MakeCopy();
  registry_.reset();
  ASSERT_TRUE(RemoveTree(folder_->File("state")).ok());
  ASSERT_TRUE(MakeDirectories(folder_->File("state")).ok());
  ASSERT_TRUE(RenameFile(Copy(), Path()).ok());
  registry_ = OpenIt();
  EXPECT_EQ(VersionsOfWeather(), 1U);
  Apply(WithTtl(5 * kHour));
  EXPECT_EQ(VersionsOfWeather(), 2U);
}

// What is written with two slashes names no host.
TEST_F(RegistryCopyTest, APathMayBeginWithTwoSlashes) {
  MakeCopy();
  const auto content = VerifyRegistryCopy("/" + Copy(), "flights");
  ASSERT_TRUE(content.ok()) << content.status().ToString();
  EXPECT_EQ(content->versions, 4);
}

// SQLite has no checksums over its pages, and the manifest of a backup has: here, what SQLite and
// the identities of versions can see.
TEST_F(RegistryCopyTest, DamageIsFound) {
  MakeCopy();
  const std::string bytes = *ReadFile(Copy());
  ASSERT_TRUE(WriteFileAtomically(Copy(), std::string_view(bytes).substr(0, 8192)).ok());
  EXPECT_EQ(VerifyRegistryCopy(Copy(), "flights").status().code(), StatusCode::kCorruption);
  std::string changed = bytes;
  int names = 0;
  for (std::size_t at = 0; (at = changed.find("\"temp\"", at)) != std::string::npos; ++names) {
    changed[at + 1] = 'T';
  }
  ASSERT_GT(names, 0);
  ASSERT_TRUE(WriteFileAtomically(Copy(), changed).ok());
  EXPECT_EQ(VerifyRegistryCopy(Copy(), "flights").status().code(), StatusCode::kCorruption);
  EXPECT_EQ(VerifyRegistryCopy(Copy() + "x", "flights").status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace coeval
