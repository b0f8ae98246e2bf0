// A small repository for the tests of this and other rooms: hourly weather of airports, a timeless
// register of planes, an on-demand view over both and a request, and a service of all three.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "definition/definitions.h"

namespace coeval {

// As YAML or Python definitions give it, with the places of its objects ("definitions.py:3").
Json SampleDocument();
// Read and checked. Stops the process where it has errors.
Definitions SampleDefinitions();

// The members of one object of `document`, to change: Member(&doc, "feature_views", "weather").
Json* SampleObject(Json* document, std::string_view list, std::string_view name);
// Reads and checks; all errors as texts, those of reading first.
std::vector<std::string> ErrorsOf(const Json& document);

}  // namespace coeval
