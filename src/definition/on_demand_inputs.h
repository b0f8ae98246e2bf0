// What the expressions of an on-demand view may read, and under which names: the one rule for the
// checks, the identity and retrieval.
//
//   sources weather(temp, wind), planes(year);  request source trip(origin, wind)
//   ->  temp  weather.temp  weather.wind  year  planes.year  origin  trip.origin  trip.wind
//
// A feature is named plainly where no other input has that name (ignoring case), and always as
// `shown name of its projection`.`feature`.
#pragma once

#include <string>
#include <vector>

#include "column/batch.h"
#include "definition/feature_view.h"
#include "definition/source.h"

namespace coeval {

struct OnDemandInput {
  std::string name;  // as an expression writes it: "temp" or "weather.temp"
  DataType type;
  int source = -1;      // position in view.sources, or -1
  int request = -1;     // position in view.request_sources, or -1
  std::string feature;  // the feature's or request field's own name
};

// `sources` and `requests` are what view.sources and view.request_sources name, in their order;
// null where one is not known: it then gives no inputs. In the order of sources, requests, their
// fields.
std::vector<OnDemandInput> OnDemandInputs(const OnDemandFeatureView& view,
                                          const std::vector<const FeatureView*>& sources,
                                          const std::vector<const Source*>& requests);

// The same as Expression::Compile takes it: column i is input i.
Schema InputSchema(const std::vector<OnDemandInput>& inputs);

}  // namespace coeval
