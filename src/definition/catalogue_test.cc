#include "definition/catalogue.h"

#include <gtest/gtest.h>

namespace coeval {
namespace {

Catalogue WithVersions() {
  Catalogue catalogue;
  for (int v = 1; v <= 3; ++v) {
    ViewVersion version;
    version.view.name = "weather";
    version.version = v;
    version.active = v == 2;
    catalogue.views["weather"].push_back(version);
  }
  ServiceVersion service;
  service.version = 1;
  catalogue.services["delays"].push_back(service);
  return catalogue;
}

TEST(CatalogueTest, ActiveLatestOrNumbered) {
  const Catalogue catalogue = WithVersions();
  EXPECT_EQ((*catalogue.FindView("weather", 0))->version, 2);
  EXPECT_EQ((*catalogue.FindView("weather", -1))->version, 3);
  EXPECT_EQ((*catalogue.FindView("weather", 1))->version, 1);
}

// Rule 8.5: the active one, pinned ones, and every newer one.
TEST(CatalogueTest, WhatIsServedOrMayBeSoonIsFed) {
  Catalogue catalogue = WithVersions();
  for (int v = 4; v <= 5; ++v) {
    catalogue.views["weather"].push_back(catalogue.views["weather"][0]);
    catalogue.views["weather"].back().version = v;
  }
  for (ViewVersion& version : catalogue.views["weather"]) version.active = version.version == 4;
  const auto fed = [&] {
    std::vector<int> numbers;
    for (const ViewVersion* version : catalogue.VersionsToFeed("weather"))
      numbers.push_back(version->version);
    return numbers;
  };
  EXPECT_EQ(fed(), (std::vector<int>{4, 5}));
  ServiceVersion& service = catalogue.services["delays"][0];
  service.service.features = {{"weather", 2, {}, "", {}}, {"planes", 1, {}, "", {}}};
  EXPECT_EQ(fed(), (std::vector<int>{4, 5})) << "a service that is neither active nor newer";
  service.active = true;
  EXPECT_EQ(fed(), (std::vector<int>{2, 4, 5}));
  OnDemandVersion on_demand;
  on_demand.view.sources = {{"weather", 3, {}, "", {}}};
  on_demand.active = true;
  catalogue.on_demand_views["x"] = {on_demand};
  EXPECT_EQ(fed(), (std::vector<int>{2, 3, 4, 5}));
  EXPECT_TRUE(catalogue.VersionsToFeed("nowhere").empty());
}

TEST(CatalogueTest, ErrorsSayWhatThereIs) {
  const Catalogue catalogue = WithVersions();
  EXPECT_EQ(catalogue.FindView("wether", 0).status().ToString(),
            "not found: there is no feature view 'wether', did you mean \"weather\"?");
  EXPECT_EQ(catalogue.FindView("weather", 4).status().message(),
            "feature view 'weather' has no version 4; it has 1, 2 (active), 3");
  EXPECT_EQ(catalogue.FindService("delays", 0).status().message(),
            "feature service 'delays' has no active version; it has 1");
  EXPECT_EQ(catalogue.FindOnDemandView("x", 0).status().message(),
            "there is no on-demand feature view 'x'; nothing of this kind was applied yet (coeval "
            "apply)");
}

}  // namespace
}  // namespace coeval
