// Completes definitions before a plan is made: views without a schema get that of their earlier
// version, or of their source's files; views with one are compared with the files.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/context.h"
#include "config/config.h"
#include "definition/catalogue.h"
#include "definition/definitions.h"

namespace coeval {

// Reads footers (of CSV: all values) of the sources of views that are new or changed.
// The mistakes: a file that is missing for a view that has no
// schema, a timestamp field, join key or feature that is no column (with the nearest name), a
// column of another type. A source without files is no error for a view that declares its schema.
std::vector<DefinitionError> CompleteDefinitions(const Catalogue& catalogue, const Config& config,
                                                 const Context& context, Definitions* definitions);

}  // namespace coeval
