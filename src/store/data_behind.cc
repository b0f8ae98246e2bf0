#include "store/data_behind.h"

#include <algorithm>

namespace coeval {
namespace {

std::string NameOf(const ViewVersion& version) {
  return version.view.name + "@v" + std::to_string(version.version);
}

template <typename Versions>
const auto* FindNumber(const Versions& by_name, const std::string& name, int number) {
  const auto found = by_name.find(name);
  const typename Versions::mapped_type::value_type* version = nullptr;
  if (found == by_name.end()) return version;
  for (const auto& candidate : found->second) {
    if (candidate.version == number) version = &candidate;
  }
  return version;
}

void AddBehind(const Catalogue& catalogue, const OnlineStore& online, const std::string& view,
               int number, std::vector<DataBehind>* all) {
  const ViewVersion* version = FindNumber(catalogue.views, view, number);
  if (version == nullptr || !version->view.is_served_online()) return;
  DataBehind behind{NameOf(*version), online.Progress(*version).watermark, "", kMinTime};
  for (const ViewVersion& other : catalogue.views.at(view)) {
    if (other.version == number || !other.view.is_served_online()) continue;
    const auto watermark = online.Progress(other).watermark;
    if (!watermark || *watermark <= behind.other_watermark) continue;
    behind.other = NameOf(other);
    behind.other_watermark = *watermark;
  }
  if (behind.other.empty()) return;
  if (behind.watermark && *behind.watermark >= behind.other_watermark) return;
  all->push_back(std::move(behind));
}

void AddPinned(const Catalogue& catalogue, const OnlineStore& online,
               const std::vector<Projection>& pins, std::vector<DataBehind>* all) {
  for (const Projection& pin : pins) {
    if (const auto* on_demand = FindNumber(catalogue.on_demand_views, pin.view, pin.version)) {
      AddPinned(catalogue, online, on_demand->view.sources, all);
    } else {
      AddBehind(catalogue, online, pin.view, pin.version, all);
    }
  }
}

}  // namespace

std::vector<DataBehind> FindDataBehind(const Catalogue& catalogue, const OnlineStore& online,
                                       ObjectKind kind, const std::string& name, int version) {
  std::vector<DataBehind> all;
  if (kind == ObjectKind::kFeatureView) {
    AddBehind(catalogue, online, name, version, &all);
  } else if (kind == ObjectKind::kOnDemandFeatureView) {
    const auto* found = FindNumber(catalogue.on_demand_views, name, version);
    if (found != nullptr) AddPinned(catalogue, online, found->view.sources, &all);
  } else if (kind == ObjectKind::kFeatureService) {
    const auto* found = FindNumber(catalogue.services, name, version);
    if (found != nullptr) AddPinned(catalogue, online, found->service.features, &all);
  }
  const auto by_view = [](const DataBehind& a, const DataBehind& b) { return a.view < b.view; };
  const auto same_view = [](const DataBehind& a, const DataBehind& b) { return a.view == b.view; };
  std::sort(all.begin(), all.end(), by_view);
  all.erase(std::unique(all.begin(), all.end(), same_view), all.end());
  return all;
}

std::string DescribeDataBehind(const DataBehind& behind) {
  const std::string holds = behind.watermark ? " holds data up to " + FormatTime(*behind.watermark)
                                             : " holds no data in the online store yet";
  return behind.view + holds + ", " + behind.other + " up to " +
         FormatTime(behind.other_watermark) + "; `coeval materialize-incremental` brings it on";
}

}  // namespace coeval
