#include "store/store_places.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/files.h"
#include "io/temp_directory.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;

class StorePlacesTest : public testing::Test {
 protected:
  [[nodiscard]] Config Load(const std::string& settings = "") const {
    const std::string folder = folder_.path();
    COEVAL_CHECK(
        WriteFileAtomically(folder + "/coeval.yaml", "project: flights\n" + settings).ok());
    auto config = LoadConfig(folder, {});
    COEVAL_CHECK(config.ok());
    return *std::move(config);
  }

  [[nodiscard]] std::string At(const std::string& path) const { return folder_.File(path); }

  TempDirectory folder_ = *TempDirectory::Make();
};

TEST_F(StorePlacesTest, EpochZeroIsWhereTheSettingsSay) {
  const StorePlaces places = PlacesOf(Load(), 0);
  EXPECT_EQ(places.registry, At(".coeval/registry.db"));
  EXPECT_EQ(places.online, At(".coeval/online"));
  EXPECT_EQ(places.log, At(".coeval/log"));
  EXPECT_EQ(places.quarantine, At(".coeval/quarantine"));
}

TEST_F(StorePlacesTest, EachOtherEpochHasPlacesOfItsOwn) {
  const StorePlaces places = PlacesOf(Load(), 1'482'913);
  EXPECT_EQ(places.registry, At(".coeval/epoch-1482913/registry.db"));
  EXPECT_EQ(places.online, At(".coeval/epoch-1482913/online"));
  EXPECT_EQ(places.log, At(".coeval/epoch-1482913/log"));
  EXPECT_EQ(places.quarantine, At(".coeval/epoch-1482913/quarantine"));
}

TEST_F(StorePlacesTest, WhatLiesOnAnotherDiskStaysThere) {
  const StorePlaces places =
      PlacesOf(Load("registry: reg/registry.db\nonline_store: {path: ssd}\n"), 7);
  EXPECT_EQ(places.registry, At("reg/epoch-7/registry.db"));
  EXPECT_EQ(places.online, At("ssd/epoch-7"));
  EXPECT_EQ(places.log, At(".coeval/epoch-7/log"));
}

// However the settings came by it: what lies in the state folder is told by its text.
TEST_F(StorePlacesTest, ASlashAtTheEndChangesNoPlace) {
  Config config = Load();
  const StorePlaces expected = PlacesOf(config, 7);
  const auto with_slashes = [](const BoundText& path) {
    return BoundText{Secret(path.value.Reveal() + "//"), path.shown};
  };
  config.state = with_slashes(config.state);
  config.registry = with_slashes(config.registry);
  config.online_store.path = with_slashes(config.online_store.path);
  const StorePlaces places = PlacesOf(config, 7);
  EXPECT_EQ(places.state, expected.state);
  EXPECT_EQ(places.registry, expected.registry);
  EXPECT_EQ(places.online, expected.online);
  EXPECT_EQ(places.log, expected.log);
  EXPECT_EQ(places.quarantine, expected.quarantine);
}

TEST_F(StorePlacesTest, WhatLiesInTheStateFolderIsKnown) {
  const StorePlaces places = PlacesOf(Load("online_store: {path: .coeval-online}\n"), 0);
  EXPECT_TRUE(IsInState(places, places.log));
  EXPECT_FALSE(IsInState(places, places.online));
}

TEST_F(StorePlacesTest, AnEpochIsReadOfItsName) {
  EXPECT_EQ(EpochOfName(EpochName(1'482'913)), 1'482'913);
  for (const char* name : {"epoch-", "epoch--5", "epoch-0", "epoch-7x", "7",
                           "epoch-9999999999999999", "epoch-99999999999999999999"}) {
    EXPECT_EQ(EpochOfName(name), 0) << name;
  }
}

TEST_F(StorePlacesTest, TheEpochThatCountsIsRead) {
  const std::string state = At("state");
  ASSERT_TRUE(MakeDirectories(state).ok());
  StorePlaces places;
  places.state = state;
  EXPECT_EQ(*ReadStoreEpoch(state), 0);
  EXPECT_TRUE(CheckStoreEpoch(places).ok());
  ASSERT_TRUE(WriteStoreEpoch(state, 17).ok());
  EXPECT_EQ(*ReadStoreEpoch(state), 17);
  const Status fenced = CheckStoreEpoch(places);
  EXPECT_EQ(fenced.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(fenced.message(), HasSubstr("epoch 17"));
  places.epoch = 17;
  EXPECT_TRUE(CheckStoreEpoch(places).ok());
}

TEST_F(StorePlacesTest, ADamagedEpochIsNoEpoch) {
  const std::string state = At("state");
  ASSERT_TRUE(MakeDirectories(state).ok());
  for (const char* text :
       {"", "17", "{}", R"({"format":1,"epoch":0})", R"({"format":1,"ep)",
        R"({"format":1,"epoch":-7})", R"({"format":1,"epoch":9223372036854775807})"}) {
    ASSERT_TRUE(WriteFileAtomically(state + "/EPOCH", text).ok());
    EXPECT_EQ(ReadStoreEpoch(state).status().code(), StatusCode::kCorruption) << text;
  }
  ASSERT_TRUE(WriteFileAtomically(state + "/EPOCH", R"({"format":2,"epoch":3})").ok());
  EXPECT_EQ(ReadStoreEpoch(state).status().code(), StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace coeval
