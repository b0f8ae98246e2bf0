// What is checked of aggregated views: functions, windows and expressions that fit the columns they
// read (rule 5).
#include "definition/aggregated_view.h"
#include "definition/checker.h"
#include "definition/name.h"

namespace coeval {

void DefinitionChecker::CheckAggregations(const FeatureView& view,
                                          const std::optional<Source>& source) {
  if (!view.is_aggregated()) {
    for (const auto& [name, text] : view.expressions) {
      Fail("expressions." + name,
           "only a view with aggregations computes features of its own; declare an on-demand view");
    }
    return;
  }
  for (const Aggregation& aggregation : view.aggregations) {
    const std::string why = WhyBadFieldName(aggregation.name);
    if (!why.empty()) Fail("aggregations." + aggregation.name, why);
  }
  for (const auto& [name, text] : view.expressions) {
    const std::string why = WhyBadFieldName(name);
    if (!why.empty()) Fail("expressions." + name, why);
  }
  CheckFields("inputs", view.inputs);
  if (view.ttl != 0) {
    Fail("ttl", "a window says itself how far it reaches back; an aggregated view takes no ttl");
  }
  if (!source.has_value()) return;  // told already
  if (source->timeless) {
    Fail("source", "a timeless source has no event times, which windows go by");
    return;
  }
  ResolveAggregatedView(view, *source, [this](std::string member, std::string message) {
    Fail(std::move(member), std::move(message));
  });
}

}  // namespace coeval
