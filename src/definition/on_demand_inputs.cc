#include "definition/on_demand_inputs.h"

#include <algorithm>
#include <map>
#include <utility>

#include "definition/name.h"

namespace coeval {
namespace {

struct Candidate {
  const Field* field;
  const std::string* shown_name;
  int source;
  int request;
};

std::vector<Candidate> Candidates(const OnDemandFeatureView& view,
                                  const std::vector<const FeatureView*>& sources,
                                  const std::vector<const Source*>& requests) {
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < view.sources.size() && i < sources.size(); ++i) {
    if (sources[i] == nullptr) continue;
    const std::vector<std::string>& chosen = view.sources[i].features;
    for (const Field& field : sources[i]->schema) {
      if (!chosen.empty() && std::find(chosen.begin(), chosen.end(), field.name) == chosen.end()) {
        continue;
      }
      candidates.push_back({&field, &view.sources[i].shown_name(), static_cast<int>(i), -1});
    }
  }
  for (std::size_t i = 0; i < view.request_sources.size() && i < requests.size(); ++i) {
    if (requests[i] == nullptr) continue;
    for (const Field& field : requests[i]->schema) {
      candidates.push_back({&field, &view.request_sources[i], -1, static_cast<int>(i)});
    }
  }
  return candidates;
}

}  // namespace

std::vector<OnDemandInput> OnDemandInputs(const OnDemandFeatureView& view,
                                          const std::vector<const FeatureView*>& sources,
                                          const std::vector<const Source*>& requests) {
  const std::vector<Candidate> candidates = Candidates(view, sources, requests);
  std::map<std::string, int> count;
  for (const Candidate& c : candidates) ++count[FoldName(c.field->name)];
  std::vector<OnDemandInput> inputs;
  for (const Candidate& c : candidates) {
    OnDemandInput input{c.field->name, c.field->type, c.source, c.request, c.field->name};
    if (count[FoldName(c.field->name)] == 1) inputs.push_back(input);
    input.name = *c.shown_name + "." + c.field->name;
    inputs.push_back(std::move(input));
  }
  return inputs;
}

Schema InputSchema(const std::vector<OnDemandInput>& inputs) {
  Schema schema;
  for (const OnDemandInput& input : inputs) schema.Add(input.name, input.type);
  return schema;
}

}  // namespace coeval
