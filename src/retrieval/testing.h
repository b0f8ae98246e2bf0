// A small catalogue for tests: weather(airport) -> temp, gust; planes(tailnum) -> built, temp;
// on-demand flight(scheduled) -> age, warm; service delays.
#pragma once

#include "definition/catalogue.h"

namespace coeval {

CatalogueSnapshot MakeTestCatalogue();

}  // namespace coeval
