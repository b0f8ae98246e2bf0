// Names of a source's columns, and the names under which views know them (field_mapping).
//
//   field_mapping {"origin": "airport"}      column origin  <->  join key airport
#pragma once

#include <string>

#include "definition/source.h"

namespace coeval {

// The name under which a column of the source is known to views.
std::string MappedName(const Source& source, const std::string& column);
// The inverse: the column from which `name`, a feature or join key, is taken.
std::string SourceColumnOf(const Source& source, const std::string& name);

}  // namespace coeval
