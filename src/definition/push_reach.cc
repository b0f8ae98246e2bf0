#include "definition/push_reach.h"

#include <algorithm>

#include "definition/pushed_columns.h"
#include "definition/retention.h"

namespace coeval {
namespace {

std::string WhyAll(const ViewVersion& version) {
  const std::string name = "view " + version.view.name + "@v" + std::to_string(version.version);
  if (!version.view.is_aggregated()) return name + " has no ttl";
  if (!PushedColumnsOf(version).event_id.empty()) {
    return name + " has events with ids: what changes one may be dated long before it";
  }
  return name + " has a window of all history";
}

}  // namespace

std::optional<DurationMicros> ReachOf(const ViewVersion& version) {
  const FeatureView& view = version.view;
  if (view.is_aggregated()) {
    if (!PushedColumnsOf(version).event_id.empty()) return std::nullopt;
    return RetentionOf(view, version.source);
  }
  if (view.ttl == 0) return std::nullopt;
  return SaturatingAdd(view.ttl, view.ttl);
}

PushReach ReachOf(const Catalogue& catalogue, const std::string& push_source) {
  PushReach all;
  const auto reads = [&](const ViewVersion& version) {
    return version.push.has_value() && version.push->name == push_source;
  };
  for (const auto& [name, versions] : catalogue.views) {
    for (const ViewVersion& version : versions) {
      if (version.source_view != nullptr && reads(*version.source_view)) {
        return {.reach = std::nullopt,
                .why = "view " + name + " reads view " + version.source_view->view.name +
                       ", whose keys count whatever their age"};
      }
      if (version.source_view != nullptr || !reads(version)) continue;
      const std::optional<DurationMicros> reach = ReachOf(version);
      if (!reach) return {.reach = std::nullopt, .why = WhyAll(version)};
      all.reach = std::max(*all.reach, *reach);
    }
  }
  return all;
}

}  // namespace coeval
