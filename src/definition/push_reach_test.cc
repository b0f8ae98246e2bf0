#include "definition/push_reach.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coeval {
namespace {

using ::testing::HasSubstr;

ViewVersion Stored(const std::string& name, DurationMicros ttl) {
  ViewVersion version;
  version.view.name = name;
  version.view.ttl = ttl;
  version.version = 1;
  version.source.kind = SourceKind::kPush;
  version.source.name = "clicks";
  version.source.lateness = kHour;
  version.push = version.source;
  return version;
}

ViewVersion Windowed(const std::string& name, std::optional<DurationMicros> length) {
  ViewVersion version = Stored(name, 0);
  Aggregation count;
  count.name = "n";
  count.function = "count";
  count.window.length = length;
  version.view.aggregations = {count};
  return version;
}

Catalogue Of(const std::vector<ViewVersion>& versions) {
  Catalogue catalogue;
  for (const ViewVersion& version : versions) catalogue.views[version.view.name].push_back(version);
  return catalogue;
}

TEST(PushReachTest, IsTwiceTheTtlOrTheRetentionOfTheWindows) {
  EXPECT_EQ(ReachOf(Stored("a", kDay)), 2 * kDay);
  EXPECT_EQ(ReachOf(Windowed("a", 7 * kDay)), 7 * kDay + kHour);
  EXPECT_EQ(ReachOf(Stored("a", 0)), std::nullopt);
  EXPECT_EQ(ReachOf(Windowed("a", std::nullopt)), std::nullopt);
}

TEST(PushReachTest, IsTheGreatestOfAllVersionsThatReadTheSource) {
  ViewVersion other = Stored("other", 90 * kDay);
  other.push->name = "orders";
  ViewVersion older = Stored("a", 3 * kDay);
  older.active = false;
  const Catalogue catalogue = Of({older, Stored("a", kDay), Windowed("b", kDay), other});
  EXPECT_EQ(ReachOf(catalogue, "clicks").reach, 6 * kDay);
  EXPECT_EQ(ReachOf(catalogue, "orders").reach, 180 * kDay);
  EXPECT_EQ(ReachOf(catalogue, "nobody's").reach, 0);
}

TEST(PushReachTest, IsEverythingWhereSomethingNeedsItAndSaysWhat) {
  PushReach all = ReachOf(Of({Stored("a", kDay), Stored("b", 0)}), "clicks");
  EXPECT_EQ(all.reach, std::nullopt);
  EXPECT_EQ(all.why, "view b@v1 has no ttl");
  all = ReachOf(Of({Windowed("w", std::nullopt)}), "clicks");
  EXPECT_THAT(all.why, HasSubstr("w@v1 has a window of all history"));
  ViewVersion with_ids = Windowed("w", kDay);
  with_ids.push->event_id_field = "id";
  all = ReachOf(Of({with_ids}), "clicks");
  EXPECT_EQ(all.reach, std::nullopt);
  EXPECT_THAT(all.why, HasSubstr("ids"));
  ViewVersion over = Windowed("over", kDay);
  over.push.reset();
  over.source_view = std::make_shared<ViewVersion>(Windowed("w", kDay));
  all = ReachOf(Of({Windowed("w", kDay), over}), "clicks");
  EXPECT_EQ(all.reach, std::nullopt);
  EXPECT_THAT(all.why, HasSubstr("over reads view w"));
}

}  // namespace
}  // namespace coeval
