#include "aggregation/functions.h"

#include <algorithm>
#include <iterator>

namespace coeval {

std::optional<double> ParameterValues::Find(std::string_view name) const {
  for (const auto& [given, value] : values_) {
    if (given == name) return value;
  }
  return std::nullopt;
}

const std::vector<AggregateInfo>& AggregateFunctions() {
  static const auto* const functions = [] {
    auto* const all = new std::vector<AggregateInfo>;
    for (auto family :
         {SumAggregates, MomentAggregates, PairAggregates, ExtremeAggregates, TopByAggregates,
          QuantileAggregates, DistinctAggregates, FrequencyAggregates, OrderedAggregates,
          PathAggregates, DecayAggregates, TimeAggregates, VectorAggregates}) {
      std::vector<AggregateInfo> rows = family();
      std::move(rows.begin(), rows.end(), std::back_inserter(*all));
    }
    std::stable_sort(all->begin(), all->end(),
                     [](const auto& a, const auto& b) { return a.family < b.family; });
    return all;
  }();
  return *functions;
}

const AggregateInfo* FindAggregate(std::string_view name) {
  for (const AggregateInfo& info : AggregateFunctions()) {
    if (info.name == name || std::ranges::find(info.aliases, name) != info.aliases.end()) {
      return &info;
    }
  }
  return nullptr;
}

const std::vector<std::string>& AggregateNames() {
  static const auto* const names = [] {
    auto* const all = new std::vector<std::string>;
    for (const AggregateInfo& info : AggregateFunctions()) {
      all->emplace_back(info.name);
      for (const std::string_view alias : info.aliases) all->emplace_back(alias);
    }
    return all;
  }();
  return *names;
}

std::string_view FamilyTitle(AggregateFamily family) {
  switch (family) {
    case AggregateFamily::kCounts:
      return "Counts and truth";
    case AggregateFamily::kSums:
      return "Sums";
    case AggregateFamily::kSpread:
      return "Spread and relation";
    case AggregateFamily::kOrderStatistics:
      return "Order statistics";
    case AggregateFamily::kFrequencies:
      return "Frequencies";
    case AggregateFamily::kOrdered:
      return "In the order of events";
    case AggregateFamily::kTime:
      return "Time";
    case AggregateFamily::kVectors:
      return "Vectors";
  }
  return "";
}

}  // namespace coeval
