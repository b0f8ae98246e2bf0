// One JSON object as people read it: what `describe` shows.
//
//   name      weather          a member a line, its value beside it
//   entities  airport          lists of plain values in one line
//
//   versions                   lists of objects as tables, objects with their members indented
//     version  active
//           1  true
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace coeval {

// Members that are null or empty are left out. REQUIRES: an object.
std::string RecordText(const Json& record);

// An array of objects as a table: a column for each member that any of them has, in the order of
// first appearance; columns without any value are left out, as are members that hold objects or
// lists of objects.
std::string TableText(const Json& objects);

}  // namespace coeval
