// Which views a version reads whose online data lie behind: promote and rollback move no data
// (rule 8.5), so what they make active may serve less than what it replaces.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "definition/catalogue.h"
#include "definition/object_kind.h"
#include "online/online_store.h"

namespace coeval {

struct DataBehind {
  std::string view;                     // "weather@v2"
  std::optional<TimeMicros> watermark;  // none: it holds no data yet
  std::string other;                    // "weather@v1", which is further
  TimeMicros other_watermark = kMinTime;
};

// Of a view the version itself, of an on-demand view or a service the views that it pins: those
// with less data than another version of the same view. Views without online data have none.
std::vector<DataBehind> FindDataBehind(const Catalogue& catalogue, const OnlineStore& online,
                                       ObjectKind kind, const std::string& name, int version);

// "weather@v2 holds no data in the online store yet, weather@v1 up to 2024-05-01T12:00:00Z; ..."
std::string DescribeDataBehind(const DataBehind& behind);

}  // namespace coeval
